"""Names inside a box: every host is here, and no datagram brings the server down."""

from __future__ import annotations

import socket

import dns.exception
import dns.message
import dns.rcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.execution.names import answer, serve_names


def ask(name: str, kind: str) -> tuple[str, dns.message.Message]:
    host, reply = answer(dns.message.make_query(name, kind).to_wire())
    return host, dns.message.from_wire(reply)


def test_an_address_is_loopback() -> None:
    host, reply = ask("Files.Example.edu", "A")
    assert host == "files.example.edu"
    assert [record.to_text() for rrset in reply.answer for record in rrset] == ["127.0.0.1"]


@pytest.mark.parametrize("kind", ["AAAA", "MX", "TXT"])
def test_there_are_no_other_records(kind: str) -> None:
    _, reply = ask("example.edu", kind)
    assert reply.rcode() == dns.rcode.NOERROR
    assert not reply.answer


@given(st.binary(max_size=600))
def test_any_datagram_is_answered_or_refused(datagram: bytes) -> None:
    try:
        _, reply = answer(datagram)
    except dns.exception.DNSException:
        return
    assert dns.message.from_wire(reply).id == int.from_bytes(datagram[:2], "big")


def test_the_server_outlives_nonsense_and_tells_hosts() -> None:
    told: list[str] = []
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("127.0.0.1", 0))
    address = listener.getsockname()
    with (
        serve_names(listener, told.append),
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client,
    ):
        client.settimeout(5)
        client.sendto(b"\xff" * 40, address)
        client.sendto(dns.message.make_query("a.example", "A").to_wire(), address)
        reply = dns.message.from_wire(client.recv(512))
    assert reply.answer
    assert told == ["a.example"]

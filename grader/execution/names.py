"""Names inside a box: every host is here, so that a URL which is not listed is refused by name."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import dns.exception
import dns.flags
import dns.message
import dns.rdataclass
import dns.rdatatype
import dns.rrset

MAX_QUERY_BYTES = 512
"""Greatest query over UDP without extensions (RFC 1035, 2.3.4)."""
POLL_S = 0.05
"""Seconds between looks whether the server is to end."""


def answer(query: bytes) -> tuple[str, bytes]:
    """Return the name that is asked for and the reply: 127.0.0.1, or no such record.

    Raises:
        dns.exception.DNSException: the query is not one.
    """
    asked = dns.message.from_wire(query)
    if not asked.question or asked.flags & dns.flags.QR:
        raise dns.exception.FormError
    reply = dns.message.make_response(asked)
    question = asked.question[0]
    if question.rdtype == dns.rdatatype.A and question.rdclass == dns.rdataclass.IN:
        reply.answer.append(dns.rrset.from_text(question.name, 1, "IN", "A", "127.0.0.1"))
    return question.name.to_text(omit_final_dot=True).lower(), reply.to_wire()


@contextmanager
def serve_names(listener: socket.socket, on_name: Callable[[str], None]) -> Iterator[None]:
    """Answer on a UDP socket while the block runs; `on_name` is told each host."""
    ended = threading.Event()
    listener.settimeout(POLL_S)

    def serve() -> None:
        while not ended.is_set():
            with suppress(OSError, dns.exception.DNSException):
                query, client = listener.recvfrom(MAX_QUERY_BYTES)
                host, reply = answer(query)
                on_name(host)
                listener.sendto(reply, client)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        listener.close()

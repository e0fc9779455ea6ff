"""The course files' server, from a client that says anything at all; no box, no kernel."""

from __future__ import annotations

import random
import socket
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.execution import course_files as served
from grader.execution.course_files import CourseFiles, course_files, normal_url, serve_on_loopback
from grader.model.text import one_line

URL = "http://files.example.edu/list.txt"
ODD_HOSTS = ("[x", "[", "]", "[::1", "http://[x", "\x00", "a" * 5000, "%5b", "[v1.x]", "::1]", "-a")
SEED, REQUESTS = 16, 300


@pytest.fixture
def files(tmp_path: Path) -> CourseFiles:
    (tmp_path / "list.txt").write_bytes(b"c0\n")
    return course_files({URL: tmp_path / "list.txt"})


@pytest.fixture
def port(files: CourseFiles) -> Iterator[int]:
    with serve_on_loopback(files) as port:
        yield port


def said(port: int, request: bytes) -> bytes:
    """What the server answers, in whole or until it hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(request)
        client.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while piece := client.recv(2**16):
                answer += piece
        except ConnectionError:
            pass
        return answer


def is_up(port: int) -> bool:
    return said(port, f"GET {URL} HTTP/1.0\r\n\r\n".encode()).endswith(b"c0\n")


@pytest.mark.parametrize("host", ODD_HOSTS, ids=lambda host: ascii(host)[:12])
def test_a_tunnel_to_no_host_is_refused_and_named(host: str, files: CourseFiles, port: int) -> None:
    answer = said(port, f"CONNECT {host}:443 HTTP/1.1\r\n\r\n".encode())
    assert b" 404 " in answer.partition(b"\r\n")[0] + b" "
    said(port, f"GET http://{host}/x HTTP/1.0\r\n\r\n".encode())
    assert files.contexts == {}
    (first, *_) = files.all_missed()
    assert first.startswith(one_line(host)[:100])
    assert is_up(port)


def test_no_request_brings_the_server_down(files: CourseFiles, port: int) -> None:
    draw = random.Random(SEED)  # noqa: S311 -- damage, no secret
    pieces = (
        *(b"GET ", b"CONNECT ", b"HEAD ", b"http://", b"files.example.edu", b"/list.txt", b":443"),
        *(b" HTTP/1.1\r\n", b"Host: ", b"\r\n", b"\r\n\r\n", b"[", b"]", b"\x00", b"\xff\xfe"),
        *(b"%ed%a0%80", b"\xed\xa0\x80", b"a" * 300, b"Content-Length: -1\r\n", b"//", b"@", b"?"),
    )
    for _ in range(REQUESTS):
        said(port, b"".join(draw.choices(pieces, k=draw.randrange(1, 12))))
    assert is_up(port)
    for text in (*files.all_missed(), *files.served, *files.mirrored):
        assert text == one_line(text)
        assert len(text) <= served.MAX_URL


def test_what_is_kept_of_requests_has_an_end(files: CourseFiles) -> None:
    for number in range(2 * served.MAX_SERVED):
        files.serve(URL + "?" + "x" * 1000)
        files.miss(f"http://example.com/{number}")
        files.resolve(f"{number}.example.com")
    for number in range(served.MAX_HOSTS + 5):
        files.context_for(f"h{number}.example.com")
    assert len(files.served) == served.MAX_SERVED
    assert len(files.missed) == len(files.looked_up) == served.MAX_NAMED_MISSES
    assert len(files.contexts) == served.MAX_HOSTS


def test_a_large_file_is_sent_in_pieces(tmp_path: Path) -> None:
    large, size = tmp_path / "list.txt", 16 << 20
    with large.open("wb") as sink:
        sink.truncate(size)
    found, piece = 0, bytearray(2**16)
    with serve_on_loopback(course_files({URL: large})) as port:
        tracemalloc.start()
        with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
            client.sendall(f"GET {URL} HTTP/1.0\r\n\r\n".encode())
            while got := client.recv_into(piece):
                found += got
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert found > size
    assert peak < size / 4


@pytest.mark.parametrize("url", ["http://[x", "//[", "http://a]/", "http://\u2100.com", "\udc80"])
def test_what_is_no_url_stays_as_it_is(url: str) -> None:
    assert normal_url(url) == url

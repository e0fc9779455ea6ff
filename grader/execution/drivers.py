"""Start a driver: a process of its own, or a fork of the server that has imported it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Protocol

INHERITED = (
    "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE",
    "PYTHONFAULTHANDLER", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES",
)  # fmt: skip
"""What a driver gets of the grader's environment; never a token."""
SERVER = (sys.executable, "-P", "-m", "grader.execution.driver_server")
"""-P: the current folder may be a student's repository, and holds no module of ours."""
WAITING = 32
"""Requests that may wait to be accepted."""
CONNECT_TIMEOUT_S = 10.0
"""Wall-clock seconds in which the server must take a request."""


class Driver(Protocol):
    """A driver that runs."""

    def kill(self) -> None:
        """End it and all below it."""


class _Forked:
    """A driver that the server forked: it ends when the connection does."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def kill(self) -> None:
        with suppress(OSError):  # it has ended already
            self._connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def started_driver(
    server: Path | None, request: IO[bytes], words: int, complaints: IO[bytes]
) -> Iterator[Driver]:
    """Start a driver; it and all below it are told to end when the block does.

    Args:
        server: Socket of a server of drivers; None for a process that is started.
        request: What it reads.
        words: File descriptor that it writes to; closed here.
        complaints: Its standard error.
    """
    try:
        connection = _asked(server, request, words, complaints) if server else None
        if connection is None:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "grader.execution.driver"],
                stdin=request,
                stdout=words,
                stderr=complaints,
                env=_environment(),
                start_new_session=True,  # Ctrl-C is for the grader, which ends the driver
            )
    finally:
        os.close(words)
    if connection is not None:
        with connection:
            yield _Forked(connection)
        return
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in INHERITED if name in os.environ}


def _asked(
    server: Path, request: IO[bytes], words: int, complaints: IO[bytes]
) -> socket.socket | None:
    """Ask the server for a driver; None where there is none any more."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        connection.settimeout(CONNECT_TIMEOUT_S)
        connection.connect(str(server))
        streams = [request.fileno(), words, complaints.fileno()]
        socket.send_fds(connection, [json.dumps(_environment()).encode()], streams)
    except OSError:
        connection.close()
        return None
    return connection


@contextmanager
def driver_server(address: Path) -> Iterator[None]:
    """Keep a server of drivers up at this address while the block runs."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(address))
        address.chmod(0o600)
        listener.listen(WAITING)
        process = subprocess.Popen(  # noqa: S603 -- our own command line
            [*SERVER, str(listener.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # each driver has its own; what libraries say is nobody's
            env=_environment() | {"OPENBLAS_NUM_THREADS": "1"},  # threads do not survive a fork
            pass_fds=[listener.fileno()],
            start_new_session=True,
        )
    try:
        yield
    finally:
        process.kill()
        process.wait()

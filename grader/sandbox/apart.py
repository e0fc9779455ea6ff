"""Call a function of ours in a process of its own, under limits: what works on foreign data.

A server process imports once what the functions need, and forks for each call; so a call costs
some 20 ms, and what it takes (memory, threads, a crash) ends with it. Whoever calls goes on.
"""

from __future__ import annotations

import atexit
import json
import os
import pickle
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from grader.sandbox.apart_server import LENGTH, MEMORY, Bounds
from grader.sandbox.making_way import may_make_way
from reference.errors import GraderFault

Tell = Callable[[str], None]
"""Of the function's side: says what is done now, and gives it a step's time from here."""

__all__ = [
    "Bounds",
    "Door",
    "Ended",
    "Tell",
    "borrow",
    "call_apart",
    "door",
    "end_server",
    "get_ready",
]

LINUX = sys.platform == "linux"
"""Elsewhere a call is made in this very process: what is judged there is one's own work."""
START_S = 300.0
"""Wall-clock seconds in which the server must have imported what it needs and forked."""
TRIES = 2
"""Servers that are tried: one may be gone since it was last asked."""
BUFFER = 2**16


class Ended(StrEnum):
    """How a call ended."""

    WELL = "well"
    """It returned."""
    TIME = "time"
    """A limit on time was reached."""
    MEMORY = "memory"
    """The limit on memory was reached."""
    CRASH = "crash"
    """Its process was brought down by something else."""


@dataclass(frozen=True, slots=True)
class Door:
    """The way to a server, for a process that is started by the one whose server it is."""

    socket: socket.socket
    """Handed on where multiprocessing starts a process; nowhere else."""
    modules: tuple[str, ...]
    """What the server has imported."""


class _Borrowed:
    """The server of the process that started this one."""

    def __init__(self, door: Door) -> None:
        self.door, self.modules = door.socket, door.modules
        self.owner = os.getpid()

    def is_for(self, modules: tuple[str, ...]) -> bool:
        """Whether it has these modules; that it is gone is seen when it is asked."""
        return self.owner == os.getpid() and set(modules) <= set(self.modules)

    def end(self) -> None:
        """Ask it no more."""
        self.door.close()


class _Server:
    """The server that this process has started."""

    def __init__(self, modules: tuple[str, ...]) -> None:
        self.modules = modules
        self.owner = os.getpid()
        # No address: nobody else on this machine can ask for a call.
        self.door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [sys.executable, "-P", "-m", "grader.sandbox.apart_server"]
            self.process = subprocess.Popen(  # noqa: S603 -- our own command line
                [*command, str(theirs.fileno()), *modules],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is for the grader
            )

    def is_for(self, modules: tuple[str, ...]) -> bool:
        """Whether it runs, has these modules, and is this process' own."""
        same = self.owner == os.getpid() and set(modules) <= set(self.modules)
        return same and self.process.poll() is None

    def end(self) -> None:
        if self.owner == os.getpid():
            self.door.close()
            self.process.kill()
            self.process.wait()


_servers: list[_Server | _Borrowed] = []
_one_at_a_time = threading.Lock()


def get_ready(modules: tuple[str, ...]) -> None:
    """Start the server, if it does not run; returns at once, while it imports."""
    if not LINUX:
        return
    if not _servers or not _servers[0].is_for(modules):
        end_server()
        _servers.append(_Server(modules))


def door() -> Door | None:
    """Return the way to this process' server for a process that it starts; None without one."""
    own = _servers[0] if _servers else None
    if isinstance(own, _Server) and own.is_for(()):
        return Door(own.door, own.modules)
    return None


def borrow(door: Door | None) -> None:
    """Ask that server from now on, and start another only where it is gone or lacks a module."""
    if door is not None:
        end_server()
        _servers.append(_Borrowed(door))


@atexit.register
def end_server() -> None:
    """End the server and all calls."""
    while _servers:
        _servers.pop().end()


def call_apart(
    function: Callable[..., None],
    arguments: tuple[Any, ...],
    bounds: Bounds,
    *,
    modules: tuple[str, ...],
    on_word: Callable[[str], None],
) -> Ended:
    """Call `function(tell, *arguments)` in a process of its own; return how it ended.

    Args:
        function: Of one of our modules, by whose name it is found.
        arguments: What pickle can copy.
        bounds: What it may take.
        modules: What the server has imported before.
        on_word: Told each of the function's words.

    Raises:
        GraderFault: there is no such process to be had.
        Exception: whatever the function raised, with its traceback as a note.
    """
    if not LINUX:
        function(on_word, *arguments)
        return Ended.WELL
    asked = pickle.dumps((function.__module__, function.__qualname__, arguments, bounds))
    deadline = time.monotonic() + bounds.wall_s
    with _asked(asked, bounds, modules) as connection, may_make_way():
        last: dict[str, Any] = {}
        for word in _words(connection, deadline):
            if "told" in word:
                on_word(word["told"])
            else:
                last = word
    if not last:
        return Ended.TIME  # on the wall's clock: it was cut off
    if "raised" in last:
        error = pickle.loads(bytes.fromhex(last["raised"]))  # noqa: S301 -- of our own process
        raise error
    return Ended(last["ended"])


def _asked(asked: bytes, bounds: Bounds, modules: tuple[str, ...]) -> socket.socket:
    """Hand the call to the server; return where its words come from."""
    for _ in range(TRIES):
        ours, theirs = socket.socketpair()
        ours.settimeout(START_S)
        with suppress(OSError), theirs:
            with _one_at_a_time:
                get_ready(modules)
                packet = MEMORY.pack(bounds.memory_mib)
                socket.send_fds(_servers[0].door, [packet], [theirs.fileno()])
            theirs.close()
            ours.sendall(LENGTH.pack(len(asked)) + asked)
            if ours.recv(1) == b"+":
                return ours
        ours.close()
        end_server()
    raise GraderFault(
        "The process in which submissions are judged could not be started. Nothing was judged; "
        "try again."
    )


def _words(connection: socket.socket, deadline: float) -> Iterator[dict[str, Any]]:
    """Yield the words of a call until it ends, or its time does."""
    text = b""
    while (left := deadline - time.monotonic()) > 0:
        connection.settimeout(left)
        try:
            more = connection.recv(BUFFER)
        except TimeoutError:
            return
        if not more:
            return
        *lines, text = (text + more).split(b"\n")
        for line in lines:
            with suppress(ValueError):  # cut off in the middle, when it was killed
                word = json.loads(line)
                if isinstance(word, dict):
                    yield word

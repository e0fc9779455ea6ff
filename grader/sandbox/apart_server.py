"""The server of `apart`: imports once, and forks a process for each call.

    python -m grader.sandbox.apart_server FD MODULE ...

FD is a socket of packets: each brings the connection of a call, and the memory in MiB that it may
take. A call is a length and a pickle; the answer is lines of JSON. Closing the connection ends the
call, closing FD the server.

    server   imports; nothing may run in parallel before a fork; says how calls ended
      call   reads what is asked: the server never has it in its memory
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pickle
import re
import select
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.sandbox.orphans import die_with_parent

PREPARE = "prepare_calls"
"""A function of a module, if it has one, that makes ahead what each call would have to make."""
PREPARE_WHEN_IDLE = "prepare_when_idle"
"""A function of a module, if it has one, that makes ahead what many calls would have to make, and
for which none is to wait."""
LENGTH = struct.Struct(">Q")
"""Of a call, before its pickle."""
MEMORY = struct.Struct(">d")
"""Of a packet: `Bounds.memory_mib`."""
IDLE_MS = 20
"""Milliseconds without a call after which the server is idle."""
PACKET_BYTES = 64
MIB = 2**20
"""Bytes in one MiB."""
GPU = Path("/dev/nvidiactl").exists()
"""Whether checks may use a GPU here."""
GPU_MEMORY_MIB = 2048
"""Memory of the host in MiB that a GPU's libraries take beside."""
LOOK_MS = 250
"""Milliseconds between two looks at the memory of a call that may use a GPU."""
_SHORTAGE = re.compile(
    r"can't allocate memory|bad_alloc|Cannot allocate memory|Insufficient memory|not enough memory"
    r"|out of memory|Unable to allocate|Failed to allocate|can't start new thread",
    re.IGNORECASE,
)
_BY_SIGNAL: dict[int, str] = {signal.SIGPROF: "time", signal.SIGKILL: "memory"}
_DATA = re.compile(r"^VmData:\s+(\d+) kB", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a call may take."""

    memory_mib: float
    """Private memory in MiB, beyond what its code takes."""
    step_cpu_s: float
    """CPU seconds of one step, all its threads together; a step begins where one is told."""
    wall_s: float
    """Wall-clock seconds of the call."""


def is_shortage(error: BaseException) -> bool:
    """Whether an exception says that there is no more memory; each library has words of its own."""
    return isinstance(error, MemoryError) or bool(_SHORTAGE.search(str(error)[:2000]))


def serve(door: socket.socket, modules: list[str]) -> None:
    """Serve until the other side is gone."""
    later: list[Callable[[], None]] = []
    for name in modules:
        module = importlib.import_module(name)
        getattr(module, PREPARE, _nothing)()
        later += [getattr(module, PREPARE_WHEN_IDLE)] if hasattr(module, PREPARE_WHEN_IDLE) else []
    _freeze()
    look = select.poll()
    look.register(door, select.POLLIN)
    calls: dict[int, _Call] = {}
    while True:
        ready = look.poll(_patience_ms(calls, later))
        if not ready and not calls and later:
            later.pop(0)()
            _freeze()
        for fd, _ in ready:
            if fd != door.fileno():
                _attend(fd, calls, look)
            elif not _take(door, calls, look):
                return
        if GPU:
            for call in calls.values():
                if _resident(call.pid) > call.most_bytes:
                    _kill(call)


def _nothing() -> None:
    """What a module makes ahead that has no such function."""


def _freeze() -> None:
    gc.collect()
    gc.freeze()  # or a child's collector would write to, and so copy, every page


def _patience_ms(calls: Mapping[int, _Call], later: Sequence[object]) -> int | None:
    """Return how long to wait for something to happen; None for as long as it takes."""
    if calls:
        return LOOK_MS if GPU else None
    return IDLE_MS if later else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """A call under way. It is found by two file descriptors: its process, and its connection."""

    pid: int
    process: int
    """Descriptor that can be read when it has ended."""
    connection: socket.socket
    """Where the caller listens; hung up, when nobody does any more."""
    most_bytes: int
    """Memory of the host that it may take where a GPU is in use."""

    def close(self) -> None:
        os.close(self.process)
        self.connection.close()


def _take(door: socket.socket, calls: dict[int, _Call], look: select.poll) -> bool:
    """Fork the next call; return whether there may be more."""
    packet, fds, _, _ = socket.recv_fds(door, PACKET_BYTES, 1)
    if not packet:
        return False
    connection = socket.socket(fileno=fds[0])
    pid = os.fork()
    if pid == 0:
        door.close()
        for other in {one.pid: one for one in calls.values()}.values():
            other.close()  # whose end its caller is to see
        die_with_parent()
        _answer(connection)
        os._exit(0)
    call = _Call(
        pid=pid,
        process=os.pidfd_open(pid),
        connection=connection,
        most_bytes=int((MEMORY.unpack(packet)[0] + GPU_MEMORY_MIB) * MIB) + _resident(os.getpid()),
    )
    look.register(call.process, select.POLLIN)
    look.register(connection, 0)  # only that the other side has gone
    calls |= {call.process: call, connection.fileno(): call}
    return True


def _attend(fd: int, calls: dict[int, _Call], look: select.poll) -> None:
    """See a call out that has ended, or that nobody listens to any more."""
    if fd not in calls:
        return  # its other descriptor was first
    call = calls[fd]
    if fd != call.process:
        look.unregister(fd)
        _kill(call)
        return
    _, status = os.waitpid(call.pid, 0)
    if status:
        # SIGPROF is its timer. Nobody else sends SIGKILL but the system, where memory is short.
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        _say(call.connection, {"ended": _BY_SIGNAL.get(number, "crash")}, socket.MSG_DONTWAIT)
    for known in (call.process, call.connection.fileno()):
        del calls[known]
        with suppress(KeyError):
            look.unregister(known)
    call.close()


def _kill(call: _Call) -> None:
    with suppress(ProcessLookupError):
        signal.pidfd_send_signal(call.process, signal.SIGKILL)


def _answer(connection: socket.socket) -> None:
    """Read what is asked, and do it."""
    connection.sendall(b"+")
    size = LENGTH.unpack(_exactly(connection, LENGTH.size))[0]
    request = pickle.loads(_exactly(connection, size))  # noqa: S301 -- of the grader itself
    _call(connection, *request)


def _say(connection: socket.socket, word: dict[str, Any], flags: int = 0) -> None:
    with suppress(OSError):  # where nobody listens any more
        connection.sendall(b"\n" + json.dumps(word).encode() + b"\n", flags)


def _call(
    connection: socket.socket, module: str, name: str, arguments: tuple[Any, ...], bounds: Bounds
) -> None:
    """Do what is asked."""
    function: Any = importlib.import_module(module)
    for part in name.split("."):
        function = getattr(function, part)
    _limit(bounds)

    def tell(word: str) -> None:
        signal.setitimer(signal.ITIMER_PROF, bounds.step_cpu_s)
        _say(connection, {"told": word})

    try:
        function(tell, *arguments)
        word: dict[str, Any] = {"ended": "well"}
    except Exception as error:  # noqa: BLE001 -- the edge: it goes to whoever called
        word = {"ended": "memory"} if is_shortage(error) else {"raised": _packed(error)}
    _say(connection, word)


def _resident(pid: int) -> int:
    """Bytes of a process in memory; 0 where it is gone."""
    import resource

    with suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()
    return 0


def _limit(bounds: Bounds) -> None:
    """Bound this process: memory by what it may have beyond now, time by its own clock."""
    import resource

    found = _DATA.search(Path("/proc/self/status").read_text())
    now = int(found[1]) * 1024 if found else 0
    if not GPU:  # whose libraries map much that they never touch; there the watcher looks
        most = now + int(bounds.memory_mib * MIB)
        # The soft limit only: readers of files, which it starts, have bounds of their own.
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.setitimer(signal.ITIMER_PROF, bounds.step_cpu_s)


def _packed(error: Exception) -> str:
    """The exception for the other side; one that cannot be copied becomes its text."""
    trace = "".join(traceback.format_exception(error))[-8000:]
    error.add_note(trace)
    error.__cause__ = error.__context__ = None
    try:
        data = pickle.dumps(error)
        pickle.loads(data)  # noqa: S301 -- made here
    except Exception:  # noqa: BLE001 -- of whatever class it is
        text = RuntimeError(f"{type(error).__name__}: {error}")
        text.add_note(trace)
        data = pickle.dumps(text)
    return data.hex()


def _exactly(connection: socket.socket, size: int) -> bytes:
    text = bytearray()
    while len(text) < size:
        more = connection.recv(min(2**20, size - len(text)))
        if not more:
            os._exit(1)
        text += more
    return bytes(text)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:])

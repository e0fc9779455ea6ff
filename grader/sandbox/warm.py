"""A box from the fork server: the second way to start a kernel, next to `launch`."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from grader.sandbox.box import HOME, OWN, Box, Mount, etc_mounts, python_homes
from grader.sandbox.cgroups import Cgroup
from grader.sandbox.launch import BoxedProcess, Entry, folder_fd, receive_listeners

ANSWER_TIMEOUT_S = 10.0
"""Wall-clock seconds in which the fork server must have forked."""
LAST_WORD_S = 2.0
"""Wall-clock seconds in which the end of a box must be told after it has ended."""
LOST = -int(signal.SIGKILL)
"""Status of a box that went down with its server."""
_CREDENTIALS = struct.Struct("3i")


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmServer:
    """Where a fork server listens, and what kernels it can start. Plain data."""

    address: Path
    """Its socket."""
    runs: Path
    """Folder below which it sees what a run lays out."""
    mounts: tuple[Mount, ...]
    """What else of the host it sees, and where."""
    environment: tuple[tuple[str, str], ...]
    """Environment under which it imported: a kernel's must be the same."""
    gpu: bool
    """Whether it sees the GPUs."""
    loaded: tuple[str, ...]
    """Top-level names of the modules that its kernels have imported already, or were denied."""

    drivers: Path | None = None
    """Socket of a fork server of drivers, which run outside; None where there is none."""

    def sees(self, path: Path) -> str | None:
        """Return where it sees a path of the host; None for nowhere."""
        for mount in (Mount(host=self.runs, inside=str(self.runs)), *self.mounts):
            if path == mount.host:
                return mount.inside
            if path.is_relative_to(mount.host):
                return f"{mount.inside}/{path.relative_to(mount.host)}"
        return None


class WarmProcess:
    """Process 1 of a box that the fork server made; stands in for a `Popen` of bubblewrap."""

    stdin: IO[bytes] | None = None
    stdout: IO[bytes] | None = None
    stderr: IO[bytes] | None = None

    def __init__(self, pid: int, connection: socket.socket) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.problem = ""
        """Why the box could not be made; empty where it could, or nobody said."""
        self.lost = False
        """Whether the box went down with its server, by no fault of what ran in it."""
        self._pidfd = os.pidfd_open(pid)
        # Closing it ends the box, so a driver that dies takes the box with it.
        self._connection = connection

    def poll(self) -> int | None:
        """Return the status if it has ended."""
        if self.returncode is None and select.select([self._pidfd], [], [], 0)[0]:
            self._await_answer()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end; return the status.

        Raises:
            subprocess.TimeoutExpired: it has not ended in time.
        """
        if self.returncode is None:
            if not select.select([self._pidfd], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("warm box", timeout or 0.0)
            self._await_answer()
        return LOST if self.returncode is None else self.returncode

    def send_signal(self, signum: int) -> None:
        """Signal process 1; SIGKILL ends the box."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signum)

    def _await_answer(self) -> None:
        """It has ended: hear from the watcher how."""
        self._connection.settimeout(LAST_WORD_S)
        with self._connection, suppress(OSError):
            while word := self._connection.recv(4096).decode(errors="replace"):
                kind, _, rest = word.partition(" ")
                if kind == "failed":
                    self.problem = rest
                elif kind == "ended":
                    self.returncode = int(rest)
                    break
        if self.returncode is None:
            self.returncode, self.lost = LOST, True
        os.close(self._pidfd)


@dataclass(frozen=True, slots=True)
class Streams:
    """Standard streams of a command: file descriptors."""

    stdin: int
    stdout: int
    stderr: int


def launch_warm(
    server: WarmServer, box: Box, entry: Entry, *, cgroup: Cgroup | None, streams: Streams
) -> BoxedProcess:
    """Have the entry's command, `python -c CODE ...`, forked into a box like `launch` makes it.

    Raises:
        OSError: the server is gone or cannot make this box. Nothing of it is left.
    """
    if sys.platform != "linux":
        raise OSError("fork servers with boxes are a feature of Linux")
    request = json.dumps(_request(server, box, entry)).encode()
    ours, theirs = socket.socketpair() if box.bind_ports else (None, None)
    place = folder_fd(entry.sockets)
    fds = [streams.stdin, streams.stdout, streams.stderr]
    fds += [*([theirs.fileno()] if theirs else []), *place]
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        connection.settimeout(ANSWER_TIMEOUT_S)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        connection.connect(str(server.address))
        socket.send_fds(connection, [request], fds)
        process = WarmProcess(_number(connection), connection)
    except OSError:
        connection.close()
        if ours:
            ours.close()
        raise
    finally:
        for fd in place:
            os.close(fd)
        if theirs:
            theirs.close()
    boxed = BoxedProcess(process, ())
    try:
        # It goes on only when its memory and processes are counted.
        for join in cgroup.joins if cgroup else ():
            join.write_text(str(process.pid))
        connection.send(b"go")
        if ours:
            with ours:
                boxed.listeners = receive_listeners(ours, boxed)
    except OSError as error:
        boxed.kill()
        raise OSError(process.problem or str(error)) from error
    return boxed


def _number(connection: socket.socket) -> int:
    """Hear from process 1 of the box; return its number here, which the system vouches for."""
    space = socket.CMSG_SPACE(_CREDENTIALS.size)
    word, ancillary, _, _ = connection.recvmsg(4096, space)
    if word != b"here":
        said = word.decode(errors="replace").removeprefix("failed ")
        raise OSError(f"the fork server made no box: {said or 'it hung up'}")
    for _, kind, data in ancillary:
        if kind == socket.SCM_CREDENTIALS:
            return int(_CREDENTIALS.unpack(data[: _CREDENTIALS.size])[0])
    raise OSError("the fork server made no box that can be told apart")


def _request(server: WarmServer, box: Box, entry: Entry) -> Mapping[str, object]:
    """What `zygote.py` and `inner.py` are to do, in paths as the server sees them.

    Raises:
        OSError: the server cannot do it.
    """
    if dict(server.environment) != dict(box.environment):
        raise OSError("the fork server has another environment than this run")
    if server.gpu != box.gpu:
        raise OSError("the fork server does not see the same GPUs as this run")
    if entry.command[1:2] != ("-c",):
        raise OSError("the fork server runs Python code only")
    folders = [
        (HOME, box.work_mib, 0o777),
        (OWN, box.work_mib, 0o777),
        ("/tmp", box.tmp_mib, 0o1777),  # noqa: S108 -- inside the box
        ("/dev/shm", box.shared_memory_mib, 0o1777),  # noqa: S108
    ]
    hidden = not any(server.runs.is_relative_to(place) for place, _, _ in folders)
    return {
        # A virtual environment in /tmp would be gone when that becomes the box's own.
        "keeps": [
            home
            for home in python_homes()
            if any(Path(home).is_relative_to(place) for place, _, _ in folders)
        ],
        "covers": [*([str(server.runs)] if hidden else []), str(Path(HOME).parent)],
        "folders": [(place, int(mib * 2**20), mode) for place, mib, mode in folders],
        "binds": [_bind(server, mount) for mount in (*etc_mounts(box), *box.mounts)],
        "uid": None if box.user_namespace else box.uid,
        "listeners": box.bind_ports,
        "sockets": entry.sockets is not None,
        "environment": dict(box.environment) | {"PWD": "/"},  # as bubblewrap has it
        "limits": dict(entry.limits),
        "copies": entry.copies,
        "links": entry.links,
        "folder": entry.folder,
        "command": entry.command,
    }


def _bind(server: WarmServer, mount: Mount) -> tuple[str, str, bool]:
    seen = server.sees(mount.host)
    if seen is None:
        raise OSError(f"the fork server does not see {mount.host}")
    return seen, mount.inside, mount.writable

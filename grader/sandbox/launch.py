"""Start a command in a box, and end it with everything that it started."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Protocol

from grader.sandbox.box import ENTER, HOME, Box, bwrap_argv
from grader.sandbox.cgroups import Cgroup
from grader.sandbox.seccomp import filter_fd

LISTENERS = 3
"""Sockets that `enter` hands out: HTTP, HTTPS, names."""
LISTENERS_TIMEOUT_S = 20.0
"""Seconds until the box must have handed out its sockets."""

_JOIN = 'while [ "$1" != -- ]; do echo $$ > "$1"; shift; done; shift; exec "$@"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What `enter` does before it becomes the command."""

    command: tuple[str, ...]
    """Absolute program and arguments."""
    limits: Mapping[str, int]
    """Soft and hard resource limits by name, such as RLIMIT_NPROC."""
    copies: tuple[tuple[str, str], ...] = ()
    """(from, to) folders inside, copied into the work folder."""
    links: tuple[tuple[str, str], ...] = ()
    """(to, link) inside."""
    folder: str = HOME
    """Current folder of the command."""
    sockets: Path | None = None
    """Folder on the host in which a kernel's sockets are opened; None where it is no kernel."""


class OuterProcess(Protocol):
    """What is needed of a `Popen`."""

    pid: int
    returncode: int | Any

    def poll(self) -> int | None:
        """Return the status if it has ended."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end; return the status, or raise `subprocess.TimeoutExpired`."""

    def send_signal(self, signum: int, /) -> None:
        """Signal it."""


@dataclass(slots=True)
class BoxedProcess:
    """A command that runs in a box."""

    process: OuterProcess
    """bubblewrap, outside, or what stands in for it; killing it ends the box."""
    listeners: tuple[socket.socket, ...]
    """The course files' sockets (HTTP, HTTPS, names); empty where they were not asked for."""

    def kill(self) -> None:
        """End every process of the box at once."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def close(self) -> None:
        """End the box, and close its sockets where nobody else did."""
        self.kill()
        for listener in self.listeners:
            listener.close()


def launch(
    box: Box,
    entry: Entry,
    *,
    cgroup: Cgroup | None,
    stdout: int | IO[bytes],
    stderr: int | IO[bytes],
    stdin: int | IO[bytes] = subprocess.DEVNULL,
) -> BoxedProcess:
    """Start the entry's command in the box; with listeners, wait until they are handed out.

    Raises:
        OSError: bubblewrap is not there, or the box could not be made.
    """
    ours, theirs = socket.socketpair() if box.bind_ports else (None, None)
    place = folder_fd(entry.sockets)
    seccomp = filter_fd()
    fds = [seccomp, *([theirs.fileno()] if theirs else []), *place]
    facts = {
        **asdict(entry),
        "boxed": True,
        "sockets": f"/proc/self/fd/{place[0]}" if place else "",
        "uid": None if box.user_namespace else box.uid,  # there it is that user already
        "listeners_fd": theirs.fileno() if theirs else None,
    }
    inside = [sys.executable, "-I", "-S", ENTER, json.dumps(facts)]
    argv = bwrap_argv(box, inside, seccomp_fd=seccomp)
    if cgroup is not None:
        argv = ["/bin/sh", "-c", _JOIN, "sh", *map(str, cgroup.joins), "--", *argv]
    try:
        process = subprocess.Popen(  # noqa: S603 -- our own command line
            argv,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin"},
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            pass_fds=fds,
            start_new_session=True,
            cwd="/",
        )
    finally:
        for fd in (seccomp, *place):
            os.close(fd)
        if theirs:
            theirs.close()
    boxed = BoxedProcess(process, ())
    if ours:
        with ours:
            boxed.listeners = receive_listeners(ours, boxed)
    return boxed


def launch_plain(
    entry: Entry,
    environment: Mapping[str, str],
    *,
    stdout: int | IO[bytes],
    stderr: int | IO[bytes],
    uid: int | None = None,
) -> BoxedProcess:
    """Start the entry's command without a box: limits only, and as `uid` where that is given."""
    script = Path(__file__).with_name("enter.py")
    facts = {
        **asdict(entry),
        "boxed": False,
        "uid": uid,
        "listeners_fd": None,
        "sockets": str(entry.sockets or ""),
    }
    process = subprocess.Popen(  # noqa: S603 -- our own command line
        [sys.executable, "-I", "-S", str(script), json.dumps(facts)],
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
    )
    return BoxedProcess(process, ())


def folder_fd(folder: Path | None) -> list[int]:
    """Open a folder that a box does not show, for `enter` to reach it by; none for None."""
    if folder is None:
        return []
    return [os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW)]


def receive_listeners(channel: socket.socket, boxed: BoxedProcess) -> tuple[socket.socket, ...]:
    """Take the sockets that the box opens in its own network."""
    channel.settimeout(LISTENERS_TIMEOUT_S)
    try:
        _, fds, _, _ = socket.recv_fds(channel, 32, LISTENERS)
    except OSError:
        fds = []
    if len(fds) != LISTENERS:
        boxed.kill()
        raise OSError("the box could not be made: it did not hand out its sockets")
    return tuple(socket.socket(fileno=fd) for fd in fds)


FIRST_UID = 2_000_000
"""Uids of boxes begin here, where no user of a host is."""
PROCESS_IDS = 2**22
"""Linux has no more (`/proc/sys/kernel/pid_max`)."""


def unique_uid() -> int:
    """Return a uid for a root's box that no other process of this host has."""
    return uid_for(os.getpid(), _uid_map())


def driver_uid() -> int:
    """Return a uid for this process itself, once it is root's no more: no box has it."""
    return uid_for(os.getpid(), _uid_map(), outside=True)


def _uid_map() -> str:
    return Path("/proc/self/uid_map").read_text(encoding="ascii")


def uid_for(pid: int, uid_map: str, *, outside: bool = False) -> int:
    """Return the uid of the boxes of the process `pid`, of those that this system has.

    Args:
        pid: Of the process that makes the box, so that no two have the same.
        uid_map: As `/proc/self/uid_map` shows it; in a container it may hold 65,536 uids only,
            of which the upper half is shared out.
        outside: For that process itself instead.
    """
    size = min(int(line.split()[2]) for line in uid_map.splitlines()[:1])
    if size >= FIRST_UID + 2 * PROCESS_IDS:
        return FIRST_UID + pid + (PROCESS_IDS if outside else 0)
    quarter = size // 4
    first = (3 if outside else 2) * quarter
    return first + pid % max(1, quarter - 2)  # the last two are `nobody` and none

"""A Jupyter kernel in a box: jupyter_client's provisioner seam."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from grader.sandbox.box import Box
from grader.sandbox.cgroups import Cgroup
from grader.sandbox.enter import KERNEL_SOCKETS
from grader.sandbox.launch import BoxedProcess, Entry, launch, launch_plain
from grader.sandbox.orphans import kill_descendants
from grader.sandbox.tail import Tail
from grader.sandbox.warm import Streams, WarmProcess, WarmServer, launch_warm


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelPlace:
    """Where a kernel is to run."""

    box: Box | None
    """Its box; None for a plain process."""
    entry: Entry
    """What `enter` does first; its command is filled in here."""
    environment: dict[str, str]
    """Of a plain process; a box has its own."""
    sockets: Path
    """Folder of its sockets on the host. No box shows it; its user cannot write to it."""
    connection: Path
    """Folder of its connection file, the same path inside and outside, read-only inside."""
    cgroup: Cgroup | None
    """Group that it joins; None for none."""
    on_listeners: Callable[[tuple[socket.socket, ...]], None]
    """Takes the sockets for course files."""
    startup_timeout_s: float
    """Wall-clock seconds until it must listen."""
    warm: WarmServer | None = None
    """Fork server that makes the box; None for bubblewrap."""
    uid: int | None = None
    """User of a plain process; None for the grader's own."""
    on_started: Callable[[], None] = lambda: None
    """Called when the box is made, before anything that comes out of it is read."""


class BoxProvisioner(LocalProvisioner):
    """Starts the kernel in its place, and ends it with all that it started."""

    parent: Any
    process: Any
    place: KernelPlace
    boxed: BoxedProcess | None = None
    tail: Tail

    async def launch_kernel(self, cmd: list[str], **_: Any) -> Any:
        """Start the kernel. Its sockets are open before its program begins.

        Raises:
            OSError: the box could not be made.
        """
        os.chmod(self.parent.connection_file, 0o644)  # noqa: PTH101 -- only its own folder leads to it
        self.tail = Tail()
        self.boxed = self._start(tuple(cmd))
        self.process = self.boxed.process
        self.pid = self.process.pid
        self.pgid = None
        if self.place.box is None:
            await self._listening()
        self.place.on_started()
        # Threads that serve it come after: they have the rights of this one.
        self.place.on_listeners(self.boxed.listeners)
        return self.connection_info

    def _start(self, command: tuple[str, ...]) -> BoxedProcess:
        place = self.place
        entry = replace(place.entry, command=command, sockets=place.sockets)
        # Never the grader's own streams, and no file that a notebook could fill.
        mouth = self.tail.mouth
        try:
            if place.box is None:
                return launch_plain(
                    entry, place.environment, stdout=mouth, stderr=mouth, uid=place.uid
                )
            return self._start_boxed(place.box, entry, mouth)
        finally:
            self.tail.started()

    def _start_boxed(self, box: Box, entry: Entry, mouth: int) -> BoxedProcess:
        warm, cgroup = self.place.warm, self.place.cgroup
        if warm is None:
            return launch(box, entry, cgroup=cgroup, stdout=mouth, stderr=mouth)
        nothing = os.open(os.devnull, os.O_RDONLY)
        try:
            streams = Streams(nothing, mouth, mouth)
            return launch_warm(warm, box, entry, cgroup=cgroup, streams=streams)
        finally:
            os.close(nothing)

    async def _listening(self) -> None:
        """Wait until the last socket is open: a box tells us when it hands out the others."""
        deadline = time.monotonic() + self.place.startup_timeout_s
        while not _accepts(self.place.sockets / f"k-{KERNEL_SOCKETS}"):
            if why := self.why_ended():
                raise OSError(why)
            if time.monotonic() > deadline:
                raise OSError(f"it does not listen: {self.tail.text()[-600:]}")
            await asyncio.sleep(0.01)

    def why_ended(self) -> str:
        """Return how it ended and its last words; empty where it has not, or never began."""
        process = self.boxed.process if self.boxed is not None else None
        if process is None or process.poll() is None:
            return ""
        return f"it ended with status {process.returncode}: {self.tail.text()[-600:]}"

    async def send_signal(self, signum: int) -> None:
        """Only ends mean anything here; interrupts go by message."""
        if signum in (signal.SIGKILL, signal.SIGTERM) and self.boxed is not None:
            self.boxed.kill()
            kill_descendants()

    @property
    def lost(self) -> bool:
        """Whether the kernel went down with its fork server, by no fault of its own."""
        process = self.boxed.process if self.boxed is not None else None
        return isinstance(process, WarmProcess) and process.lost


def _accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as one:
        try:
            one.connect(str(path))
        except OSError:
            return False
    return True

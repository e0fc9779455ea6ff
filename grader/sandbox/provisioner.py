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
from grader.sandbox.launch import (
    BoxedProcess,
    Entry,
    OuterProcess,
    launch,
    launch_plain,
    open_to,
)
from grader.sandbox.orphans import kill_descendants
from grader.sandbox.tail import Tail
from grader.sandbox.warm import Streams, WarmProcess, WarmServer, launch_warm

CHANNELS = 5
"""Sockets of a kernel: shell, iopub, stdin, control, heartbeat."""


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
    """Folder of its sockets and connection file, the same path inside and outside."""
    cgroup: Cgroup | None
    """Group that it joins; None for none."""
    on_listeners: Callable[[tuple[socket.socket, ...]], None]
    """Takes the sockets for course files."""
    startup_timeout_s: float
    """Wall-clock seconds until it must listen."""
    warm: WarmServer | None = None
    """Fork server that makes the box; None for bubblewrap."""


class BoxProvisioner(LocalProvisioner):
    """Starts the kernel in its place, and ends it with all that it started."""

    parent: Any
    process: Any
    place: KernelPlace
    boxed: BoxedProcess | None = None
    tail: Tail

    async def launch_kernel(self, cmd: list[str], **_: Any) -> Any:
        """Start the kernel; return when all of its sockets listen.

        The client must connect before student code can put another socket in their place.

        Raises:
            OSError: the box could not be made, or the kernel does not listen in time.
        """
        place = self.place
        os.chmod(self.parent.connection_file, 0o644)  # noqa: PTH101 -- only its own folder leads to it
        if place.box is not None:
            open_to(place.sockets, place.box.uid)
        self.tail = Tail()
        self.boxed = self._start(tuple(cmd))
        self.process = self.boxed.process
        self.pid = self.process.pid
        self.pgid = None
        await self._listening(self.boxed.process)
        if place.box is not None and os.getuid() == 0:
            # From now on nobody inside can put anything in the place of a socket.
            os.chown(place.sockets, 0, 0)
            place.sockets.chmod(0o555)
        return self.connection_info

    def _start(self, command: tuple[str, ...]) -> BoxedProcess:
        place = self.place
        entry = replace(place.entry, command=command)
        # Never the grader's own streams, and no file that a notebook could fill.
        mouth = self.tail.mouth
        try:
            if place.box is None:
                return launch_plain(entry, place.environment, stdout=mouth, stderr=mouth)
            boxed = self._start_boxed(place.box, entry, mouth)
        finally:
            self.tail.started()
        place.on_listeners(boxed.listeners)
        return boxed

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

    async def _listening(self, process: OuterProcess) -> None:
        deadline = time.monotonic() + self.place.startup_timeout_s
        waiting = [Path(f"{self.parent.ip}-{n}") for n in range(1, CHANNELS + 1)]
        while waiting:
            waiting = [path for path in waiting if not _accepts(path)]
            if process.poll() is not None:
                raise OSError(f"it ended with status {process.returncode}: {self._last()}")
            if waiting and time.monotonic() > deadline:
                raise OSError(f"it does not listen: {self._last()}")
            await asyncio.sleep(0.01)

    def _last(self) -> str:
        return self.tail.text()[-600:]

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

"""A Jupyter kernel in a box: jupyter_client's provisioner seam."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from grader.isolation.box import Box
from grader.isolation.cgroups import Cgroup
from grader.isolation.launch import BoxedProcess, Entry, launch, launch_plain, open_to
from grader.isolation.orphans import kill_descendants
from grader.isolation.tail import Tail

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


class BoxProvisioner(LocalProvisioner):
    """Starts the kernel in its place, and ends it with all that it started."""

    parent: Any
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
            boxed = launch(place.box, entry, cgroup=place.cgroup, stdout=mouth, stderr=mouth)
        finally:
            self.tail.started()
        place.on_listeners(boxed.listeners)
        return boxed

    async def _listening(self, process: subprocess.Popen[bytes]) -> None:
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


def _accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as one:
        try:
            one.connect(str(path))
        except OSError:
            return False
    return True

"""A control group for one run: the memory of everything in it, and the number of its processes.

Version 1 and version 2 hierarchies. Where neither can be written to there is none, and the tier
says so.
"""

from __future__ import annotations

import errno
import functools
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from reference.errors import GraderFault

ROOT = Path("/sys/fs/cgroup")
LACKING = frozenset(
    (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.EBUSY, errno.EINVAL, errno.ENODEV)
)
"""Errors of a host without groups that this user may make; a group in version 2 whose processes are
not moved out says that it is busy."""
PAUSES_S = (0.1, 1.0)
"""Seconds between two tries."""
PATIENCE_S = 2.0
"""Seconds that the kernel may take to empty a group whose processes were killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cgroup:
    """A group that exists."""

    folders: tuple[Path, ...]
    """One (version 2), or one per controller (version 1)."""

    @property
    def joins(self) -> tuple[Path, ...]:
        """Files to write a process id to."""
        return tuple(folder / "cgroup.procs" for folder in self.folders)

    def out_of_memory_kills(self) -> int:
        """How often the kernel killed a process of the group for its memory."""
        for name in ("memory.events", "memory.oom_control"):
            for folder in self.folders:
                with suppress(OSError):
                    facts = dict(
                        line.split(maxsplit=1) for line in (folder / name).read_text().splitlines()
                    )
                    return int(facts.get("oom_kill", 0))
        return 0

    def remove(self) -> None:
        """Remove the group; its processes must be gone or going."""
        deadline = time.monotonic() + PATIENCE_S
        for folder in self.folders:
            while folder.exists() and time.monotonic() < deadline:
                try:
                    folder.rmdir()
                except OSError:
                    time.sleep(0.01)


def _write(path: Path, value: int | str) -> None:
    path.write_text(str(value))


def _version_1(name: str, memory_bytes: int, processes: int) -> Cgroup:
    memory, pids = ROOT / "memory" / name, ROOT / "pids" / name
    for folder in (memory, pids):
        folder.mkdir()
    _write(memory / "memory.limit_in_bytes", memory_bytes)
    with suppress(OSError):  # where swap is not accounted there is nothing to bound
        _write(memory / "memory.memsw.limit_in_bytes", memory_bytes)
    _write(pids / "pids.max", processes)
    return Cgroup(folders=(memory, pids))


def _version_2(name: str, memory_bytes: int, processes: int) -> Cgroup:
    _write(ROOT / "cgroup.subtree_control", "+memory +pids")
    folder = ROOT / name
    folder.mkdir()
    _write(folder / "memory.max", memory_bytes)
    with suppress(OSError):  # a kernel without swap accounting
        _write(folder / "memory.swap.max", 0)
    _write(folder / "memory.oom.group", 1)
    _write(folder / "pids.max", processes)
    return Cgroup(folders=(folder,))


def make_cgroup(*, memory_mib: float, processes: int) -> Cgroup:
    """Make a group with these bounds.

    Raises:
        OSError: this process may not, or the host has no such hierarchy.
    """
    make = _version_1 if (ROOT / "memory").is_dir() else _version_2
    name = f"pset4-{os.getpid()}-{secrets.token_hex(4)}"
    return make(name, int(memory_mib * 2**20), processes)


@functools.cache
def cgroups_usable() -> bool:
    """Whether `make_cgroup` works here: tried until that is sure.

    Raises:
        OSError: it does not, and not because this user may not, or the host has none.
    """
    for pause_s in (*PAUSES_S, None):
        try:
            make_cgroup(memory_mib=64, processes=8).remove()
        except OSError as error:
            if error.errno in LACKING:
                return False
            if pause_s is None:
                raise
            time.sleep(pause_s)
        else:
            return True
    return False


@contextmanager
def cgroup_for(*, memory_mib: float, processes: int, wanted: bool) -> Iterator[Cgroup | None]:
    """Make a group for the time of the block; None where it is not wanted.

    Raises:
        GraderFault: it cannot be made, though one could before.
    """
    if not wanted:
        yield None
        return
    try:
        group = make_cgroup(memory_mib=memory_mib, processes=processes)
    except OSError as error:
        raise GraderFault(
            f"{ROOT}: a control group for the run could not be made: {error}. Nothing was graded; "
            "try again, or with ISOLATION=process where you trust the code."
        ) from error
    try:
        yield group
    finally:
        group.remove()

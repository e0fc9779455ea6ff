"""A control group for one run: the memory of everything in it, its processes, and its CPUs.

Version 1 and version 2 hierarchies. Where neither can be written to there is none, and the tier
says so. The CPUs are a service to the neighbors, where the host has that controller: each run has
the same weight however many processes and sessions it starts, and no more than its own cores. The
grader's own processes are in no such group, so each of them weighs as much as a whole run.
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
CPU_WEIGHT_V1, CPU_WEIGHT_V2 = 1024, 100
"""Of a run: what the system gives to any one process, so that all runs weigh the same."""
PERIOD_US = 100_000
"""Microseconds over which a run's cores are reckoned: the system's own."""
PAUSES_S = (0.1, 1.0)
"""Seconds between two tries."""
PATIENCE_S = 2.0
"""Seconds that the kernel may take to empty a group whose processes were killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cgroup:
    """A group that exists."""

    folders: tuple[Path, ...]
    """One (version 2), or one per controller (version 1)."""
    shares_cpus: bool = False
    """Whether it has its share of the CPUs, and no more; False where the host has no such
    controller, or this user may not use it."""

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


def _version_1(name: str, memory_bytes: int, processes: int, cores: int) -> Cgroup:
    memory, pids = ROOT / "memory" / name, ROOT / "pids" / name
    for folder in (memory, pids):
        folder.mkdir()
    _write(memory / "memory.limit_in_bytes", memory_bytes)
    with suppress(OSError):  # where swap is not accounted there is nothing to bound
        _write(memory / "memory.memsw.limit_in_bytes", memory_bytes)
    _write(pids / "pids.max", processes)
    cpu = ROOT / "cpu" / name
    try:
        cpu.mkdir()
    except OSError:
        return Cgroup(folders=(memory, pids))
    try:
        _write(cpu / "cpu.shares", CPU_WEIGHT_V1)
    except OSError:
        return Cgroup(folders=(memory, pids, cpu))
    with suppress(OSError):  # a kernel without quotas, or a container that has less itself
        _write(cpu / "cpu.cfs_period_us", PERIOD_US)
        _write(cpu / "cpu.cfs_quota_us", cores * PERIOD_US)
    return Cgroup(folders=(memory, pids, cpu), shares_cpus=True)


def _version_2(name: str, memory_bytes: int, processes: int, cores: int) -> Cgroup:
    _write(ROOT / "cgroup.subtree_control", "+memory +pids")
    with suppress(OSError):  # not handed down to a container
        _write(ROOT / "cgroup.subtree_control", "+cpu")
    folder = ROOT / name
    folder.mkdir()
    _write(folder / "memory.max", memory_bytes)
    with suppress(OSError):  # a kernel without swap accounting
        _write(folder / "memory.swap.max", 0)
    _write(folder / "memory.oom.group", 1)
    _write(folder / "pids.max", processes)
    try:
        _write(folder / "cpu.weight", CPU_WEIGHT_V2)
    except OSError:
        return Cgroup(folders=(folder,))
    with suppress(OSError):  # a kernel without quotas
        _write(folder / "cpu.max", f"{cores * PERIOD_US} {PERIOD_US}")
    return Cgroup(folders=(folder,), shares_cpus=True)


def make_cgroup(*, memory_mib: float, processes: int, cores: int) -> Cgroup:
    """Make a group with these bounds.

    Raises:
        OSError: this process may not, or the host has no such hierarchy.
    """
    make = _version_1 if (ROOT / "memory").is_dir() else _version_2
    name = f"pset4-{os.getpid()}-{secrets.token_hex(4)}"
    return make(name, int(memory_mib * 2**20), processes, cores)


@functools.cache
def cgroups_usable() -> bool:
    """Whether `make_cgroup` works here: tried until that is sure.

    Raises:
        OSError: it does not, and not because this user may not, or the host has none.
    """
    for pause_s in (*PAUSES_S, None):
        try:
            make_cgroup(memory_mib=64, processes=8, cores=1).remove()
        except OSError as error:
            if error.errno in LACKING:
                return False
            if pause_s is None:
                raise
            time.sleep(pause_s)
        else:
            return True
    return False


@functools.cache
def cpus_shared() -> bool:
    """Whether groups have their share of the CPUs on this host, where it has groups."""
    if not cgroups_usable():
        return False
    group = make_cgroup(memory_mib=64, processes=8, cores=1)
    group.remove()
    return group.shares_cpus


@contextmanager
def cgroup_for(
    *, memory_mib: float, processes: int, cores: int, wanted: bool
) -> Iterator[Cgroup | None]:
    """Make a group for the time of the block; None where it is not wanted.

    Args:
        memory_mib: Memory in MiB of all its processes together.
        processes: Processes and threads in it.
        cores: CPUs that it may keep busy, where the host can bound that.
        wanted: Whether the tier has groups.

    Raises:
        GraderFault: it cannot be made, though one could before.
    """
    if not wanted:
        yield None
        return
    try:
        group = make_cgroup(memory_mib=memory_mib, processes=processes, cores=cores)
    except OSError as error:
        raise GraderFault(
            f"{ROOT}: a control group for the run could not be made: {error}. Nothing was graded; "
            "try again, or with ISOLATION=process where you trust the code."
        ) from error
    try:
        yield group
    finally:
        group.remove()

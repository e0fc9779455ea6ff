"""What each test costs in CPU seconds, kernels and everything else that it starts included.

`pytest --cpu-times FILE` appends a line per test: its CPU seconds, the seconds that passed, and its
name; `python -m tests.cpu_times FILE` sums them by file. The control group of a worker counts what
its processes take, also those that are alive still; where none can be made, a test's cost is that
of its own process and of the children that have ended.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Generator, Iterable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.command_line import names

ROOT = Path("/sys/fs/cgroup")
IMPORTS_AND_COLLECTION = "(imports and collection)"
"""Stands for a test in the line that a process writes before its first one."""


class Meter:
    """CPU seconds of this process and of everything that it starts from now on."""

    def __init__(self) -> None:
        self.before_s = time.process_time()
        """What this process took before it was in a group."""
        self._counter, self._unit = _join_group(f"pset4-tests-{os.getpid()}")

    def read_s(self) -> float:
        """CPU seconds up to now, since the group was made."""
        if self._counter is None:
            both = (
                resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
            )
            return sum(one.ru_utime + one.ru_stime for one in both)
        return int(self._counter.read_text().split("usage_usec")[-1].split()[0]) / self._unit

    def close(self) -> None:
        """Go back to the group above, and remove this one where nothing is left in it."""
        if self._counter is not None:
            group = self._counter.parent
            with suppress(OSError):
                (group.parent / "cgroup.procs").write_text(str(os.getpid()))
                group.rmdir()


def _join_group(name: str) -> tuple[Path | None, float]:
    """The file that counts a new group's CPU time, and how many of its units are a second."""
    for parent, counter, unit in (("cpuacct", "cpuacct.usage", 1e9), (".", "cpu.stat", 1e6)):
        group = ROOT / parent / name
        with suppress(OSError):
            group.mkdir()
            (group / "cgroup.procs").write_text(str(os.getpid()))
            return group / counter, unit
    return None, 1.0


class CpuTimes:
    """The plug-in: one line per test, appended at once, by every worker to the same file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._meter = Meter()
        self._started = time.monotonic()
        self._first = True

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Measure a test together with the fixtures that it sets up and takes down."""
        cpu_s, at = self._meter.read_s(), time.monotonic()
        if self._first:
            self._first = False
            self._write(cpu_s + self._meter.before_s, at - self._started, IMPORTS_AND_COLLECTION)
        result = yield
        self._write(self._meter.read_s() - cpu_s, time.monotonic() - at, item.nodeid)
        return result

    def pytest_unconfigure(self) -> None:
        """Leave the group, so that it can go."""
        self._meter.close()

    def _write(self, cpu_s: float, wall_s: float, name: str) -> None:
        with self._file.open("a") as stream:
            stream.write(f"{cpu_s:.3f}\t{wall_s:.3f}\t{os.getpid()}\t{name}\n")


def by_file(lines: Iterable[str]) -> str:
    """A table of test files, dearest first."""
    files: dict[str, list[float]] = defaultdict(list)
    for line in lines:
        cpu_s, _, _, name = line.rstrip().split("\t", 3)
        files[name.partition("::")[0]].append(float(cpu_s))
    rows = sorted(((sum(each), len(each), file) for file, each in files.items()), reverse=True)
    total = (sum(cpu_s for cpu_s, _, _ in rows), sum(count for _, count, _ in rows), "all")
    return "    CPU s  tests\n" + "".join(
        f"{cpu_s:9.1f} {count:6d}  {file}\n" for cpu_s, count, file in (*rows, total)
    )


if __name__ == "__main__":
    for file in names(__doc__, "FILE", least=1):
        sys.stdout.write(by_file(Path(file).read_text(encoding="utf-8").splitlines()))

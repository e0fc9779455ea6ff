"""Noisy neighbours: what eight honest submissions lose where four others do their worst.

    python -m tests.classroom neighbours

Two batches of twelve on this machine: eight and four honest ones, then the same eight and the worst
of `submissions/hostile`. The eight must get their full grades not later than 1.3 times what they
take with honest neighbours, and no process may take more than its stated memory. Wants a quiet
machine.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from authoring.hostile_samples import HONEST, build_hostile, read_hostile
from grader.batch.run.executors import IDLE_WORKER_MIB
from grader.bounded.limits import CHECKS, PAGES_BOUNDS
from grader.model.records import Limits
from tests.classroom.running import start

WORST = ("code_one_line", "evidence_large_run", "evidence_runs_of_512", "evidence_many_runs")
"""The neighbours that give most work behind their runs, or take most memory in them."""
HONEST_ONES = tuple(f"honest{n}" for n in range(8))
MOST_TIMES = 1.3
"""How much later the honest ones may be done."""
LOOK_S = 0.5
"""Seconds between looks at the processes."""
BASE_MIB = 1100.0
"""Memory in MiB of a process of ours that has torch and all else imported."""

STATED_MIB: Mapping[str, float] = {
    "driver": Limits().driver_memory_mib + 200,
    "kernel": Limits().memory_mib + 200,
    "judging": BASE_MIB + max(CHECKS.memory_mib, PAGES_BOUNDS.memory_mib),
    "worker": min(BASE_MIB, IDLE_WORKER_MIB),
}
"""Memory that a process may take, in MiB, by what it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a batch took."""

    seconds: float
    """Until the last of the honest ones was graded."""
    all_seconds: float
    """Until it ended."""
    most_mib: Mapping[str, float]
    """Greatest resident memory of one process, by what it is."""
    points: Mapping[str, str]
    """By kerberos: the total in the gradebook."""


def make_class(folder: Path, neighbours: Mapping[str, str]) -> Path:
    """Zip the honest ones and, between them, the neighbours (name to case of the corpus)."""
    folder.mkdir()
    for name in HONEST_ONES:
        build_hostile(HONEST, folder / f"{name}.zip")
    for name, case in neighbours.items():
        build_hostile(case, folder / f"{name}.zip")
    return folder


def beside(cases: tuple[str, ...]) -> dict[str, str]:
    """Names that sort between the honest ones, and the cases behind them."""
    return {f"honest{2 * n}x": case for n, case in enumerate(cases)}


def graded(folder: Path, results: Path) -> Taken:
    """Grade the class, and look at its processes meanwhile."""
    began = time.monotonic()
    last = began
    most: dict[str, float] = {}
    waiting = set(HONEST_ONES)
    with start(folder, results, "--bundle", "studio-narrow") as process:
        root = psutil.Process(process.pid)
        while process.poll() is None:
            for kind, mib in _memory(root):
                most[kind] = max(most.get(kind, 0.0), mib)
            there = {name for name in waiting if (results / name / "results.json").is_file()}
            if there:
                waiting -= there
                last = time.monotonic()
            time.sleep(LOOK_S)
        output, _ = process.communicate()
    if process.returncode != 0:
        raise AssertionError(f"exit status {process.returncode}: {output[-2000:]}")
    rows = csv.DictReader((results / "gradebook.csv").read_text().splitlines())
    return Taken(
        seconds=last - began,
        all_seconds=time.monotonic() - began,
        most_mib=most,
        points={row["kerberos"]: row["total"] for row in rows},
    )


def _memory(root: psutil.Process) -> Iterator[tuple[str, float]]:
    with suppress(psutil.Error):
        for process in root.children(recursive=True):
            with suppress(psutil.Error):
                yield kind_of(process.cmdline()), process.memory_info().rss / 2**20


def kind_of(words: list[str]) -> str:
    """Say by its command line what a process is."""
    line = " ".join(words)
    if "apart_server" in line:
        return "judging"
    if "grader.execution.driver" in line:
        return "driver"
    if "spawn_main" in line or "grader.app" in line:
        return "worker"
    return "kernel"


def differences(quiet: Taken, noisy: Taken) -> list[str]:
    """Return what is not as it must be."""
    said = [
        f"{name}: {noisy.points.get(name, '')} points, {quiet.points[name]} with honest neighbours"
        for name in HONEST_ONES
        if noisy.points.get(name) != quiet.points[name]
    ]
    if noisy.seconds > MOST_TIMES * quiet.seconds:
        said.append(
            f"the honest ones were done after {noisy.seconds:.0f} s, "
            f"{noisy.seconds / quiet.seconds:.2f} times {quiet.seconds:.0f} s"
        )
    for kind, mib in noisy.most_mib.items():
        if mib > STATED_MIB[kind]:
            said.append(f"a {kind} took {mib:.0f} MiB, more than {STATED_MIB[kind]:.0f}")
    return said


def measured(place: Path) -> Iterator[str]:
    """Run both batches; yield what they took, then what is not as it must be, after a `!`."""
    folders = {
        "honest": make_class(place / "quiet", beside((HONEST,) * len(WORST))),
        "noisy": make_class(place / "noisy", beside(WORST)),
    }
    taken = {}
    for name, folder in folders.items():
        one = taken[name] = graded(folder, place / f"{name}-results")
        most = ", ".join(f"{kind} {mib:.0f}" for kind, mib in sorted(one.most_mib.items()))
        yield (
            f"{name:<8} neighbours: the eight done after {one.seconds:.0f} s, all after "
            f"{one.all_seconds:.0f} s; most MiB of one process: {most}"
        )
    yield from (f"  {case}: {read_hostile(case).title}" for case in WORST)
    yield from (f"! {line}" for line in differences(taken["honest"], taken["noisy"]))

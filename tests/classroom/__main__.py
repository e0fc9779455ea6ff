"""The whole sample class: cold, warm, with a worker killed, on Dask with a worker killed.

    python -m tests.classroom [WAY ...]       ways: cold warm killed dask
    python -m tests.classroom neighbours      see `tests.classroom.neighbours`

Prints for each way what is not as class.toml says it must be; exit 1 if anything.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from authoring.class_samples import build_class, expected_gradebook, read_class
from grader.model.assignment import load_assignment
from tests.classroom.comparing import differences, read_gradebook
from tests.classroom.neighbours import measured
from tests.classroom.running import (
    Ended,
    coordinator,
    driver,
    everything,
    run,
    run_and_kill,
    worker,
)
from tests.command_line import names
from tests.dask_cluster import dask_workers

CHANCE = random.Random(1)  # noqa: S311 -- moments, not secrets


def cold(folder: Path, results: Path) -> Ended:
    """Every kernel from nothing."""
    return run(folder, results, "--cold")


def warm(folder: Path, results: Path) -> Ended:
    """Kernels forked from a server."""
    return run(folder, results)


def killed(folder: Path, results: Path) -> Ended:
    """Warm; a worker, the coordinator, a driver, then everything is killed; then once more."""
    run_and_kill(folder, results, [worker, coordinator], CHANCE)
    run_and_kill(folder, results, [driver, everything], CHANCE)
    return run(folder, results)


def dask(folder: Path, results: Path) -> Ended:
    """On a cluster of two workers, one of which is killed."""
    with dask_workers(results.parent) as (address, workers):
        return run_and_kill(
            folder,
            results,
            [lambda _: [psutil.Process(workers[0].pid)]],
            CHANCE,
            "--scheduler",
            address,
        )


WAYS: dict[str, Callable[[Path, Path], Ended]] = {
    "cold": cold,
    "warm": warm,
    "killed": killed,
    "dask": dask,
}


def main(names: list[str]) -> int:
    """Take the ways, print what came of each."""
    if names == ["neighbours"]:
        with tempfile.TemporaryDirectory(prefix="neighbours-") as place:
            wrong = 0
            for line in measured(Path(place)):
                print(line, flush=True)
                wrong += line.startswith("!")
            return int(wrong > 0)
    expected = expected_gradebook(read_class(), load_assignment())
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="classroom-") as place:
        folder = build_class(Path(place) / "class")
        for name in names or list(WAYS):
            results = Path(place) / name / "results"
            results.parent.mkdir()
            started = time.perf_counter()
            ended = WAYS[name](folder, results)
            said = [f"exit status {ended.status}: {ended.output[-2000:]}"] if ended.status else []
            if not said:
                said = differences(expected, read_gradebook(results / "gradebook.csv"))
            minutes = (time.perf_counter() - started) / 60
            print(f"{name:<8} {len(expected)} students, {minutes:.1f} min, {len(said)} differences")
            for line in said:
                print(f"  {line}")
            wrong += bool(said)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(names(__doc__, "WAY", (*WAYS, "neighbours"))))

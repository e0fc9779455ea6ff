"""The parts of `python -m tests.classroom neighbours` that need no batch."""

from __future__ import annotations

import os
import sys
from dataclasses import replace

import psutil

from authoring.hostile_samples import hostile_names
from grader.batch.run.executors import IDLE_WORKER_MIB, LEAST_ROOM_MIB
from grader.bounded.limits import CHECKS, PAGES_BOUNDS
from grader.execution.settings import DRIVER_ROOM_MIB
from tests.classroom.neighbours import HONEST_ONES, WORST, Taken, beside, differences, kind_of

QUIET = Taken(
    seconds=100.0,
    all_seconds=120.0,
    most_mib={"worker": 200.0},
    points=dict.fromkeys(HONEST_ONES, "4.4"),
)


def test_the_neighbours_lie_between_the_honest_ones() -> None:
    neighbours = beside(WORST)
    assert set(neighbours.values()) == set(WORST) <= set(hostile_names())
    assert sorted([*HONEST_ONES, *neighbours])[:3] == ["honest0", "honest0x", "honest1"]


def test_what_honest_ones_lose_is_told() -> None:
    assert differences(QUIET, replace(QUIET, seconds=129.0)) == []
    late, poor, large = (
        replace(QUIET, seconds=140.0),
        replace(QUIET, points={**QUIET.points, "honest3": ""}),
        replace(QUIET, most_mib={"kernel": 9000.0}),
    )
    assert "1.40 times" in differences(QUIET, late)[0]
    assert differences(QUIET, poor)[0].startswith("honest3:")
    assert "a kernel took 9000 MiB" in differences(QUIET, large)[0]


def test_processes_are_told_apart() -> None:
    words = [sys.executable, "-P", "-m", "grader.sandbox.apart_server", "4", "grader.bounded"]
    assert kind_of(words) == "judging"
    assert kind_of([sys.executable, "-m", "grader.execution.driver"]) == "driver"
    assert kind_of(psutil.Process(os.getpid()).cmdline()) in {"kernel", "worker"}


def test_checks_and_pages_take_no_more_than_the_run_before_them_was_given() -> None:
    """They come when kernel and driver are gone, so a worker's share holds for them, too."""
    share = LEAST_ROOM_MIB + DRIVER_ROOM_MIB
    assert max(CHECKS.memory_mib, PAGES_BOUNDS.memory_mib) <= share
    assert IDLE_WORKER_MIB > 0

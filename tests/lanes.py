"""Two lanes of tests: what `make quick` leaves out, found by what a test uses.

`make quick` starts no kernel, no full-size network, no browser and no database server, and prints
no PDF: it is for daily work. `make test` runs everything. A test gets its marker from the fixtures
that it asks for, or by hand where it uses none of them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

NOT_QUICK = ("kernel", "fullsize", "gpu", "browser", "slow")
"""Markers of tests that only `make test` runs."""
BY_FIXTURE = {
    "graded": "kernel",
    "run_cells": "kernel",
    "warm": "kernel",
    "printed": "slow",
    "dask": "slow",
    "subjects": "slow",
}
"""Marker of every test that uses the fixture, directly or through another one."""
_ALL_MARKED = re.compile(rf"^pytestmark = \[?pytest\.mark\.({'|'.join(NOT_QUICK)})\b", re.MULTILINE)
STARTERS = ("grader.execution.driver", "grader.execution.driver_server", "/box/zygote.py")
"""Words of the commands that start a kernel, or what forks kernels."""


class KernelStarted(Exception):
    """A test that is not marked `kernel` started one."""


def mark(items: Iterable[pytest.Item]) -> None:
    """Give each test the markers of the fixtures that it uses."""
    for item in items:
        for fixture in getattr(item, "fixturenames", ()):
            if fixture in BY_FIXTURE:
                item.add_marker(BY_FIXTURE[fixture])


def is_quick(item: pytest.Item) -> bool:
    """Whether `make quick` runs the test."""
    return not any(item.get_closest_marker(name) for name in NOT_QUICK)


def is_left_out(path: Path) -> bool:
    """Whether a file marks all of its tests as not quick: `make quick` then need not import it."""
    if path.suffix != ".py" or not path.name.startswith("test_"):
        return False
    return bool(_ALL_MARKED.search(path.read_text(encoding="utf-8")))


class KernelGuard:
    """Refuses commands that start a kernel while a test runs that must start none.

    Audit hooks cannot be taken away again: one for the process, which looks at `refusing`.
    """

    def __init__(self) -> None:
        self.refusing = False
        self.refused: list[str] = []
        sys.addaudithook(self._audit)

    def _audit(self, event: str, arguments: tuple[object, ...]) -> None:
        if event != "subprocess.Popen" or not self.refusing:
            return
        words = arguments[1] if isinstance(arguments[1], (list, tuple)) else [arguments[1]]
        started = [str(word) for word in words if word in STARTERS or "ipykernel" in str(word)]
        if started:
            self.refused += started
            raise KernelStarted(f"{started[0]}: mark the test `kernel`, see tests/lanes.py")

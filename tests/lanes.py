"""Three lanes of tests: what `make quick` and `make test` leave out.

`make quick` starts no kernel, no full-size network, no browser and no database server, and prints
no PDF: it is for daily work. A test gets its marker from the fixtures that it asks for, or by hand
where it uses none of them. `make test` shows everything once; more of the same (another tier, the
other database, more examples, the full-size network) is marked `whole`, and `make test-all` runs
that, too. A test that is named (`pytest FILE::TEST`) is run whatever its lane.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

WHOLE = "whole"
"""Marker of tests that only `make test-all` runs."""
NOT_QUICK = ("kernel", "fullsize", "gpu", "browser", "slow", WHOLE)
"""Markers of tests that `make quick` leaves out."""
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
FEWEST_EXAMPLES = 8
"""Of a property; hypothesis begins with its simplest."""
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


def is_in_lane(item: pytest.Item, config: pytest.Config) -> bool:
    """Whether this run has the test: see the lanes above."""
    if config.getoption("--quick"):
        return is_quick(item)
    if config.getoption("--whole") or any("::" in argument for argument in config.args):
        return True
    return item.get_closest_marker(WHOLE) is None


def is_quick(item: pytest.Item) -> bool:
    """Whether `make quick` runs the test."""
    return not any(item.get_closest_marker(name) for name in NOT_QUICK)


def is_left_out(path: Path) -> bool:
    """Whether a file marks all of its tests as not quick: `make quick` then need not import it."""
    if path.suffix != ".py" or not path.name.startswith("test_"):
        return False
    return bool(_ALL_MARKED.search(path.read_text(encoding="utf-8")))


class _Lane:
    """What the decorators of properties must know when their module is imported."""

    whole = False


def has_all_examples(whole: bool) -> None:
    """Say whether properties get all of their examples; before any test is imported."""
    _Lane.whole = whole


def examples(number: int) -> int:
    """How many examples a property gets in this lane, `number` in `make test-all`."""
    return number if _Lane.whole else min(number, max(FEWEST_EXAMPLES, number // 4))


def more(*cases: Any) -> list[Any]:
    """Cases of a parametrized test that only `make test-all` runs."""
    marked = pytest.mark.whole
    return [
        pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=marked)
        for case in cases
    ]


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

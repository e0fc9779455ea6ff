"""The quick lane stays what it is: no kernel in a test that is not marked."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from grader.execution import drivers
from grader.sandbox import warm_server
from tests.conftest import GUARD
from tests.lanes import (
    BY_FIXTURE,
    NOT_QUICK,
    STARTERS,
    KernelStarted,
    examples,
    has_all_examples,
    is_in_lane,
    is_left_out,
    more,
)


@pytest.mark.parametrize("word", [*STARTERS, "ipykernel_launcher"])
def test_a_test_that_is_not_marked_starts_no_kernel(word: str) -> None:
    with pytest.raises(KernelStarted, match="mark the test"):
        subprocess.Popen([sys.executable, "-c", "raise SystemExit", word])
    assert GUARD.refused == [word]
    GUARD.refused.clear()


def test_other_commands_are_not_refused() -> None:
    done = subprocess.run([sys.executable, "-c", "raise SystemExit(3)"], check=False)
    assert done.returncode == 3


@pytest.mark.kernel
def test_a_test_that_is_marked_may() -> None:
    command = [sys.executable, "-c", "raise SystemExit(4)", STARTERS[0]]
    assert subprocess.run(command, check=False).returncode == 4


def test_a_file_is_left_unread_only_where_it_marks_all_its_tests(tmp_path: Path) -> None:
    path = tmp_path / "test_a.py"
    for line, left_out in (
        ("pytestmark = pytest.mark.slow", True),
        ("pytestmark = [pytest.mark.kernel, pytest.mark.timeout(9)]", True),
        ("pytestmark = pytest.mark.timeout(9)", False),
        ("    pytestmark = pytest.mark.slow", False),
        ("@pytest.mark.slow", False),
    ):
        path.write_text(f"import pytest\n{line}\n")
        assert is_left_out(path) == left_out, line
    assert not is_left_out(tmp_path / "conftest.py")


class Asked:
    """As much of pytest's configuration as a lane is told by."""

    def __init__(self, *args: str, quick: bool = False, whole: bool = False) -> None:
        self.args = args
        self._options = {"--quick": quick, "--whole": whole}

    def getoption(self, name: str) -> bool:
        return self._options[name]


@pytest.mark.parametrize(
    ("asked", "marks", "there"),
    [
        (Asked(), ("kernel",), True),
        (Asked(), ("kernel", "whole"), False),
        (Asked("tests/a"), ("whole",), False),
        (Asked("tests/a/test_b.py::test_c"), ("whole",), True),
        (Asked(whole=True), ("whole",), True),
        (Asked(quick=True), (), True),
        (Asked(quick=True), ("whole",), False),
        (Asked("tests/a/test_b.py::test_c", quick=True), ("kernel",), False),
    ],
)
def test_each_lane_has_its_tests(
    asked: Any, marks: tuple[str, ...], there: bool, request: pytest.FixtureRequest
) -> None:
    item = pytest.Function.from_parent(
        request.node.parent, name="one", callobj=test_each_lane_has_its_tests
    )
    item.own_markers.clear()
    for mark in marks:
        item.add_marker(mark)
    assert is_in_lane(item, asked) is there


def test_more_cases_are_of_the_longest_lane_only() -> None:
    one, pair = more("a", ("b", 2))
    assert (one.values, pair.values) == (("a",), ("b", 2))
    assert [mark.name for case in (one, pair) for mark in case.marks] == ["whole", "whole"]


def test_properties_get_all_their_examples_in_the_longest_lane() -> None:
    found = {}
    try:
        for whole in (False, True):
            has_all_examples(whole)
            found[whole] = [examples(number) for number in (4, 20, 100)]
    finally:
        has_all_examples(False)
    assert found == {False: [4, 8, 25], True: [4, 20, 100]}


def test_markers_are_declared(pytestconfig: pytest.Config) -> None:
    declared = {line.partition(":")[0] for line in pytestconfig.getini("markers")}
    assert {*NOT_QUICK, *BY_FIXTURE.values()} <= declared


def test_the_driver_is_known_by_its_command() -> None:
    """The guard knows a kernel by its command: the real ones must still be spelled so."""
    source = inspect.getsource(drivers) + inspect.getsource(warm_server)
    for word in STARTERS:
        assert f'"{word}"' in source

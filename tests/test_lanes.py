"""The quick lane stays what it is: no kernel in a test that is not marked."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from grader.execution import drivers
from grader.sandbox import warm_server
from tests.conftest import GUARD
from tests.lanes import BY_FIXTURE, NOT_QUICK, STARTERS, KernelStarted, is_left_out


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


def test_markers_are_declared(pytestconfig: pytest.Config) -> None:
    declared = {line.partition(":")[0] for line in pytestconfig.getini("markers")}
    assert {*NOT_QUICK, *BY_FIXTURE.values()} <= declared


def test_the_driver_is_known_by_its_command() -> None:
    """The guard knows a kernel by its command: the real ones must still be spelled so."""
    source = inspect.getsource(drivers) + inspect.getsource(warm_server)
    for word in STARTERS:
        assert f'"{word}"' in source

"""Tools that are run by name say what they do, and refuse what they do not know, by a sentence."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.command_line import counts, names

TESTS = Path(__file__).parent
STARTED_BY_TESTS = {"benchmarks/coordinator.py", "fuzz/worker.py", "packaging/without_unix.py"}
"""Programs that nobody starts by hand."""


def test_no_tool_reads_its_arguments_by_hand() -> None:
    tools = {
        path.relative_to(TESTS).as_posix(): text
        for path in TESTS.rglob("*.py")
        if '__name__ == "__main__"' in (text := path.read_text(encoding="utf-8"))
        and path != Path(__file__)
    }
    assert len(tools) > 8
    by_hand = {
        name for name, text in tools.items() if "sys.argv[1" in text and "argparse" not in text
    }
    assert by_hand == STARTED_BY_TESTS


@pytest.mark.parametrize(
    ("given", "status", "says"),
    [
        (["--help"], 0, "What it does."),
        (["many"], 2, "invalid int value: 'many'"),
    ],
)
def test_help_and_what_is_no_number_end_without_a_traceback(
    given: list[str],
    status: int,
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["tool", *given])
    with pytest.raises(SystemExit) as ended:
        counts("What it does.", rounds=7)
    told = capsys.readouterr()
    assert (ended.value.code, says in told.out + told.err) == (status, True)


def test_numbers_and_names_are_those_that_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["tool", "3"])
    assert counts(None, rounds=7, kills=5) == [3, 5]
    assert names(None, "WAY", ("3", "cold")) == ["3"]
    with pytest.raises(SystemExit):
        names(None, "WAY", ("cold",))

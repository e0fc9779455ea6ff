"""Checks have limits of their own; what reaches one is given up by name."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from grader.bounded import judging
from grader.checks import stage
from grader.checks.findings import passed, say
from grader.model.records import Finding, Outcome
from grader.model.results_folder import ResultFolder
from grader.sandbox.apart import Bounds, Ended
from reference.errors import GraderFault
from tests.factories import ASSIGNMENT
from tests.grader.bounded.fake_process import Died, Ends, FakeProcess


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Any]:
    """Judge with checks that all pass, in a process that dies at some words."""
    kept: dict[str, tuple[Finding, ...]] = {}

    def each(
        folder: object, judged_by: object, done: Container[tuple[str, str]]
    ) -> Iterator[tuple[str, str, Callable[[], Finding]]]:
        for part in ASSIGNMENT.parts:
            for check in part.checks:
                if (part.id, check.id) not in done:
                    well = passed(say("report.nothing")).finding(check.id)
                    yield part.id, check.id, partial(_same, well)

    def judge(ends: Ends) -> tuple[dict[str, tuple[Finding, ...]], FakeProcess, list[str]]:
        process = FakeProcess(ends)
        stages: list[str] = []
        lost: list[str] = []
        for name, stand_in in {
            "call_apart": process,
            "without_reading": lambda _: lost.append("reading"),
            "keep_findings": lambda found, *_: kept.update(found),
        }.items():
            monkeypatch.setattr(judging, name, stand_in)
        monkeypatch.setattr(stage, "check_submission", each)
        monkeypatch.setattr(stage, "read_report_and_outputs", lambda *_: None)
        judged_by: Any = SimpleNamespace(
            assignment=ASSIGNMENT, bundle=SimpleNamespace(name="studio-narrow")
        )
        judging.judge(ResultFolder(root=tmp_path), judged_by, stages.append)
        return kept, process, [*stages, *lost]

    return judge


def _same(found: Finding) -> Finding:
    return found


def outcomes(found: dict[str, tuple[Finding, ...]]) -> dict[str, Outcome]:
    return {one.check_id: one.outcome for of_part in found.values() for one in of_part}


def test_all_checks_of_a_submission_run_in_one_process(judged: Callable[..., Any]) -> None:
    found, process, stages = judged({})
    assert set(outcomes(found).values()) == {Outcome.PASS}
    assert list(found) == [part.id for part in ASSIGNMENT.parts]
    assert (process.calls, stages) == (1, ["report", "checks"])


@pytest.mark.parametrize(
    ("ended", "code"),
    [
        (Ended.TIME, "limit.time"),
        (Ended.MEMORY, "limit.memory"),
        (Ended.CRASH, "limit.crash"),
    ],
)
def test_the_limit_reached_is_said_by_name_and_the_rest_keeps_its_points(
    judged: Callable[..., Any], ended: Ended, code: str
) -> None:
    found, process, _ = judged({"1b pool_forward": ended})
    got = outcomes(found)
    assert got.pop("pool_forward") is Outcome.NEEDS_HUMAN
    assert set(got.values()) == {Outcome.PASS}
    assert [remark.code for remark in found["1b"][0].remarks] == [code]
    assert process.calls == 2
    assert process.walls[1] <= process.walls[0]  # one time for all of them


def test_several_checks_may_reach_limits(judged: Callable[..., Any]) -> None:
    found, process, _ = judged({"1a ": Ended.TIME, "4d ": Ended.MEMORY})
    lost = {part for part, of_part in found.items() if of_part[0].outcome is Outcome.NEEDS_HUMAN}
    assert lost == {"1a", "4d"}
    assert process.calls == 3


def test_when_the_time_of_all_is_over_the_rest_waits(
    judged: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "CHECKS", Bounds(memory_mib=1, step_cpu_s=1, wall_s=0))
    found, process, _ = judged({"3a ": Ended.TIME})
    codes = {part: of_part[0].remarks[0].code for part, of_part in found.items()}
    assert codes["1a"] == "report.nothing"
    assert codes["3a"] == "limit.time"
    assert codes["4a"] == "limit.time_of_all"
    assert process.calls == 1


def test_a_report_that_takes_too_much_costs_no_point(judged: Callable[..., Any]) -> None:
    found, process, stages = judged({judging.READING: Ended.MEMORY})
    assert set(outcomes(found).values()) == {Outcome.PASS}
    assert process.calls == 2
    assert stages[-1] == "reading"


def test_what_ends_before_the_first_check_is_a_fault(
    judged: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(tell: Callable[[str], None], *_: object) -> None:
        raise Died

    monkeypatch.setattr(judging, "_judge", dies)
    process = FakeProcess({})

    def crash(*args: Any, **kwargs: Any) -> Ended:
        process(*args, **kwargs)
        return Ended.CRASH

    monkeypatch.setattr(judging, "call_apart", crash)
    judged_by: Any = SimpleNamespace(
        assignment=ASSIGNMENT, bundle=SimpleNamespace(name="studio-narrow")
    )
    with pytest.raises(GraderFault, match="ended before the first"):
        judging.judge(ResultFolder(root=Path()), judged_by, lambda _: None)

"""What was handed out, handed in as it is, is no attempt at any part."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from grader.checks import run_checks
from grader.checks.context import CheckContext
from grader.model.records import Cell, Outcome
from tests.grader.checks.support import ASSIGNMENT, Lab


def cells() -> tuple[Cell, ...]:
    return tuple(
        Cell(
            index=index,
            cell_id=known.cell_id,
            kind=known.kind,
            source=known.source + "  \n",
            execution_count=None,
            stored_outputs=0,
        )
        for index, known in enumerate(ASSIGNMENT.template)
    )


def handed_in(lab: Lab, given: tuple[Cell, ...], *, report_pages: int = 0) -> CheckContext:
    context = lab.context(report_pages=report_pages)
    return replace(context, submission=replace(context.submission, cells=given))


def test_an_untouched_notebook_is_not_attempted(lab: Lab) -> None:
    found = run_checks(ASSIGNMENT, handed_in(lab, cells()))
    assert {f.outcome for part in found.values() for f in part} == {Outcome.NOT_ATTEMPTED}
    assert {f.code for part in found.values() for f in part} == {"missing.untouched"}


@pytest.mark.parametrize(
    "change", [{"source": "x = 1"}, {"stored_outputs": 1}, {"execution_count": 3}]
)
def test_one_that_was_written_into_or_run_is_judged(lab: Lab, change: dict[str, Any]) -> None:
    first, *rest = cells()
    assert not handed_in(lab, (replace(first, **change), *rest)).is_untouched


def test_one_with_a_report_is_judged(lab: Lab) -> None:
    assert not handed_in(lab, cells(), report_pages=2).is_untouched
    assert not lab.context(report_pages=0).is_untouched

"""What was handed out, handed in as it is, is no attempt at any part."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from grader.checks import run_checks
from grader.checks.context import CheckContext
from grader.model.records import Cell, Outcome
from grader.planning.alignment import align
from grader.planning.untouched import is_untouched
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
    packed = handed_in(lab, cells(), report_pages=2)
    made = replace(packed.submission, report_is_notebook=True)
    assert replace(packed, submission=made).is_untouched


def ran(lab: Lab, **written: str) -> CheckContext:
    """The release, run once, with other text in some cells, and without a report."""
    given = tuple(
        replace(cell, execution_count=1, source=written.get(cell.cell_id, cell.source))
        for cell in cells()
    )
    context = handed_in(lab, given)
    return replace(context, alignment=align(context.submission, ASSIGNMENT))


def untouched(context: CheckContext) -> set[str]:
    facts = (ASSIGNMENT, context.submission, context.alignment)
    return {part.id for part in ASSIGNMENT.parts if is_untouched(part.id, *facts)}


def test_a_part_that_nobody_touched_is_not_attempted_although_its_cells_were_run(lab: Lab) -> None:
    found = run_checks(ASSIGNMENT, ran(lab))
    for part in ("2a", "2b"):
        assert [f.outcome for f in found[part]] == [Outcome.NOT_ATTEMPTED]
        assert [f.code for f in found[part]] == ["missing.untouched_part"]
    assert all(f.credit == 0 for part in found.values() for f in part)


def test_a_word_a_line_of_code_or_a_document_is_an_attempt(lab: Lab) -> None:
    assert untouched(ran(lab)) >= {"2a", "2b", "3c", "4e"}
    answered = ran(lab, **{"p2a-answer-0": "**Answer to 2(a).**\n\n2048"})
    assert "2a" not in untouched(answered)
    shared = ran(lab, **{"p4a-generate": "def generate_adversarial_example(*a): pass"})
    assert not untouched(shared) & {"4a", "4b", "4e"}
    with_report = replace(answered, submission=replace(answered.submission, report_path="a.pdf"))
    assert untouched(with_report) == set()
    packed = replace(with_report.submission, report_is_notebook=True)
    assert untouched(replace(with_report, submission=packed)) == untouched(answered)


def test_without_the_cell_for_its_answer_a_part_may_be_answered_anywhere(lab: Lab) -> None:
    context = ran(lab)
    kept = tuple(c for c in context.submission.cells if c.cell_id != "p2b-answer-0")
    submission = replace(context.submission, cells=kept)
    left = replace(context, submission=submission, alignment=align(submission, ASSIGNMENT))
    assert "2b" not in untouched(left)
    assert "2a" in untouched(left)

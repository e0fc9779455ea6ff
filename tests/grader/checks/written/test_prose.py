"""A written answer waits for a person only where there is something to read."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from grader.checks import CHECKS, CheckContext
from grader.model.records import Cell, CellMatch, Outcome
from tests.grader.checks.support import Lab


def handed_in(
    lab: Lab, added: str = "", kind: str = "markdown", **submission: object
) -> CheckContext:
    """A hand-in without a report, with one cell that the student added."""
    context = lab.context(report_pages=0)
    cell = Cell(
        index=0, cell_id="", kind=kind, source=added, execution_count=None, stored_outputs=0
    )
    match = CellMatch(cell_index=0, template_id="", part_id="", how="added", similarity=0.0)
    return replace(
        context,
        submission=replace(context.submission, cells=(cell,), **submission),  # type: ignore[arg-type]
        alignment=replace(context.alignment, matches=(match,)),
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "## Problem 3",
        "### 3(c) Boundaries\n\n---\n",
        "<br/>\n<center></center>",
        "# Convolution layer: my solution",
    ],
)
def test_without_report_and_text_it_is_not_submitted_at_once(lab: Lab, text: str) -> None:
    finding = CHECKS["prose"](handed_in(lab, text), "3c")
    assert (finding.outcome, finding.credit) == (Outcome.NOT_ATTEMPTED, 0.0)


@pytest.mark.parametrize(
    "text",
    [
        "Zeros.",
        "$W$",
        "![a page](attachment:page.png)",
        '<img src="page.png">',
        "# I pad with zeros, since the output then keeps its length",
    ],
)
def test_any_text_or_picture_waits(lab: Lab, text: str) -> None:
    assert CHECKS["prose"](handed_in(lab, text), "3c").outcome is Outcome.NEEDS_HUMAN


def test_a_pasted_picture_waits(lab: Lab) -> None:
    context = handed_in(lab)
    (cell,) = context.submission.cells
    pasted = replace(cell, attachments=("page.png",))
    context = replace(context, submission=replace(context.submission, cells=(pasted,)))
    assert CHECKS["prose"](context, "3c").outcome is Outcome.NEEDS_HUMAN


def test_code_that_was_added_is_no_text(lab: Lab) -> None:
    assert CHECKS["prose"](handed_in(lab, "x = 1", "code"), "3c").outcome is Outcome.NOT_ATTEMPTED


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("answers.DOCX", Outcome.NEEDS_HUMAN),
        ("scan/page1.jpeg", Outcome.NEEDS_HUMAN),
        ("my_report.pdf", Outcome.NEEDS_HUMAN),
        ("helpers.py", Outcome.NOT_ATTEMPTED),
        ("data.npy", Outcome.NOT_ATTEMPTED),
    ],
)
def test_another_document_may_hold_the_answer(lab: Lab, name: str, outcome: Outcome) -> None:
    assert CHECKS["prose"](handed_in(lab, other_files=(name,)), "3c").outcome is outcome


def test_a_report_waits(lab: Lab) -> None:
    assert CHECKS["prose"](lab.context(), "3c").outcome is Outcome.NEEDS_HUMAN


def test_a_cell_of_open_tags_takes_no_time(lab: Lab) -> None:
    started = time.process_time()
    assert CHECKS["prose"](handed_in(lab, "<" * 1_000_000), "3c").outcome is Outcome.NOT_ATTEMPTED
    assert CHECKS["prose"](handed_in(lab, "<a " * 300_000), "3c").outcome is Outcome.NEEDS_HUMAN
    assert time.process_time() - started < 10

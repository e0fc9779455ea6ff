"""What a try prints besides its verdicts."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from grader.app.trying_terminal import show_tried
from grader.model.assignment import load_assignment
from grader.model.records import NO_REPORT, Alignment, CellRun, Finding, Outcome
from grader.pipeline import Tried
from tests import factories


def printed(
    made_for: str = "pset4_sp21",
    findings: tuple[Finding, ...] = (),
    cells: tuple[CellRun, ...] = (),
) -> str:
    tried = Tried(
        assignment=load_assignment("pset4_sp21"),
        submission=replace(factories.submission(), made_for=made_for),
        alignment=Alignment(matches=(), missing=(), answers=()),
        evidence=replace(factories.evidence(), cells=cells),
        findings={"1a": findings or (factories.finding(),)},
        report=NO_REPORT,
    )
    said = io.StringIO()
    show_tried(Console(file=said, width=200), tried, quick=False)
    return said.getvalue()


def test_a_try_says_that_the_notebook_is_of_another_offering() -> None:
    assert "is the notebook of pset4_sp22, but it is graded here as pset4_sp21" in printed(
        "pset4_sp22"
    )
    assert "is the notebook of" not in printed("pset4_sp21")


def test_a_part_has_one_line_in_the_words_of_the_pages() -> None:
    wrong = factories.finding("b", Outcome.FAIL, message="The sum is wrong.")
    right = factories.finding("a", Outcome.PASS, credit=1.0, message="Right.")
    said = printed(findings=(right, wrong, replace(wrong, check_id="c")))
    assert said.count("1(a)") == 1
    assert said.count("The sum is wrong.") == 1
    assert "Right." not in said
    assert "Partly correct" in said


def test_what_a_part_says_of_a_cell_is_not_said_again_below() -> None:
    failed = CellRun(
        cell_index=30,
        outcome=Outcome.STUDENT_ERROR,
        seconds=0.0,
        error_name="SyntaxError",
        error_message="'(' was never closed (cell 31, line 8)",
    )
    other = replace(failed, cell_index=2, error_name="NameError", error_message="no x")
    message = f"Cell 31 of the notebook raised SyntaxError: {failed.error_message}."
    wrong = factories.finding("a", Outcome.STUDENT_ERROR, message=message)
    said = printed(findings=(wrong,), cells=(failed, other))
    assert said.count("was never closed") == 1
    assert "Cell 3 raised an error: NameError: no x." in said

"""What a try prints besides its verdicts."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from grader.app.trying_terminal import show_tried
from grader.model.assignment import load_assignment
from grader.model.records import NO_REPORT, Alignment
from grader.pipeline import Tried
from tests import factories


def printed(made_for: str) -> str:
    tried = Tried(
        assignment=load_assignment("pset4_sp21"),
        submission=replace(factories.submission(), made_for=made_for),
        alignment=Alignment(matches=(), missing=(), answers=()),
        evidence=factories.evidence(),
        findings={"1a": (factories.finding(),)},
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

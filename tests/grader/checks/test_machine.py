"""A part that depends on what the machine lacks waits for a person; nothing is gained by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from grader.checks import CheckContext
from grader.checks.machine import held_for_machine
from grader.checks.registry import run_checks
from grader.model.records import BUSY_MACHINE, CellRun, Finding, Leaning, LeftOut, Outcome
from grader.testing import cell_run
from tests.grader.checks.support import ASSIGNMENT, Lab

IMPORT = LeftOut(
    line=1,
    code="import wandb",
    reason="module",
    error_name="ModuleNotFoundError",
    error_message="No module named 'wandb'",
    names=("wandb",),
)
PICTURE = replace(IMPORT, line=3, code="x = np.load('/content/x.npy')", reason="file", names=("x",))
ASSERTION = replace(IMPORT, code="assert torch.__version__ == '1.8'", reason="machine", names=())
OTHERS = replace(
    IMPORT,
    line=4,
    code="model = resnet50(weights=w)",
    reason="weights",
    error_name="",
    names=("m",),
)
SOURCES = ("import wandb", "def conv1d_forward(x, w):\n    return x")
FINDING = Finding(check_id="conv_forward", outcome=Outcome.FAIL, credit=0.0, message="Wrong.")


def left_out(index: int, *which: LeftOut, leans: int | None = None) -> CellRun:
    leans_on = () if leans is None else (Leaning(name="x", left_out=leans),)
    return replace(cell_run(index, Outcome.NEEDS_HUMAN), left_out=which, leans_on=leans_on)


def held(lab: Lab, finding: Finding, *cells: CellRun, function: str = "conv1d_forward") -> Finding:
    context = lab.context(sources=SOURCES, parts={1: "1a"}, cells=cells)
    return held_for_machine(finding, context, "1a", function)


@pytest.mark.parametrize("outcome", [Outcome.FAIL, Outcome.PARTIAL, Outcome.STUDENT_ERROR])
def test_what_leans_on_a_statement_that_was_left_out_waits(lab: Lab, outcome: Outcome) -> None:
    lost = replace(FINDING, outcome=outcome)
    found = held(lab, lost, left_out(0, IMPORT), left_out(1, leans=0))
    assert (found.outcome, found.credit) == (Outcome.NEEDS_HUMAN, 0.0)
    assert "line 1 of cell 1, import wandb" in found.message
    assert "Wrong." not in found.message
    assert "Wrong." in found.staff_detail


def test_a_statement_left_out_of_the_parts_own_cell_makes_it_wait(lab: Lab) -> None:
    assert held(lab, FINDING, left_out(1, PICTURE)).outcome is Outcome.NEEDS_HUMAN


@pytest.mark.parametrize(
    "cells",
    [
        (),
        (left_out(0, IMPORT),),
        (left_out(0, PICTURE),),
        (left_out(1, IMPORT),),
        (left_out(1, ASSERTION),),
    ],
    ids=["nothing", "elsewhere", "elsewhere too", "an import that nobody reads", "an assertion"],
)
def test_a_wrong_answer_that_depends_on_nothing_left_out_stays_wrong(
    lab: Lab, cells: tuple[CellRun, ...]
) -> None:
    assert held(lab, FINDING, *cells) == FINDING


@pytest.mark.parametrize("outcome", [Outcome.PASS, Outcome.NOT_ATTEMPTED, Outcome.GRADER_FAULT])
def test_what_is_right_or_undecided_stays_as_it_is(lab: Lab, outcome: Outcome) -> None:
    finding = replace(FINDING, outcome=outcome)
    assert held(lab, finding, left_out(0, IMPORT), left_out(1, leans=0)) == finding


def test_with_weights_that_are_not_the_courses_even_what_is_right_waits(lab: Lab) -> None:
    right = replace(FINDING, outcome=Outcome.PASS, credit=1.0)
    found = held(lab, right, left_out(0, OTHERS), left_out(1, leans=0))
    assert (found.outcome, found.credit) == (Outcome.NEEDS_HUMAN, 0.0)
    assert "weights of line 4 of cell 1" in found.message


@pytest.mark.parametrize("outcome", [Outcome.TIMEOUT, Outcome.RESOURCE_LIMIT])
@pytest.mark.parametrize(("stored", "waits"), [(1, True), (0, False)])
def test_a_limit_that_was_not_reached_as_handed_in_is_a_difference_of_machines(
    lab: Lab, outcome: Outcome, stored: int, waits: bool
) -> None:
    context = lab.context(sources=SOURCES, parts={1: "1a"}, cells=(cell_run(1, outcome),))
    submission = context.submission
    ran = [replace(c, execution_count=1, stored_outputs=stored) for c in submission.cells]
    context = replace(context, submission=replace(submission, cells=tuple(ran)))
    found = held_for_machine(replace(FINDING, outcome=outcome), context, "1a", "conv1d_forward")
    assert found.outcome is (Outcome.NEEDS_HUMAN if waits else outcome)


@pytest.mark.parametrize(
    ("outcome", "error_name", "waits"),
    [
        (Outcome.TIMEOUT, BUSY_MACHINE, True),
        (Outcome.TIMEOUT, "TIMEOUT", False),
        (Outcome.STUDENT_ERROR, BUSY_MACHINE, False),  # an exception of the student's own
    ],
)
def test_a_time_limit_that_was_reached_on_a_busy_machine_is_no_decided_zero(
    lab: Lab, outcome: Outcome, error_name: str, waits: bool
) -> None:
    run = replace(cell_run(1, outcome), error_name=error_name)
    found = held(lab, replace(FINDING, outcome=outcome), run)
    assert (found.outcome is Outcome.NEEDS_HUMAN) == waits
    assert [remark.code for remark in found.remarks].count("machine.busy") == waits
    assert ("while the machine was busy" in found.message) == waits


def judged(context: CheckContext) -> Finding:
    part = next(part for part in ASSIGNMENT.parts if part.id == "1a")
    return run_checks(replace(ASSIGNMENT, parts=(part,)), context)["1a"][0]


def test_a_function_that_uses_a_module_that_is_not_installed_waits(lab: Lab) -> None:
    def absent(*_: Any) -> np.ndarray:
        raise ModuleNotFoundError("jax.numpy is used, but jax is not installed", name="jax")

    def own_fault(*_: Any) -> np.ndarray:
        raise ValueError("operands could not be broadcast together")

    outcomes: dict[Callable[..., np.ndarray], Outcome] = {
        absent: Outcome.NEEDS_HUMAN,
        own_fault: Outcome.STUDENT_ERROR,
    }
    for function, outcome in outcomes.items():
        assert judged(lab.ask({"conv1d_forward": function})).outcome is outcome

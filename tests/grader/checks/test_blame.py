"""To blame is only the part's own cell, or one that was to bind what it lacks, failed before."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from grader.checks import CHECKS
from grader.model.records import CellRun, Outcome
from grader.testing.evidence import cell_run
from tests.grader.checks.support import ASSIGNMENT, Lab

ATTACK = "x = generate_adversarial_example(model, x, 76)"
FAILS = Outcome.STUDENT_ERROR
WAITS = Outcome.NEEDS_HUMAN


def raised(index: int, name: str = "ValueError", message: str = "no") -> CellRun:
    return cell_run(index, FAILS, name, message)


BONUS_AS_GIVEN = next(c.source for c in ASSIGNMENT.template if "bonus_targets" in c.source)


class Case(NamedTuple):
    id: str
    sources: tuple[str, ...]
    parts: dict[int, str]
    runs: tuple[CellRun, ...]
    outcome: Outcome
    says: str
    check: str = "targeted_attack"
    part: str = ""
    """Where it is not the first one of `parts`."""


UNDEFINED = raised(1, "NameError", "name 'start' is not defined")
UNTIL = "Cell {} of the notebook raised"
CASES = (
    Case(
        "an exception after it", (ATTACK, "1 / 0"), {0: "4a"}, (cell_run(0), raised(1)), WAITS, ""
    ),
    Case(
        "an exception before it", ("1 / 0", ATTACK), {1: "4a"}, (raised(0), cell_run(1)), WAITS, ""
    ),
    Case(
        "its own exception",
        ("1 / 0", ATTACK),
        {1: "4a"},
        (raised(0), raised(1)),
        FAILS,
        UNTIL.format(2) + " ValueError",
    ),
    Case(
        "a cell that was to bind what it lacks",
        ("start = nosuch()\nfigure = 1", ATTACK.replace("x)", "start)")),
        {1: "4a"},
        (raised(0, "KeyError"), UNDEFINED),
        FAILS,
        UNTIL.format(1) + " KeyError",
    ),
    Case(
        "a cell that binds it too late",
        (ATTACK.replace("x)", "start)"), "start = nosuch()"),
        {0: "4a"},
        (raised(0, "NameError", "name 'start' is not defined"), raised(1)),
        FAILS,
        UNTIL.format(1) + " NameError",
    ),
    Case(
        "a figure of the part that failed",
        (ATTACK, "show(x)"),
        {0: "4a", 1: "4a"},
        (cell_run(0), raised(1)),
        WAITS,
        "",
    ),
    Case(
        "another part's cell",
        ("z = 1", ATTACK),
        {1: "4e"},
        (cell_run(0), raised(1)),
        WAITS,
        "",
        part="4a",
    ),
    Case(
        "a cell of the student's own, toward another target",
        ("z = 1", ATTACK.replace("76", "100")),
        {},
        (cell_run(0), raised(1)),
        WAITS,
        "",
        part="4a",
    ),
    Case(
        "a cell of the student's own, toward the target",
        ("z = 1", ATTACK),
        {},
        (cell_run(0), raised(1)),
        FAILS,
        UNTIL.format(2) + " ValueError",
        part="4a",
    ),
    Case(
        "the stub of the course",
        (
            "def generate_adversarial_example(f, x, c):\n    loss = # Your code here.",
            ATTACK,
        ),
        {1: "4a"},
        (
            raised(0, "SyntaxError", "invalid syntax"),
            raised(1, "NameError", "name 'generate_adversarial_example' is not defined"),
        ),
        Outcome.NOT_ATTEMPTED,
        "the unfinished stub",
    ),
    Case(
        "a stub that raises",
        (ATTACK,),
        {0: "4a"},
        (raised(0, "NotImplementedError", ""),),
        Outcome.NOT_ATTEMPTED,
        "the unfinished stub",
    ),
    Case(
        "a mistake that is no stub",
        ("x = = 3\n" + ATTACK,),
        {0: "4a"},
        (raised(0, "SyntaxError", "invalid syntax"),),
        FAILS,
        "SyntaxError",
    ),
    Case(
        "out of time in its own cell",
        (ATTACK,),
        {0: "4a"},
        (cell_run(0, Outcome.TIMEOUT),),
        Outcome.TIMEOUT,
        "Cell 1 of the notebook ran out of time",
    ),
    Case(
        "out of time after it",
        (ATTACK, "wait()", "more()"),
        {0: "4a"},
        (cell_run(0), cell_run(1, Outcome.TIMEOUT)),
        WAITS,
        "",
    ),
    Case(
        "out of time before it, and it never ran",
        ("wait()", ATTACK),
        {1: "4a"},
        (cell_run(0, Outcome.TIMEOUT),),
        Outcome.TIMEOUT,
        "Cell 1 of the notebook ran out of time",
    ),
    Case(
        "out of time before it, yet it ran",
        ("wait()", ATTACK),
        {1: "4a"},
        (cell_run(0, Outcome.TIMEOUT), cell_run(1)),
        WAITS,
        "",
    ),
    Case(
        "a kernel that ended before it",
        ("exit()", ATTACK),
        {1: "4a"},
        (raised(0, "KernelDied"),),
        WAITS,
        "",
    ),
    Case(
        "a cell that was run without what this machine lacks",
        ("start = pandas.nosuch()", ATTACK.replace("x)", "start)")),
        {1: "4a"},
        (cell_run(0, WAITS), raised(1, "NameError", "name 'start' is not defined")),
        WAITS,
        "",
    ),
    Case(
        "a layer whose cell failed",
        ("def conv1d_forward(x, w):\n    return x\n1 / 0", "2 / 0"),
        {0: "1a"},
        (raised(0), raised(1)),
        FAILS,
        UNTIL.format(1),
        "conv_forward",
    ),
    Case(
        "a layer whose cell ran",
        ("1 / 0", "def conv1d_forward(x, w):\n    return x"),
        {1: "1a"},
        (raised(0), cell_run(1)),
        WAITS,
        "",
        "conv_forward",
    ),
    Case(
        "a layer and a time limit elsewhere",
        ("def conv1d_forward(x, w):\n    return x", "wait()"),
        {0: "1a"},
        (cell_run(0), cell_run(1, Outcome.TIMEOUT)),
        WAITS,
        "",
        "conv_forward",
    ),
    Case(
        "output2prob as the course left it",
        ("def output2prob(output):\n    prob = # Your code here.\n    return prob",),
        {0: "2c"},
        (raised(0, "SyntaxError", "invalid syntax"),),
        Outcome.NOT_ATTEMPTED,
        "",
        "output2prob",
    ),
    Case(
        "a bonus that the run did not come to",
        ("exit()", ATTACK),
        {1: "4f"},
        (raised(0, "KernelDied"),),
        WAITS,
        "",
        "attack_bonus",
    ),
    Case(
        "a bonus of which nothing was seen",
        (ATTACK,),
        {0: "4f"},
        (cell_run(0),),
        WAITS,
        "",
        "attack_bonus",
    ),
    Case(
        "a bonus that raised",
        (ATTACK,),
        {0: "4f"},
        (raised(0),),
        FAILS,
        UNTIL.format(1),
        "attack_bonus",
    ),
    Case(
        "no bonus",
        (ATTACK,),
        {0: "4e"},
        (raised(0),),
        Outcome.NOT_ATTEMPTED,
        "No attack toward a further class",
        "attack_bonus",
        "4f",
    ),
    Case(
        "no bonus in a run that ended",
        (ATTACK, BONUS_AS_GIVEN),
        {0: "4e", 1: "4f"},
        (raised(0, "KernelDied"),),
        Outcome.NOT_ATTEMPTED,
        "No attack toward a further class",
        "attack_bonus",
        "4f",
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_cell_is_to_blame_only_where_the_part_needs_it(lab: Lab, case: Case) -> None:
    part = case.part or next(iter(case.parts.values()))
    context = lab.context(sources=case.sources, parts=case.parts, cells=case.runs)
    found = CHECKS[case.check](context, part)
    assert found.outcome is case.outcome
    assert case.says in found.message
    assert found.credit == 0
    if case.outcome is WAITS:
        assert "exception" not in found.message


SYNTAX = raised(0, "SyntaxError", "'(' was never closed")


def test_code_that_is_no_python_is_the_students_error_not_missing(lab: Lab) -> None:
    source = "def conv1d_forward(x, w):\n    return np.convolve(x, w, 'same'\n"
    alone = lab.context(sources=(source,), cells=(SYNTAX,), report_pages=0)
    found = CHECKS["conv_forward"](alone, "1a")
    assert found.outcome is FAILS
    assert UNTIL.format(1) + " SyntaxError" in found.message
    answers = (("1a", "x_out[i] = ..."),)
    written = lab.context(sources=(source,), cells=(SYNTAX,), answers=answers, report_pages=0)
    read = CHECKS["conv_forward"](written, "1a")
    assert read.outcome is WAITS
    assert UNTIL.format(1) + " SyntaxError" in read.message


def test_what_is_no_python_is_named_where_output2prob_is_looked_for(lab: Lab) -> None:
    source = "def output2prob(output):\n    return torch.softmax(output, 1\n"
    context = lab.context(sources=(source,), cells=(SYNTAX,), report_pages=0)
    found = CHECKS["output2prob"](context, "2c")
    assert found.outcome is WAITS
    assert UNTIL.format(1) + " SyntaxError" in found.message

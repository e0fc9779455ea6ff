"""Policies of the check in a pipeline: what meets them, what does not, and whose fault it is."""

from __future__ import annotations

import pytest

from grader.model.assignment import load_assignment
from grader.model.records import CellRun, Evidence, GradeSheet, Outcome, Submission
from grader.outputs.pages.words import part_label
from grader.outputs.policy import Policy, evaluate, parse_policy
from grader.scoring.overrides import Override
from reference.errors import ConfigError
from tests import factories

ASSIGNMENT = load_assignment()
FAIL, HUMAN, FAULT = Outcome.FAIL, Outcome.NEEDS_HUMAN, Outcome.GRADER_FAULT
finding = factories.finding


def verdict(
    policy: str | None,
    sheet: GradeSheet | None = None,
    submission: Submission | None = None,
    evidence: Evidence | None = None,
) -> tuple[int, tuple[str, ...]]:
    found = evaluate(
        parse_policy(policy),
        ASSIGNMENT,
        sheet or factories.grade_sheet(),
        submission or factories.submission(),
        evidence,
    )
    assert found.met == (not found.reasons)
    return found.exit_status, found.reasons


def run_of(index: int, outcome: Outcome = Outcome.PASS, error: str = "") -> CellRun:
    return CellRun(cell_index=index, outcome=outcome, seconds=0.1, error_name=error)


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        (None, Policy(kind="parts")),
        ("parts", Policy(kind="parts")),
        ("structure", Policy(kind="structure")),
        ("run", Policy(kind="run")),
        ("points=6.5", Policy(kind="points", points=6.5)),
        ("points=0", Policy(kind="points", points=0.0)),
    ],
)
def test_parsing(text: str | None, policy: Policy) -> None:
    assert parse_policy(text) == policy


@pytest.mark.parametrize(
    "text", ["", "all", "points", "points=", "points=x", "points=-1", "points=nan", "points=inf"]
)
def test_what_is_no_policy_is_named(text: str) -> None:
    with pytest.raises(ConfigError, match="expected structure, run, parts or points=N"):
        parse_policy(text)


def test_by_default_all_automatic_parts_pass() -> None:
    assert verdict(None) == (0, ())


@pytest.mark.parametrize(
    ("part_id", "check_id", "outcome", "status"),
    [
        ("4a", "targeted_attack", FAIL, 1),
        ("4a", "targeted_attack", Outcome.TIMEOUT, 1),
        ("4a", "targeted_attack", HUMAN, 1),
        ("4a", "targeted_attack", FAULT, 3),
        ("1a", "conv_forward", FAIL, 1),
        ("1a", "conv_forward", HUMAN, 0),
        ("3c", "prose", Outcome.NOT_ATTEMPTED, 0),
        ("4f", "attack_bonus", FAIL, 0),
        ("4f", "attack_bonus", FAULT, 0),
    ],
)
def test_one_check_by_default(part_id: str, check_id: str, outcome: Outcome, status: int) -> None:
    sheet = factories.grade_sheet({part_id: (finding(check_id, outcome),)})

    found, reasons = verdict(None, sheet)

    assert found == status
    assert len(reasons) == (status != 0)
    assert all(reason.startswith(f"{part_label(part_id)}, ") for reason in reasons)


def test_a_failed_check_is_not_hidden_by_one_that_waits() -> None:
    findings = (finding("conv_grad_kernel", FAIL), finding("conv_update", HUMAN))

    assert verdict(None, factories.grade_sheet({"3b": findings}))[0] == 1


def test_optional_parts_are_not_asked_for() -> None:
    findings = {"4d": (finding("feature_visualisation", FAIL),)}

    assert verdict(None, factories.grade_sheet(findings, course="6.819"))[0] == 0
    assert verdict(None, factories.grade_sheet(findings, course="6.869"))[0] == 1


def test_a_persons_word_counts() -> None:
    findings = {"4a": (finding("targeted_attack", FAIL),)}
    full = factories.grade_sheet(findings, overrides=(Override(part_id="4a", points=0.8),))
    half = factories.grade_sheet(findings, overrides=(Override(part_id="4a", points=0.4),))

    assert verdict(None, full)[0] == 0
    assert verdict(None, half)[0] == 1


def test_points_are_of_what_is_decided() -> None:
    assert verdict("points=9.1")[0] == 0
    status, reasons = verdict("points=11")
    assert status == 1
    assert reasons == ("Expected at least 11 points, found 9.1 of 11; 2.4 not graded yet.",)


def test_points_that_our_fault_keeps_open() -> None:
    sheet = factories.grade_sheet({"4a": ()})

    assert verdict("points=9", sheet)[0] == 3
    assert verdict("points=8", sheet)[0] == 0


def test_structure() -> None:
    incomplete = factories.submission(report_path="", report_pages=0, notes=(factories.note(),))

    assert verdict("structure") == (0, ())
    assert verdict("structure", submission=incomplete) == (
        1,
        ("Expected report.pdf, found no PDF.",),
    )
    assert verdict("structure", factories.grade_sheet({"4a": ()}))[0] == 0


def test_run() -> None:
    cells = (
        factories.cell(0),
        factories.cell(1, "# text", kind="markdown"),
        factories.cell(2, " \n"),
        factories.cell(3),
    )
    submission = factories.submission(cells=cells)
    good = factories.evidence(cells=(run_of(0), run_of(3)))
    bad = factories.evidence(cells=(run_of(0, Outcome.STUDENT_ERROR, "NameError"),))

    assert verdict("run", submission=submission, evidence=good) == (0, ())
    assert verdict("run", submission=submission, evidence=bad) == (
        1,
        ("Cell 1: raised an error: NameError", "Cell 4 was not started."),
    )
    assert verdict("run", submission=submission) == (1, ("The notebook was not run.",))


def test_run_asks_for_the_structure_too_and_counts_many_cells() -> None:
    cells = tuple(factories.cell(index) for index in range(30))
    submission = factories.submission(cells=cells, notes=(factories.note(),))

    status, reasons = verdict("run", submission=submission, evidence=factories.evidence())

    assert status == 1
    assert len(reasons) == 12
    assert reasons[-1] == "20 more cells did not run to the end."

"""Every sample submission, really graded, gets the verdict that its `expect.toml` names.

They run on the narrow bundle, each on a worker of its own with one thread, at an eighth of the
width. `complete`, `sp22_complete` and `wrong_descent` take 200 steps per attack as in the handout,
the others fewer: the gain is then compared with the reference's after as many. `test_fullsize`
grades one of them at full size.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from grader.assignment import load_assignment, parse_course
from grader.execution import warm_kernels
from grader.isolation.tiers import Tier, host_support
from grader.isolation.warm import WarmServer
from grader.lateness import parse_submitted
from grader.pipeline import grade
from grader.policy import evaluate, parse_policy
from grader.records import GradeSheet, PartGrade
from grader.samples import build_zip, read_expectation, read_sample, sample_names
from reference.bundles import get_bundle
from tests.grader.conftest import request_for
from tests.grader.shortened import shorten

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(1500)]

SAMPLES = [pytest.param(n, marks=pytest.mark.xdist_group(n), id=n) for n in sample_names()]
Graded = Callable[[str], tuple[GradeSheet, int]]

ALL_STEPS = frozenset({"complete", "sp22_complete", "wrong_descent"})
FEW_STEPS = 30
ALSO_WARM = frozenset({"exception_halfway", "no_report"})


def grade_sample(name: str, out: Path, warm: WarmServer | None = None) -> tuple[GradeSheet, int]:
    """The sheet of a sample, and the exit status of `grader check`; in a warm kernel if any."""
    expected = read_expectation(name)
    zip_path = build_zip(name, out / f"{name}.zip")
    if name not in ALL_STEPS:
        shorten(zip_path, FEW_STEPS)
    request = replace(
        request_for(zip_path, out / "results"),
        assignment=load_assignment(read_sample(name).assignment),
        course=parse_course(expected.course),
        submitted=parse_submitted(expected.submitted),
        warm=warm,
    )
    record = grade(request, lambda _: None, lambda _: None)
    verdict = evaluate(
        parse_policy(None), request.assignment, record.sheet, record.submission, record.evidence
    )
    return record.sheet, verdict.exit_status


@pytest.fixture(scope="session")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """Grades a sample when it is first asked for."""
    return functools.cache(lambda name: grade_sample(name, tmp_path_factory.mktemp(name)))


def points_of(part: PartGrade, expected: float | str) -> float:
    match expected:
        case "full":
            return part.max_points
        case "zero":
            return 0.0
        case number:
            return float(number)


@pytest.mark.parametrize("name", SAMPLES)
def test_each_part_gets_its_verdict(name: str, graded: Graded) -> None:
    sheet, _ = graded(name)
    expected = read_expectation(name).parts
    found = {
        part.id: (part.outcome, pytest.approx(part.points), part.message) for part in sheet.parts
    }
    wanted = {
        part.id: (
            expected[part.id].outcome,
            points_of(part, expected[part.id].points),
            part.message,
        )
        for part in sheet.parts
    }
    assert found == wanted


@pytest.mark.parametrize("name", SAMPLES)
def test_lateness_and_policy(name: str, graded: Graded) -> None:
    sheet, exit_check = graded(name)
    expected = read_expectation(name)
    assert sheet.late_coefficient == pytest.approx(expected.late_coefficient)
    assert exit_check == expected.exit_check


@pytest.mark.skipif(host_support().tier is Tier.PROCESS, reason=host_support().why_not)
@pytest.mark.parametrize("name", [p for p in SAMPLES if p.values[0] in ALSO_WARM])
def test_a_warm_kernel_changes_nothing(name: str, graded: Graded, tmp_path: Path) -> None:
    tier, bundle = host_support().tier, get_bundle("studio-narrow")
    with warm_kernels(bundle, threads=1, tier=tier, device="cpu") as server:
        warm, exit_check = grade_sample(name, tmp_path, server)
    cold, expected_exit = graded(name)
    assert "kernel-cold" not in {note.code for note in warm.notes}
    assert (warm.parts, exit_check) == (cold.parts, expected_exit)

"""Every sample submission, really graded, gets the verdict that its `expect.toml` names.

They run on the narrow bundle, each on a worker of its own with one thread, at an eighth of the
width. `complete`, `sp22_complete` and `wrong_descent` take 200 steps per attack as in the handout,
the others fewer: the gain is then compared with the reference's after as many. `test_fullsize`
grades one of them at full size.
"""

from __future__ import annotations

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


def points_of(part: PartGrade, expected: float | str) -> float:
    match expected:
        case "full":
            return part.max_points
        case "zero":
            return 0.0
        case number:
            return float(number)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.xdist_group(n), id=n) for n in sample_names()]
)
def test_each_sample_gets_its_verdict(name: str, tmp_path: Path) -> None:
    sheet, exit_check = grade_sample(name, tmp_path)
    expected = read_expectation(name)
    found = {
        part.id: (part.outcome, pytest.approx(part.points), part.message) for part in sheet.parts
    }
    wanted = {
        part.id: (
            expected.parts[part.id].outcome,
            points_of(part, expected.parts[part.id].points),
            part.message,
        )
        for part in sheet.parts
    }
    assert found == wanted
    assert sheet.late_coefficient == pytest.approx(expected.late_coefficient)
    assert exit_check == expected.exit_check
    if name in ALSO_WARM and host_support().tier is not Tier.PROCESS:
        a_warm_kernel_changes_nothing(name, tmp_path / "warm", (sheet, exit_check))


def a_warm_kernel_changes_nothing(name: str, out: Path, cold: tuple[GradeSheet, int]) -> None:
    out.mkdir()
    tier, bundle = host_support().tier, get_bundle("studio-narrow")
    with warm_kernels(bundle, threads=1, tier=tier, device="cpu") as server:
        warm, exit_check = grade_sample(name, out, server)
    assert "kernel-cold" not in {note.code for note in warm.notes}
    assert (warm.parts, exit_check) == (cold[0].parts, cold[1])

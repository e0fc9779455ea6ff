"""Every sample submission, really graded, gets the verdict that its `expect.toml` names.

They run on the narrow bundle in warm kernels with one thread, at an eighth of the width; one in a
cold kernel too. `undergrad_6819`, with the fewest experiments, takes 200 steps per attack as in the
handout, the others fewer: the gain is then compared with the reference's after as many.
`test_fullsize` grades one of them at full size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from authoring.samples import build_zip, read_expectation, read_sample, sample_names
from grader.execution import warm_kernels
from grader.model.assignment import load_assignment
from grader.model.records import GradeSheet, PartGrade
from grader.outputs.policy import evaluate, parse_policy
from grader.pipeline import grade
from grader.sandbox.tiers import Tier, host_support
from grader.sandbox.warm import WarmServer
from grader.scoring.lateness import parse_submitted
from reference.bundles import get_bundle
from tests.grader.conftest import request_for
from tests.grader.shortened import shorten

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(1500)]

ALL_STEPS = frozenset({"undergrad_6819"})
FEW_STEPS = 20
"""As few as the grader compares with the reference's after as many (`least_steps`)."""
ALSO_COLD = frozenset({"exception_halfway"})


@pytest.fixture(scope="session")
def warm() -> Iterator[WarmServer | None]:
    """Kernels forked from one server save each sample the seconds of importing torch."""
    tier = host_support().tier
    if tier is Tier.PROCESS:
        yield None
        return
    with warm_kernels(get_bundle("studio-narrow"), threads=1, tier=tier, device="cpu") as server:
        yield server


def grade_sample(name: str, out: Path, warm: WarmServer | None = None) -> tuple[GradeSheet, int]:
    """The sheet of a sample, and the exit status of `grader check`; in a warm kernel if any."""
    expected = read_expectation(name)
    zip_path = build_zip(name, out / f"{name}.zip")
    if name not in ALL_STEPS:
        shorten(zip_path, FEW_STEPS)
    request = request_for(zip_path, out / "results")
    request = replace(
        request,
        assignment=load_assignment(read_sample(name).assignment),
        hand_in=replace(
            request.hand_in,
            course=expected.course,
            submitted=parse_submitted(expected.submitted),
        ),
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


@pytest.mark.parametrize("name", sample_names())
def test_each_sample_gets_its_verdict(name: str, tmp_path: Path, warm: WarmServer | None) -> None:
    sheet, exit_check = grade_sample(name, tmp_path, warm)
    expected = read_expectation(name)
    found = {part.id: (part.outcome, pytest.approx(part.points)) for part in sheet.parts}
    wanted: dict[str, object] = {
        part.id: (
            expected.parts[part.id].outcome,
            points_of(part, expected.parts[part.id].points),
        )
        for part in sheet.parts
    }
    assert found == wanted, {part.id: part.message for part in sheet.parts}
    assert set(expected.parts) == set(found)
    assert sheet.late_coefficient == pytest.approx(expected.late_coefficient)
    assert exit_check == expected.exit_check
    if name in ALSO_COLD and warm is not None:
        assert "kernel-cold" not in {note.code for note in sheet.notes}
        cold = tmp_path / "cold"
        cold.mkdir()
        again, exit_again = grade_sample(name, cold)
        assert (again.parts, exit_again) == (sheet.parts, exit_check)

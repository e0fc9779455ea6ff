"""Every sample submission, really graded, gets the verdict that its `expect.toml` names.

They run on the narrow bundle in warm kernels with one thread, at an eighth of the width.
`undergrad_6819`, with the fewest experiments, takes 200 steps per attack as in the handout, the
others fewer: the gain is then compared with the reference's after as many. Samples that differ in
what lies around the code only are judged by one run of it. Pages are made of two: `test_fullsize`
grades one at full size, pages and all; `test_warm_kernels` compares warm kernels with cold ones.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from authoring.samples import build_zip, read_expectation, read_sample, sample_names
from grader.execution import warm_kernels
from grader.intake.submission import read_submission
from grader.model.assignment import load_assignment
from grader.model.records import Evidence, PartGrade, Submission
from grader.model.records.codec import load, save
from grader.model.results_folder import ResultFolder
from grader.outputs.gaps import gaps_in
from grader.outputs.policy import evaluate, parse_policy
from grader.pipeline import GradeRecord, GradeRequest, RejudgeRequest, grade, rejudge
from grader.sandbox.tiers import Tier, host_support
from grader.sandbox.warm import WarmServer
from grader.scoring.lateness import lateness_of, parse_submitted
from reference.bundles import get_bundle
from tests.grader.conftest import request_for
from tests.grader.shortened import shorten

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(1500)]

ALL_STEPS = frozenset({"undergrad_6819"})
FEW_STEPS = 20
"""As few as the grader compares with the reference's after as many (`least_steps`)."""
WITH_PAGES = frozenset({"complete", "exception_halfway"})
"""Pages take a quarter of a sample's time; here they are not what is asked about."""
SAME_CODE = ("late", "no_report", "not_run")
"""They differ in report, stored outputs, layout of the zip, and time; not in what is run."""
RUNS = (*((name,) for name in sample_names() if name not in SAME_CODE), SAME_CODE)
"""The first sample of each is run, the others are judged by its evidence."""


@pytest.fixture(scope="session")
def warm() -> Iterator[WarmServer | None]:
    """Kernels forked from one server save each sample the seconds of importing torch."""
    tier = host_support().tier
    if tier is Tier.PROCESS:
        yield None
        return
    with warm_kernels(get_bundle("studio-narrow"), threads=1, tier=tier, device="cpu") as server:
        yield server


def request_of(name: str, out: Path, warm: WarmServer | None = None) -> GradeRequest:
    """Write the zip of a sample; it is run in a warm kernel if there is any."""
    expected = read_expectation(name)
    zip_path = build_zip(name, out / f"{name}.zip")
    if name not in ALL_STEPS:
        shorten(zip_path, FEW_STEPS)
    request = request_for(zip_path, out / "results")
    return replace(
        request,
        assignment=load_assignment(read_sample(name).assignment),
        hand_in=replace(
            request.hand_in,
            course=expected.course,
            submitted=parse_submitted(expected.submitted),
        ),
        warm=warm,
    )


def grade_sample(name: str, out: Path, warm: WarmServer | None = None) -> GradeRecord:
    return grade(request_of(name, out, warm), lambda _: None, lambda _: None)


def judge_sample(name: str, out: Path, run: GradeRecord) -> GradeRecord:
    """Judge a sample by the run of another one with the same code."""
    request = request_of(name, out)
    folder = ResultFolder(root=out / "results" / name)
    shutil.copytree(run.folder.root, folder.root)
    shutil.rmtree(folder.submission)
    submission = read_submission(request.hand_in.path, folder.submission)
    assert code_of(submission) == code_of(run.submission)
    save(submission, folder.record("submission"))
    lateness = lateness_of(request.hand_in, request.assignment)
    again = RejudgeRequest(folder=folder, assignment=request.assignment, lateness=lateness)
    sheet = rejudge(again, lambda _: None).after
    evidence = load(Evidence, folder.record("evidence"))
    return GradeRecord(sheet=sheet, submission=submission, evidence=evidence, folder=folder)


def code_of(submission: Submission) -> list[str]:
    return [cell.source for cell in submission.cells if cell.kind == "code"]


def exit_status(name: str, record: GradeRecord) -> int:
    """Return the exit status of `grader check`."""
    assignment = load_assignment(read_sample(name).assignment)
    policy = parse_policy(None)
    return evaluate(
        policy,
        assignment,
        record.sheet,
        record.submission,
        record.evidence,
        gaps_in(record.folder, assignment),
    ).exit_status


def points_of(part: PartGrade, expected: float | str) -> float:
    match expected:
        case "full":
            return part.max_points
        case "zero":
            return 0.0
        case number:
            return float(number)


def gets_its_verdict(name: str, record: GradeRecord) -> None:
    sheet, expected = record.sheet, read_expectation(name)
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
    assert exit_status(name, record) == expected.exit_check


@pytest.mark.parametrize("names", RUNS, ids="+".join)
def test_each_sample_gets_its_verdict(
    names: tuple[str, ...],
    tmp_path: Path,
    warm: WarmServer | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, *others = names
    if first not in WITH_PAGES:
        monkeypatch.setattr("grader.pipeline.write_pages", lambda _: None)
    record = grade_sample(first, tmp_path, warm)
    gets_its_verdict(first, record)
    for name in others:
        gets_its_verdict(name, judge_sample(name, tmp_path, record))

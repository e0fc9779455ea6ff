"""Every sample submission, really graded, gets the verdict that its `expect.toml` names.

They run on the narrow bundle in warm kernels with one thread, at an eighth of the width, with fewer
steps than in the handout: the gain is then compared with the reference's after as many. Samples
that differ in what lies around the code only are judged by one run of it. A sample leaves out the
attacks that others run just so; `pytest --whole tests/authoring/test_submissions.py` runs all of
every sample, and `undergrad_6819` with the handout's 200 steps. `test_warm_kernels` compares warm
kernels with cold ones.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from authoring.samples import build_notebook, build_zip, read_expectation, read_sample, sample_names
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
from tests.grader.shortened import cut, shorten

pytestmark = [pytest.mark.kernel, pytest.mark.timeout(1500)]

ALL_STEPS = "undergrad_6819"
"""With `--whole` as many steps as in the handout."""
FEW_STEPS = 20
"""As few as the grader compares with the reference's after as many (`least_steps`)."""
WITH_PAGES = frozenset({"course_form"})
"""Pages take a quarter of a sample's time; here they are not what is asked about."""
SAME_CODE = ("late", "no_report", "not_run")
"""They differ in report, stored outputs, layout of the zip, and time; not in what is run."""
RUNS = (*((name,) for name in sample_names() if name not in SAME_CODE), SAME_CODE)
"""The first sample of each is run, the others are judged by its evidence."""

ATTACKS = ("p4a-attack-0", "p4a-figure-0", "p4b-attack-0", "p4b-figure-0", "p4c-figure-0",
           "p4e-attack-0", "p4e-figure-0", "p4f-bonus-00")  # fmt: skip
SECOND = ("p4b-attack-0", "p4b-figure-0", "p4c-figure-0")
FEATURES = ("p4d-run-1-00", "p4d-run-2-00", "p4d-run-3-00")
CUT: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    **dict.fromkeys(
        ("report_only_1_3", "wrong_flipped_kernel", "wrong_off_by_one_pad", "wrong_softmax_dim"),
        ((*ATTACKS, *FEATURES), ("4a", "4b", "4c", "4d", "4e", "4f")),
    ),
    **dict.fromkeys(
        ("exception_halfway", "sp22_wrong_sign"), (ATTACKS, ("4a", "4b", "4c", "4e", "4f"))
    ),
    "overwritten_target": ((*SECOND, *FEATURES), ("4b", "4c", "4d")),
    "wrong_descent": (FEATURES, ("4d",)),
    "late": ((*ATTACKS, *FEATURES), ("4a", "4b", "4c", "4d", "4e", "4f")),
}
"""By sample: cells that others run just so, which take most of the time, and parts that are not
judged without them. With `--whole` they are run and judged."""


@pytest.fixture(scope="session")
def warm() -> Iterator[WarmServer | None]:
    """Kernels forked from one server save each sample the seconds of importing torch."""
    tier = host_support().tier
    if tier is Tier.PROCESS:
        yield None
        return
    with warm_kernels(get_bundle("studio-narrow"), threads=1, tier=tier, device="cpu") as server:
        yield server


def request_of(
    name: str, out: Path, warm: WarmServer | None = None, *, whole: bool
) -> GradeRequest:
    """Write the zip of a sample; it is run in a warm kernel if there is any."""
    expected = read_expectation(name)
    zip_path = build_zip(name, out / f"{name}.zip")
    if not (whole and name == ALL_STEPS):
        shorten(zip_path, FEW_STEPS)
    run = next(names[0] for names in RUNS if name in names)
    if not whole and run in CUT:
        cut(zip_path, CUT[run][0])
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


def judge_sample(name: str, out: Path, run: GradeRecord, *, whole: bool) -> GradeRecord:
    """Judge a sample by the run of another one with the same code."""
    request = request_of(name, out, whole=whole)
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


def exit_status(name: str, record: GradeRecord, but: Collection[str]) -> int:
    """Return the exit status of `grader check`, some parts left aside."""
    assignment = load_assignment(read_sample(name).assignment)
    sheet = replace(record.sheet, parts=tuple(p for p in record.sheet.parts if p.id not in but))
    gaps = [gap for gap in gaps_in(record.folder, assignment) if gap.part_id not in but]
    policy = parse_policy(None)
    return evaluate(policy, assignment, sheet, record.submission, record.evidence, gaps).exit_status


def points_of(part: PartGrade, expected: float | str) -> float:
    match expected:
        case "full":
            return part.max_points
        case "zero":
            return 0.0
        case number:
            return float(number)


def gets_its_verdict(name: str, record: GradeRecord, but: Collection[str] = ()) -> None:
    """Compare with `expect.toml`; parts that are right may be left out."""
    sheet, expected = record.sheet, read_expectation(name)
    judged = [part for part in sheet.parts if part.id not in but]
    found = {part.id: (part.outcome, pytest.approx(part.points)) for part in judged}
    wanted: dict[str, object] = {
        part.id: (
            expected.parts[part.id].outcome,
            points_of(part, expected.parts[part.id].points),
        )
        for part in judged
    }
    assert found == wanted, {part.id: part.message for part in judged}
    assert set(expected.parts) == {*found, *but}
    assert sheet.late_coefficient == pytest.approx(expected.late_coefficient)
    assert exit_status(name, record, but) == expected.exit_check


@pytest.mark.parametrize("names", RUNS, ids="+".join)
def test_each_sample_gets_its_verdict(
    names: tuple[str, ...],
    tmp_path: Path,
    warm: WarmServer | None,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    whole = bool(request.config.getoption("--whole"))
    first, *others = names
    if first not in WITH_PAGES:
        monkeypatch.setattr("grader.pipeline.write_pages", lambda *_, **__: None)
    asked = request_of(first, tmp_path, warm, whole=whole)
    record = grade(asked, lambda _: None, lambda _: None)
    but = () if whole or first not in CUT else CUT[first][1]
    gets_its_verdict(first, record, but)
    for name in others:
        gets_its_verdict(name, judge_sample(name, tmp_path, record, whole=whole), but)


def test_what_is_left_out_of_one_sample_is_asked_of_others() -> None:
    """Each part that a sample leaves out is judged, right and wrong, where another runs it."""
    run = [name for (name, *_) in RUNS if name not in CUT]
    for name, (cells, parts) in CUT.items():
        expected = read_expectation(name)
        for part in parts:
            outcomes = {read_expectation(other).parts[part].outcome for other in run}
            assert expected.parts[part].outcome in outcomes, (name, part)
        there = {cell.metadata.id for cell in build_notebook(name).cells}
        assert set(cells) - there <= {"p4f-bonus-00"}, name

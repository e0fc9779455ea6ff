"""The only place that strings the stages together: each reads records from disk and writes its own.

intake     submission.json              what is in the zip
alignment  alignment.json               which cell answers which part
run        plan.json, evidence.json     what was seen while the notebook ran
reading    reading.json                 the report, and the outputs stored in the notebook
checks     findings.json                what is right and what is not
scoring    results.json                 points
pages      feedback.html, staff.html …  for people
"""

from __future__ import annotations

import functools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from grader.checks import validate_offering
from grader.checks.context import CheckContext, TrustedNetworks
from grader.checks.images.reference_pictures import keep_reference_pictures
from grader.checks.registry import probes_of, run_checks
from grader.checks.stored_arrays import evidence_reader
from grader.execution import OnProgress
from grader.execution.settings import RunSettings
from grader.execution.stage import Running, new_seed, run_submission
from grader.intake.hand_in import HandIn
from grader.intake.submission import read_submission
from grader.model.assignment import Assignment, Course
from grader.model.records import (
    Alignment,
    Evidence,
    Findings,
    GradeSheet,
    RunFacts,
    RunPlan,
    Submission,
)
from grader.model.records.codec import load, save
from grader.model.results_folder import ResultFolder, replacing
from grader.model.version import release
from grader.outputs.pages.pdf import html_to_pdf
from grader.outputs.pages.render import render_feedback_html, render_staff_html
from grader.planning.alignment import align
from grader.planning.reference_runs import reference_runs
from grader.reading.hand_in import HandInReading, read_hand_in
from grader.reading.known_pictures import known_pictures
from grader.sandbox.tiers import choose_tier, host_support
from grader.sandbox.warm import WarmServer
from grader.scoring.lateness import Lateness, late_coefficient
from grader.scoring.overrides import Override, load_overrides, render_template
from grader.scoring.score import SheetFacts, rescore, score
from reference.bundles import Bundle, bundle_version, get_bundle
from reference.device import choose_device
from reference.errors import ConfigError
from reference.expected import Expected, load_expected

OnStage = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeRequest:
    """What to grade, and how."""

    hand_in: HandIn
    """The zip, and what staff know about it."""
    out: Path
    """Results go to `out/<kerberos>`."""
    assignment: Assignment
    """Parts and points."""
    settings: RunSettings
    """How the notebook is run."""
    key: str = ""
    """Of the run, for whoever looks it up again; the results folder carries it."""
    warm: WarmServer | None = None
    """Fork server for its kernel, as `warm_kernels` yields it; None for a cold start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeRecord:
    """What came of one submission."""

    sheet: GradeSheet
    """The grades."""
    submission: Submission
    """What was handed in."""
    evidence: Evidence
    """What was seen."""
    folder: ResultFolder
    """Where everything lies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """What submissions are judged by."""

    assignment: Assignment
    """Parts, points, experiments."""
    bundle: Bundle
    """Weights and pictures."""
    expected: Expected
    """What the reference gets, by the parts of the assignment."""


def standard(assignment: Assignment, bundle_name: str) -> Standard:
    """Open what submissions of the assignment are judged by.

    Raises:
        ConfigError: bundle, expected outputs and assignment do not go together.
    """
    validate_offering(assignment)
    bundle, expected = _opened(bundle_name)
    return Standard(
        assignment=assignment, bundle=bundle, expected=reference_runs(expected, assignment)
    )


def grade(request: GradeRequest, on_stage: OnStage, on_progress: OnProgress) -> GradeRecord:
    """Grade one submission and write its results folder.

    Raises:
        SubmissionError: nothing in the zip can be graded.
        ConfigError: an option, the bundle or the out folder is wrong.
        GraderFault: our own fault; the old results, if any, are untouched.
    """
    on_stage("bundle")
    judged_by = standard(request.assignment, request.settings.bundle)
    tier = choose_tier(request.settings.isolation, host_support())
    running = Running(
        assignment=request.assignment,
        bundle=judged_by.bundle,
        settings=request.settings,
        tier=tier,
        on_progress=on_progress,
        warm=request.warm,
    )
    on_stage("intake")
    with _taken_in(request) as (folder, final):
        align_cells(folder, judged_by)
        on_stage("run")
        run(folder, running)
        judge(folder, judged_by, on_stage)
        on_stage("scoring")
        score_findings(
            folder,
            judged_by,
            request.hand_in.course,
            _lateness(request.hand_in, request.assignment),
            load_overrides(final.grades, request.assignment, request.hand_in.course),
        )
        on_stage("reports")
        write_pages(folder)
        if request.key:
            folder.key.write_text(request.key, encoding="ascii")
    return GradeRecord(
        sheet=load(GradeSheet, final.results),
        submission=load(Submission, final.record("submission")),
        evidence=load(Evidence, final.record("evidence")),
        folder=final,
    )


def align_cells(folder: ResultFolder, judged_by: Standard) -> None:
    """From the submission to which cell answers which part."""
    submission = _submission(folder)
    save(align(submission, judged_by.assignment), folder.record("alignment"))


def run(folder: ResultFolder, running: Running) -> None:
    """From the cells to the evidence of one run."""
    seed = new_seed(running.settings)
    run_submission(
        _submission(folder),
        load(Alignment, folder.record("alignment")),
        probes_of(running.assignment, seed),
        seed,
        folder,
        running,
    )


def judge(folder: ResultFolder, judged_by: Standard, on_stage: OnStage) -> None:
    """From the evidence and the other files of the submission to findings; nothing is run."""
    on_stage("report")
    submission = _submission(folder)
    evidence = load(Evidence, folder.record("evidence"))
    arrays = evidence_reader(folder.evidence)
    references = {a.id: judged_by.expected.path(a.image) for a in judged_by.expected.attacks}
    pictures = known_pictures(evidence, arrays, judged_by.bundle.corgi, references)
    reading = read_hand_in(
        submission, folder.submission, judged_by.assignment, pictures, folder.executed
    )
    save(reading, folder.record("reading"))
    on_stage("checks")
    planned = load(RunPlan, folder.record("plan")).device
    device = choose_device("cpu" if planned == "cpu" else "auto")
    context = CheckContext(
        evidence=evidence,
        arrays=arrays,
        expected=judged_by.expected,
        networks=TrustedNetworks.from_bundle(judged_by.bundle, evidence.seed, device),
        bundle=judged_by.bundle,
        assignment=judged_by.assignment,
        submission=submission,
        alignment=load(Alignment, folder.record("alignment")),
        report=reading.report,
    )
    found = run_checks(judged_by.assignment, context)
    keep_reference_pictures(found, judged_by.expected, folder.evidence)
    save(Findings(by_part=found), folder.record("findings"))


def score_findings(
    folder: ResultFolder,
    judged_by: Standard,
    course: Course,
    lateness: Lateness,
    overrides: tuple[Override, ...],
) -> None:
    """From findings to the grade sheet.

    Raises:
        ConfigError: what people decided is out of range.
    """
    submission = _submission(folder)
    evidence = load(Evidence, folder.record("evidence"))
    reading = load(HandInReading, folder.record("reading"))
    assignment, bundle = judged_by.assignment, judged_by.bundle
    facts = SheetFacts(
        kerberos=submission.kerberos,
        course=course,
        notes=(*submission.notes, *evidence.notes, *reading.notes),
        answers=load(Alignment, folder.record("alignment")).answers,
        report_pages=submission.report_pages,
        run=RunFacts(
            assignment=assignment.name,
            assignment_sha256=assignment.sha256,
            bundle=bundle.name,
            bundle_sha256=bundle_version(bundle),
            grader_version=release(),
            zip_sha256=submission.zip_sha256,
            seed=evidence.seed,
            seconds=evidence.seconds,
            host=evidence.host,
            shims=evidence.shims,
        ),
    )
    findings = load(Findings, folder.record("findings")).by_part
    save(score(findings, assignment, facts, lateness, overrides), folder.results)


def write_pages(folder: ResultFolder) -> None:
    """From the sheet to pages, and to a `grades.toml` to fill in where there is none."""
    sheet = load(GradeSheet, folder.results)
    evidence = load(Evidence, folder.record("evidence"))
    page = render_feedback_html(sheet, folder.evidence)
    folder.feedback_html.write_text(page, encoding="utf-8")
    html_to_pdf(page, folder.feedback_pdf)
    staff = render_staff_html(sheet, folder.evidence, evidence)
    folder.staff_html.write_text(staff, encoding="utf-8")
    if not folder.grades.exists():
        folder.grades.write_text(render_template(sheet), encoding="utf-8")


def rescore_folder(
    folder: ResultFolder,
    assignment: Assignment,
    on_stage: OnStage,
    lateness: Lateness | None = None,
) -> GradeSheet:
    """Make the grades and pages anew from the stored findings and `grades.toml`; run nothing.

    Args:
        folder: The results.
        assignment: Today's points.
        on_stage: Told what begins.
        lateness: Today's; None where the sheet's own stands.

    Raises:
        ConfigError: there are no results, they are of an offering with other parts, or
            `grades.toml` cannot be read.
    """
    on_stage("scoring")
    sheet = load(GradeSheet, folder.results)
    if {part.id for part in sheet.parts} != {part.id for part in assignment.parts}:
        raise ConfigError(
            f"{folder.results}: expected the parts of {assignment.name}, found those of "
            f"{sheet.facts.assignment}; name that one with --assignment"
        )
    overrides = load_overrides(folder.grades, assignment, sheet.course)
    save(rescore(sheet, assignment, overrides, lateness), folder.results)
    on_stage("reports")
    write_pages(folder)
    return load(GradeSheet, folder.results)


@functools.cache  # its files are checked once, not for each submission of a batch
def _opened(bundle_name: str) -> tuple[Bundle, Expected]:
    bundle = get_bundle(bundle_name)
    return bundle, load_expected(bundle.name)


@contextmanager
def _taken_in(request: GradeRequest) -> Iterator[tuple[ResultFolder, ResultFolder]]:
    """Open the zip into a new results folder; it replaces the final one, the second, at the end."""
    with tempfile.TemporaryDirectory(prefix=f"pset4-{os.getpid()}-intake") as incoming:
        files = Path(incoming) / "files"
        submission = read_submission(request.hand_in.path, files)
        if request.hand_in.kerberos:
            submission = replace(submission, kerberos=request.hand_in.kerberos)
        final = ResultFolder(root=request.out / submission.kerberos)
        with replacing(request.out, submission.kerberos) as folder:
            shutil.copytree(files, folder.submission)
            folder.evidence.mkdir()
            save(submission, folder.record("submission"))
            yield folder, final


def _submission(folder: ResultFolder) -> Submission:
    return load(Submission, folder.record("submission"))


def _lateness(hand_in: HandIn, assignment: Assignment) -> Lateness:
    due = assignment.due + hand_in.extension
    return late_coefficient(due, hand_in.submitted, assignment.late)

"""The only place that strings the stages together."""

from __future__ import annotations

import functools
import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from grader.checks import validate_credit
from grader.checks.context import CheckContext, TrustedNetworks
from grader.checks.registry import probes_of, run_checks
from grader.checks.stored_arrays import evidence_reader
from grader.execution import Job, OnProgress, execute, no_evidence
from grader.intake.submission import read_submission
from grader.model.assignment import Assignment, Course
from grader.model.records import (
    Alignment,
    Evidence,
    GradeSheet,
    Limits,
    RunFacts,
    RunPlan,
    Submission,
)
from grader.model.records.codec import load, save
from grader.model.results_folder import ResultFolder, replacing
from grader.model.version import release
from grader.outputs.pages.pdf import html_to_pdf
from grader.outputs.pages.reference_report import from_reference
from grader.outputs.pages.render import render_feedback_html, render_staff_html
from grader.outputs.pages.required_report import build_report
from grader.outputs.pages.student_report import from_results
from grader.planning.alignment import align, load_template
from grader.planning.plan import RunOptions, plan_run, repeats_of
from grader.planning.reference_runs import reference_runs
from grader.reading.hand_in import read_hand_in
from grader.reading.known_pictures import known_pictures
from grader.sandbox.tiers import Tier, Wish, choose_tier, host_support
from grader.sandbox.warm import WarmServer
from grader.scoring.lateness import Lateness, late_coefficient
from grader.scoring.overrides import load_overrides, render_template
from grader.scoring.score import SheetFacts, rescore, score
from reference.bundles import Bundle, bundle_version, get_bundle
from reference.device import choose_device
from reference.errors import ConfigError
from reference.expected import Expected, load_expected

OnStage = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeRequest:
    """What to grade, and how."""

    zip_path: Path
    """The submission."""
    out: Path
    """Results go to `out/<kerberos>`."""
    assignment: Assignment
    """Parts and points."""
    course: Course
    """Which variant."""
    submitted: datetime | None
    """When it was handed in; None where not told, which counts as in time."""
    extension: timedelta = timedelta(0)
    """By how much this student's deadline is later."""
    kerberos: str = ""
    """Whose it is; empty for what the zip's name says."""
    key: str = ""
    """Of the run, for whoever looks it up again; the results folder carries it."""
    bundle: str
    """Name of the bundle."""
    device: str
    """`auto`, `cpu` or `cuda`."""
    limits: Limits
    """Bounds of the run."""
    seed: int | None = None
    """Of the hidden inputs; None for a fresh one."""
    threads: int | None = None
    """CPU threads of the kernel; None for as many as this process may use."""
    isolation: Wish = Wish.AUTO
    """How the notebook must be kept apart."""
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


def grade(request: GradeRequest, on_stage: OnStage, on_progress: OnProgress) -> GradeRecord:
    """Grade one submission and write its results folder.

    Raises:
        SubmissionError: nothing in the zip can be graded.
        ConfigError: an option, the bundle or the out folder is wrong.
        GraderFault: our own fault; the old results, if any, are untouched.
    """
    on_stage("bundle")
    validate_credit(request.assignment)
    tier = choose_tier(request.isolation, host_support())
    bundle, expected_of_bundle = _opened(request.bundle)
    # before minutes are spent on the run
    expected = reference_runs(expected_of_bundle, request.assignment)
    on_stage("intake")
    with _unpacked(request) as (submission, folder):
        alignment = align(submission, load_template(), request.assignment)
        plan = _plan(request, submission, alignment, bundle)
        on_stage("run")
        evidence = _run(plan, _job(request, submission, bundle, tier, folder, on_progress))
        on_stage("report")
        arrays = evidence_reader(folder.evidence)
        references = {a.id: expected.path(a.image) for a in expected.attacks}
        pictures = known_pictures(evidence, arrays, bundle.corgi, references)
        look = read_hand_in(submission, request.assignment, pictures, folder.executed)
        on_stage("checks")
        networks = TrustedNetworks.from_bundle(bundle, evidence.seed, plan.device)
        context = CheckContext(
            evidence=evidence,
            arrays=arrays,
            expected=expected,
            networks=networks,
            bundle=bundle,
            assignment=request.assignment,
            submission=submission,
            alignment=alignment,
            report=look.report,
        )
        findings = run_checks(request.assignment, context)
        seen = replace(evidence, notes=(*evidence.notes, *look.notes))
        facts = _sheet_facts(request, submission, alignment, seen, bundle)
        lateness = late_coefficient(
            request.assignment.due + request.extension, request.submitted, request.assignment.late
        )
        old_grades = ResultFolder(root=request.out / submission.kerberos).grades
        overrides = load_overrides(old_grades, request.assignment, request.course)
        sheet = score(findings, request.assignment, facts, lateness, overrides)
        on_stage("reports")
        final = ResultFolder(root=request.out / submission.kerberos)
        settled = replace(submission, folder=str(final.submission.resolve()))
        for name, record in (
            ("submission", settled),
            ("alignment", alignment),
            ("plan", plan),
            ("evidence", evidence),
            ("report", look.report),
        ):
            save(record, folder.evidence / f"{name}.json")
        if request.key:
            folder.key.write_text(request.key, encoding="ascii")
        _write_reports(sheet, evidence, folder)
    return GradeRecord(sheet=sheet, submission=settled, evidence=evidence, folder=final)


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
    evidence = load(Evidence, folder.evidence / "evidence.json")
    overrides = load_overrides(folder.grades, assignment, sheet.course)
    renewed = rescore(sheet, assignment, overrides, lateness)
    on_stage("reports")
    _write_reports(renewed, evidence, folder)
    return renewed


def render_reference_report(bundle_name: str, path: Path, on_stage: OnStage) -> None:
    """Render the required report from the reference run.

    Raises:
        ConfigError: the bundle has no expected outputs, or `path` cannot be written.
    """
    on_stage("reports")
    html_to_pdf(build_report(from_reference(load_expected(bundle_name))), path)


def render_own_report(request: GradeRequest, on_stage: OnStage, on_progress: OnProgress) -> Path:
    """Render the required report from a student's own run, and return where it is.

    The notebook is run unless these results of the very same zip are there already.

    Raises:
        SubmissionError, ConfigError, GraderFault: see `grade`.
    """
    folder = _results_of(request) or grade(request, on_stage, on_progress).folder
    on_stage("reports")
    path = folder.root / "report.pdf"
    html_to_pdf(build_report(from_results(folder.root, request.assignment)), path)
    return path


@functools.cache  # its files are checked once, not for each submission of a batch
def _opened(bundle_name: str) -> tuple[Bundle, Expected]:
    bundle = get_bundle(bundle_name)
    return bundle, load_expected(bundle.name)


def _results_of(request: GradeRequest) -> ResultFolder | None:
    """Results of the same zip, offering and bundle by this version, if there are any."""
    if not request.zip_path.is_file():
        return None
    digest = hashlib.sha256(request.zip_path.read_bytes()).hexdigest()
    wanted = (digest, request.assignment.name, request.bundle, release())
    for path in sorted(request.out.glob("*/results.json")):
        sheet = load(GradeSheet, path)
        facts = sheet.facts
        found = (facts.zip_sha256, facts.assignment, facts.bundle, facts.grader_version)
        if found == wanted:
            return ResultFolder(root=path.parent)
    return None


@contextmanager
def _unpacked(request: GradeRequest) -> Iterator[tuple[Submission, ResultFolder]]:
    """Read the zip, and lay its files into a results folder; it replaces the old one at the end."""
    with tempfile.TemporaryDirectory(prefix=f"pset4-{os.getpid()}-intake") as incoming:
        submission = read_submission(request.zip_path, Path(incoming) / "files")
        if request.kerberos:
            submission = replace(submission, kerberos=request.kerberos)
        with replacing(request.out, submission.kerberos) as folder:
            shutil.copytree(submission.folder, folder.submission)
            yield replace(submission, folder=str(folder.submission)), folder


def _plan(
    request: GradeRequest, submission: Submission, alignment: Alignment, bundle: Bundle
) -> RunPlan:
    seed = secrets.randbits(31) if request.seed is None else request.seed
    options = RunOptions(
        device=choose_device(request.device).type,
        seed=seed,
        nonce=secrets.token_hex(16),
        limits=request.limits,
    )
    return plan_run(
        submission,
        alignment,
        probes_of(request.assignment, seed),
        bundle,
        options,
        repeats_of(request.assignment),
    )


def _job(
    request: GradeRequest,
    submission: Submission,
    bundle: Bundle,
    tier: Tier,
    folder: ResultFolder,
    on_progress: OnProgress,
) -> Job:
    return Job(
        submission=submission,
        bundle=bundle,
        course_files=request.assignment.course_files,
        evidence_folder=folder.evidence,
        executed_notebook=folder.executed,
        threads=request.threads or len(os.sched_getaffinity(0)),
        tier=tier,
        on_progress=on_progress,
        warm=request.warm,
    )


def _run(plan: RunPlan, job: Job) -> Evidence:
    return execute(plan, job) if plan.steps else no_evidence(plan, job.evidence_folder)


def _sheet_facts(
    request: GradeRequest,
    submission: Submission,
    alignment: Alignment,
    evidence: Evidence,
    bundle: Bundle,
) -> SheetFacts:
    return SheetFacts(
        kerberos=submission.kerberos,
        course=request.course,
        notes=(*submission.notes, *evidence.notes),
        answers=alignment.answers,
        report_pages=submission.report_pages,
        run=RunFacts(
            assignment=request.assignment.name,
            assignment_sha256=request.assignment.sha256,
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


def _write_reports(sheet: GradeSheet, evidence: Evidence, folder: ResultFolder) -> None:
    """Write the sheet, the pages, and a `grades.toml` to fill in where there is none."""
    save(sheet, folder.results)
    page = render_feedback_html(sheet, folder.evidence)
    folder.feedback_html.write_text(page, encoding="utf-8")
    html_to_pdf(page, folder.feedback_pdf)
    staff = render_staff_html(sheet, folder.evidence, evidence)
    folder.staff_html.write_text(staff, encoding="utf-8")
    if not folder.grades.exists():
        folder.grades.write_text(render_template(sheet), encoding="utf-8")

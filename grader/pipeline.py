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

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from grader.bounded.asking import device_of, keys_of, parts_of_runs, questions, standard
from grader.bounded.judging import judge
from grader.bounded.limits import prepare
from grader.bounded.pages import write_pages
from grader.checks.stored_arrays import EvidenceChanged
from grader.execution import OnProgress
from grader.execution.settings import Partial, RunSettings
from grader.execution.stage import Running, run_submission
from grader.intake.hand_in import HandIn
from grader.intake.taking_in import taken_in
from grader.model.assignment import Assignment, Course
from grader.model.fault_log import working_on
from grader.model.records import (
    NO_REPORT,
    Alignment,
    Evidence,
    Finding,
    Findings,
    GradeSheet,
    ReportReading,
    RunPlan,
    Submission,
)
from grader.model.records.codec import RecordError, load, save
from grader.model.results_folder import ResultFolder, rewriting
from grader.model.stage_keys import GraderKeys, StageKeys, pages_key
from grader.planning.alignment import align, align_cells
from grader.planning.selecting import narrowed
from grader.planning.standard import OnStage
from grader.reading.hand_in import HandInReading
from grader.sandbox.tiers import choose_tier, host_support
from grader.sandbox.warm import WarmServer
from grader.scoring.lateness import Lateness, lateness_of
from grader.scoring.overrides import Override
from grader.scoring.score import lateness_on, rescore
from grader.scoring.stage import score_findings
from reference.errors import ConfigError


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
    run_key: str = ""
    """Of the run, for whoever looks it up again; the results folder carries it."""
    warm: WarmServer | None = None
    """Fork server for its kernel, as `warm_kernels` yields it; None for a cold start."""
    decided: Callable[[Submission], tuple[Override, ...]] = lambda _: ()
    """Asked, before the run, what people decided about this very hand-in."""
    pdf: bool = True
    """Whether `feedback.pdf` is made with the other pages."""


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
    with working_on(request.hand_in.zip_name or request.hand_in.path.name):
        return _grade(request, on_stage, on_progress)


def _grade(request: GradeRequest, on_stage: OnStage, on_progress: OnProgress) -> GradeRecord:
    on_stage("bundle")
    prepare()
    judged_by = standard(request.assignment, request.settings.bundle)
    tier = choose_tier(request.settings.isolation, host_support())
    running = Running(
        assignment=request.assignment,
        bundle=judged_by.bundle,
        settings=request.settings,
        device=device_of(request.settings.device),
        tier=tier,
        on_progress=on_progress,
        warm=request.warm,
    )
    on_stage("intake")
    with taken_in(request.hand_in, request.out) as (folder, final):
        overrides = request.decided(load(Submission, folder.record("submission")))
        align_cells(folder, request.assignment)
        on_stage("run")
        run(folder, running)
        judge(folder, judged_by, on_stage)
        on_stage("scoring")
        score_findings(
            folder,
            judged_by,
            request.hand_in.course,
            lateness_of(request.hand_in, request.assignment),
            overrides,
        )
        on_stage("reports")
        write_pages(folder, pdf=request.pdf)
        evidence = load(Evidence, folder.record("evidence"))
        keys = StageKeys(run=request.run_key, seed=evidence.seed, grader=keys_of(judged_by))
        save(keys, folder.key)
    return GradeRecord(
        sheet=load(GradeSheet, final.results),
        submission=load(Submission, final.record("submission")),
        evidence=evidence,
        folder=final,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of a try of some of a notebook (`RunSettings.partial`): no points, no pages."""

    assignment: Assignment
    """The whole offering."""
    submission: Submission
    """What was handed in."""
    alignment: Alignment
    """Which cell belongs to which part."""
    evidence: Evidence
    """What was seen."""
    findings: Mapping[str, tuple[Finding, ...]]
    """By part, of those that were judged."""
    report: ReportReading
    """What the report says and shows."""


def try_out(request: GradeRequest, on_stage: OnStage, on_progress: OnProgress) -> Tried:
    """Run and check some of a notebook, as `settings.partial` says; nothing is kept.

    Raises:
        SubmissionError, ConfigError, GraderFault: see `grade`.
    """
    with (
        working_on(request.hand_in.zip_name or request.hand_in.path.name),
        tempfile.TemporaryDirectory(prefix=f"pset4-{os.getpid()}-try") as scratch,
    ):
        return _tried(replace(request, out=Path(scratch)), on_stage, on_progress)


def _tried(request: GradeRequest, on_stage: OnStage, on_progress: OnProgress) -> Tried:
    on_stage("bundle")
    prepare()
    whole, partial = request.assignment, request.settings.partial or Partial()
    parts = partial.parts or frozenset(part.id for part in whole.parts)
    judged = parts - parts_of_runs(whole) if partial.quick else parts
    some = narrowed(whole, judged) if judged else whole
    judged_by = standard(some, request.settings.bundle)
    running = Running(
        assignment=some,
        bundle=judged_by.bundle,
        settings=request.settings,
        device=device_of(request.settings.device),
        tier=choose_tier(request.settings.isolation, host_support()),
        on_progress=on_progress,
        warm=request.warm,
    )
    on_stage("intake")
    with taken_in(request.hand_in, request.out) as (folder, _):
        submission = load(Submission, folder.record("submission"))
        alignment = align(submission, whole)
        save(alignment, folder.record("alignment"))
        on_stage("run")
        run(folder, running)
        if judged:
            judge(folder, judged_by, on_stage)
        return Tried(
            assignment=whole,
            submission=submission,
            alignment=alignment,
            evidence=load(Evidence, folder.record("evidence")),
            findings=load(Findings, folder.record("findings")).by_part if judged else {},
            report=load(HandInReading, folder.record("reading")).report if judged else NO_REPORT,
        )


def run(folder: ResultFolder, running: Running) -> None:
    """From the cells to the evidence of one run."""
    asked = questions(running.assignment, running.settings.seed)
    run_submission(
        load(Submission, folder.record("submission")),
        load(Alignment, folder.record("alignment")),
        asked.probes,
        asked.seed,
        folder,
        running,
    )


class MustGradeAgain(ConfigError):
    """The evidence is not what today's grader would record, or is not all there any more.

    The sentence names files by their paths below the results folder.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejudged:
    """A submission before and after it was judged again."""

    before: GradeSheet
    """As it was."""
    after: GradeSheet
    """As it is judged today."""
    keys: GraderKeys
    """What it was judged by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RejudgeRequest:
    """What to judge again."""

    folder: ResultFolder
    """Its results."""
    assignment: Assignment
    """Today's."""
    keep: bool = True
    """Whether the results are written; else they are only told."""
    course: Course | None = None
    """Today's; None for the sheet's own."""
    lateness: Lateness | None = None
    """Today's; None for the sheet's own."""
    overrides: tuple[Override, ...] = ()
    """What people decided about this hand-in."""
    pdf: bool = True
    """Whether `feedback.pdf` is made with the other pages; else the old one goes."""


def rejudge(request: RejudgeRequest, on_stage: OnStage) -> Rejudged:
    """Judge the evidence that is there by today's checks; no kernel starts.

    Raises:
        MustGradeAgain: the evidence was recorded by other code or with other questions, or a file
            of it is missing or changed.
        ConfigError: there are no results, or a file of them or of staff's cannot be read.
        GraderFault: our own fault; the results are untouched.
    """
    before = load(GradeSheet, request.folder.results)
    try:
        with working_on(request.folder.root.name):
            return _rejudged(request, before, on_stage)
    except (RecordError, EvidenceChanged) as error:
        root = request.folder.root
        sentence = str(error).replace(f"{root.resolve()}/", "").replace(f"{root}/", "")
        raise MustGradeAgain(sentence) from error


def _rejudged(request: RejudgeRequest, before: GradeSheet, on_stage: OnStage) -> Rejudged:
    on_stage("bundle")
    prepare()
    folder, assignment = request.folder, request.assignment
    missing = next((path for path in _read_again(folder) if not path.is_file()), None)
    if missing is not None:
        name = missing.relative_to(folder.root)
        raise MustGradeAgain(f"{name} is missing from the results folder")
    judged_by = standard(assignment, load(RunPlan, folder.record("plan")).bundle)
    keys, today = load(StageKeys, folder.key), keys_of(judged_by)
    if keys.grader.evidence != today.evidence:
        raise MustGradeAgain(
            "its evidence was recorded by another version of the grader, with other questions or "
            "with other weights"
        )
    course = request.course or before.course
    with rewriting(folder, keep=request.keep) as scratch:
        align_cells(scratch, assignment)
        judge(scratch, judged_by, on_stage)
        on_stage("scoring")
        lateness = request.lateness or lateness_on(before)
        score_findings(scratch, judged_by, course, lateness, request.overrides)
        after = load(GradeSheet, scratch.results)
        if request.keep:
            on_stage("reports")
            write_pages(scratch, pdf=request.pdf)
            save(replace(keys, grader=today), scratch.key)
            save(replace(keys, grader=replace(today, judge="", pages="")), folder.key)
            if not request.pdf:
                folder.feedback_pdf.unlink(missing_ok=True)
    return Rejudged(before=before, after=after, keys=today)


def _read_again(folder: ResultFolder) -> Iterator[Path]:
    """Yield the files of a run that judging it again reads; the arrays it checks one by one."""
    yield folder.key
    yield from (folder.record(name) for name in ("submission", "plan", "evidence"))
    submission = load(Submission, folder.record("submission"))
    names = (submission.notebook_path, submission.report_path)
    yield from (folder.submission / name for name in names if name)


def rescore_folder(
    folder: ResultFolder,
    assignment: Assignment,
    overrides: tuple[Override, ...],
    on_stage: OnStage,
    lateness: Lateness | None = None,
) -> GradeSheet:
    """Make the grades and pages anew from the stored findings; run nothing.

    Args:
        folder: The results.
        assignment: Today's points.
        overrides: What people decided about this hand-in.
        on_stage: Told what begins.
        lateness: Today's; None where the sheet's own stands.

    Raises:
        ConfigError: there are no results, or they are of an offering with other parts.
    """
    on_stage("scoring")
    sheet = load(GradeSheet, folder.results)
    if {part.id for part in sheet.parts} != {part.id for part in assignment.parts}:
        raise ConfigError(
            f"{folder.results}: expected the parts of {assignment.name}, found those of "
            f"{sheet.facts.assignment}; name that one with --assignment"
        )
    save(rescore(sheet, assignment, overrides, lateness), folder.results)
    on_stage("reports")
    write_pages(folder)
    return load(GradeSheet, folder.results)


def show_sheet(folder: ResultFolder, scored: GradeSheet) -> str:
    """Write pages for points that were scored elsewhere; return the key of what made them.

    An older `feedback.pdf` goes: `grader.bounded.pages.write_pdf` makes it.

    Args:
        folder: The results; their findings hold the pictures and numbers that a class's store
            leaves out.
        scored: Today's points.
    """
    sheet = load(GradeSheet, folder.results)
    found = load(Findings, folder.record("findings")).by_part
    parts = tuple(
        replace(part, findings=_whole(part.findings, found.get(part.id, ())))
        for part in scored.parts
    )
    save(replace(scored, parts=parts, answers=sheet.answers), folder.results)
    write_pages(folder, pdf=False)
    keys, today = load(StageKeys, folder.key), pages_key()
    save(replace(keys, grader=replace(keys.grader, pages=today)), folder.key)
    return today


def _whole(light: Iterable[Finding], found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings with all that they show, where the checks made them."""
    by_check = {finding.check_id: finding for finding in found}
    return tuple(
        by_check[one.check_id]
        if one.check_id in by_check and by_check[one.check_id].outcome is one.outcome
        else one
        for one in light
    )

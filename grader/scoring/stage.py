"""From findings to the grade sheet, by what the stages before have written."""

from __future__ import annotations

from grader.intake.other_offering import other_offering_notes
from grader.model.assignment import Course
from grader.model.records import Alignment, Evidence, Findings, RunFacts, Submission
from grader.model.records.codec import load, save
from grader.model.results_folder import ResultFolder
from grader.model.version import release
from grader.planning.standard import Standard
from grader.reading.hand_in import HandInReading
from grader.scoring.lateness import Lateness
from grader.scoring.overrides import Override
from grader.scoring.score import SheetFacts, score
from reference.bundles import bundle_version


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
    submission = load(Submission, folder.record("submission"))
    evidence = load(Evidence, folder.record("evidence"))
    reading = load(HandInReading, folder.record("reading"))
    assignment, bundle = judged_by.assignment, judged_by.bundle
    facts = SheetFacts(
        kerberos=submission.kerberos,
        course=course,
        notes=(
            *submission.notes,
            *other_offering_notes(submission, assignment),
            *evidence.notes,
            *reading.notes,
        ),
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

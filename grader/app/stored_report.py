"""`report --stored`: the required report from the outputs saved in a notebook; nothing is run."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from grader.intake.made_report import mark_as_made_of
from grader.intake.submission import read_submission
from grader.model.assignment import Assignment
from grader.model.records import NO_REPORT
from grader.outputs.gaps import Saved, gaps_of_saved, messages
from grader.outputs.pages.pdf import html_to_pdf
from grader.outputs.pages.required_report import build_report
from grader.outputs.pages.student_report import from_notebook
from grader.planning.alignment import align
from grader.reading.report_limits import ReportLimits
from grader.reading.report_process import read_report_apart


def render_stored_report(
    zip_path: Path, assignment: Assignment, path: Path | None, on_stage: Callable[[str], None]
) -> tuple[str, ...]:
    """Render the report of a zip as it was saved; return what the hand-in lacks, in sentences.

    Args:
        zip_path: The hand-in.
        assignment: The offering whose questions are answered.
        path: Of the PDF; None where only what is missing is asked for.
        on_stage: Told what begins.

    Raises:
        SubmissionError: nothing in the zip can be used.
        ConfigError: `path` cannot be written.
    """
    on_stage("intake")
    with tempfile.TemporaryDirectory(prefix="pset4-stored-") as scratch:
        files = Path(scratch) / "files"
        submission = read_submission(zip_path, files)
        alignment = align(submission, assignment)
        if path is not None:
            on_stage("reports")
            html_to_pdf(build_report(from_notebook(submission, alignment, files, assignment)), path)
            if submission.notebook_path:
                mark_as_made_of(path, files / submission.notebook_path)
        report = NO_REPORT
        if submission.report_path and path is None:
            on_stage("report")
            parts = [part.id for part in assignment.parts]
            report = read_report_apart(files / submission.report_path, ReportLimits(), parts, ())
    saved = Saved(assignment=assignment, submission=submission, alignment=alignment, report=report)
    gaps = gaps_of_saved(saved, assignment.courses[-1])
    made_now = path is not None
    return messages(gap for gap in gaps if not (made_now and gap.code.startswith("no-report")))

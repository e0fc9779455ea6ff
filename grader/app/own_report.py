"""The required report.pdf from a run of a student's own notebook."""

from __future__ import annotations

import hashlib
from pathlib import Path

from grader.execution import OnProgress
from grader.model.records import GradeSheet
from grader.model.records.codec import load
from grader.model.results_folder import ResultFolder
from grader.model.version import release
from grader.outputs.pages.pdf import html_to_pdf
from grader.outputs.pages.required_report import build_report
from grader.outputs.pages.student_report import from_results
from grader.pipeline import GradeRequest, grade
from grader.planning.standard import OnStage


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


def _results_of(request: GradeRequest) -> ResultFolder | None:
    """Results of the same zip, offering and bundle by this version, if there are any."""
    if not request.hand_in.path.is_file():
        return None
    digest = hashlib.sha256(request.hand_in.path.read_bytes()).hexdigest()
    wanted = (digest, request.assignment.name, request.settings.bundle, release())
    for path in sorted(request.out.glob("*/results.json")):
        facts = load(GradeSheet, path).facts
        found = (facts.zip_sha256, facts.assignment, facts.bundle, facts.grader_version)
        if found == wanted:
            return ResultFolder(root=path.parent)
    return None

"""The required report.pdf from the reference run."""

from __future__ import annotations

from pathlib import Path

from grader.model.assignment import load_assignment, solved_notebook
from grader.outputs.pages.pdf import html_to_pdf
from grader.outputs.pages.reference_report import from_reference
from grader.outputs.pages.required_report import build_report
from grader.planning.standard import OnStage
from reference.expected import load_expected


def render_reference_report(bundle_name: str, offering: str, path: Path, on_stage: OnStage) -> None:
    """Render the required report from the reference run.

    Args:
        bundle_name: Weights and pictures.
        offering: Name, folder or `.toml` of the offering.
        path: Of the PDF.
        on_stage: Told what begins.

    Raises:
        ConfigError: the bundle has no expected outputs, or `path` cannot be written.
    """
    on_stage("reports")
    assignment, solved = load_assignment(offering), solved_notebook(offering)
    source = from_reference(load_expected(bundle_name), assignment, solved)
    html_to_pdf(build_report(source), path)

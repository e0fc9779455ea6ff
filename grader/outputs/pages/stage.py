"""From the grade sheet to pages for people, by what the stages before have written."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path

from grader.model.formulas.reading import prepare as prepare_formulas
from grader.model.notes import note
from grader.model.records import Evidence, GradeSheet, Severity, Submission, codec, nothing_seen
from grader.model.records.codec import load
from grader.model.results_folder import ResultFolder
from grader.outputs.pages import render
from grader.outputs.pages.answer_pictures import AnswerPictures, pictures_of
from grader.outputs.pages.names import PDF
from grader.outputs.pages.pdf import html_to_pdf
from grader.outputs.pages.render import render_feedback_html, render_staff_html
from grader.outputs.pages.staff_view import Beside
from grader.reading.hand_in import HandInReading
from grader.scoring.grades_file import render_grades


def prepare() -> None:
    """Make ahead what pages of all submissions need."""
    render.prepare()
    prepare_formulas()
    codec.prepare(GradeSheet, Evidence, Submission, HandInReading)


def prepare_pdf() -> None:
    """Make ahead what PDFs of all submissions need: fonts and styles are read by making one."""
    with tempfile.TemporaryDirectory(prefix=f"pset4-{os.getpid()}-pdf") as folder:
        html_to_pdf(render.specimen(), Path(folder) / PDF)


def make_page(name: str, folder: ResultFolder, *, plain: bool = False) -> None:
    """Make one of `PAGES` of the sheet; `grades.toml` only where there is none to fill in.

    Args:
        name: Which.
        folder: The results.
        plain: Whether to leave out pictures, written answers and what was seen in the run.
    """
    sheet = load(GradeSheet, folder.results)
    if plain:
        sheet = _plain(sheet)
    if name == "feedback.html":
        page = render_feedback_html(sheet, folder.evidence)
        folder.feedback_html.write_text(page, encoding="utf-8")
    elif name == PDF:
        html_to_pdf(render_feedback_html(sheet, folder.evidence), folder.feedback_pdf)
    elif name == "staff.html":
        evidence = load(Evidence, folder.record("evidence"))
        pictures = AnswerPictures() if plain else pictures_of(folder)
        if plain:
            evidence = nothing_seen(evidence.host, evidence.seed)
        beside = _beside(folder, evidence, pictures)
        staff = render_staff_html(sheet, folder.evidence, beside)
        folder.staff_html.write_text(staff, encoding="utf-8")
    elif not folder.grades.exists():
        folder.grades.write_text(render_grades(sheet), encoding="utf-8")


def _beside(folder: ResultFolder, evidence: Evidence, pictures: AnswerPictures) -> Beside:
    submission = load(Submission, folder.record("submission"))
    report = load(HandInReading, folder.record("reading")).report
    parts = {part for section in report.sections for part in section.part_ids}
    return Beside(
        evidence=evidence,
        pictures=pictures,
        report=submission.report_path,
        notebook=submission.notebook_path,
        pages={part_id: report.pages_of(part_id) for part_id in parts},
    )


def _plain(sheet: GradeSheet) -> GradeSheet:
    parts = tuple(
        replace(part, findings=tuple(replace(one, exhibits=()) for one in part.findings))
        for part in sheet.parts
    )
    said = note("grader.outputs", "page-limit", Severity.WARNING)
    return replace(sheet, parts=parts, answers=(), notes=(*sheet.notes, said))

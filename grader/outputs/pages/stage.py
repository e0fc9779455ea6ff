"""From the grade sheet to pages for people, by what the stages before have written."""

from __future__ import annotations

from grader.model.records import Evidence, GradeSheet
from grader.model.records.codec import load
from grader.model.results_folder import ResultFolder
from grader.outputs.pages.answer_pictures import pictures_of
from grader.outputs.pages.pdf import html_to_pdf
from grader.outputs.pages.render import render_feedback_html, render_staff_html
from grader.scoring.overrides import render_template


def write_pages(folder: ResultFolder) -> None:
    """From the sheet to pages, and to a `grades.toml` to fill in where there is none."""
    sheet = load(GradeSheet, folder.results)
    evidence = load(Evidence, folder.record("evidence"))
    page = render_feedback_html(sheet, folder.evidence)
    folder.feedback_html.write_text(page, encoding="utf-8")
    html_to_pdf(page, folder.feedback_pdf)
    staff = render_staff_html(sheet, folder.evidence, evidence, pictures_of(folder))
    folder.staff_html.write_text(staff, encoding="utf-8")
    if not folder.grades.exists():
        folder.grades.write_text(render_template(sheet), encoding="utf-8")

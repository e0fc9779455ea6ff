"""Feedback pages of who has no grade sheet, such as a rejected zip, and got points by people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from grader.batch.exports.writing import write_whole
from grader.batch.records import ClassRow
from grader.batch.run.without_sheet import sheet_by_people
from grader.batch.store.rows import HandInRow
from grader.model.assignment import Assignment
from grader.model.disk import room_in
from grader.model.results_folder import ResultFolder
from grader.outputs.pages.pdf import html_to_pdf
from grader.outputs.pages.render import render_ungraded_html
from grader.scoring.overrides import HumanGrades
from reference.errors import PsetError


def write_unrun_pages(
    rows: Iterable[ClassRow],
    hand_ins: Iterable[HandInRow],
    assignment: Assignment,
    human: HumanGrades,
    results: Path,
) -> tuple[str, ...]:
    """Write the feedback of points by people alone; return a sentence per folder where it failed.

    A page of points that were taken back goes.

    Raises:
        DiskFull: there is no room for them.
    """
    known = {one.kerberos: one for one in _without_results(rows, results)}
    problems = []
    for hand_in in hand_ins:
        row = known.get(hand_in.hand_in.kerberos)
        if row is None or hand_in.role == "superseded":
            continue
        folder = ResultFolder(root=results / row.kerberos)
        try:
            with room_in(results):
                if row.parts:
                    html = render_ungraded_html(sheet_by_people(row, hand_in, assignment, human))
                    _write(folder, html)
                else:
                    folder.feedback_html.unlink(missing_ok=True)
                    folder.feedback_pdf.unlink(missing_ok=True)
        except PsetError as error:
            problems.append(f"{row.kerberos}: its feedback was not written: {error}")
    return tuple(problems)


def _without_results(rows: Iterable[ClassRow], results: Path) -> Iterator[ClassRow]:
    for row in rows:
        if not ResultFolder(root=results / row.kerberos).results.exists():
            yield row


def _write(folder: ResultFolder, html: str) -> None:
    """Write page and PDF where they would be others; a PDF takes a second."""
    folder.root.mkdir(exist_ok=True)
    if folder.feedback_pdf.exists() and _text_of(folder.feedback_html) == html:
        return
    html_to_pdf(html, folder.feedback_pdf)
    write_whole(folder.feedback_html, html)


def _text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""

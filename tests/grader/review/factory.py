"""Results folders as grading leaves them, of records alone: no kernel, no run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from grader.model.records import (
    NO_REPORT,
    Alignment,
    Cell,
    CellMatch,
    ReportReading,
    ReportSection,
)
from grader.model.records.codec import save
from grader.model.results_folder import ResultFolder
from grader.reading.hand_in import HandInReading
from tests import factories


def section(part_id: str, text: str, *, page: int = 1, **changes: Any) -> ReportSection:
    """A section under the label of one part, or of several."""
    facts: dict[str, Any] = {
        "part_ids": (part_id,),
        "whole_problem": False,
        "label": f"{part_id[0]}({part_id[1:]})",
        "first_page": page,
        "last_page": page,
        "text": text,
    }
    return ReportSection(**facts | changes)


def reading_of(*sections: ReportSection, pages: int = 3, **changes: Any) -> ReportReading:
    """A report of these sections."""
    facts: dict[str, Any] = {
        "pages": pages,
        "pages_read": pages,
        "sections": sections,
        "pictures": (),
        "trouble": (),
        "seconds": 0.1,
    }
    return ReportReading(**facts | changes)


def hand_in(
    results: Path,
    kerberos: str = "jdoe",
    *,
    report: ReportReading = NO_REPORT,
    pdf: bytes = b"",
    answers: Sequence[tuple[str, str]] = (),
    cells: Sequence[tuple[str, Cell]] = (),
) -> ResultFolder:
    """Write the records of one student: written answers, and code cells with their parts."""
    folder = ResultFolder(root=results / kerberos)
    folder.evidence.mkdir(parents=True)
    submission = factories.submission(
        kerberos=kerberos,
        report_path="report.pdf" if report.pages or pdf else "",
        report_pages=report.pages,
        cells=tuple(cell for _, cell in cells),
    )
    matches = tuple(
        CellMatch(cell_index=cell.index, template_id="", part_id=part, how="added", similarity=0.0)
        for part, cell in cells
    )
    save(submission, folder.record("submission"))
    save(Alignment(matches=matches, missing=(), answers=tuple(answers)), folder.record("alignment"))
    save(HandInReading(report=report, notes=()), folder.record("reading"))
    if pdf:
        folder.submission.mkdir()
        (folder.submission / "report.pdf").write_bytes(pdf)
    return folder

"""`report.pdf` read once: which part is answered where, and which pictures it shows."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from grader.model.records import (
    NO_REPORT,
    ReportPicture,
    ReportReading,
    ReportSection,
    ReportTrouble,
)
from grader.model.text import format_pages
from grader.reading.notes import page_trouble, trouble
from grader.reading.report_families import Family, KnownPicture, families_of
from grader.reading.report_labels import find_marks
from grader.reading.report_limits import MIB, ReportLimits
from grader.reading.report_pages import (
    POINTS_PER_INCH,
    PageFacts,
    Rgb,
    TextLine,
    draw,
    page_facts,
)
from grader.reading.report_pictures import find_pictures
from grader.reading.report_sections import parts_at, sections_of

BLANK_LEVELS = 24
"""Levels of 255 between the darkest and the brightest pixel of a blank page."""

_PAGE_TROUBLE = {
    "report-scanned": ("report-scanned.one", "report-scanned.many"),
    "report-turned": ("report-turned", "report-turned"),
    "report-pixels": ("report-pixels.one", "report-pixels.many"),
    "report-not-drawn": ("report-not-drawn", "report-not-drawn"),
    "report-page-damaged": ("report-page-damaged", "report-page-damaged"),
}
"""What may be wrong with pages, and the sentence for one page and for several."""


@dataclass
class _Pages:
    """What was found on the pages so far."""

    lines: list[TextLine] = field(default_factory=list)
    pictures: list[ReportPicture] = field(default_factory=list)
    trouble: dict[str, list[int]] = field(default_factory=dict)
    blank: int = 0
    read: int = 0

    def note(self, code: str, page: int) -> None:
        self.trouble.setdefault(code, []).append(page)


def read_report(
    path: Path,
    limits: ReportLimits,
    part_ids: Iterable[str],
    pictures: Sequence[KnownPicture],
) -> ReportReading:
    """Read the report at `path`; whatever is in the file, a reading comes back.

    Args:
        path: The PDF.
        limits: Bounds; what lies beyond them is named in `trouble`.
        part_ids: Parts of the assignment, such as `4d`.
        pictures: Pictures that the report may show.
    """
    started = time.process_time()
    try:
        return _read(path, limits, tuple(part_ids), pictures, started)
    except pdfium.PdfiumError as error:
        if error.err_code == pdfium_c.FPDF_ERR_PASSWORD:
            return unread(trouble("report-encrypted"), _since(started))
        return unread(trouble("report-damaged"), _since(started))
    except Exception:  # noqa: BLE001 -- a hostile file may raise anything; the answer is the same
        return unread(trouble("report-damaged"), _since(started))


def _read(
    path: Path,
    limits: ReportLimits,
    part_ids: tuple[str, ...],
    pictures: Sequence[KnownPicture],
    started: float,
) -> ReportReading:
    size_mib = path.stat().st_size / MIB
    if size_mib > limits.file_mib:
        return unread(trouble("report-large", size_mib=size_mib), _since(started))
    families = families_of(pictures[: limits.known_pictures])
    found = _Pages()
    with pdfium.PdfDocument(path) as document:
        count = len(document)
        for number in range(1, min(count, limits.max_pages) + 1):
            if time.process_time() - started > limits.cpu_s:
                break
            _read_page(document, number, limits, families, found)
            found.read = number
    return _reading(found, count, part_ids, limits, started)


def _read_page(
    document: Any, number: int, limits: ReportLimits, families: Sequence[Family], found: _Pages
) -> None:
    """Read one page; what is wrong with it is noted, and the next one follows."""
    try:
        page = document[number - 1]
        facts = page_facts(page, number, limits)
        found.lines += facts.lines
        if facts.picture_megapixels > limits.picture_megapixels:
            found.note("report-pixels", number)
            return
        drawn = draw(page, facts.turned_deg, limits)
        page.close()
        _find_pictures(facts, drawn, families, limits, found)
    except Exception:  # noqa: BLE001 -- see read_report
        found.note("report-page-damaged", number)


def _find_pictures(
    facts: PageFacts,
    drawn: Rgb | None,
    families: Sequence[Family],
    limits: ReportLimits,
    found: _Pages,
) -> None:
    """Take up what a page looks like."""
    if facts.turned_deg:
        found.note("report-turned", facts.number)
    if drawn is None:
        found.note("report-not-drawn", facts.number)
        return
    if not facts.characters and np.ptp(drawn) <= BLANK_LEVELS:
        found.blank += 1
        return
    if facts.wordless and facts.full_page_picture:
        found.note("report-scanned", facts.number)
    height, width = drawn.shape[:2]
    dots_per_inch = height * POINTS_PER_INCH / facts.height_pt
    for panel in find_pictures(drawn, families, dots_per_inch, limits.panels_per_page):
        x, y, wide, high = panel.box
        box = (x / width, y / height, (x + wide) / width, (y + high) / height)
        found.pictures.append(
            ReportPicture(
                page=facts.number,
                box=(round(box[0], 4), round(box[1], 4), round(box[2], 4), round(box[3], 4)),
                part_ids=(),
                names=panel.names,
                likeness=round(panel.likeness, 3),
            )
        )


def _reading(
    found: _Pages, count: int, part_ids: tuple[str, ...], limits: ReportLimits, started: float
) -> ReportReading:
    marks = find_marks(found.lines, part_ids)
    sections: tuple[ReportSection, ...] = sections_of(
        marks, found.lines, count, limits.section_characters
    )
    pictures = tuple(
        ReportPicture(
            page=picture.page,
            box=picture.box,
            part_ids=parts_at(marks, picture.page, picture.box[3]),
            names=picture.names,
            likeness=picture.likeness,
        )
        for picture in found.pictures
    )
    return ReportReading(
        pages=count,
        pages_read=found.read,
        sections=sections,
        pictures=pictures,
        trouble=_trouble(found, count, limits),
        seconds=_since(started),
    )


def _trouble(found: _Pages, count: int, limits: ReportLimits) -> tuple[ReportTrouble, ...]:
    told = []
    if found.blank == found.read == count:
        one = count == 1
        told.append(
            trouble("report-blank.one") if one else trouble("report-blank.all", count=count)
        )
    if found.read < count:
        why = "report-long.time" if found.read < limits.max_pages else "report-long.length"
        told.append(trouble(why, pages=format_pages(range(1, found.read + 1)), count=count))
    for code, (one_page, several) in _PAGE_TROUBLE.items():
        pages = found.trouble.get(code, [])
        if pages:
            wording = one_page if len(pages) == 1 else several
            told.append(page_trouble(wording, pages, limit=limits.picture_megapixels))
    return tuple(told)


def unread(why: ReportTrouble, seconds: float = 0.0) -> ReportReading:
    """Return what there is to say of a report that could not be read."""
    return ReportReading(
        pages=0,
        pages_read=0,
        sections=NO_REPORT.sections,
        pictures=NO_REPORT.pictures,
        trouble=(why,),
        seconds=seconds,
    )


def _since(started: float) -> float:
    """Return CPU seconds of this process since then."""
    return round(time.process_time() - started, 3)

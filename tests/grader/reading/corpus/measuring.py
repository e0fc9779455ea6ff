"""What reading finds on each page of a report of the corpus, against what stands there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import weasyprint

from grader.model.records import ReportReading
from grader.reading.report import read_report
from grader.reading.report_limits import ReportLimits
from tests.grader.reading.corpus.building import Report, html_of, part_ids

COARSE = ReportLimits(dots_per_inch=30.0)
"""No picture is looked for, only whether a page is a scan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page."""

    number: int
    """From 1."""
    answered: frozenset[str]
    """Parts that are answered on it, and `scan` for a page without a word."""
    found: frozenset[str]
    """What reading says."""

    @property
    def right(self) -> bool:
        """Whether reading says what stands there; of a scan, that it is one."""
        return "scan" in self.found if "scan" in self.answered else self.answered == self.found


def pages_of(report: Report, folder: Path) -> tuple[Page, ...]:
    """Lay a report out, read it, and compare page by page."""
    document = weasyprint.HTML(string=html_of(report)).render()
    path = folder / "report.pdf"
    document.write_pdf(path)
    reading = read_report(path, COARSE, part_ids(), ())
    answered = _answered(report, document.pages)
    return tuple(
        Page(number=number, answered=frozenset(there), found=_found(reading, number))
        for number, there in enumerate(answered, 1)
    )


def measured(reports: Sequence[Report]) -> Iterator[tuple[Report, tuple[Page, ...]]]:
    """Yield each report with its pages."""
    with TemporaryDirectory() as folder:
        for report in reports:
            yield report, pages_of(report, Path(folder))


def _answered(report: Report, pages: Sequence[Any]) -> list[set[str]]:
    """Return the parts of each page: from the page of their beginning to that of their end."""
    where = {name: number for number, page in enumerate(pages) for name in page.anchors}
    answered: list[set[str]] = [set() for _ in pages]
    for part in part_ids():
        if f"begin-{part}" in where:
            for number in range(where[f"begin-{part}"], where[f"end-{part}"] + 1):
                answered[number].add(part)
            if part in report.scanned:
                answered[where[f"end-{part}"] + 1].add("scan")
    return answered


def _found(reading: ReportReading, number: int) -> frozenset[str]:
    own = {part for one in reading.sections if not one.whole_problem for part in one.part_ids}
    labelled = {part[0] for part in own}
    found = {
        part
        for part in part_ids()
        if (part in own or part[0] not in labelled) and number in reading.pages_of(part)
    }
    if any(one.code == "report-scanned" and number in one.pages for one in reading.trouble):
        found.add("scan")
    return frozenset(found)

"""Reports of many layouts: each page is known by the parts that are answered on it.

`python -m tests.grader.reading.corpus` reads all of them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.grader.reading.corpus.building import HOLDS, LABELS, PAGES, Report, html_of, reports
from tests.grader.reading.corpus.measuring import pages_of

OF_EACH_KIND = (
    "letters-without-a-space-a4",
    "full-labels-without-a-space",
    "equations-as-pictures-in-two-columns",
    "equations-full-width-text",
    "subequations-full-labels",
    "subfigures-without-a-figure-number",
    "subfigures-sparse",
    "parts-shuffled-short",
    "scanned-plain",
    "everything-in-columns",
    "notebook-export",
)
"""Read by every run of the tests: equations, captions, columns, order, scans, exports."""


def by_name(name: str) -> Report:
    return next(report for report in reports() if report.name == name)


@pytest.mark.parametrize("name", OF_EACH_KIND)
def test_each_page_is_known_by_its_parts(name: str, tmp_path: Path) -> None:
    pages = pages_of(by_name(name), tmp_path)

    assert len(pages) > 1
    assert [page for page in pages if not page.right] == []


def test_the_corpus_holds_every_kind_of_layout() -> None:
    corpus = reports()
    assert len(corpus) >= 60
    assert {report.label for report in corpus} == set(LABELS)
    assert {report.page for report in corpus} == set(PAGES)
    assert set(HOLDS) <= {name for report in corpus for name in report.holds}
    assert len({html_of(report) for report in corpus}) == len(corpus)

"""A report is read in a process of its own: what it does to that process is a sentence here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from grader.model.records import ReportReading
from grader.reading.report import read_report
from grader.reading.report_families import KnownPicture
from grader.reading.report_limits import ReportLimits
from grader.reading.report_process import read_report_apart
from tests.grader.reading import pdfs
from tests.hostile.making import pdf_page

LIMITS = ReportLimits()
PART_IDS = ("2a", "4a")
Save = Callable[[bytes], Path]


def codes(reading: ReportReading) -> list[str]:
    return [one.code for one in reading.trouble]


def bomb() -> bytes:
    """A form of ten forms of ten forms: ten thousand million drawings in 3 kB."""
    forms = []
    for depth in range(9):
        body = b"/F Do " * 10 if depth < 8 else b"0 0 m 500 500 l S "
        below = b"/Resources<</XObject<</F %d 0 R>>>>" % (6 + depth) if depth < 8 else b""
        forms.append(
            b"<</Type/XObject/Subtype/Form/BBox[0 0 595 842]%b/Length %d>>\nstream\n%b\nendstream"
            % (below, len(body), body)
        )
    return pdf_page(b"/F Do " * 10, b"/XObject<</F 5 0 R>>", b"", *forms)


def test_the_reading_is_the_same_in_a_process_of_its_own(saved: Save) -> None:
    path = saved(pdfs.html_pdf("<h2>Problem 4</h2><p><b>(a) Tarantula</b></p><p>It works.</p>"))
    noise = np.random.default_rng(1).integers(0, 255, (224, 224, 3), dtype=np.uint8)
    known = (KnownPicture(name="corgi", rgb=noise),)

    apart = read_report_apart(path, LIMITS, PART_IDS, known)

    assert apart.text_of("4a") == "(a) Tarantula\nIt works."
    assert replace(apart, seconds=0.0) == replace(
        read_report(path, LIMITS, PART_IDS, known), seconds=0.0
    )


def test_a_report_that_takes_all_memory_ends_only_its_reader(saved: Save) -> None:
    reading = read_report_apart(saved(bomb()), replace(LIMITS, memory_mib=512.0), PART_IDS, ())
    assert codes(reading) == ["report-limits"]
    assert reading.trouble[0].message == (
        "report.pdf could not be read with 512 MiB of memory; please read it yourself."
    )


def test_a_report_that_takes_all_time_is_given_up(saved: Save) -> None:
    reading = read_report_apart(saved(bomb()), replace(LIMITS, wall_s=0.05), PART_IDS, ())
    assert codes(reading) == ["report-limits"]
    assert "could not be read within 0.05 s" in reading.trouble[0].message


def test_a_file_that_is_no_report_is_told_apart_from_one_that_is_too_much(saved: Save) -> None:
    assert codes(read_report_apart(saved(b"no PDF"), LIMITS, PART_IDS, ())) == ["report-damaged"]

"""Whole reports: real PDFs, read once. Whatever is in the file, a reading comes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.model.assignment import load_assignment
from grader.model.records import Outcome, ReportReading
from grader.model.records.codec import from_json, to_json
from grader.reading.report import read_report
from grader.reading.report_families import KnownPicture
from grader.reading.report_limits import ReportLimits
from grader.reading.report_pages import Rgb
from tests import factories
from tests.grader.reading import pdfs

PART_IDS = tuple(part.id for part in load_assignment().parts)
LIMITS = ReportLimits()
Save = Callable[[bytes], Path]
Images = dict[str, Rgb]
Known = tuple[KnownPicture, ...]

ANSWERS = """
<h1>Problem Set 4</h1><h2>Problem 2</h2><p>(a) The last layer has 2,048 inputs.</p>
<p>(c) Pembroke, with a probability of 98&nbsp;%.</p>
<div style="page-break-before: always"></div><h2>Problem 4</h2>
<p><b>(a) Tarantula</b></p><p>It works.</p><p style="margin-top: 120mm"><b>(b) Tiger cat</b></p>
<div style="page-break-before: always"></div><p>It works as well.</p>
<div style="page-break-before: always"></div><p><b>(d) Three layers</b></p><p>See the code.</p>
"""


def read(
    path: Path, known: Sequence[KnownPicture] = (), limits: ReportLimits = LIMITS
) -> ReportReading:
    return read_report(path, limits, PART_IDS, known)


def codes(reading: ReportReading) -> list[str]:
    assert all(one.outcome is Outcome.NEEDS_HUMAN for one in reading.trouble)
    assert all(one.message.endswith(".") for one in reading.trouble)
    return [one.code for one in reading.trouble]


def shown(reading: ReportReading) -> list[tuple[int, tuple[str, ...]]]:
    return [(picture.page, picture.names) for picture in reading.pictures]


# -- text -----------------------------------------------------------------------------------------


def test_pages_and_text_of_the_parts(saved: Save) -> None:
    reading = read(saved(pdfs.html_pdf(ANSWERS)))
    assert (reading.pages, reading.pages_read, reading.trouble) == (4, 4, ())
    expected = {"2a": (1,), "2c": (1,), "4a": (2,), "4b": (2, 3), "4d": (4,)}
    assert {part: reading.pages_of(part) for part in expected} == expected
    assert "2,048" in reading.text_of("2a")
    assert "98 %" in reading.text_of("2c")
    # A part without a label of its own is somewhere in its problem.
    assert (reading.pages_of("2b"), reading.pages_of("4e")) == ((1,), (2, 3, 4))
    assert reading.pages_of("1a") == ()


def test_a_reading_goes_to_json_and_back(saved: Save, known: Known, images: Images) -> None:
    reading = read(saved(pdfs.html_pdf(ANSWERS + pdfs.img(images["4e"]))), known)
    assert reading.pictures
    assert from_json(ReportReading, to_json(reading), where="report.json") == reading


# -- pictures -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "jpeg", "width_mm"),
    [
        ("4a", 75, 45),
        ("4a", 0, 120),
        ("4e", 40, 80),
        ("4f-145", 60, 50),
        ("4d-layer1", 75, 45),
        ("4d-layer4", 40, 60),
        ("4d-layer4", 90, 120),
    ],
)
def test_an_embedded_picture(
    saved: Save, known: Known, images: Images, name: str, jpeg: int, width_mm: int
) -> None:
    body = f"<h2>Problem 4(a)</h2><p>{pdfs.img(images[name], jpeg=jpeg, width_mm=width_mm)}</p>"
    reading = read(saved(pdfs.html_pdf(body)), known)
    assert shown(reading) == [(1, (name,))]
    assert reading.pictures[0].part_ids == ("4a",)
    assert reading.pictures[0].likeness > 0.5
    assert reading.pictures_named(name) == reading.pictures


def test_the_change_of_4b_cannot_be_seen(saved: Save, known: Known, images: Images) -> None:
    body = "".join(pdfs.img(images[name], jpeg=80) for name in ("corgi", "4b"))
    reading = read(saved(pdfs.html_pdf(body)), known)
    assert shown(reading) == [(1, ("corgi", "4b"))] * 2


@pytest.mark.parametrize(("dpi", "jpeg", "width_mm"), [(72, 60, 90), (100, 0, 150), (150, 85, 110)])
def test_a_figure_with_axes_and_titles(
    saved: Save, known: Known, images: Images, dpi: int, jpeg: int, width_mm: int
) -> None:
    shot = pdfs.figure_png([images["corgi"], images["4a"], images["4d-layer4"]], dpi=dpi)
    body = f"<p>Some text</p>{pdfs.img(shot, jpeg=jpeg, width_mm=width_mm)}<p>More text</p>"
    reading = read(saved(pdfs.html_pdf(body)), known)
    assert [names for _, names in shown(reading)] == [("corgi", "4b"), ("4a",), ("4d-layer4",)]


def test_a_page_of_vectors(saved: Save, known: Known, images: Images) -> None:
    page = pdfs.figure_pdf([images["4e"], images["4f-145"]], ["4(e) tiger cat", "penguin"])
    assert shown(read(saved(page), known)) == [(1, ("4e",)), (1, ("4f-145",))]


def test_pictures_without_a_gap(saved: Save, known: Known, images: Images) -> None:
    strip = np.hstack([images["corgi"], images["4a"], images["4e"]])
    reading = read(saved(pdfs.html_pdf(pdfs.img(strip, width_mm=150))), known)
    assert [names for _, names in shown(reading)] == [("corgi", "4b"), ("4a",), ("4e",)]


def test_pictures_on_a_dark_page(saved: Save, known: Known, images: Images) -> None:
    style = "@page { background: repeating-linear-gradient(45deg, #222 0 9mm, #484848 9mm 18mm) }"
    body = f'<div style="padding: 30mm">{pdfs.img(images["4e"], width_mm=70)}</div>'
    assert (1, ("4e",)) in shown(read(saved(pdfs.html_pdf(body, style)), known))


def test_other_pictures_have_no_name(saved: Save, known: Known) -> None:
    rng = np.random.default_rng(0)
    blurred = cv2.GaussianBlur(rng.normal(size=(224, 224, 3)), (0, 0), 9)
    blobs = np.clip(128 + 60 * blurred / blurred.std(), 0, 255).astype(np.uint8)
    noise = rng.integers(0, 256, (224, 224, 3), dtype=np.uint8)
    reading = read(saved(pdfs.html_pdf(f"{pdfs.img(blobs)}<p>{pdfs.img(noise, jpeg=80)}")), known)
    assert shown(reading) == [(1, ()), (1, ())]


def test_text_code_and_plots_are_no_pictures(saved: Save, known: Known) -> None:
    body = (
        '<pre style="background: #eee; padding: 5mm">for i in range(200):\n    x = step(x)</pre>'
        '<div style="border: 2px solid; width: 80mm; height: 60mm">bars</div>'
    )
    assert read(saved(pdfs.html_pdf(ANSWERS + body)), known).pictures == ()


# -- trouble --------------------------------------------------------------------------------------


def scan(known_picture: Rgb | None = None) -> Rgb:
    """Handwriting on greyish paper, a photograph pasted in."""
    rng = np.random.default_rng(1)
    paper = np.full((1100, 850, 3), 225, np.uint8)
    paper -= rng.integers(0, 12, (1100, 850, 1)).astype(np.uint8)
    for row in range(100, 500, 60):
        for column in range(80, 700, 40):
            end = (column + int(rng.integers(10, 30)), row + int(rng.integers(-20, 20)))
            cv2.line(paper, (column, row), end, (60, 60, 90), 3)
    if known_picture is not None:
        paper[600:900, 300:600] = cv2.resize(known_picture, (300, 300))
    return paper


def test_a_scanned_page(saved: Save, known: Known, images: Images) -> None:
    data = pdfs.joined(pdfs.html_pdf(ANSWERS), pdfs.picture_pdf(scan(images["4e"])))
    reading = read(saved(data), known)
    assert codes(reading) == ["report-scanned"]
    assert reading.trouble[0].pages == (5,)
    assert reading.trouble[0].message.startswith("Page 5 of report.pdf is a picture without text")
    assert (5, ("4e",)) in shown(reading)


def test_a_page_with_only_a_figure_is_no_scan(saved: Save, known: Known, images: Images) -> None:
    reading = read(saved(pdfs.html_pdf(pdfs.img(images["4a"], width_mm=100))), known)
    assert codes(reading) == []


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_page_is_told_and_read(
    saved: Save, known: Known, images: Images, degrees: int
) -> None:
    upright = pdfs.html_pdf(ANSWERS + f"<p>{pdfs.img(images['4e'])}</p>")
    reading = read(saved(pdfs.turned(upright, degrees)), known)
    assert codes(reading) == ["report-turned"]
    assert reading.trouble[0].pages == (1, 2, 3, 4)
    straight = read(saved(upright), known)
    assert reading.pages_of("4b") == straight.pages_of("4b") == (2, 3)
    assert shown(reading) == shown(straight) == [(4, ("4e",))]
    assert np.allclose(reading.pictures[0].box, straight.pictures[0].box, atol=0.01)


def test_a_landscape_page_that_is_shown_upright_is_no_trouble(saved: Save) -> None:
    sideways = pdfs.html_pdf(
        '<div style="transform: rotate(-90deg); margin-top: 100mm">(a) This page is read with the '
        "viewer's own turn.</div>"
    )
    assert codes(read(saved(sideways))) == ["report-turned"]
    assert codes(read(saved(pdfs.turned(sideways, 90)))) == []


def test_an_encrypted_file(saved: Save) -> None:
    data = pdfs.html_pdf(ANSWERS)
    reading = read(saved(pdfs.encrypted(data, user="secret")))
    assert (codes(reading), reading.pages, reading.sections) == (["report-encrypted"], 0, ())
    # Without a password for readers it is as good as any other.
    open_to_all = read(saved(pdfs.encrypted(data, user="")))
    assert (codes(open_to_all), open_to_all.pages_of("4d")) == ([], (4,))


def test_blank_pages(saved: Save) -> None:
    reading = read(saved(factories.pdf_bytes(2)))
    assert (codes(reading), reading.pages) == (["report-blank"], 2)
    assert codes(read(saved(pdfs.joined(pdfs.html_pdf(ANSWERS), factories.pdf_bytes())))) == []


@pytest.mark.parametrize(
    "data", [b"", b"%PDF-1.7", b"hello", b"\x00" * 1000, b"PK\x03\x04" + b"x" * 50]
)
def test_no_pdf(saved: Save, data: bytes) -> None:
    assert codes(read(saved(data))) == ["report-damaged"]


def test_a_missing_file(tmp_path: Path) -> None:
    assert codes(read(tmp_path / "nothing.pdf")) == ["report-damaged"]
    assert codes(read(tmp_path)) == ["report-damaged"]


def test_limits_are_named(saved: Save, known: Known, images: Images) -> None:
    path = saved(pdfs.html_pdf(ANSWERS + pdfs.img(images["4e"])))
    short = read(path, known, replace(LIMITS, max_pages=2))
    assert (codes(short), short.pages, short.pages_read) == (["report-long"], 4, 2)
    assert "pages 1 to 2 of 4" in short.trouble[0].message
    assert codes(read(path, known, replace(LIMITS, file_mib=0.001))) == ["report-large"]
    assert codes(read(path, known, replace(LIMITS, cpu_s=0.0))) == ["report-long"]
    few = read(path, known, replace(LIMITS, picture_megapixels=0.01))
    assert (codes(few), few.pictures) == (["report-pixels"], ())
    assert few.pages_of("4d") == (4,)
    cut = read(path, known, replace(LIMITS, characters_per_page=20, section_characters=5))
    assert max(len(section.text) for section in cut.sections) <= 5


def test_a_huge_page_is_drawn_small(saved: Save, known: Known, images: Images) -> None:
    huge = "@page { size: 5000mm 4000mm }"
    body = pdfs.img(images["4e"], width_mm=1500)
    assert shown(read(saved(pdfs.html_pdf(body, huge)), known)) == [(1, ("4e",))]


SMALL = pdfs.html_pdf("<h2>Problem 4(a)</h2><p>Text</p>")


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_whatever_the_bytes_a_reading_comes_back(tmp_path: Path, data: st.DataObject) -> None:
    noise = data.draw(st.binary(max_size=200))
    start = data.draw(st.integers(0, len(SMALL)))
    length = data.draw(st.integers(0, 400))
    content = data.draw(
        st.sampled_from(
            (
                noise,
                b"%PDF-1.4\n" + noise,
                SMALL[:start],
                SMALL[:start] + noise,
                SMALL[:start] + noise + SMALL[start + length :],
            )
        )
    )
    path = tmp_path / "report.pdf"
    path.write_bytes(content)
    reading = read(path)
    assert isinstance(reading, ReportReading)
    assert 0 <= reading.pages_read <= LIMITS.max_pages
    assert reading.pages or codes(reading)
    assert from_json(ReportReading, to_json(reading), where="report.json") == reading

"""Pages of reports are drawn ahead: upright, resumable, and whatever the file does."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from grader.model.results_folder import ResultFolder
from grader.reading.page_process import DrawnPage, _unpack, pack
from grader.review import page_pictures
from grader.review.desk import page_files
from grader.review.page_pictures import PageSet, draw_class, draw_pages, pages_of
from tests.grader.reading import pdfs
from tests.grader.reading.test_report_process import bomb
from tests.grader.review.factory import hand_in, reading_of

TEXT = pdfs.html_pdf("<h2>Problem 3</h2><p>(c) I pad with zeros.</p>")


def report(results: Path, pdf: bytes, pages: int = 1) -> ResultFolder:
    return hand_in(results, report=reading_of(pages=pages), pdf=pdf)


def test_each_page_becomes_a_picture_with_its_lines_of_text_upright(tmp_path: Path) -> None:
    folder = report(tmp_path, pdfs.joined(TEXT, pdfs.turned(TEXT, 90)), pages=2)
    assert pages_of(folder).waiting == (1, 2)

    found = draw_pages(folder)

    assert (found.drawn, found.waiting, found.failed) == ((1, 2), (), ())
    straight, turned = found.facts(1), found.facts(2)
    with Image.open(found.picture(2)) as picture:
        assert picture.format == "WEBP"
        assert picture.size == (turned.width_px, turned.height_px)
    assert turned.width_px < turned.height_px
    assert [line.text for line in turned.lines] == ["Problem 3", "(c) I pad with zeros."]
    for one, other in zip(straight.lines, turned.lines, strict=True):
        assert one.box == pytest.approx(other.box, abs=0.02)
        assert one.box[0] < one.box[2]
        assert one.box[1] < one.box[3] < 0.3


def test_drawing_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = report(tmp_path, pdfs.joined(TEXT, TEXT), pages=2)
    first = draw_pages(folder)
    first.picture(2).unlink()
    kept = first.picture(1).stat().st_mtime_ns

    again = draw_pages(folder)
    monkeypatch.setattr(page_pictures, "draw_pages_apart", pytest.fail)
    assert draw_pages(folder) == again
    assert (again.drawn, again.picture(1).stat().st_mtime_ns) == ((1, 2), kept)

    (folder.submission / "report.pdf").write_bytes(TEXT)  # another file: nothing is drawn of it
    assert pages_of(folder).drawn == ()


def test_a_page_that_stops_its_reader_costs_no_other_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A good page that is drawn alone has the time that a busy machine takes to start a process.
    for name, wall_s in (("LIMITS", 2.0), ("ALONE", 20.0)):
        limits = replace(getattr(page_pictures, name), cpu_s=0.3, wall_s=wall_s)
        monkeypatch.setattr(page_pictures, name, limits)
    folder = report(tmp_path, pdfs.joined(bomb(), TEXT), pages=2)

    found = draw_pages(folder)

    assert (found.drawn, found.failed, found.waiting) == ((2,), (1,), ())
    assert found.facts(1).lines == ()


def test_a_class_is_drawn_in_the_order_asked_for_until_told_to_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    drawn = {1: (DrawnPage(number=1, width_px=1, height_px=1, lines=()), b"x")}
    monkeypatch.setattr(page_pictures, "draw_pages_apart", lambda *_: drawn)
    for name in ("ann", "bob", "cyd"):
        hand_in(tmp_path, name, report=reading_of(pages=1), pdf=TEXT)

    for name, found in draw_class(tmp_path, ("cyd", "nobody", "ann", "bob"), lambda: len(seen) > 2):
        seen.append(f"{name} {len(found.drawn)}")

    assert seen == ["cyd 1", "nobody 0", "ann 1"]


def test_an_answer_that_was_cut_off_gives_the_pages_before_the_cut() -> None:
    page = DrawnPage(number=1, width_px=1, height_px=1, lines=())
    answer = pack(page, b"first") + pack(page, b"second")

    assert [picture for _, picture in _unpack(answer[:-1])] == [b"first"]
    assert json.loads(next(_unpack(answer))[0])["number"] == 1


def test_a_report_that_takes_minutes_holds_up_nobody_elses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, quick = (ResultFolder(root=tmp_path / name) for name in ("slow", "quick"))
    begun, goes_on = threading.Event(), threading.Event()
    drawn: list[str] = []

    def drawing(folder: ResultFolder) -> PageSet:
        if folder == slow:
            begun.set()
            assert goes_on.wait(60)
        drawn.append(folder.root.name)
        return PageSet(folder=folder.root, pages=0, drawn=(), failed=())

    monkeypatch.setattr(page_files, "draw_pages", drawing)
    threads = [
        threading.Thread(target=page_files.draw_now, args=(one,), daemon=True)
        for one in (slow, quick)
    ]
    threads[0].start()
    assert begun.wait(60)
    threads[1].start()
    threads[1].join(20)
    assert drawn == ["quick"]
    goes_on.set()
    threads[0].join(60)
    assert drawn == ["quick", "slow"]

"""Pictures of the pages of report.pdf, drawn ahead, so that a desk shows the next answer at once.

results/<kerberos>/.pages/
  index.json        of which file the pictures are, and which pages cannot be drawn
  N.webp, N.json    page N upright, and its lines of text with their places

Each page is written whole or not at all, so a run that was stopped goes on where it was. The folder
goes with the results folder that it lies in; it can be deleted at any time.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from grader.model.disk import room_in
from grader.model.records import Submission
from grader.model.records.codec import RecordError, load, to_json
from grader.model.results_folder import PAGE_PICTURES, ResultFolder
from grader.reading.hand_in import HandInReading
from grader.reading.page_process import (
    DOTS_PER_INCH,
    EFFORT,
    LIMITS,
    QUALITY,
    DrawnPage,
    draw_pages_apart,
)

ALONE = replace(LIMITS, cpu_s=10.0, wall_s=20.0)
"""Bounds of drawing one page by itself, after it was not drawn with the others."""
MOST_ALONE = 12
"""Pages of a report that are tried by themselves; who reads on opens the file."""
_INDEX = "index.json"
_FILES = (".json", ".webp")
"""Endings of the two files of a page."""
_DRAWING = f"webp {DOTS_PER_INCH:g} dpi, quality {QUALITY}, effort {EFFORT}, 1"
"""How pictures are drawn; the last number counts changes that the others do not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageIndex:
    """What the pictures of a folder are pictures of."""

    drawing: str = ""
    """How they were drawn."""
    size_bytes: int = 0
    """Size of `report.pdf`."""
    changed_ns: int = 0
    """When it was written, as its file system says."""
    pages: int = 0
    """Its pages that are to be drawn."""
    failed: tuple[int, ...] = ()
    """Pages that cannot be drawn, sorted; a person opens the file itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSet:
    """The pictures of one student's report, as far as they are drawn."""

    folder: Path
    """Where they lie."""
    pages: int
    """Pages that are to be drawn; 0 where there is no report."""
    drawn: tuple[int, ...]
    """Pages whose pictures are there, sorted."""
    failed: tuple[int, ...]
    """Pages that cannot be drawn, sorted."""

    def picture(self, number: int) -> Path:
        """Return the path of a page's picture, whether it is there or not."""
        return self.folder / f"{number}.webp"

    @property
    def waiting(self) -> tuple[int, ...]:
        """Pages that are still to be drawn."""
        done = {*self.drawn, *self.failed}
        return tuple(number for number in range(1, self.pages + 1) if number not in done)

    def facts(self, number: int) -> DrawnPage:
        """Return the size and the lines of text of a page; without any where it is not drawn."""
        try:
            return load(DrawnPage, self.folder / f"{number}.json")
        except RecordError:
            return DrawnPage(number=number, width_px=0, height_px=0, lines=())


def pages_of(folder: ResultFolder) -> PageSet:
    """Return what is drawn of a student's report; nothing is drawn now."""
    place = folder.root / PAGE_PICTURES
    report = _report(folder)
    if report is None:
        return PageSet(folder=place, pages=0, drawn=(), failed=())
    index = _index(place)
    if not _is_of(index, report[0]):
        return PageSet(folder=place, pages=report[1], drawn=(), failed=())
    return _set_of(place, index)


def draw_pages(folder: ResultFolder) -> PageSet:
    """Draw the pages of a student's report that are not drawn yet.

    Raises:
        DiskFull: there is no room for them.
    """
    found = pages_of(folder)
    report = _report(folder)
    if report is None or not found.waiting:
        return found
    path, count = report
    try:
        with room_in(found.folder):
            return _draw(found.folder, path, count)
    except FileNotFoundError:
        # The hand-in is being graded anew: its folder was replaced under us.
        return pages_of(folder)


def draw_class(
    results: Path, students: Iterable[str], stop: Callable[[], bool] = lambda: False
) -> Iterator[tuple[str, PageSet]]:
    """Draw the reports of a class one after another, and yield each student when it is done.

    Args:
        results: The class's results folder.
        students: Kerberos names, in the order in which they are wanted.
        stop: Asked before each report.

    Raises:
        DiskFull: there is no room for the pictures.
    """
    for name in students:
        if stop():
            return
        yield name, draw_pages(ResultFolder(root=results / name))


def _draw(place: Path, path: Path, count: int) -> PageSet:
    index = _index(place)
    if not _is_of(index, path):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        index = _index_of(path, count, ())
        _write(place / _INDEX, to_json(index).encode())
    found = _set_of(place, index)
    _keep(place, draw_pages_apart(path, found.waiting, LIMITS))
    waiting = _set_of(place, index).waiting
    if waiting:
        # One page stopped the process, or cannot be drawn: each has a process of its own now.
        for number in waiting[:MOST_ALONE]:
            _keep(place, draw_pages_apart(path, (number,), ALONE))
        index = replace(index, failed=(*index.failed, *_set_of(place, index).waiting))
        _write(place / _INDEX, to_json(index).encode())
    return _set_of(place, index)


def _set_of(place: Path, index: PageIndex) -> PageSet:
    numbers = range(1, index.pages + 1)
    drawn = (n for n in numbers if all((place / f"{n}{kind}").is_file() for kind in _FILES))
    return PageSet(folder=place, pages=index.pages, drawn=tuple(drawn), failed=index.failed)


def _keep(place: Path, drawn: dict[int, tuple[DrawnPage, bytes]]) -> None:
    for number, (facts, picture) in drawn.items():
        if picture:
            _write(place / f"{number}.json", to_json(facts).encode())
            _write(place / f"{number}.webp", picture)


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; two who draw the same page do no harm to each other."""
    handle, partial = tempfile.mkstemp(prefix=".", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as target:
            target.write(data)
        Path(partial).replace(path)
    finally:
        Path(partial).unlink(missing_ok=True)


def _report(folder: ResultFolder) -> tuple[Path, int] | None:
    """Return the path of the report and how many of its pages are drawn; None for no report."""
    try:
        submission = load(Submission, folder.record("submission"))
    except RecordError:
        return None
    path = folder.submission / submission.report_path
    # The record is ours, but the path in it is the student's.
    inside = path.resolve().is_relative_to(folder.submission.resolve())
    if not submission.report_path or not inside or not path.is_file():
        return None
    pages = submission.report_pages or _pages_read(folder)
    return path, min(pages, LIMITS.max_pages)


def _pages_read(folder: ResultFolder) -> int:
    """Pages of a report that intake's reader cannot open, and the other one can."""
    try:
        return load(HandInReading, folder.record("reading")).report.pages
    except RecordError:
        return 0


def _index(place: Path) -> PageIndex:
    try:
        return load(PageIndex, place / _INDEX)
    except RecordError:
        return PageIndex()


def _index_of(path: Path, count: int, failed: tuple[int, ...]) -> PageIndex:
    facts = path.stat()
    return PageIndex(
        drawing=_DRAWING,
        size_bytes=facts.st_size,
        changed_ns=facts.st_mtime_ns,
        pages=count,
        failed=failed,
    )


def _is_of(index: PageIndex, path: Path) -> bool:
    """Whether pictures are of this very file, drawn as they are drawn today."""
    return index == _index_of(path, index.pages, index.failed)

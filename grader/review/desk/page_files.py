"""Pictures of report pages as the desk serves them; where names are hidden, without them."""

from __future__ import annotations

import io
import threading
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw
from starlette.responses import Response

from grader.model.records import Submission
from grader.model.records.codec import RecordError, load
from grader.model.records.places import NAMES
from grader.model.results_folder import ResultFolder
from grader.reading.page_process import DrawnPage
from grader.review.desk.asked import Asked, NotFound
from grader.review.page_pictures import PageSet, draw_pages, pages_of

Box = tuple[float, float, float, float]
TOP: Box = (0.0, 0.0, 1.0, 0.15)
"""What is hidden of a page at whose top a name stands."""
_QUALITY = 80
_drawing: dict[Path, threading.Lock] = {}
"""By results folder: held while its report is drawn, so that who waits for the same one waits once,
and a report that takes minutes holds up nobody else's."""


def report_path(folder: ResultFolder) -> Path | None:
    """Return the path of a student's report; None where there is none."""
    try:
        submission = load(Submission, folder.record("submission"))
    except RecordError:
        return None
    path = folder.submission / submission.report_path
    return path if submission.report_path and path.is_file() and not path.is_symlink() else None


def page_picture(asked: Asked) -> Response:
    """One page of a report; drawn now where it was not drawn ahead."""
    seat, number = asked.seat, int(asked.request.path_params["number"])
    folder = ResultFolder(root=asked.desk.results / seat.kerberos)
    drawn = pages_of(folder)
    if number in drawn.waiting:
        drawn = draw_now(folder)
    if number not in drawn.drawn:
        raise NotFound("There is no picture of this page.")
    path = drawn.picture(number)
    data = (
        _without_names(path, _named(asked, drawn.facts(number)))
        if asked.desk.blind
        else path.read_bytes()
    )
    kept = {"cache-control": "private, max-age=3600"}
    return Response(data, media_type="image/webp", headers=kept)


def draw_now(folder: ResultFolder) -> PageSet:
    """Draw the pages that were not drawn ahead; somebody waits for it."""
    with _drawing.setdefault(folder.root, threading.Lock()):
        return draw_pages(folder)


def _named(asked: Asked, facts: DrawnPage) -> tuple[Box, ...]:
    """Return the boxes of a page that name somebody: lines of its text, or its top.

    Of a page without text nobody knows: the top of the first is taken for one until somebody said
    on the Pages screen where a name stands.
    """
    seat, room = asked.seat, asked.room
    told = asked.placed.get((seat.kerberos, NAMES))
    pages = told[0] if told else (() if facts.lines else (1,))
    top = (TOP,) if facts.number in pages else ()
    named = room.lines_naming([one.text for one in facts.lines], seat)
    return (*top, *(facts.lines[place].box for place in sorted(named)))


def _without_names(path: Path, named: tuple[Box, ...]) -> bytes:
    return _blackened(path, path.stat().st_mtime_ns, named) if named else path.read_bytes()


@lru_cache(maxsize=64)
def _blackened(
    path: Path,
    changed_ns: int,  # noqa: ARG001 -- a part of the key
    boxes: tuple[Box, ...],
) -> bytes:
    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    draw = ImageDraw.Draw(picture)
    for left, top, right, bottom in boxes:
        width, height = picture.size
        draw.rectangle(
            (left * width - 2, top * height - 2, right * width + 2, bottom * height + 2),
            fill="black",
        )
    sink = io.BytesIO()
    picture.save(sink, "WEBP", quality=_QUALITY)
    return sink.getvalue()

"""Draw the pages of a report as pictures, with their lines of text, in a process of its own.

    python -m grader.reading.page_process

reads a line of JSON (`_Request`) from standard input and writes the pages, framed by `pack`, to
standard output. See `grader.sandbox.limited` for what bounds the process.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pypdfium2 as pdfium
from pydantic import TypeAdapter, ValidationError

from grader.reading.report_limits import ReportLimits
from grader.reading.report_pages import Rgb, TextLine, draw, page_facts
from grader.sandbox.limited import TookTooLong, limit_this_process, run_limited

DOTS_PER_INCH = 110.0
"""Resolution of the pictures: 935 pixels across a letter page, an index is 6 pixels high."""
QUALITY = 80
"""Of the WebP pictures, 0 to 100."""
EFFORT = 2
"""Of the WebP encoder, 0 to 6: 2 takes half the time of 4 for files a tenth larger."""
LIMITS = ReportLimits(dots_per_inch=DOTS_PER_INCH, cpu_s=60.0)
_SIZE_BYTES = 4
"""Bytes that tell the length of a frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnLine:
    """A line of text on a page."""

    text: str
    """What it says."""
    box: tuple[float, float, float, float]
    """Left, top, right, bottom as shares of the upright page's width and height."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnPage:
    """One page, upright."""

    number: int
    """From 1."""
    width_px: int
    """Of the picture; 0 where it could not be drawn."""
    height_px: int
    """Of the picture; 0 where it could not be drawn."""
    lines: tuple[DrawnLine, ...]
    """In the order of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """What the child is asked."""

    path: str
    """The PDF."""
    pages: tuple[int, ...]
    """Numbers of the pages, from 1."""
    limits: ReportLimits
    """Bounds."""


_PAGE = TypeAdapter(DrawnPage)


def draw_pages_apart(
    path: Path, pages: Sequence[int], limits: ReportLimits = LIMITS
) -> dict[int, tuple[DrawnPage, bytes]]:
    """Draw pages in a process of its own; whatever the file does, this returns.

    Args:
        path: The PDF.
        pages: Numbers of the pages, from 1; those that the file lacks are passed over.
        limits: Bounds of the process and of each page.

    Returns:
        Number to the page and its WebP picture; a page is missing where the process was stopped.
        The bytes are empty where the page cannot be drawn.
    """
    path = path.resolve()
    request = _Request(path=str(path), pages=tuple(pages), limits=limits)
    try:
        answer = run_limited(
            __name__,
            files=(path,),
            stdin=TypeAdapter(_Request).dump_json(request),
            timeout_s=limits.wall_s,
        )
        drawn = [(_PAGE.validate_json(facts), picture) for facts, picture in _unpack(answer)]
    except (TookTooLong, ValidationError):
        return {}
    return {page.number: (page, picture) for page, picture in drawn if page.number in pages}


def pack(page: DrawnPage, picture: bytes) -> bytes:
    """Return a page as two frames: its facts as JSON, and its picture."""
    frames = (_PAGE.dump_json(page), picture)
    return b"".join(len(one).to_bytes(_SIZE_BYTES, "big") + one for one in frames)


def _unpack(answer: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the frames in twos; what was cut off in the middle is left out."""
    frames, place = list[bytes](), 0
    while place + _SIZE_BYTES <= len(answer):
        end = place + _SIZE_BYTES + int.from_bytes(answer[place : place + _SIZE_BYTES], "big")
        if end > len(answer):
            break
        frames.append(answer[place + _SIZE_BYTES : end])
        place = end
    yield from zip(frames[::2], frames[1::2], strict=False)


# -- in the child ---------------------------------------------------------------------------------


def draw_page(document: pdfium.PdfDocument, number: int, limits: ReportLimits) -> bytes:
    """Draw one page; what cannot be drawn has no picture."""
    nothing = DrawnPage(number=number, width_px=0, height_px=0, lines=())
    try:
        page = document[number - 1]
        facts = page_facts(page, number, limits)
        nothing = replace(nothing, lines=tuple(map(_line, facts.lines)))
        too_large = facts.picture_megapixels > limits.picture_megapixels
        pixels = None if too_large else draw(page, facts.turned_deg, limits)
        page.close()
    except Exception:  # noqa: BLE001 -- a hostile file may raise anything
        return pack(nothing, b"")
    if pixels is None:
        return pack(nothing, b"")
    height, width = pixels.shape[:2]
    return pack(replace(nothing, width_px=width, height_px=height), _webp(pixels))


def _line(line: TextLine) -> DrawnLine:
    box = (line.left, line.top, line.right, line.top + line.height)
    left, top, right, bottom = (round(min(max(side, 0.0), 1.0), 4) for side in box)
    return DrawnLine(text=line.text, box=(left, top, right, bottom))


def _webp(pixels: Rgb) -> bytes:
    from PIL import Image  # only the child needs it

    sink = io.BytesIO()
    Image.fromarray(pixels).save(sink, "WEBP", quality=QUALITY, method=EFFORT)
    return sink.getvalue()


def main() -> None:
    """Answer one request."""
    request = TypeAdapter(_Request).validate_json(sys.stdin.buffer.read())
    limits = request.limits
    limit_this_process(memory_mib=limits.memory_mib, cpu_s=int(2 * limits.wall_s) + 1)
    started = time.process_time()
    with pdfium.PdfDocument(request.path) as document:
        for number in request.pages:
            if number <= len(document) and time.process_time() - started <= limits.cpu_s:
                sys.stdout.buffer.write(draw_page(document, number, limits))


if __name__ == "__main__":
    main()

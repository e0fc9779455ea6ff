"""The pages of a PDF that anybody may have made: lines of text with their places, and drawings.

PDFium does both: it reads a page's text in 1 ms and draws it in 5 ms, and what it draws is what a
person sees, whatever the page is built of (pictures, vectors, fonts, a turned page).
"""

from __future__ import annotations

import ctypes
import math
import re
import time
import unicodedata
from collections import Counter
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, TypeAlias

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from numpy.typing import NDArray

from grader.reading.report_limits import ReportLimits

Rgb: TypeAlias = NDArray[np.uint8]
"""A picture, (H, W, 3), red, green, blue, 0 to 255."""

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom as shares of the page's width and height, from its upper left corner."""

MILLION = 1_000_000
POINTS_PER_INCH = 72.0
QUARTER_TURN_DEG = 90
ANGLES_LOOKED_AT = 200
"""Characters of a page whose direction is looked at."""
GRID = 10_000
"""PDFium gives places on a grid of this many steps over a page's width and height."""
FULL_PAGE = 0.6
"""Share of the page that the picture of a scanned page covers: margins may be cropped."""
BOLD_WEIGHT = 600
"""From this weight on a font is bold: 400 is regular, 700 bold, 600 what some call semibold."""
LONGEST_FONT_NAME = 64
"""Bytes of a font's name that are looked at."""
_BOLD_NAME = re.compile(r"bold|black|heavy|demi|^(?:[A-Z]{6}\+)?(?:CM|SF)BX", re.IGNORECASE)
FEWEST_CHARACTERS = 12
"""A page with fewer has no text to speak of: a page number, or stray marks of a scan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLine:
    """One line of text as it stands on the page: what PDFium parts at sub- and superscripts is one.

    Places are shares of the upright page's width and height, from its upper left corner.
    """

    page: int
    """From 1."""
    text: str
    """Without white space at its ends; compatibility forms, such as ligatures, are spelt out."""
    left: float
    """Of the first character."""
    top: float
    """Of the first character's line box."""
    right: float
    """Of the last character."""
    height: float
    """Of the first character's line box: how large the font is."""
    bold: bool
    """Whether the first character's font is bold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """One page."""

    number: int
    """From 1."""
    lines: tuple[TextLine, ...]
    """In the order of the file."""
    characters: int
    """Characters that are no white space, as far as they were read."""
    height_pt: float
    """Height of the upright page in points."""
    turned_deg: int
    """Clockwise turn, 0, 90, 180 or 270, after which most of the text is upright."""
    pictures: int
    """Embedded pictures."""
    picture_megapixels: float
    """Pixels of the largest one in millions."""
    full_page_picture: bool
    """Whether one picture covers most of the page."""

    @property
    def wordless(self) -> bool:
        """Whether there is no text to speak of."""
        return self.characters < FEWEST_CHARACTERS


def page_facts(page: Any, number: int, limits: ReportLimits) -> PageFacts:
    """Read what is on a page of PDFium's; nothing is drawn."""
    text_page = page.get_textpage()
    turned_deg = _turned_deg(page, text_page)
    lines = _lines(page, text_page, number, turned_deg, limits)
    pictures = list(_pictures(page, limits))
    width_pt, height_pt = page.get_size()
    area = max(width_pt * height_pt, 1.0)
    return PageFacts(
        number=number,
        lines=lines,
        characters=sum(len("".join(line.text.split())) for line in lines),
        height_pt=width_pt if turned_deg % 180 else height_pt,
        turned_deg=turned_deg,
        pictures=len(pictures),
        picture_megapixels=max((pixels for pixels, _ in pictures), default=0.0) / MILLION,
        full_page_picture=any(covered >= FULL_PAGE * area for _, covered in pictures),
    )


def draw(page: Any, turned_deg: int, limits: ReportLimits) -> Rgb | None:
    """Draw a page, upright; None where it has no extent or takes longer than it may.

    The resolution is `limits.dots_per_inch`, or less for a large page.
    """
    width_pt, height_pt = page.get_size()
    if not (width_pt > 0 and height_pt > 0 and math.isfinite(width_pt * height_pt)):
        return None
    scale = limits.dots_per_inch / POINTS_PER_INCH
    scale = min(scale, math.sqrt(limits.page_megapixels * MILLION / (width_pt * height_pt)))
    width, height = (max(1, int(side * scale)) for side in (width_pt, height_pt))
    if max(width, height) > limits.page_megapixels * MILLION:
        return None  # a page of next to no width: nobody can read it
    if turned_deg % 180:
        width, height = height, width
    bitmap = pdfium.PdfBitmap.new_native(width, height, pdfium_c.FPDFBitmap_BGR, rev_byteorder=True)
    bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
    drawn = _drawn(bitmap, page, (width, height), turned_deg, limits.cpu_s)
    pixels: Rgb | None = np.array(bitmap.to_numpy()[:, :, :3]) if drawn else None
    bitmap.close()
    return pixels


def _drawn(bitmap: Any, page: Any, size: tuple[int, int], turned_deg: int, seconds: float) -> bool:
    """Draw object by object, so that a page made to take for ever can be given up."""
    until = time.process_time() + seconds
    callback = type(pdfium_c.IFSDK_PAUSE().NeedToPauseNow)
    pause = pdfium_c.IFSDK_PAUSE(version=1)
    pause.NeedToPauseNow = callback(lambda _: int(time.process_time() > until))
    flags = pdfium_c.FPDF_ANNOT | pdfium_c.FPDF_REVERSE_BYTE_ORDER
    turns = turned_deg // QUARTER_TURN_DEG
    status = pdfium_c.FPDF_RenderPageBitmap_Start(
        bitmap, page, 0, 0, *size, turns, flags, ctypes.byref(pause)
    )
    pdfium_c.FPDF_RenderPage_Close(page)
    return bool(status == pdfium_c.FPDF_RENDER_DONE)


# -- text -----------------------------------------------------------------------------------------


def _turned_deg(page: Any, text_page: Any) -> int:
    """Return how far most characters are turned from upright, as the page is shown."""
    count = text_page.count_chars()
    angles: Counter[int] = Counter()
    for index in range(0, count, max(1, count // ANGLES_LOOKED_AT)):
        if pdfium_c.FPDFText_GetUnicode(text_page, index) > ord(" "):
            radians = pdfium_c.FPDFText_GetCharAngle(text_page, index)
            if radians >= 0:  # PDFium says -1 where it does not know
                angles[round(math.degrees(radians) / QUARTER_TURN_DEG) * QUARTER_TURN_DEG] += 1
    if not angles:
        return 0
    # PDFium's angles are clockwise, as the page's own turn is.
    return int(-(angles.most_common(1)[0][0] + page.get_rotation()) % 360)


def _lines(
    page: Any, text_page: Any, number: int, turned_deg: int, limits: ReportLimits
) -> tuple[TextLine, ...]:
    count = min(text_page.count_chars(), limits.characters_per_page)
    if count <= 0:
        return ()
    raw = text_page.get_text_range(0, count)
    place = _Places(page, text_page, turned_deg)
    lines: list[TextLine] = []
    before: Box | None = None
    start = 0
    for piece in raw.split("\n"):
        stripped = piece.strip()
        text = clean(stripped)
        if text:
            first = start + piece.index(stripped[0])
            begin, end = place.box(first), place.box(first + len(stripped) - 1)
            if before is not None and _beside(before, begin):
                line = lines.pop()
                lines.append(replace(line, text=f"{line.text} {text}", right=end[2]))
            else:
                lines.append(
                    TextLine(
                        page=number,
                        text=text,
                        left=begin[0],
                        top=begin[1],
                        right=end[2],
                        height=begin[3] - begin[1],
                        bold=place.bold(first),
                    )
                )
            before = end
        start += len(piece) + 1
    if turned_deg:
        # PDFium lists the lines of some turned pages from the last to the first.
        lines.sort(key=lambda line: (line.top, line.left))
    return tuple(lines)


def clean(text: str) -> str:
    """Spell out ligatures and other compatibility forms; one space for any white space."""
    plain = unicodedata.normalize("NFKC", text)
    printable = (c for c in plain if c.isspace() or unicodedata.category(c)[0] != "C")
    return " ".join("".join(printable).split())


def _beside(before: Box, now: Box) -> bool:
    """Whether a character stands to the right of another, at least half at the same height."""
    shared = min(before[3], now[3]) - max(before[1], now[1])
    height = min(before[3] - before[1], now[3] - now[1])
    return now[0] >= before[0] and shared > 0.5 * height > 0


class _Places:
    """Where characters stand, as shares of the upright page."""

    def __init__(self, page: Any, text_page: Any, turned_deg: int) -> None:
        self._page = page
        self._text = text_page
        self._turns = turned_deg // QUARTER_TURN_DEG

    def box(self, text_index: int) -> Box:
        """Return left, top, right, bottom of its line's height; all 0 where it is not known."""
        index = self._index(text_index)
        rect = pdfium_c.FS_RECTF()
        if index < 0 or not pdfium_c.FPDFText_GetLooseCharBox(self._text, index, rect):
            return 0.0, 0.0, 0.0, 0.0
        one, other = self._on_page(rect.left, rect.top), self._on_page(rect.right, rect.bottom)
        return (
            min(one[0], other[0]),
            min(one[1], other[1]),
            max(one[0], other[0]),
            max(one[1], other[1]),
        )

    def bold(self, text_index: int) -> bool:
        """Whether the font is bold by its weight or its name, as far as it can be told."""
        index = self._index(text_index)
        if index < 0:
            return False
        if pdfium_c.FPDFText_GetFontWeight(self._text, index) >= BOLD_WEIGHT:
            return True
        name = ctypes.create_string_buffer(LONGEST_FONT_NAME)
        pdfium_c.FPDFText_GetFontInfo(self._text, index, name, LONGEST_FONT_NAME, None)
        return bool(_BOLD_NAME.search(name.value.decode("utf-8", errors="replace")))

    def _index(self, text_index: int) -> int:
        """PDFium counts characters that have no text, too."""
        return int(pdfium_c.FPDFText_GetCharIndexFromTextIndex(self._text, text_index))

    def _on_page(self, x: float, y: float) -> tuple[float, float]:
        column, row = ctypes.c_int(), ctypes.c_int()
        pdfium_c.FPDF_PageToDevice(self._page, 0, 0, GRID, GRID, self._turns, x, y, column, row)
        return column.value / GRID, row.value / GRID


# -- pictures -------------------------------------------------------------------------------------


def _pictures(page: Any, limits: ReportLimits) -> Any:
    """Yield (pixels, area on the page in square points) of each embedded picture.

    The area of one that is nested in a form is not known; it counts as 0.
    """
    found = page.get_objects(max_depth=4)
    for one in islice(found, limits.objects_per_page):
        if one.type != pdfium_c.FPDF_PAGEOBJ_IMAGE:
            continue
        width, height = one.get_px_size()
        area = 0.0
        if one.level == 0:
            left, bottom, right, top = one.get_bounds()
            area = max(0.0, right - left) * max(0.0, top - bottom)
        yield width * height, area

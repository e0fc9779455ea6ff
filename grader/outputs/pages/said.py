"""What people say of a part: comments placed on pages of the report, and regrade requests."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup
from PIL import Image, ImageDraw

from grader.model.records import Mark, RequestKind, Said
from grader.model.results_folder import ResultFolder
from grader.outputs.pages.markup import markdown_html
from grader.outputs.pages.words import moment

_MARGIN = 0.03
"""Of a page's height, above and below a box."""
_QUALITY = 80
_LINE_PX = 3
_RED = (200, 30, 30)
_WORDS = {
    RequestKind.OPENED: "You asked",
    RequestKind.REOPENED: "You asked again",
    RequestKind.REPLY: "The course staff said",
    RequestKind.KEPT: "The course staff answered: the points stay",
    RequestKind.CHANGED: "The course staff answered: the points changed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkView:
    """A comment on a place of a page."""

    where: str
    """Such as `Page 3, upper half`."""
    source: str
    """Data URI of that strip of the page; empty where its picture is not there."""
    text: Markup
    """What it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidView:
    """One entry of a regrade request."""

    who: str
    """Who said it, and what was done."""
    when: str
    """When."""
    text: Markup
    """What was said."""


def mark_views(marks: Iterable[Mark], folder: ResultFolder) -> tuple[MarkView, ...]:
    """Return placed comments in the order of the pages, each with its strip of the page."""
    ordered = sorted(marks, key=lambda one: (one.page, one.box[1], one.box[0]))
    return tuple(
        MarkView(
            where=where_of(one),
            source=_strip(folder.page_picture(one.page), one),
            text=markdown_html(one.text),
        )
        for one in ordered
    )


def where_of(mark: Mark) -> str:
    """Return where a placed comment stands, in words."""
    middle = (mark.box[1] + mark.box[3]) / 2
    half = "upper" if middle < 1 / 3 else "lower" if middle > 2 / 3 else "middle"
    return f"Page {mark.page}, {half} part"


def _strip(path: Path, mark: Mark) -> str:
    """Return the strip of a page around a box, with the box in it; empty without a picture."""
    try:
        with Image.open(path, formats=("WEBP",)) as opened:
            page = opened.convert("RGB")
    except (OSError, ValueError, Image.DecompressionBombError):
        return ""
    left, top, right, bottom = mark.box
    box = (left * page.width, top * page.height, right * page.width, bottom * page.height)
    ImageDraw.Draw(page).rectangle(box, outline=_RED, width=_LINE_PX)
    above, below = max(top - _MARGIN, 0.0), min(bottom + _MARGIN, 1.0)
    strip = page.crop((0, int(above * page.height), page.width, int(below * page.height) + 1))
    sink = io.BytesIO()
    strip.save(sink, "JPEG", quality=_QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(sink.getvalue()).decode("ascii")


def said_views(said: Iterable[Said]) -> tuple[SaidView, ...]:
    """Return what was said in regrade requests, as the student reads it."""
    return tuple(
        SaidView(
            who=_WORDS[one.kind],
            when=moment(one.noted_at) if one.noted_at else "",
            text=markdown_html(one.text) if one.text else Markup(),
        )
        for one in said
    )

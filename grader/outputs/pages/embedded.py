"""A page's embedded files and styles, handed to WeasyPrint apart from the page.

Its HTML and CSS parsers take a third of a second for each megabyte of base64, so the `data:` URLs
of fonts and pictures are put aside before it reads the page. So are plots: inside the page each of
their elements would be matched with every style. Fonts are unpacked once in a process. Their
configuration is made for each page: pages that shared one were seen to lose the glyphs of a font.
"""

from __future__ import annotations

import base64
import io
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fontTools.ttLib import woff2
from weasyprint import CSS
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

_DATA = r"data:([a-z0-9.+/-]+);base64,([A-Za-z0-9+/=]+)"
_FONT = re.compile(rf'url\("{_DATA}"\)')
_PICTURE = re.compile(rf'(<img [^<>]*?src=)"{_DATA}"')
"""Text has no `<`, so nothing but our own tags is found."""
_PLOT = re.compile(
    r'<svg class="plot"[^<>]* width="(?P<width>[\d.]+)" height="(?P<height>[\d.]+)"[^<>]*>'
    r"<title>(?P<title>[^<]*)</title>.*?</svg>",
    re.DOTALL,
)
"""As `svg.document` writes them; they hold no other `svg`."""
_SVG = "http://www.w3.org/2000/svg"
_WOFF2 = b"wOF2"


class Embedded(URLFetcher):  # type: ignore[misc]  # WeasyPrint has no types
    """The files of one page by name; nothing else but `data:` URLs is fetched."""

    def __init__(self, files: dict[str, tuple[str, str]]) -> None:
        super().__init__(allowed_protocols=("data",))
        self._files = files

    def fetch(self, url: str, headers: Any = None) -> Any:
        """Return a file of the page."""
        if url not in self._files:
            return super().fetch(url, headers)
        kind, encoded = self._files[url]
        data = base64.b64decode(encoded)
        if data.startswith(_WOFF2):
            data = _unpacked(data)
        return URLFetcherResponse(url, data, {"Content-Type": kind})


@dataclass(frozen=True, slots=True, kw_only=True)
class Printable:
    """A page in the pieces that WeasyPrint takes."""

    html: str
    """The page without its styles, names in place of its pictures and plots."""
    files: Embedded
    """The pictures and plots."""
    styles: CSS
    """The styles."""
    fonts: FontConfiguration
    """The fonts that the styles name."""


def put_aside(html: str) -> Printable:
    """Return a page of `render` in pieces."""
    head, _, rest = html.partition("<style>")
    style, end, body = rest.partition("</style>")
    if not end:  # a page without styles
        head, style, body = "", "", html
    names = _Names()
    body = _PICTURE.sub(lambda found: f'{found[1]}"{names.of(found[2], found[3])}"', body)
    body = _PLOT.sub(lambda found: _as_picture(found, names), body)
    styles, fonts = _styles(style)
    return Printable(html=f"{head}{body}", files=names.files(), styles=styles, fonts=fonts)


def _as_picture(plot: re.Match[str], names: _Names) -> str:
    """Return a plot as a picture of its own file; its title is the picture's words."""
    alone = plot[0].replace("<svg ", f'<svg xmlns="{_SVG}" ', 1)
    name = names.of("image/svg+xml", base64.b64encode(alone.encode()).decode("ascii"))
    size = f'width="{plot["width"]}" height="{plot["height"]}"'
    return f'<img class="plot" {size} alt="{plot["title"]}" src="{name}">'


class _Names:
    """Names for files; the same file has one."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, str], str] = {}

    def of(self, kind: str, encoded: str) -> str:
        return self._names.setdefault((kind, encoded), f"embedded:{len(self._names)}")

    def files(self) -> Embedded:
        return Embedded({name: file for file, name in self._names.items()})


def _styles(text: str) -> tuple[CSS, FontConfiguration]:
    """Return styles and their fonts as WeasyPrint has them."""
    names, fonts = _Names(), FontConfiguration()
    text = _FONT.sub(lambda found: f'url("{names.of(found[1], found[2])}")', text)
    return CSS(string=text, url_fetcher=names.files(), font_config=fonts), fonts


@lru_cache(maxsize=16)
def _unpacked(font: bytes) -> bytes:
    """Return a WOFF2 font as TrueType, which WeasyPrint need not unpack."""
    unpacked = io.BytesIO()
    woff2.decompress(io.BytesIO(font), unpacked)
    return unpacked.getvalue()

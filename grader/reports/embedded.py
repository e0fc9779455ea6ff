"""A page's embedded files, handed to WeasyPrint by name.

Its HTML and CSS parsers take a third of a second for each megabyte of base64, so the `data:` URLs
of fonts and pictures are put aside before it reads the page.
"""

from __future__ import annotations

import base64
import io
import re
from functools import lru_cache
from typing import Any

from fontTools.ttLib import woff2
from weasyprint.urls import URLFetcher, URLFetcherResponse

_DATA = r"data:([a-z0-9.+/-]+);base64,([A-Za-z0-9+/=]+)"
_FONT = re.compile(rf'url\("{_DATA}"\)')
_PICTURE = re.compile(rf'(<img [^<>]*?src=)"{_DATA}"')
"""Text has no `<`, so nothing but our own tags is found."""
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


def put_aside(html: str) -> tuple[str, Embedded]:
    """Return the page with names in place of its fonts' and pictures' data, and their fetcher."""
    names: dict[tuple[str, str], str] = {}

    def name(kind: str, encoded: str) -> str:
        return names.setdefault((kind, encoded), f"embedded:{len(names)}")

    style, end, body = html.partition("</style>")
    style = _FONT.sub(lambda found: f'url("{name(found[1], found[2])}")', style)
    body = _PICTURE.sub(lambda found: f'{found[1]}"{name(found[2], found[3])}"', body)
    return f"{style}{end}{body}", Embedded({key: file for file, key in names.items()})


@lru_cache(maxsize=16)
def _unpacked(font: bytes) -> bytes:
    """Return a WOFF2 font as TrueType; WeasyPrint would do it anew for each page."""
    unpacked = io.BytesIO()
    woff2.decompress(io.BytesIO(font), unpacked)
    return unpacked.getvalue()

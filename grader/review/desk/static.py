"""Files of the desk's pages: a fixed list, each served under an address with its digest.

`vendored.toml` lists those that others wrote, with version, license and digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from grader.model.resources import templates

_SCRIPT, _STYLE, _FONT = "text/javascript", "text/css", "font/woff2"
_OWN = (
    ("desk.js", _SCRIPT),
    ("drafts.js", _SCRIPT),
    ("enter.js", _SCRIPT),
    ("forms.js", _SCRIPT),
    ("marks.js", _SCRIPT),
    ("places.js", _SCRIPT),
    ("shared.js", _SCRIPT),
    ("htmx.min.js", _SCRIPT),
    ("fonts.css", _STYLE),
    ("review.css", _STYLE),
)
_SHARED = (("theme.css", _STYLE), ("feedback.css", _STYLE))
_FONTS = (
    "source-sans-3-latin-400-normal",
    "source-sans-3-latin-400-italic",
    "source-sans-3-latin-600-normal",
    "source-sans-3-greek-400-normal",
    "source-code-pro-latin-400-normal",
    "stix-two-math-symbols",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticFile:
    """A file as it is served."""

    data: bytes
    """All of it."""
    kind: str
    """Media type."""


@lru_cache(maxsize=1)
def files() -> Mapping[str, StaticFile]:
    """Return every file that is served, by name; no other path leads to one."""
    top = templates()
    places: list[tuple[str, Path, str]] = [
        *((name, top / "review" / "static" / name, kind) for name, kind in _OWN),
        *((name, top / name, kind) for name, kind in _SHARED),
        *((f"{name}.woff2", top / "fonts" / f"{name}.woff2", _FONT) for name in _FONTS),
    ]
    return {name: StaticFile(data=path.read_bytes(), kind=kind) for name, path, kind in places}


@lru_cache(maxsize=1)
def addresses() -> Mapping[str, str]:
    """Return the address of each file; another one when the file is another one."""
    return {
        name: f"/static/{name}?v={hashlib.sha256(file.data).hexdigest()[:12]}"
        for name, file in files().items()
    }

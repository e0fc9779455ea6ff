"""How numbers and foreign text are shown. Grades are rounded here and nowhere before."""

from __future__ import annotations

import re
import unicodedata

_SPACE = re.compile(r"\s+")


def format_points(points: float) -> str:
    """Return points with at most two decimals: `1`, `0.8`, `0.33`."""
    return f"{points:.2f}".rstrip("0").rstrip(".")


def one_line(text: str) -> str:
    """Return text on one line, without control, bidirectional or unpaired characters."""
    kept = (
        " " if character.isspace() else character
        for character in text
        if character.isspace() or unicodedata.category(character) not in {"Cc", "Cf", "Cs"}
    )
    return _SPACE.sub(" ", "".join(kept)).strip()

"""Probabilities and names in the text of a report."""

from __future__ import annotations

import re
from dataclasses import dataclass

NEAR = 60
"""Characters between a class's name and its probability in one sentence or table row."""

_PROBABILITY = re.compile(
    r"(?<![\w.,])(?:"
    r"(?P<percent>\d{1,3}(?:\.\d{1,12})?)\s?%"
    r"|(?P<share>0?\.\d{1,12}(?:e-?\d{1,3})?|1\.0{1,12}|\d(?:\.\d{1,12})?e-\d{1,3})"
    r")(?![\w%]|\.\d)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A probability as it is written."""

    text: str
    """Its characters, such as `98 %`."""
    value: float
    """0 to 1."""
    half_unit: float
    """Half a unit of its last digit."""


def names_class(text: str, name: str) -> bool:
    """Whether a text names a class, blind to case, hyphens and line breaks."""
    return _name_pattern(name).search(text) is not None


def probabilities_of(text: str, name: str) -> tuple[Written, ...]:
    """Return the probabilities that a text gives for a class: the nearest to each of its names."""
    numbers = [(m.start(), m.end(), _written(m)) for m in _PROBABILITY.finditer(text)]
    found = []
    for match in _name_pattern(name).finditer(text):
        gaps = [
            (start - match.end() if start >= match.end() else match.start() - end, written)
            for start, end, written in numbers
        ]
        near = [(gap, written) for gap, written in gaps if 0 <= gap <= NEAR]
        if near:
            found.append(min(near, key=lambda pair: pair[0])[1])
    return tuple(dict.fromkeys(found))


def _name_pattern(name: str) -> re.Pattern[str]:
    words = (re.escape(word) for word in re.split(r"[\s_-]+", name) if word)
    joined = r"[\s_-]*".join(words)
    return re.compile(rf"\b{joined}s?\b", re.IGNORECASE)


def _written(match: re.Match[str]) -> Written:
    percent = match["percent"]
    digits = (percent or match["share"]).lower()
    mantissa, _, exponent = digits.partition("e")
    decimals = len(mantissa.partition(".")[2])
    scale = 1 / 100 if percent else 1.0
    unit = scale * 10.0 ** (int(exponent or 0) - decimals)
    return Written(text=match[0], value=scale * float(digits), half_unit=unit / 2)

"""Numbers, dates, part labels and outcomes in words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from grader.model.records import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """An outcome as a word, an icon and a colour, so that no one of them is needed."""

    word: str
    """What the reader sees."""
    icon: str
    """Name of the icon in `partials/icons.html.j2`."""
    tone: str
    """Class of the stylesheet: pass, partial, fail, wait or none."""


CHIPS: dict[Outcome, Chip] = {
    Outcome.PASS: Chip(word="Passed", icon="check", tone="pass"),
    Outcome.PARTIAL: Chip(word="Partly correct", icon="half", tone="partial"),
    Outcome.FAIL: Chip(word="Incorrect", icon="cross", tone="fail"),
    Outcome.NOT_ATTEMPTED: Chip(word="Not attempted", icon="dash", tone="none"),
    Outcome.STUDENT_ERROR: Chip(word="Raised an error", icon="bang", tone="fail"),
    Outcome.TIMEOUT: Chip(word="Timed out", icon="clock", tone="fail"),
    Outcome.RESOURCE_LIMIT: Chip(word="Exceeded a limit", icon="gauge", tone="fail"),
    Outcome.NEEDS_HUMAN: Chip(word="Needs grading", icon="person", tone="wait"),
    Outcome.GRADER_FAULT: Chip(word="Grader error", icon="wrench", tone="wait"),
}

NOT_GRADED = Chip(word="Not graded", icon="dash", tone="none")
"""Of a part that was left to a person, and that nobody grades any more: it can give no points."""

_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_EASTERN = {timedelta(hours=-4), timedelta(hours=-5)}


def points(value: float) -> str:
    """Return points with at most two decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def amount(value: float) -> str:
    """Return points with their noun: `1 point`, `0.5 points`."""
    shown = part_points(value)
    return f"{shown} {'point' if shown == '1' else 'points'}"


def pages(number: int) -> str:
    """Return `1 page` or `12 pages`."""
    return f"{number} {'page' if number == 1 else 'pages'}"


def evidence_label(evidence_id: str) -> str:
    """Return `run 2` for `run2`; any other id of evidence as it is."""
    return re.sub(r"^run(?=\d+$)", "run ", evidence_id)


def part_points(value: float) -> str:
    """Return a part's points with three decimals where two are not exact, as for a third of one.

    So the parts on a page add up to the total on it.
    """
    exact = abs(value - round(value, 2)) < 1e-9
    return points(value) if exact else f"{value:.3f}".rstrip("0").rstrip(".")


def count(many: int) -> str:
    """Return a small count as a word."""
    return _COUNTS[many] if 0 <= many < len(_COUNTS) else str(many)


def plural(many: int, one: str, more: str) -> str:
    """Return `one part` or `two parts`."""
    return f"{count(many)} {one if many == 1 else more}"


def part_label(part_id: str) -> str:
    """Return `4(a)` for `4a`; an id of another form as it is."""
    digits = part_id.rstrip("abcdefghijklmnopqrstuvwxyz")
    letters = part_id[len(digits) :]
    return f"{digits}({letters})" if digits and letters else part_id


def moment(iso: str) -> str:
    """Return a time such as `Wed 31 March 2021, 23:59 ET`; text of another form as it is."""
    try:
        at = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    offset = at.utcoffset()
    if offset is None:
        zone = ""
    elif offset in _EASTERN:
        zone = " ET"
    else:
        zone = f" {at.tzname() or ''}".rstrip()
    return f"{at:%a} {at.day} {at:%B %Y, %H:%M}{zone}"


def seconds(value: float) -> str:
    """Return a duration such as `41 s` or `6 min 5 s`."""
    minutes, rest = divmod(round(value), 60)
    if minutes:
        return f"{minutes} min {rest} s"
    return f"{value:.1f} s" if value < 10 else f"{rest} s"

"""nbgrader's folders: `submitted/<student>/<assignment>/`, with `timestamp.txt` beside the files.

`nbgrader collect` writes them, and feedback goes back to `feedback/<student>/<assignment>/`.
https://nbgrader.readthedocs.io/en/stable/user_guide/philosophy.html
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

from grader.batch.collect.packing import is_plain_file

TIMESTAMP = "timestamp.txt"
"""Name of the file with the time of a submission."""
PLATFORM = "nbgrader"
"""What such submissions are marked by."""
_MOST_BYTES = 200
_HOURS = {
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    "BST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3,
}  # fmt: skip
"""Hours from UTC of short names; the database of zones has the names of winter only."""


def is_collected(folder: Path, names: Sequence[str]) -> bool:
    """Return whether a folder with these files is a submission that nbgrader collected."""
    notebooks = any(name.lower().endswith(".ipynb") for name in names)
    return notebooks and TIMESTAMP in names and is_plain_file(folder / TIMESTAMP)


def time_text(folder: Path) -> str:
    """Return what nbgrader wrote about the time of a submission; empty where nothing is there."""
    try:
        with (folder / TIMESTAMP).open(encoding="utf-8") as source:
            return source.read(_MOST_BYTES).strip()
    except (OSError, UnicodeDecodeError):
        return ""


def collected_at(folder: Path) -> datetime | None:
    """Return when it was submitted; None where the file says nothing that is a time.

    nbgrader writes `2021-03-31 22:15:00.123456 EDT`: by default in UTC, else in the exchange's
    zone, of which it gives the short name.
    """
    text = time_text(folder)
    moment, _, zone = text.rpartition(" ")
    try:
        if moment and zone[:1].isalpha():
            hours = _HOURS.get(zone)
            known = ZoneInfo(zone) if hours is None else timezone(timedelta(hours=hours))
            return datetime.fromisoformat(moment).replace(tzinfo=known)
        found = datetime.fromisoformat(text)
    except (ValueError, OSError, KeyError):  # a zone that nobody knows is a KeyError
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)

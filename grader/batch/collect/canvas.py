"""Names of the files in Canvas' "Download Submissions".

Canvas puts everything into one folder and names each file

    doejane_LATE_12345_678901_jdoe-1.zip

that is: the sortable name without anything but letters, digits and underscores; `LATE` where it was
late; the user id; the id of the file; and what the student called it. Where a student hands in a
file of the same name again, Canvas puts `-1`, `-2` … behind the name. With anonymous grading
`anon_` and a made-up id stand for name and user id. Ids of files grow with time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAMED = re.compile(
    r"(?P<name>.*?)(?P<late>_late)?_(?P<user>\d+)_(?P<file>\d+)_(?P<original>.+)",
    re.IGNORECASE | re.DOTALL,
)
_ANONYMOUS = re.compile(
    r"(?P<name>)(?P<late>late_)?anon_(?P<user>[a-z0-9]+)_(?P<file>\d+)_(?P<original>.+)",
    re.IGNORECASE | re.DOTALL,
)
_AGAIN = re.compile(
    r"(?P<stem>.+)-(?:(?P<number>\d{1,3})|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?P<suffix>\.[a-z0-9]+)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CanvasName:
    """What the name of a file says."""

    name: str
    """The student's sortable name without spaces, such as `doejane`; empty where anonymous."""
    late: bool
    """Whether Canvas counts it as late."""
    user_id: str
    """Canvas' id of the student."""
    file_id: int
    """Canvas' id of the file; a later one is greater."""
    given: str
    """The file's name in Canvas, such as `jdoe-1.zip`."""
    original: str
    """What the student called it, such as `jdoe.zip`."""


def parse_canvas_name(file_name: str) -> CanvasName | None:
    """Return what the name of a file says, or None where Canvas did not make it."""
    match = _ANONYMOUS.fullmatch(file_name) or _NAMED.fullmatch(file_name)
    if match is None:
        return None
    given = match["original"]
    again = _AGAIN.fullmatch(given)
    return CanvasName(
        name=match["name"],
        late=match["late"] is not None,
        user_id=match["user"],
        file_id=int(match["file"][:18]),
        given=given,
        original=f"{again['stem']}{again['suffix']}" if again else given,
    )

"""One zip that was submitted, and what staff know about it: one record for all stages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from grader.model.assignment import Course


@dataclass(frozen=True, slots=True, kw_only=True)
class HandIn:
    """A submission before it is opened."""

    path: Path
    """The zip, a folder that a platform unpacked it into, or the first of `files`."""
    course: Course
    """Which variant it is graded by."""
    kerberos: str = ""
    """Whose it is, fit for the name of a folder; empty for what the zip's name says."""
    source: str = ""
    """Where it was found, below the folder of the class; for people."""
    zip_name: str = ""
    """What the student called it, such as `jdoe.zip`; empty for the name of `path`."""
    submitted: datetime | None = None
    """When it was submitted; None where unknown, which counts as in time."""
    extension: timedelta = timedelta(0)
    """By how much this student's deadline is later."""
    name: str = ""
    """The student's name as the platform shows it; empty where unknown."""
    platform_id: str = ""
    """The platform's id of the student (Canvas: user id); empty where unknown."""
    platform: str = ""
    """Whose id that is: `canvas`, `gradescope` or `nbgrader`; empty where unknown."""
    files: tuple[tuple[str, Path], ...] = ()
    """(name in the zip, path) of files that were uploaded without a zip; empty elsewhere."""

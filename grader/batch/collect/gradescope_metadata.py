"""`submission_metadata.json`: what Gradescope tells an autograder about one submission.

https://gradescope-autograders.readthedocs.io/en/latest/submission_metadata/
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from grader.intake.hand_in import HandIn
from grader.intake.submission import kerberos_of
from grader.model.assignment import Assignment, Course
from grader.model.text import one_line
from reference.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionMetadata:
    """What is used of it."""

    submission_id: str
    """The submission's id: one per upload, the same when it is graded again."""
    created_at: datetime
    """When it was submitted."""
    kerberos: str
    """Local part of the first student's address."""
    name: str
    """Names of all its students."""
    email: str
    """Address of the first."""
    due: datetime | None
    """When it is due for them, as set on Gradescope; None where nothing is set."""


def read_submission_metadata(path: Path) -> SubmissionMetadata:
    """Read the file.

    Raises:
        ConfigError: it is not there, or not Gradescope's.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        students = [_mapping(one) for one in found["users"]]
        assignment = _mapping(found.get("assignment"))
        email = str(students[0]["email"])
        return SubmissionMetadata(
            submission_id=str(found["id"]),
            created_at=_time(found["created_at"]),
            kerberos=kerberos_of(email.partition("@")[0])[0],
            name=one_line(", ".join(str(one.get("name") or "") for one in students)),
            email=email,
            due=_due(students[0], assignment),
        )
    except OSError as error:
        raise ConfigError(f"{path}: expected Gradescope's metadata: {error.strerror}") from error
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise ConfigError(
            f"{path}: expected Gradescope's metadata with id, created_at and users, found: "
            f"{type(error).__name__}: {one_line(str(error))[:200]}"
        ) from error


def hand_in_of(
    metadata: SubmissionMetadata, folder: Path, assignment: Assignment, course: Course
) -> HandIn:
    """Return the submission that Gradescope unpacked into a folder.

    The due date that is set there counts; it is told as an extension of the offering's.
    """
    extension = timedelta(0) if metadata.due is None else metadata.due - _aware(assignment.due)
    return HandIn(
        path=folder,
        course=course,
        kerberos=metadata.kerberos,
        source=folder.name,
        zip_name=f"{metadata.kerberos}.zip",
        submitted=metadata.created_at,
        extension=extension,
        name=metadata.name,
        platform_id=metadata.email,
        platform="gradescope",
    )


def _due(student: Mapping[str, Any], assignment: Mapping[str, Any]) -> datetime | None:
    """Return the student's own due date where there is one, else that of all."""
    own = _mapping(student.get("assignment"))
    for found in (own.get("due_date"), assignment.get("due_date")):
        if found:
            return _time(found)
    return None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _time(text: object) -> datetime:
    moment = datetime.fromisoformat(str(text))
    if moment.tzinfo is None:
        raise ValueError(f"expected a time with an offset, found {text!r}")
    return moment


def _aware(due: datetime) -> datetime:
    if due.tzinfo is None:
        raise ValueError("the offering's deadline has no time zone")
    return due

"""Points of a class for nbgrader's gradebook: a file, and the script that puts it there.

nbgrader's gradebook is a database of its own, which only nbgrader itself should write. It is no
part of this installation, so `fill_points.py` is a script for the Python in which nbgrader is
installed; it imports nothing of the grader. `nbgrader_points.json` tells it what to put where.

What waits for a person is null there, never 0, and says so: nbgrader then shows "needs grading".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from grader.batch.collect.nbgrader import PLATFORM, time_text
from grader.batch.exports.gradebook import why_left_out
from grader.batch.exports.writing import write_whole
from grader.batch.records import ClassRow, PartResult, State
from grader.model.assignment import Assignment
from grader.model.records import GradeSheet
from grader.model.records.codec import load
from grader.model.resources import templates
from grader.model.results_folder import ResultFolder
from reference.errors import ConfigError

POINTS = "nbgrader_points.json"
"""What is to be filled in."""
SCRIPT = "fill_points.py"
"""What fills it in."""
SCHEMA = "pset4-nbgrader-points/1"
"""Version of the file."""

COURSE_FILES = ("nbgrader_config.py", "gradebook.db", "source", "submitted")
"""By one of these a course is known."""

Comments = Mapping[str, str]
"""By part, what the student is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """What was written."""

    path: Path
    """The file with the points."""
    script: Path
    """The script beside it."""
    students: int
    """Of how many there are points."""
    without: tuple[str, ...]
    """Of whom there are none, and why, a sentence each."""


def refuse_other_folder(folder: Path) -> None:
    """Refuse a folder that is no nbgrader course.

    Raises:
        ConfigError: it holds nothing of a course.
    """
    if not any((folder / name).exists() for name in COURSE_FILES):
        raise ConfigError(
            f"{folder}: expected the folder of an nbgrader course, with one of "
            f"{', '.join(COURSE_FILES)}, found none of them"
        )


def write_points(
    rows: Iterable[ClassRow], assignment: Assignment, results: Path, folder: Path
) -> Points:
    """Write points and script into the folder of a course.

    Args:
        rows: The class; only what nbgrader collected has a place there.
        assignment: Their offering.
        results: Of the class: what students are told stands in their grade sheets.
        folder: Of the course.

    Raises:
        ConfigError: a file cannot be written.
    """
    ours = sorted((row for row in rows if row.platform == PLATFORM), key=lambda row: row.kerberos)
    scored = [row for row in ours if _has_points(row)]
    others = [row for row in ours if not _has_points(row)]
    table = [_student(row, ResultFolder(root=results / row.kerberos)) for row in scored]
    table += [without_points(row, assignment) for row in others]
    write_whole(folder / POINTS, points_text(table))
    script = (templates() / "nbgrader" / SCRIPT).read_text(encoding="utf-8")
    write_whole(folder / SCRIPT, script)
    return Points(
        path=folder / POINTS,
        script=folder / SCRIPT,
        students=len(scored),
        without=tuple(f"{row.kerberos}: {why_left_out(row)}" for row in others),
    )


def points_text(students: Sequence[dict[str, Any]]) -> str:
    """Return the file of points."""
    table = {"schema": SCHEMA, "students": list(students)}
    return f"{json.dumps(table, indent=1, ensure_ascii=False)}\n"


def student_points(row: ClassRow, collected: str, comments: Comments) -> dict[str, Any]:
    """Return the points of one student, by part.

    Args:
        row: With points, of a submission that nbgrader collected.
        collected: What nbgrader wrote about its time, by which it is known; a manifest may say
            another time.
        comments: What the student is told about each part.
    """
    return {
        **_whose(row),
        "collected": collected,
        "late_coefficient": row.late_coefficient,
        "parts": [_part(part, comments.get(part.id, part.message)) for part in row.parts],
    }


def without_points(row: ClassRow, assignment: Assignment) -> dict[str, Any]:
    """Return what takes points of an earlier call back: all parts wait, and why is said."""
    return {
        **_whose(row),
        "why": why_left_out(row),
        "late_coefficient": 1.0,
        "parts": [
            {"id": part.id, "points": None, "waits": True, "comment": None}
            for part in assignment.parts
        ],
    }


def _whose(row: ClassRow) -> dict[str, Any]:
    place = PurePosixPath(row.source)
    return {"student": place.parent.name, "assignment": place.name}


def _part(part: PartResult, comment: str) -> dict[str, Any]:
    waits = part.pending_points > 0
    decided = not waits or part.points != 0
    # "Needs grading." would stay where a person then grades in the formgrader.
    return {
        "id": part.id,
        "points": part.points if decided else None,
        "waits": waits,
        "comment": comment if decided else None,
    }


def _has_points(row: ClassRow) -> bool:
    return row.state is State.GRADED and row.total is not None


def _student(row: ClassRow, done: ResultFolder) -> dict[str, Any]:
    sheet = load(GradeSheet, done.results)
    comments = {part.id: part.human_comment or part.message for part in sheet.parts}
    return student_points(row, time_text(done.submission), comments)

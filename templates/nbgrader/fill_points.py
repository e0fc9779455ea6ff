"""Puts the points of `nbgrader_points.json` into nbgrader's gradebook.

    python fill_points.py [nbgrader_points.json] [--db sqlite:///gradebook.db]

Run it in the folder of the course, with the Python in which nbgrader is installed, after
`nbgrader autograde`. `grader export nbgrader` wrote both files. Our points become automatic scores.
A score, a comment or extra credit that a person gave in the formgrader stays and counts; the script
says where it differs from ours. What waits for a person gets no score and "needs manual grade".
A second call changes nothing. Exit status 1: somebody has no points here, and why is said; 2: it
could not begin.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

try:
    from nbgrader.api import Gradebook, MissingEntry
    from nbgrader.apps.baseapp import NbGrader
    from nbgrader.utils import parse_utc
    from sqlalchemy.exc import SQLAlchemyError
except ImportError as error:
    sys.stderr.write(
        f"{sys.argv[0]}: expected the Python in which nbgrader is installed, found "
        f"{sys.executable} ({error})\n"
    )
    raise SystemExit(2) from None

SCHEMA = "pset4-nbgrader-points/1"
SAME = 1e-6
"""Points below which two scores are one."""


@dataclass
class Told:
    """What came of it."""

    changed: int = 0
    waiting: int = 0
    students: int = 0
    kept: list[str] = field(default_factory=list)
    without: list[str] = field(default_factory=list)


def main(argv: list[str] | None = None) -> int:
    """Fill the gradebook and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("points", nargs="?", type=Path, default=Path("nbgrader_points.json"))
    parser.add_argument("--db", default="", help="URL of the gradebook; the course's by default")
    options = parser.parse_args(argv)
    try:
        table = json.loads(options.points.read_text(encoding="utf-8"))
        if table.get("schema") != SCHEMA:
            raise ValueError(f"schema {table.get('schema')!r}")
    except (OSError, ValueError, AttributeError) as error:
        sys.stderr.write(
            f"{options.points}: expected the file of `grader export nbgrader` ({SCHEMA}), "
            f"found: {error}\n"
        )
        return 2
    url, course = place_of(options.db)
    missing = url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).is_file()
    if missing:
        sys.stderr.write(
            f"{url}: expected the gradebook of the course, found none; run this in the folder of "
            "the course, after `nbgrader autograde`, or name it with --db\n"
        )
        return 2
    told = Told()
    try:
        with Gradebook(url, course) as gradebook:
            for student in table["students"]:
                fill_student(gradebook, student, told)
    except SQLAlchemyError as error:
        sys.stderr.write(
            f"{url}: {error}\n{count(told.students, 'student')} filled; the same command goes on\n"
        )
        return 2
    tell(told)
    return 1 if told.without else 0


def tell(told: Told) -> None:
    """Say what came of it."""
    for line in [*told.kept, *told.without]:
        sys.stdout.write(f"- {line}\n")
    sys.stdout.write(
        f"{count(told.students, 'student')}: {count(told.changed, 'entry', 'entries')} changed, "
        f"{count(told.waiting, 'part')} to grade by hand, "
        f"{count(len(told.kept), 'score')} of people kept that differ"
        f"{f', {len(told.without)} without points here' if told.without else ''}.\n"
    )


def place_of(url: str) -> tuple[str, str]:
    """Return the gradebook's URL and the course's name, as nbgrader's own commands read them."""
    app = NbGrader()
    app.initialize([])
    return url or app.coursedir.db_url, app.coursedir.course_id or "default_course"


def fill_student(gradebook: Gradebook, student: dict[str, Any], told: Told) -> None:
    """Fill in one student: all parts, or none and the reason."""
    name, assignment, why = student["student"], student["assignment"], student.get("why", "")
    try:
        submission = gradebook.find_submission(assignment, name)
    except MissingEntry:
        told.without.append(
            f"{name}: {why}"
            if why
            else f"{name}: expected a submission of {assignment} in the gradebook, found none; run "
            f"`nbgrader autograde {assignment}` first"
        )
        return
    if why:
        told.without.append(f"{name}: {why}")
    elif (theirs := submission.timestamp) != (ours := time_of(student["collected"])):
        told.without.append(
            f"{name}: the points are of the submission of {ours or 'an unknown time'}, the "
            f"gradebook has that of {theirs or 'an unknown time'}: run `nbgrader autograde`, "
            "`grader batch` and `grader export nbgrader` on the same submissions"
        )
        return
    notebook, lacking = notebook_of(submission, {part["id"] for part in student["parts"]})
    if notebook is None:
        told.without.append(
            f"{name}: expected cells for the points of each part in one notebook of {assignment}, "
            f"found none for {lacking}; its source is made by `grader offering nbgrader`"
        )
        return
    told.students += not why
    grades = {grade.name: grade for grade in notebook.grades}
    for part in student["parts"]:
        fill_part(grades[part["id"]], part, name, told)
    penalty = sum(map(score_of, notebook.grades)) * (1 - student["late_coefficient"])
    told.changed += put(notebook, "late_submission_penalty", round(penalty, 6))
    gradebook.db.commit()


def notebook_of(submission: Any, parts: set[str]) -> tuple[Any, str]:
    """Return the notebook that has a cell for the points of each part; else None and the parts."""
    found = [(one, {grade.name for grade in one.grades}) for one in submission.notebooks]
    best = max(found, key=lambda one: len(parts & one[1]), default=(None, set()))
    lacking = sorted(parts - best[1])
    return (None if lacking else best[0]), ", ".join(lacking)


def fill_part(grade: Any, part: dict[str, Any], student: str, told: Told) -> None:
    """Fill in one part; what a person gave stays."""
    told.changed += put(grade, "auto_score", part["points"])
    if grade.manual_score is None:
        told.changed += put(grade, "needs_manual_grade", part["waits"])
        told.waiting += bool(part["waits"])
    elif part["points"] is not None and abs(grade.manual_score - part["points"]) > SAME:
        told.kept.append(
            f"{student}, {part['id']}: {grade.manual_score:g} by a person in the formgrader stays; "
            f"the grader has {part['points']:g}"
        )
    for comment in grade.notebook.comments:
        if comment.name == part["id"]:
            told.changed += put(comment, "auto_comment", part["comment"])


def put(row: Any, name: str, value: Any) -> int:
    """Set a field; return 1 if it was another before."""
    before = getattr(row, name)
    numbers = isinstance(before, float) and isinstance(value, (int, float))
    if before == value or (numbers and abs(before - value) < SAME):
        return 0
    setattr(row, name, value)
    return 1


def score_of(grade: Any) -> float:
    """Return what nbgrader counts for a part."""
    given = grade.auto_score if grade.manual_score is None else grade.manual_score
    # As nbgrader does: extra credit counts where there is a score.
    return 0.0 if given is None else given + (grade.extra_credit or 0.0)


def time_of(text: str) -> datetime | None:
    """Return the time of a submission as nbgrader reads it: it knows few names of zones."""
    try:
        return parse_utc(text) if text else None
    except ValueError:
        return None


def count(number: int, noun: str, plural: str = "") -> str:
    """Return "1 part", "2 parts"."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


if __name__ == "__main__":
    raise SystemExit(main())

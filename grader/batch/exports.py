"""The files of a class, in the root of its results folder; none of them is for students."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from grader.assignment import Assignment
from grader.batch.class_page import write_class_page
from grader.batch.gradebook import write_gradebook
from grader.batch.records import ClassRow, Roster


def write_exports(
    rows: Sequence[ClassRow], roster: Roster, assignment: Assignment, results: Path
) -> tuple[tuple[str, Path], ...]:
    """Write gradebooks and pages of the class; return what each is and where.

    Raises:
        ConfigError: they cannot be written.
    """
    book = write_gradebook(rows, assignment, results)
    page = write_class_page(rows, roster, assignment, results, [path.name for path in book.paths])
    labels = ("Gradebook", "For Canvas", "Not in it", "For staff")
    return tuple(zip(labels, (*book.paths, page), strict=True))

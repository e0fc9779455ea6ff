"""The files of a class, in the root of its results folder; none of them is for students."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from grader.batch.exports.class_page import write_class_page
from grader.batch.exports.gradebook import write_gradebook
from grader.batch.records import ClassRow, Roster
from grader.model.assignment import Assignment

SIMILARITY_PAGE = "similarity.html"
"""Name of the page of what submissions have in common."""


def write_exports(
    rows: Sequence[ClassRow],
    roster: Roster,
    assignment: Assignment,
    results: Path,
    *,
    problems: Sequence[str] = (),
) -> tuple[tuple[str, Path], ...]:
    """Write gradebooks and the page of the class; return what each is and where.

    Args:
        rows: Every student of the class.
        roster: What was found in the folder of submissions.
        assignment: The offering.
        results: Of the class.
        problems: What staff must see to, a sentence each.

    Raises:
        ConfigError: they cannot be written.
    """
    book = write_gradebook(rows, assignment, results)
    names = [path.name for path in book.paths]
    names += [SIMILARITY_PAGE] if (results / SIMILARITY_PAGE).exists() else []
    page = write_class_page(rows, roster, assignment, results, names, problems=problems)
    labels = ("Gradebook", "Canvas import", "Not in the Canvas import", "Class page")
    return tuple(zip(labels, (*book.paths, page), strict=True))


def write_similarity(
    rows: Sequence[ClassRow], assignment: Assignment, results: Path
) -> tuple[tuple[str, Path], ...]:
    """Write the page of what submissions have in common; return what it is and where.

    Raises:
        ConfigError: it cannot be written.
    """
    # Its libraries take a second, which a class that is only scored anew should not wait for.
    from grader.batch.exports.similarity_page import compare_results, write_similarity_page

    found = compare_results(rows, assignment, results)
    return (("Similarity report", write_similarity_page(found, results)),)

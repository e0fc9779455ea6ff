"""What is as it was handed out: no attempt at a part, even where it was run."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from grader.model.assignment import Assignment
from grader.model.records import Alignment, Cell, Submission

_DOCUMENTS = re.compile(
    r"\.(pdf|docx?|odt|rtf|txt|md|tex|html?|png|jpe?g|heic|pages)", re.IGNORECASE
)
"""Suffixes of files in which a person may find an answer."""
_WRITTEN = re.compile(r"\.(pdf|docx?|odt|rtf|tex|html?|pages)", re.IGNORECASE)
"""Of them, those that people write answers in: pictures and notes go along for other reasons."""
_TAGS = re.compile(r"<(?!img)[^<>]{0,500}>", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]")
_HEADING = 6
"""Words up to which a heading is one, and no answer that was written as a heading."""


def is_untouched(
    part_id: str, assignment: Assignment, submission: Submission, alignment: Alignment
) -> bool:
    """Whether a part is as it was handed out, so that even a run of it is no attempt.

    All cells of the template that serve it are there and hold what they held, its own answer's
    cell among them; nothing else in the notebook belongs to it, and nothing else can be read.
    """
    serving = {
        cell.cell_id: cell
        for cell in assignment.template
        if cell.serves(part_id) and cell.role not in {"question", "text"}
    }
    if not any(cell.role == "answer" for cell in serving.values()):
        return False
    if submission.report_says_more or written_elsewhere(submission, alignment):
        return False
    own = {
        match.cell_index
        for match in alignment.matches
        if match.part_id == part_id or match.template_id in serving
    }
    given = given_texts(assignment)
    return serving.keys() <= {match.template_id for match in alignment.matches} and all(
        is_given(cell, given) and not cell.attachments
        for cell in submission.cells
        if cell.index in own
    )


def given_texts(assignment: Assignment) -> frozenset[str]:
    """Return the texts of the cells of the notebook that students get, for `is_given`."""
    return frozenset(_stripped(cell.source) for cell in assignment.template)


def is_given(cell: Cell, given: frozenset[str]) -> bool:
    """Whether a cell is one of the notebook that students get, as they get it."""
    return _stripped(cell.source) in given


def written_elsewhere(submission: Submission, alignment: Alignment) -> bool:
    """Whether words may stand outside the report and the notebook's own cells for answers."""
    if any(_DOCUMENTS.fullmatch(PurePosixPath(name).suffix) for name in submission.other_files):
        return True
    added = {match.cell_index for match in alignment.matches if match.template_id == ""}
    return any(
        cell.index in added and cell.kind != "code" and (cell.attachments or _says(cell.source))
        for cell in submission.cells
    )


def documents(submission: Submission) -> tuple[str, ...]:
    """Return the names of documents beside the report and the notebook, which nobody is shown."""
    return tuple(
        name for name in submission.other_files if _WRITTEN.fullmatch(PurePosixPath(name).suffix)
    )


def _says(markdown: str) -> bool:
    """Whether there is more than headings, lines and tags: a short heading answers nothing."""
    text = _TAGS.sub(" ", markdown)
    return any(
        _WORD.search(line) if not line.lstrip().startswith("#") else len(line.split()) > _HEADING
        for line in text.splitlines()
    )


def _stripped(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())

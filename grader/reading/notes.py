"""What reading tells staff; the sentences stand in `messages/reading.toml`."""

from __future__ import annotations

from collections.abc import Sequence

from grader.model import notes
from grader.model.records import Note, ReportTrouble, Severity
from grader.model.text import format_pages

_STAGE = "grader.reading"


def words(code: str, **values: str | float) -> str:
    """Return a sentence, or a piece of one, of reading's catalogue."""
    return notes.sentence(_STAGE, code, **values)


def note(code: str, severity: Severity = Severity.WARNING, **values: str | float) -> Note:
    """Return a note of reading's catalogue."""
    return notes.note(_STAGE, code, severity, **values)


def trouble(code: str, **values: str | float) -> ReportTrouble:
    """Return what is wrong with the report as a whole."""
    return ReportTrouble(code=code.partition(".")[0], pages=(), message=words(code, **values))


def page_trouble(code: str, pages: Sequence[int], **values: str | float) -> ReportTrouble:
    """Return what is wrong with pages of the report, which the sentence names."""
    text = words(code, pages=format_pages(pages), **values)
    return ReportTrouble(
        code=code.partition(".")[0],
        pages=tuple(pages),
        message=text[0].upper() + text[1:],
    )

"""What execution says; the sentences stand in `messages/execution.toml`."""

from __future__ import annotations

from grader.model import notes
from grader.model.records import Note, Severity

_STAGE = "grader.execution"


def words(code: str, **values: str | float) -> str:
    """Return a sentence of execution's catalogue."""
    return notes.sentence(_STAGE, code, **values)


def note(code: str, severity: Severity, **values: str | float) -> Note:
    """Return a note of execution's catalogue."""
    return notes.note(_STAGE, code, severity, **values)

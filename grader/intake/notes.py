"""What intake notes about a submission; the sentences stand in `messages/intake.toml`."""

from __future__ import annotations

from grader.model import notes
from grader.model.records import Note, Severity


def note(code: str, severity: Severity, **values: str | float) -> Note:
    """Return a note of intake's catalogue."""
    return notes.note("grader.intake", code, severity, **values)

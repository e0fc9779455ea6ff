"""Notes and other sentences of a stage, by code of its catalogue (`grader/<stage>/messages`)."""

from __future__ import annotations

from grader.model.catalogue import fill, load_catalogue
from grader.model.records import Note, Severity
from reference.errors import GraderFault


def sentence(package: str, code: str, **values: str | float) -> str:
    """Return a sentence of a stage's catalogue: the student's text, else the staff's.

    Raises:
        GraderFault: the catalogue lacks the code, or the sentence a value.
    """
    text = load_catalogue(package).get(code)
    if text is None:
        raise GraderFault(f"{package}: no sentence has the code {code}")
    return fill(text.student or text.staff, values)


def note(package: str, code: str, severity: Severity, **values: str | float) -> Note:
    """Return a note; it is for staff only where the catalogue has no text for the student.

    Args:
        package: The stage, such as `grader.intake`.
        code: Of its catalogue. What follows a dot is one of several wordings of the same thing:
            `no-report.several` is a note with the code `no-report`.
        severity: How much it matters.
        values: For the sentence's braces.

    Raises:
        GraderFault: the catalogue lacks the code, or the sentence a value.
    """
    return Note(
        code=code.partition(".")[0],
        severity=severity,
        message=sentence(package, code, **values),
        for_student=bool(load_catalogue(package)[code].student),
        values=tuple(values.items()),
    )

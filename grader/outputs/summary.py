"""Markdown summary of a grade sheet, for the page of a CI job. Foreign text is inert in it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from grader.model.records import GradeSheet, Note, Outcome, PartGrade, Severity
from grader.model.text import format_points, one_line
from grader.outputs.gaps import Gap, messages
from grader.outputs.pages.words import CHIPS, part_label
from grader.outputs.policy import PolicyResult

_MARKDOWN = re.compile(r"([\\`*_{}\[\]#+!|~$@^=]|:(?=//))")
_MARKS = {
    Outcome.PASS: "✅",
    Outcome.PARTIAL: "🟡",
    Outcome.FAIL: "❌",
    Outcome.NOT_ATTEMPTED: "⬜",
    Outcome.STUDENT_ERROR: "❌",
    Outcome.TIMEOUT: "⏱️",
    Outcome.RESOURCE_LIMIT: "⏱️",
    Outcome.NEEDS_HUMAN: "🧑‍🏫",
    Outcome.GRADER_FAULT: "🛠️",
}
_MAX_CHARACTERS = 300
_FAULT = "🛠️ **The check could not be completed (grader error).**"


def render_summary(
    sheet: GradeSheet, verdict: PolicyResult | None = None, gaps: Iterable[Gap] = ()
) -> str:
    """Return the summary: the verdict of the policy if there is one, points per part, notes.

    Args:
        sheet: The grades.
        verdict: Of the policy.
        gaps: What the hand-in lacks.
    """
    lines = [f"## {escape(sheet.facts.assignment)}: {escape(sheet.kerberos)} ({sheet.course})", ""]
    if verdict is not None:
        lines += _verdict_lines(verdict)
    lines += [
        (
            f"**{format_points(sheet.total)} of {format_points(sheet.max_total)} points**"
            f"{_waiting(sheet)}{_late(sheet)}."
        ),
        "",
        "| Part | | Points | Result | |",
        "|:--|:--|--:|:--|:--|",
    ]
    lines += [_row(part) for part in sheet.parts]
    if lacking := messages(gaps):
        lines += ["", "### Not answered or not shown", ""]
        lines += [f"- {escape(message)}" for message in lacking]
    said = set(lacking)
    notes = [note for note in sheet.notes if note.for_student and note.message not in said]
    if notes:
        lines += ["", "### About the submission", ""]
        lines += [_note(note) for note in notes]
    facts = sheet.facts
    lines += [
        "",
        (
            f"<sub>grader {escape(facts.grader_version)}, bundle {escape(facts.bundle)}, "
            f"{escape(facts.host.device)}, isolation {escape(facts.host.isolation)}, "
            f"{facts.seconds:.0f} s</sub>"
        ),
    ]
    return "\n".join(lines) + "\n"


def render_stopped_summary(name: str, sentence: str, *, fault: bool) -> str:
    """Return the summary of a check that came to no grades.

    Args:
        name: What was to be checked.
        sentence: Why it was not.
        fault: Whether that is the grader's fault.
    """
    opening = _FAULT if fault else "❌ **The submission could not be checked.**"
    return "\n".join([f"## {escape(name)}", "", opening, "", f"- {escape(sentence)}"]) + "\n"


def escape(text: str) -> str:
    """Return text on one line that neither Markdown nor HTML gives a meaning to."""
    flat = one_line(text)
    if len(flat) > _MAX_CHARACTERS:
        flat = flat[: _MAX_CHARACTERS - 1] + "…"
    marked = _MARKDOWN.sub(r"\\\1", flat)
    return marked.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _verdict_lines(verdict: PolicyResult) -> list[str]:
    if verdict.met:
        return ["✅ **Policy met.**", ""]
    opening = _FAULT if verdict.grader_fault else "❌ **Policy not met.**"
    return [opening, "", *(f"- {escape(reason)}" for reason in verdict.reasons), ""]


def _waiting(sheet: GradeSheet) -> str:
    return (
        f"; up to {format_points(sheet.pending)} more not graded yet" if sheet.pending > 0 else ""
    )


def _late(sheet: GradeSheet) -> str:
    if not sheet.days_late:
        return ""
    days = "1 day" if sheet.days_late == 1 else f"{sheet.days_late} days"
    return f"; {days} late, late coefficient {sheet.late_coefficient:.3f}"


def _row(part: PartGrade) -> str:
    title = escape(part.title)
    if part.bonus:
        title += " (bonus)"
    elif not part.required:
        title += " (optional)"
    result = f"{_MARKS[part.outcome]} {CHIPS[part.outcome].word}"
    points = format_points(part.points)
    if part.max_points:
        points = f"{points} / {format_points(part.max_points)}"
    elif not part.points:
        points = "–"
    label = escape(part_label(part.id))
    return f"| {label} | {title} | {points} | {result} | {escape(part.message)} |"


def _note(note: Note) -> str:
    mark = {Severity.ERROR: "❌", Severity.WARNING: "⚠️", Severity.INFO: "ℹ️"}[note.severity]
    return f"- {mark} {escape(note.message)}"

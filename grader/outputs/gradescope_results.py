"""Gradescope's `results.json`: a test per part, no score for what waits for a person.

https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from grader.model.records import GradeSheet, PartGrade
from grader.model.text import format_points
from grader.outputs.pages.words import CHIPS, part_label
from grader.outputs.summary import escape

Visibility = Literal["visible", "hidden", "after_due_date", "after_published"]
"""When students see a test."""
_MAX_CHARACTERS = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How results are shown."""

    visibility: Visibility = "visible"
    """When students see points and feedback."""
    late: bool = True
    """Whether the late coefficient is in the scores."""
    pictures: Mapping[str, str] = field(default_factory=dict)
    """Of a part by its id, as Markdown."""


def render_results(sheet: GradeSheet, shown: Shown, seconds: float) -> str:
    """Return the text of the file.

    Args:
        sheet: The grades.
        shown: How they are shown.
        seconds: Wall-clock seconds that grading took.
    """
    coefficient = sheet.late_coefficient if shown.late else 1.0
    parts = [part for part in sheet.parts if part.max_points or part.points or part.bonus]
    tests = [_test(part, coefficient, shown) for part in parts]
    told = {
        # Else Gradescope would want a score of every test: it is the sum of those that have one.
        "score": round(sum(test.get("score", 0.0) for test in tests), 4),
        "execution_time": max(1, round(seconds)),
        "visibility": shown.visibility,
        "stdout_visibility": "hidden",
        "output_format": "md",
        "output": _opening(sheet, shown),
        "tests": tests,
        "extra_data": {
            "assignment": sheet.facts.assignment,
            "course": sheet.course,
            "grader": sheet.facts.grader_version,
            "zip_sha256": sheet.facts.zip_sha256,
            "pending": sheet.pending,
        },
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def render_refused(sentence: str) -> str:
    """Return the file of a submission in which nothing can be graded: 0 points, and why."""
    return json.dumps(
        {
            "score": 0,
            "output_format": "md",
            "stdout_visibility": "hidden",
            "output": f"**Nothing of this submission could be graded.** {escape(sentence)}",
            "tests": [],
        },
        indent=2,
    )


def render_unfinished(sentence: str) -> str:
    """Return the file of a run that came to no grades, by no fault of the student: no score."""
    return json.dumps(
        {
            "output_format": "md",
            "stdout_visibility": "hidden",
            "output": f"**Your submission is here, and is not graded yet.** {escape(sentence)} "
            "Staff will grade it.",
            "tests": [],
        },
        indent=2,
    )


def _test(part: PartGrade, coefficient: float, shown: Shown) -> dict[str, Any]:
    waits = part.pending_points > 0
    word = CHIPS[part.outcome].word
    title = f"{part_label(part.id)} {part.title}" + (" (bonus)" if part.bonus else "")
    test: dict[str, Any] = {
        "number": part.id,
        "name": title + (": waits for grading" if waits else ""),
        "output_format": "md",
        "output": _output(part, word) + _below(shown.pictures.get(part.id, "")),
        "visibility": shown.visibility,
        "extra_data": {"outcome": part.outcome.value},
    }
    if not waits:
        # A bonus is on top: it has a score and no maximum.
        test["score"] = round(part.points * coefficient, 4)
        test["max_score"] = 0 if part.bonus else round(part.max_points, 4)
    return test


def _output(part: PartGrade, word: str) -> str:
    others = [one.message for one in part.findings if one.message != part.message]
    message = part.message.removeprefix(f"{word}: ")
    lines = [
        f"**{word}.** {escape(message[:1].upper() + message[1:])}",
        *(f"- {escape(one)}" for one in others),
    ]
    text = "\n".join(lines)
    return text if len(text) <= _MAX_CHARACTERS else text[:_MAX_CHARACTERS] + "…"


def _below(pictures: str) -> str:
    return f"\n\n{pictures}" if pictures else ""


def _opening(sheet: GradeSheet, shown: Shown) -> str:
    lines = []
    if sheet.pending:
        lines.append(
            f"Up to {format_points(sheet.pending)} points wait for grading by staff and are not in "
            "the score."
        )
    if sheet.days_late:
        days = "1 day" if sheet.days_late == 1 else f"{sheet.days_late} days"
        how = (
            f"every score is multiplied by {sheet.late_coefficient:.3f}"
            if shown.late
            else "the scores do not show it"
        )
        lines.append(f"Submitted {days} late: {how}.")
    lines += [f"- {escape(note.message)}" for note in sheet.notes if note.for_student]
    lines.append(f"Isolation: {escape(sheet.facts.host.isolation)}.")
    return "\n\n".join(lines)

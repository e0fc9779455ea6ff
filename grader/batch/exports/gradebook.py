"""The class's grades as CSV files.

`gradebook.csv`
    Every student of the class, by kerberos. `total` is after the late coefficient, parts are before
    it. What is not decided is an empty cell, never a zero: the total of who is rejected, missing,
    waiting or met a fault of the grader, and a part that is graded by people only. Where
    only some of the points wait, `pending` says how many are still to come.

`canvas.csv`
    For Canvas' gradebook import. Only grades that are decided to the last point are in it. The
    others are left out: an empty cell would delete a grade that Canvas already has. The column is
    the assignment's title alone, for Canvas reads a number in parentheses behind a title as the id
    of one of its assignments. `ID` is filled in where Canvas' download or the manifest tells it;
    `SIS Login ID` is the kerberos name. Lateness is in the grade: switch off Canvas' late policy.

`canvas_left_out.csv`
    Who is not in `canvas.csv`, and why.

Names are the students' own text: what a spreadsheet would take for a formula is made inert.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.batch.exports.writing import write_whole
from grader.batch.records import ClassRow, PartResult, State
from grader.model.assignment import Assignment
from grader.model.catalogue import fill
from grader.model.text import format_points, one_line, spreadsheet_text

GRADEBOOK = "gradebook.csv"
"""Everything about everybody."""
CANVAS = "canvas.csv"
"""For Canvas' import."""
LEFT_OUT = "canvas_left_out.csv"
"""Who is not in the latter."""

_CANVAS_HEADER = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
_REASONS = {
    State.GRADED: "{pending:point|points} not graded yet",
    State.REJECTED: "the submission cannot be graded: {sentence}",
    State.FAULT: "grader error: {sentence}",
    State.MISSING: "no submission",
    State.WAITING: "not graded yet",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gradebook:
    """What was written."""

    paths: tuple[Path, ...]
    """`gradebook.csv`, `canvas.csv` and `canvas_left_out.csv`."""
    graded: int
    """Students whose grade is decided: those in `canvas.csv`."""
    left_out: tuple[tuple[str, str], ...]
    """(kerberos, why) of all others."""

    @property
    def sentence(self) -> str:
        """What staff should know before they import the file."""
        if not self.left_out:
            return f"{CANVAS} has all {self.graded} students."
        return (
            f"{CANVAS} has {self.graded} students; {len(self.left_out)} are not fully graded and "
            f"are listed in {LEFT_OUT}."
        )


def write_gradebook(rows: Iterable[ClassRow], assignment: Assignment, folder: Path) -> Gradebook:
    """Write the three files into `folder`, which exists; each whole or not at all.

    Raises:
        ConfigError: a file cannot be written.
    """
    ordered = sorted(rows, key=lambda row: row.kerberos)
    decided = [row for row in ordered if is_decided(row)]
    left_out = [(row, why_left_out(row)) for row in ordered if not is_decided(row)]
    texts = {
        GRADEBOOK: render_gradebook(ordered, assignment),
        CANVAS: render_canvas(decided, assignment),
        LEFT_OUT: _csv(
            [
                ["kerberos", "name", "state", "why"],
                *(
                    [*map(spreadsheet_text, (row.kerberos, row.name, row.state, why))]
                    for row, why in left_out
                ),
            ]
        ),
    }
    for name, text in texts.items():
        write_whole(folder / name, text)
    return Gradebook(
        paths=tuple(folder / name for name in texts),
        graded=len(decided),
        left_out=tuple((row.kerberos, why) for row, why in left_out),
    )


def is_decided(row: ClassRow) -> bool:
    """Return whether there is a grade of which everything is graded."""
    waits = row.pending > 0 or any(part.pending_points > 0 for part in row.parts)
    return row.state is State.GRADED and row.total is not None and not waits


def why_left_out(row: ClassRow) -> str:
    """Return why a student has no decided grade, in words."""
    sentence = one_line(row.sentence) or "no reason is known"
    return fill(_REASONS[row.state], {"pending": round(row.pending, 2), "sentence": sentence})


def render_gradebook(rows: Sequence[ClassRow], assignment: Assignment) -> str:
    """Return `gradebook.csv`, in the order of `rows`; parts in the handout's order."""
    ids = [part.id for part in assignment.parts]
    header = ["kerberos", "name", "course", "state", "total", "max", "pending", "days late"]
    return _csv(
        [
            [*header, "coefficient", "extension days", *ids, "source"],
            *(_student(row, ids) for row in rows),
        ]
    )


def render_canvas(rows: Sequence[ClassRow], assignment: Assignment) -> str:
    """Return `canvas.csv` of students whose grade is decided, in the order of `rows`."""
    # Courses share the points of a problem among the parts they require, so both have one maximum.
    most = max(assignment.max_total(course) for course in assignment.courses)
    return _csv(
        [
            [*_CANVAS_HEADER, spreadsheet_text(assignment.title)],
            ["Points Possible", "", "", "", "", format_points(most)],
            *(
                [
                    spreadsheet_text(row.name or row.kerberos),
                    canvas_id(row),
                    "",
                    spreadsheet_text(row.kerberos),
                    "",
                    "" if row.total is None else format_points(row.total),
                ]
                for row in rows
            ),
        ]
    )


def canvas_id(row: ClassRow) -> str:
    """Return Canvas' id of a student, of its download or the manifest; empty where unknown."""
    number = row.platform_id.isascii() and row.platform_id.isdigit()
    return row.platform_id if number and row.platform in ("canvas", "") else ""


def _student(row: ClassRow, part_ids: Sequence[str]) -> list[str]:
    parts = {part.id: part for part in row.parts}
    has_sheet = row.total is not None  # or people began to grade without one
    return [
        *map(spreadsheet_text, (row.kerberos, row.name, row.course, row.state)),
        format_points(row.total) if has_sheet and row.total is not None else "",
        format_points(row.max_total) if has_sheet else "",
        format_points(row.pending) if has_sheet else "",
        str(row.days_late) if has_sheet else "",
        _exact(row.late_coefficient) if has_sheet else "",
        _exact(row.extension_days),
        *(_points(parts.get(part_id)) if has_sheet else "" for part_id in part_ids),
        spreadsheet_text(row.source),
    ]


def _points(part: PartResult | None) -> str:
    if part is None or (part.pending_points > 0 and part.points == 0):
        return ""
    return _exact(part.points)


def _exact(value: float) -> str:
    """Return a number with three decimals: thirds of a point then add up to what the total says."""
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _csv(table: Iterable[Sequence[str]]) -> str:
    target = io.StringIO()
    csv.writer(target, lineterminator="\n").writerows(table)
    return target.getvalue()

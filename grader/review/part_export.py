"""`parts.csv`: a row per student and part, with points, items, comment and who decided."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from grader.batch.records import ClassRow, PartResult
from grader.model.records import Decision, DecisionKey, DecisionKind
from grader.model.text import spreadsheet_text
from grader.scoring.overrides import HumanGrades

PARTS = "parts.csv"
"""Name of the file."""
HEADER = (
    *("kerberos", "name", "course", "part", "points", "max", "pending", "outcome"),
    *("items", "comment", "author", "decided", "flag"),
)


def render_parts(rows: Iterable[ClassRow], zips: dict[str, str], human: HumanGrades) -> str:
    """Return a row per student and part that counts for the student; points before lateness.

    What is not graded yet is an empty cell. Texts that a spreadsheet would take for a formula are
    made inert.

    Args:
        rows: The class.
        zips: Kerberos to the digest of the hand-in that counts.
        human: What people decided.
    """
    target = io.StringIO()
    table = csv.writer(target, lineterminator="\n")
    table.writerow(HEADER)
    for row in sorted(rows, key=lambda one: one.kerberos):
        for part in row.parts:
            if part.max_points or part.points:
                key = DecisionKey(row.kerberos, part.id, zips.get(row.kerberos, ""))
                table.writerow(_line(row, part, human.decisions.get(key)))
    return target.getvalue()


def _line(row: ClassRow, part: PartResult, decision: Decision | None) -> list[str]:
    waits = part.pending_points > 0 and part.points == 0
    facts = [row.kerberos, row.name, row.course, part.id]
    numbers = ["" if waits else _exact(part.points), _exact(part.max_points)]
    said = [""] * 5
    if decision is not None and decision.kind is not DecisionKind.WITHDRAWN:
        said = [
            "; ".join(_applied(one.title, one.times) for one in decision.items),
            decision.comment,
            decision.decided_by,
            decision.noted_at,
            decision.flag,
        ]
    return [
        *map(spreadsheet_text, facts),
        *numbers,
        _exact(part.pending_points),
        part.outcome.value,
        *map(spreadsheet_text, said),
    ]


def _applied(title: str, times: int) -> str:
    return f"{title} ×{times}" if times > 1 else title


def _exact(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")

"""What a person sees after submissions were judged again: who moved, in which part, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from grader.batch.run.rejudging import Moved, NotJudged
from grader.model.text import format_points, terminal_line
from grader.outputs.pages.words import CHIPS
from grader.scoring.changes import SAME_POINTS, PartChange, PartStanding

_PLAIN: dict[str, Any] = {"markup": False, "highlight": False, "soft_wrap": True}
LONGEST_REASON = 60
"""Letters of a reason that is a sentence, not a code."""


def show_moved(
    console: Console, judged: Sequence[Moved], not_judged: Sequence[NotJudged], *, kept: bool
) -> None:
    """Print whose points changed, or would change, and who could not be judged."""
    moving = [one for one in judged if _moves(one)]
    reworded = sum(bool(one.changes) and not _moves(one) for one in judged)
    if moving:
        console.print(_table(moving))
        console.print()
    if judged or not not_judged:
        console.print(_summary(len(moving), len(judged), reworded, kept), **_PLAIN)
    for one in not_judged:
        what = "must be graded again" if one.must_run else "not judged"
        line = terminal_line(f"! {one.kerberos}: {what}: {one.sentence}")
        console.print(line, **_PLAIN, style="red")
    if not kept:
        console.print("Nothing was written: this was a dry run.", **_PLAIN)


def _summary(moving: int, judged: int, reworded: int, kept: bool) -> str:
    verb = "changed" if kept else "would change"
    noun = "submission" if judged == 1 else "submissions"
    only = f"; outcomes or errors alone for {reworded}" if reworded else ""
    return f"Points {verb} for {moving} of {judged} {noun}{only}."


def _moves(one: Moved) -> bool:
    """Whether points change, by a part or by the late coefficient."""
    return abs(one.total_before - one.total_after) > SAME_POINTS or any(
        change.moves_points for change in one.changes
    )


def _table(moving: Sequence[Moved]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("Student", "Part", "Was", "Is now", "Points"):
        table.add_column(name, justify="right" if name == "Points" else "left", overflow="fold")
    for one in moving:
        for change in one.changes:
            was, now = _told(change.before, change), _told(change.after, change)
            points = f"{_points(change.before)} → {_points(change.after)}"
            table.add_row(escape(one.kerberos), change.part_id, was, now, points)
        total = f"{format_points(one.total_before)} → {format_points(one.total_after)}"
        table.add_row(escape(one.kerberos), "total", "", "", total, style="bold")
    return table


def _told(standing: PartStanding | None, change: PartChange) -> str:
    """Return outcome and codes; of the codes those that differ, or all where none does."""
    if standing is None:
        return "not a part"
    other = change.after if standing is change.before else change.before
    others = set(other.codes) if other else set()
    codes = [code for code in dict.fromkeys(standing.codes) if code not in others]
    codes = codes or list(dict.fromkeys(standing.codes))
    said = ", ".join(_short(code) for code in codes)
    outcome = CHIPS[standing.outcome].word
    return escape(terminal_line(f"{outcome}: {said}" if said else outcome))


def _short(reason: str) -> str:
    return reason if len(reason) <= LONGEST_REASON else f"{reason[: LONGEST_REASON - 1]}…"


def _points(standing: PartStanding | None) -> str:
    if standing is None:
        return "–"
    pending = f" (+{format_points(standing.pending)}?)" if standing.pending else ""
    return f"{format_points(standing.points)}{pending}"

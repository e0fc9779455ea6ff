"""What was graded at once with a pile, and who may take it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

from grader.model.records.decisions import Decision, DecisionKind
from grader.review.desk.access import Reviewer, Role
from grader.review.desk.classroom import Classroom, Seat
from grader.review.desk.decision_view import DecisionView, decision_words
from grader.review.desk.holding import NOTHING_DECIDED, Holding
from grader.review.piles import Pile


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedTogether:
    """Answers of a pile to which somebody gave the same."""

    words: DecisionView
    """What was decided about the first of them."""
    rows: tuple[str, ...]
    """What the form sends for each: code and decision."""
    uuid: str
    """Of the form."""


def graded_together(
    room: Classroom,
    part_id: str,
    pile: Pile,
    held: Mapping[str, Holding],
    me: Reviewer,
) -> tuple[GradedTogether, ...]:
    """Return what was graded with a pile and can be taken back by somebody, by what it gave."""
    made: dict[tuple[object, ...], list[tuple[Seat, Decision]]] = {}
    for name in pile.members:
        decision = held.get(name, NOTHING_DECIDED).in_force
        if decision is None or not _with_pile(decision) or not may_take_back(me, decision):
            continue
        items = tuple((item.id, item.times) for item in decision.items)
        same = (decision.author, decision.share, items, decision.comment, decision.flag)
        made.setdefault(same, []).append((room.by_kerberos[name], decision))
    return tuple(
        GradedTogether(
            words=decision_words(decision, room.assignment.max_points(part_id, seat.course)),
            rows=tuple(f"{one.code} {row.uuid}" for one, row in rows),
            uuid=uuid4().hex,
        )
        for rows in made.values()
        for seat, decision in rows[:1]
    )


def may_take_back(me: Reviewer, decision: Decision) -> bool:
    """Whether somebody may take a decision back: its author, or a head."""
    return me.role >= Role.HEAD or (me.role >= Role.GRADER and decision.author == me.name)


def _with_pile(decision: Decision) -> bool:
    return decision.kind is DecisionKind.GROUP and not decision.takes_back

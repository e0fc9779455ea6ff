"""How the answers to a part stand: what is decided about each, what waits, what is in conflict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from grader.model.records.decisions import (
    Decision,
    DecisionKind,
    in_force,
    open_conflicts,
    settled_by,
)
from grader.model.records.rubrics import Rubric
from grader.review.desk.classroom import Classroom, Seat
from grader.scoring.overrides import share_today


class Stand(StrEnum):
    """How one answer stands."""

    CONFLICT = "conflict"
    FLAGGED = "flagged"
    NEEDS = "needs grading"
    GRADED = "graded"
    CHECKED = "graded by checks"
    NOTHING = "nothing to grade"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What people decided about one answer."""

    in_force: Decision | None = None
    """The decision that counts; None where there is none, or it was withdrawn."""
    newest: str = ""
    """What the next decision replaces; empty for the first."""
    conflicts: tuple[Decision, ...] = ()
    """Decisions that came too late, and that nobody has settled since."""
    offered: Decision | None = None
    """The decision about an earlier hand-in, where there is none about this one."""
    history: tuple[Decision, ...] = field(default=(), repr=False)
    """All of this hand-in, oldest first."""
    begun: bool = False
    """Whether it waits because people gave points for other parts of what was not run."""

    @property
    def flag(self) -> str:
        """The word of a flag; empty for none."""
        return self.in_force.flag if self.in_force else ""

    @property
    def graded(self) -> bool:
        """Whether a person gave points."""
        return self.in_force is not None and self.in_force.share is not None


NOTHING_DECIDED = Holding()


def begun_by_people(room: Classroom, rows: Iterable[Decision]) -> frozenset[str]:
    """Return of whom nothing was run, and people began to give points, by kerberos.

    They have a grade once each of their parts has points; a bonus that nobody gave is none.

    Args:
        room: Whose hand-ins count.
        rows: Decisions about all parts, oldest first.
    """
    zips = {
        seat.kerberos: seat.zip_sha256 for seat in room.seats if not (seat.parts or seat.not_run)
    }
    held = in_force(one for one in rows if zips.get(one.kerberos) == one.zip_sha256)
    return frozenset(
        one.kerberos
        for one in held.values()
        if one.share is not None and one.kind is not DecisionKind.WITHDRAWN
    )


def holdings(
    rows: Iterable[Decision],
    room: Classroom,
    rubric: Rubric,
    begun: frozenset[str] = frozenset(),
) -> Mapping[str, Holding]:
    """Return what is decided about each answer to one part, by kerberos.

    Args:
        rows: Decisions about the part, oldest first.
        room: Whose hand-ins count.
        rubric: That holds: all decisions follow it.
        begun: See `begun_by_people`.
    """
    if room.assignment.part(rubric.part_id).bonus:
        begun = frozenset()
    found: dict[str, list[Decision]] = {}
    for row in rows:
        found.setdefault(row.kerberos, []).append(row)
    return {
        seat.kerberos: replace(
            holding_of(found.get(seat.kerberos, ()), seat.zip_sha256, rubric),
            begun=seat.kerberos in begun,
        )
        for seat in room.seats
        if seat.kerberos in found or seat.kerberos in begun
    }


def holding_of(rows: Sequence[Decision], zip_sha256: str, rubric: Rubric) -> Holding:
    """Return what is decided about one answer.

    Args:
        rows: Decisions about the part and the student, oldest first.
        zip_sha256: The hand-in that counts.
        rubric: That holds.
    """
    own = tuple(by_rubric(row, rubric) for row in rows if row.zip_sha256 == zip_sha256)
    counted = [row for row in own if row.counts]
    if counted:
        last = counted[-1]
        return Holding(
            in_force=None if last.kind is DecisionKind.WITHDRAWN else last,
            newest=last.uuid,
            conflicts=open_conflicts(own),
            history=own,
        )
    earlier = [row for row in rows if row.zip_sha256 != zip_sha256 and row.counts]
    offered = earlier[-1] if earlier and earlier[-1].kind is not DecisionKind.WITHDRAWN else None
    return Holding(
        conflicts=open_conflicts(own),
        offered=by_rubric(offered, rubric) if offered else None,
        history=own,
    )


def second_readings(held: Holding) -> tuple[Decision, ...]:
    """Return the latest second reading of each reader that nobody has settled."""
    settled = settled_by(held.history)
    latest = {one.author: one for one in held.history if one.kind is DecisionKind.SECOND}
    return tuple(
        one for one in latest.values() if one.uuid not in settled and one.share is not None
    )


def by_rubric(decision: Decision, rubric: Rubric) -> Decision:
    """Return a decision with the points that it gives by a rubric."""
    return replace(decision, share=share_today(decision, rubric))


def stand_of(seat: Seat, part_id: str, held: Holding) -> Stand:
    """Return how an answer stands."""
    if held.conflicts:
        return Stand.CONFLICT
    if held.flag:
        return Stand.FLAGGED
    if held.graded:
        return Stand.GRADED
    if seat.waits_in(part_id) or held.begun:
        return Stand.NEEDS
    return Stand.CHECKED if part_id in seat.parts else Stand.NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class PartCount:
    """How the answers to one part stand, as numbers."""

    part_id: str
    """Which."""
    by_stand: Mapping[Stand, int] = field(hash=False)
    """How many of each."""
    items: Mapping[str, int] = field(hash=False)
    """By rubric item, to how many answers it is applied."""
    mean: float | None
    """Mean share of what people gave; None where nobody gave any."""

    def of(self, stand: Stand) -> int:
        """Return how many stand so."""
        return self.by_stand.get(stand, 0)

    @property
    def settled(self) -> int:
        """Answers that no person needs to see again."""
        return self.of(Stand.GRADED)

    @property
    def to_do(self) -> int:
        """Answers that a person has to see."""
        return sum(map(self.of, (Stand.NEEDS, Stand.FLAGGED, Stand.CONFLICT)))


def count_part(room: Classroom, part_id: str, held: Mapping[str, Holding]) -> PartCount:
    """Return how the answers to a part stand."""
    stands: Counter[Stand] = Counter()
    items: Counter[str] = Counter()
    shares: list[float] = []
    for seat in room.order(part_id):
        one = held.get(seat.kerberos, NOTHING_DECIDED)
        stands[stand_of(seat, part_id, one)] += 1
        if one.in_force:
            items.update(item.id for item in one.in_force.items)
            if one.in_force.share is not None:
                shares.append(one.in_force.share)
    mean = sum(shares) / len(shares) if shares else None
    return PartCount(part_id=part_id, by_stand=stands, items=items, mean=mean)


def next_to_grade(
    room: Classroom,
    part_id: str,
    held: Mapping[str, Holding],
    after: str,
    avoid: Collection[str] = (),
) -> Seat | None:
    """Return the next answer, in the part's order and from its start again, that needs grading.

    Those that others look at, by their codes in `avoid`, come last.
    """
    order = room.order(part_id)
    start = next((i for i, seat in enumerate(order) if seat.kerberos == after), -1) + 1
    last: Seat | None = None
    for seat in (*order[start:], *order[:start]):
        one = held.get(seat.kerberos, NOTHING_DECIDED)
        if seat.kerberos != after and stand_of(seat, part_id, one) is Stand.NEEDS:
            if seat.code not in avoid:
                return seat
            last = last or seat
    return last


def neighbors(room: Classroom, part_id: str, kerberos: str) -> tuple[Seat | None, Seat | None]:
    """Return the answers before and after one, whatever is decided about them."""
    order = room.order(part_id)
    place = next((i for i, seat in enumerate(order) if seat.kerberos == kerberos), None)
    if place is None:
        return None, None
    before = order[place - 1] if place else None
    return before, order[place + 1] if place + 1 < len(order) else None

"""Second readings: answers that another grader reads without seeing what the first gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import mean

from grader.model.records.decisions import Decision, DecisionKind
from grader.outputs.pages.markup import plain
from grader.outputs.pages.words import part_label, part_points
from grader.review.desk.classroom import Classroom, Seat
from grader.review.desk.desk_view import name_of
from grader.review.desk.figure_view import percent
from grader.review.desk.holding import NOTHING_DECIDED, Holding, second_readings
from grader.review.desk.student_view import Paging, paged

SHARES = (10, 25, 50, 100)
"""Percent of the answers that can be asked for."""
SAME = 1e-9
"""Shares that differ by less are the same."""


def parse_share(text: str) -> int:
    """Return the percent that an address names; 0 where it names none of `SHARES`."""
    return next((one for one in SHARES if str(one) == text), 0)


def to_read(
    room: Classroom, part_id: str, held: Mapping[str, Holding], reader: str, share: int
) -> tuple[Seat, ...]:
    """Return the answers that somebody may read a second time, in the part's order.

    They are graded by somebody else, and nobody has read them a second time.
    """
    sample = room.sample(part_id, share)
    return tuple(
        seat
        for seat in room.order(part_id)
        if seat.kerberos in sample
        and (own := held.get(seat.kerberos, NOTHING_DECIDED)).graded
        and own.in_force is not None
        and own.in_force.decided_by != reader
        and not any(one.kind is DecisionKind.SECOND for one in own.history)
    )


def next_to_read(
    room: Classroom, part_id: str, held: Mapping[str, Holding], reader: str, share: int
) -> str:
    """Return the address of the next second reading, or that of the page that lists them."""
    seats = to_read(room, part_id, held, reader, share)
    if not seats:
        return f"/part/{part_id}/readings"
    return f"/part/{part_id}/answers/{seats[0].code}?second={share}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """An answer of which two readings give other points."""

    code: str
    """Of the seat."""
    who: str
    """Name, or the code."""
    first: str
    """Who gave what first."""
    second: str
    """Who gave what then."""
    by: str
    """Difference in percent of the maximum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingsView:
    """Second readings of a part."""

    part_id: str
    """Which part."""
    label: str
    """As people write it."""
    title: str
    """One line."""
    graded: int
    """Answers that are graded."""
    read: int
    """Of them, those that were read a second time."""
    equal: int
    """Of those, those that got the same points."""
    mean: str
    """Mean difference of the second from the first, in percentage points; empty for none."""
    shares: tuple[tuple[int, int], ...]
    """(percent, answers that are left to read) of what can be asked for."""
    differences: tuple[Difference, ...]
    """That nobody has settled; the greatest first."""
    open: int
    """How many of them there are."""
    paging: Paging
    """Where in the list."""


@dataclass(frozen=True, slots=True)
class _Pair:
    seat: Seat
    first: Decision
    second: Decision

    @property
    def by(self) -> float:
        return (self.second.share or 0.0) - (self.first.share or 0.0)


def readings_view(
    room: Classroom,
    part_id: str,
    held: Mapping[str, Holding],
    reader: str,
    *,
    page: str,
    blind: bool,
) -> ReadingsView:
    """Return the second readings of a part, as somebody sees them."""
    pairs, unsettled = [], []
    for seat in room.order(part_id):
        own = held.get(seat.kerberos, NOTHING_DECIDED)
        first = own.in_force
        if first is None or first.share is None:
            continue
        seconds = [one for one in own.history if one.kind is DecisionKind.SECOND]
        pairs += [_Pair(seat, first, one) for one in seconds[-1:] if one.share is not None]
        unsettled += [_Pair(seat, first, one) for one in second_readings(own)]
    different = sorted(
        (one for one in unsettled if abs(one.by) > SAME), key=lambda one: -abs(one.by)
    )
    at, shown = paged(page, different)
    return ReadingsView(
        part_id=part_id,
        label=part_label(part_id),
        title=plain(room.assignment.part(part_id).title),
        graded=sum(one.graded for one in held.values()),
        read=len(pairs),
        equal=sum(abs(one.by) <= SAME for one in pairs),
        mean=f"{100 * mean(one.by for one in pairs):+.1f}".replace("-", "−") if pairs else "",
        shares=tuple((share, len(to_read(room, part_id, held, reader, share))) for share in SHARES),
        differences=tuple(_difference(one, room, part_id, blind=blind) for one in shown),
        open=len(different),
        paging=at,
    )


def _difference(pair: _Pair, room: Classroom, part_id: str, *, blind: bool) -> Difference:
    most = room.assignment.max_points(part_id, pair.seat.course)

    def words(one: Decision) -> str:
        return f"{plain(one.decided_by)}: {part_points((one.share or 0.0) * most)}"

    return Difference(
        code=pair.seat.code,
        who=name_of(pair.seat, blind=blind),
        first=words(pair.first),
        second=words(pair.second),
        by=percent(abs(pair.by)),
    )

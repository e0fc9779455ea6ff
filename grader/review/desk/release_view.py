"""What is missing before grades are published."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from grader.model.records.decisions import Decision
from grader.model.records.releases import ReleaseKind
from grader.outputs.pages.markup import plain
from grader.outputs.pages.words import part_label
from grader.review.desk.classroom import Classroom
from grader.review.desk.desk_view import name_of, parts_of
from grader.review.desk.holding import (
    NOTHING_DECIDED,
    Stand,
    begun_by_people,
    holdings,
    stand_of,
)
from grader.review.desk.ledger import Ledger, rubrics_of
from grader.review.desk.student_view import STATES, Paging, paged
from grader.review.publishing import ClassToday
from grader.review.releasing import NOT_GRADED, Missing, missing_before_release
from grader.scoring.overrides import human_grades


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingLine:
    """Something that is missing."""

    code: str
    """Of the seat."""
    who: str
    """Name, or the code."""
    part_id: str
    """Which part; empty where it is about the whole grade."""
    label: str
    """As people write it."""
    why: str
    """What is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseView:
    """A page of what is missing."""

    lines: tuple[MissingLine, ...]
    """By student and part."""
    paging: Paging
    """Where in the list."""
    students: int
    """Students of whom something is missing."""
    of: int
    """Students of the class."""
    published: int
    """Students whose grade is published, as it stands."""
    changed: int
    """Students whose grade was published, and is another by now."""


def release_view(
    room: Classroom, ledger: Ledger, today: ClassToday, *, page: str, blind: bool
) -> ReleaseView:
    """Return a page of what is missing, as decisions stand now, scored or not."""
    decisions = ledger.decisions()
    human = human_grades(decisions, ledger.rubrics(), room.assignment)
    zips = {seat.kerberos: seat.zip_sha256 for seat in room.seats}
    told = missing_before_release((), zips, human, decisions, ledger.requests())
    found = [one for one in (*_ungraded(room, ledger), *told) if one.kerberos in room.by_kerberos]
    found.sort(key=lambda one: (_who(room, one, blind=blind), one.part_id, one.why))
    paging, shown = paged(page, found)
    return ReleaseView(
        lines=tuple(
            MissingLine(
                code=room.by_kerberos[one.kerberos].code,
                who=_who(room, one, blind=blind),
                part_id=one.part_id,
                label=part_label(one.part_id),
                why=_why(room, one, blind=blind),
            )
            for one in shown
        ),
        paging=paging,
        students=len({one.kerberos for one in found}),
        of=len(room.seats),
        published=len(today.published),
        changed=len(today.plan.changed),
    )


def _who(room: Classroom, one: Missing, *, blind: bool) -> str:
    return name_of(room.by_kerberos[one.kerberos], blind=blind)


def _why(room: Classroom, one: Missing, *, blind: bool) -> str:
    hide = room.hiding(room.by_kerberos[one.kerberos], blind=blind, staff=True)
    return plain(hide(one.why))


def _ungraded(room: Classroom, ledger: Ledger) -> Iterator[Missing]:
    """Yield each part of each student that nobody has graded."""
    every, rubrics = ledger.decisions(), rubrics_of(ledger, room.assignment)
    begun = begun_by_people(room, every)
    rows: dict[str, list[Decision]] = {}
    for row in every:
        rows.setdefault(row.part_id, []).append(row)
    held = {
        part_id: holdings(rows.get(part_id, ()), room, rubric, begun)
        for part_id, rubric in rubrics.items()
    }
    for seat in room.seats:
        if not seat.parts and seat.kerberos not in begun:
            why = seat.sentence or STATES[seat.state]
            yield Missing(kerberos=seat.kerberos, part_id="", why=why)
            continue
        for part_id in parts_of(room, seat):
            own = held[part_id].get(seat.kerberos, NOTHING_DECIDED)
            if stand_of(seat, part_id, own) is Stand.NEEDS:
                yield Missing(kerberos=seat.kerberos, part_id=part_id, why=NOT_GRADED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmView:
    """What a release would do, in numbers."""

    kind: ReleaseKind
    """Publish or withdraw."""
    changes: int
    """Grades that are published or withdrawn."""
    first: int
    """Of them, those that were never published, or were withdrawn."""
    others: int
    """Of them, those that are published now with other points."""
    out_already: int
    """Grades that are published as they stand."""
    held_back: int
    """Grades that are left out, for something is missing."""
    without_points: int
    """Students without points; where grades are withdrawn, those whose is not published."""
    anyway: bool
    """Whether grades are published of which something is missing."""
    missing: int
    """Students of whom something is missing."""
    digest: str
    """Of the plan; what is confirmed."""
    by: str = ""
    """Sentence where points would be given by another offering than the last."""


def confirm_view(today: ClassToday) -> ConfirmView:
    """Return what a release would do, in numbers."""
    plan = today.plan
    first = sum(one.earlier is None for one in plan.changes)
    return ConfirmView(
        kind=plan.request.kind,
        changes=len(plan.changes),
        first=first,
        others=len(plan.changes) - first,
        out_already=len(plan.out_already),
        held_back=len(plan.held_back),
        without_points=len(plan.without_points),
        anyway=plan.request.anyway,
        missing=len({one.kerberos for one in today.missing}),
        digest=plan.digest,
    )

"""Lists of students and of answers, and one student over all parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from markupsafe import Markup

from grader.batch.records import State
from grader.model.records.decisions import Decision
from grader.model.records.releases import threads
from grader.outputs.pages.markup import plain
from grader.outputs.pages.words import CHIPS, part_label, part_points
from grader.review.desk.classroom import Classroom, Seat
from grader.review.desk.decision_view import DecisionView, comment_html, decision_words
from grader.review.desk.desk_view import (
    TONES,
    name_of,
    parts_of,
)
from grader.review.desk.holding import (
    NOTHING_DECIDED,
    Holding,
    Stand,
    begun_by_people,
    holdings,
    stand_of,
)
from grader.review.desk.ledger import Ledger, rubrics_of

Line = TypeVar("Line")

STATES = {
    State.GRADED: "checks done",
    State.REJECTED: "rejected",
    State.FAULT: "fault of the grader",
    State.MISSING: "nothing submitted",
    State.WAITING: "not run yet",
}
"""How far the machine came with a hand-in; what people graded is told for each part."""
PAGE = 50
"""Lines of one page of a list."""
SHOWN = {
    "all": frozenset(Stand),
    "needs": frozenset({Stand.NEEDS}),
    "flagged": frozenset({Stand.FLAGGED}),
    "conflicts": frozenset({Stand.CONFLICT}),
    "graded": frozenset({Stand.GRADED}),
}
"""What a list can be narrowed to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """Which page of a list."""

    page: int
    """From 1."""
    pages: int
    """How many there are."""
    found: int
    """Lines of all pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerLine:
    """One answer in a list."""

    code: str
    """Of the seat."""
    who: str
    """Name, or the code."""
    course: str
    """Of the student."""
    stand: Stand
    """How it stands."""
    tone: str
    """Its color."""
    points: str
    """Given by a person; empty for none."""
    author: str
    """Who gave them."""
    flag: str
    """Why the head should look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerList:
    """A page of the answers to a part."""

    part_id: str
    """Which part."""
    label: str
    """As people write it."""
    title: str
    """One line."""
    show: str
    """A key of `SHOWN`."""
    lines: tuple[AnswerLine, ...]
    """In the part's order."""
    paging: Paging
    """Where in the list."""


def answer_lines(
    room: Classroom,
    part_id: str,
    held: Mapping[str, Holding],
    *,
    show: str,
    page: str,
    blind: bool,
) -> AnswerList:
    """Return a page of the answers to a part."""
    show = show if show in SHOWN else "all"
    found = []
    for seat in room.order(part_id):
        own = held.get(seat.kerberos, NOTHING_DECIDED)
        stand = stand_of(seat, part_id, own)
        if stand in SHOWN[show]:
            found.append((seat, own, stand))
    paging = _paging(page, len(found))
    return AnswerList(
        part_id=part_id,
        label=part_label(part_id),
        title=plain(room.assignment.part(part_id).title),
        show=show,
        lines=tuple(
            _line(room, part_id, seat, own, stand, blind=blind)
            for seat, own, stand in found[PAGE * (paging.page - 1) : PAGE * paging.page]
        ),
        paging=paging,
    )


def _line(
    room: Classroom, part_id: str, seat: Seat, own: Holding, stand: Stand, *, blind: bool
) -> AnswerLine:
    most = room.assignment.max_points(part_id, seat.course)
    decision = own.in_force
    given = decision.share if decision else None
    return AnswerLine(
        code=seat.code,
        who=name_of(seat, blind=blind),
        course=seat.course,
        stand=stand,
        tone=TONES[stand],
        points="" if given is None else f"{part_points(given * most)} of {part_points(most)}",
        author=plain(decision.decided_by) if decision else "",
        flag=plain(room.hiding(seat, blind=blind, staff=True)(own.flag)),
    )


def paged(page: str, lines: Sequence[Line]) -> tuple[Paging, Sequence[Line]]:
    """Return which page of a list is meant, and its lines."""
    at = _paging(page, len(lines))
    return at, lines[PAGE * (at.page - 1) : PAGE * at.page]


def _paging(page: str, found: int) -> Paging:
    pages = max(-(-found // PAGE), 1)
    wanted = int(page) if page.isascii() and page.isdecimal() and len(page) < 7 else 1
    return Paging(page=min(max(wanted, 1), pages), pages=pages, found=found)


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentList:
    """A page of the class."""

    search: str
    """What was searched for."""
    lines: tuple[tuple[str, str, str, str], ...]
    """(code, name, course, state)."""
    paging: Paging
    """Where in the list."""


def student_list(room: Classroom, *, search: str, page: str, blind: bool) -> StudentList:
    """Return a page of the class; where names are hidden, in the order of the codes."""
    word = search.strip().casefold()
    seats = sorted(room.seats, key=lambda seat: seat.code if blind else seat.kerberos)
    found = [seat for seat in seats if not word or word in _searched(seat, blind=blind)]
    paging = _paging(page, len(found))
    return StudentList(
        search=plain(search),
        lines=tuple(
            (seat.code, name_of(seat, blind=blind), seat.course, STATES[seat.state])
            for seat in found[PAGE * (paging.page - 1) : PAGE * paging.page]
        ),
        paging=paging,
    )


def _searched(seat: Seat, *, blind: bool) -> str:
    known = (seat.code,) if blind else (seat.code, seat.kerberos, seat.name)
    return " ".join(known).casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentPart:
    """One part of a student."""

    part_id: str
    """Which."""
    label: str
    """As people write it."""
    title: str
    """One line."""
    stand: Stand
    """How it stands."""
    tone: str
    """Its color."""
    points: str
    """As the student would see them; a dash where they are not decided."""
    max_points: str
    """To be had."""
    by: str
    """Who gave them."""
    comment: Markup
    """For the student; empty for none."""
    items: tuple[str, ...]
    """Titles of what was applied."""
    flag: str
    """Why the head should look."""
    asked: bool
    """Whether a regrade request about it waits for an answer."""
    history: tuple[DecisionView, ...]
    """Newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentView:
    """One student over all parts."""

    code: str
    """Of the seat."""
    who: str
    """Name, or the code."""
    course: str
    """Of the student."""
    state: str
    """Of the hand-in."""
    sentence: str
    """Why it was rejected or failed."""
    parts: tuple[StudentPart, ...]
    """In the handout's order."""
    total: str
    """Points after the late coefficient, of what is decided."""
    of: str
    """Points to be had without bonus."""
    late: str
    """The late coefficient; empty where in time."""
    waiting: int
    """Parts that wait for a person."""


def student_view(room: Classroom, seat: Seat, ledger: Ledger, *, blind: bool) -> StudentView:
    """Return one student over all parts."""
    rows: dict[str, list[Decision]] = {}
    mine = ledger.decisions(kerberos=seat.kerberos)
    begun = begun_by_people(room, mine)
    for row in mine:
        rows.setdefault(row.part_id, []).append(row)
    rubrics = rubrics_of(ledger, room.assignment)
    hide = room.hiding(seat, blind=blind, staff=True)
    made = []
    waits = {
        one.part_id
        for one in threads(ledger.requests())
        if one.waits and one.kerberos == seat.kerberos
    }
    for part_id in parts_of(room, seat):
        held = holdings(rows.get(part_id, []), room, rubrics[part_id], begun)
        own = held.get(seat.kerberos, NOTHING_DECIDED)
        view, points = _part(room, seat, part_id, own, hide)
        made.append((replace(view, asked=part_id in waits), points))
    total = sum(points for _, points in made) * seat.late_coefficient
    late = "" if seat.late_coefficient >= 1 else f"× {seat.late_coefficient:.3g}"
    unsettled = (Stand.NEEDS, Stand.FLAGGED, Stand.CONFLICT)
    return StudentView(
        code=seat.code,
        who=name_of(seat, blind=blind),
        course=seat.course,
        state=STATES[seat.state],
        sentence=plain(hide(seat.sentence)),
        parts=tuple(view for view, _ in made),
        total=part_points(total),
        of=part_points(room.assignment.max_total(seat.course)),
        late=late,
        waiting=sum(view.stand in unsettled for view, _ in made),
    )


def _part(
    room: Classroom, seat: Seat, part_id: str, own: Holding, hide: Callable[[str], str]
) -> tuple[StudentPart, float]:
    most = room.assignment.max_points(part_id, seat.course)
    found = seat.parts.get(part_id)
    decision = own.in_force
    by, points = "", found.points if found else 0.0
    shown = part_points(points) if found and found.pending_points <= 0 else "–"
    if decision is not None and decision.share is not None:
        by, points = plain(decision.decided_by), decision.share * most
        shown = part_points(points)
    elif found is not None and shown != "–":
        by = f"checks ({CHIPS[found.outcome].word.lower()})"
    stand = stand_of(seat, part_id, own)
    view = StudentPart(
        part_id=part_id,
        label=part_label(part_id),
        title=plain(room.assignment.part(part_id).title),
        stand=stand,
        tone=TONES[stand],
        points=shown,
        max_points=part_points(most),
        by=by,
        comment=comment_html(hide(decision.comment)) if decision else Markup(),
        items=decision_words(decision, most).items if decision else (),
        flag=plain(hide(own.flag)),
        asked=False,
        history=tuple(decision_words(one, most, hide) for one in reversed(own.history)),
    )
    return view, points

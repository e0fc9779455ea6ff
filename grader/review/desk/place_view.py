"""Which pages of a report answer which part: what is not known, and the pages to look at."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.model.records.places import NAMES, Placed
from grader.model.results_folder import ResultFolder
from grader.outputs.pages.markup import plain
from grader.outputs.pages.words import part_label
from grader.review.answers import MACHINE, AnswerState, answer_of
from grader.review.desk.classroom import Classroom, Seat
from grader.review.desk.desk_view import KEYS, name_of
from grader.review.desk.student_view import Paging, paged
from grader.review.page_pictures import pages_of


def unplaced(results: Path, room: Classroom, seat: Seat, told: Placed) -> tuple[str, ...]:
    """Return the parts of a student of which nobody knows on which pages they are answered."""
    if seat.kerberos not in room.unplaced:
        folder = ResultFolder(root=results / seat.kerberos)
        room.unplaced[seat.kerberos] = tuple(
            part_id
            for part_id in parts_to_place(room, seat)
            if answer_of(folder, room.assignment, part_id).state is AnswerState.UNPLACED
        )
    known = room.unplaced[seat.kerberos]
    return tuple(part_id for part_id in known if (seat.kerberos, part_id) not in told)


def parts_to_place(room: Classroom, seat: Seat) -> tuple[str, ...]:
    """Return the parts that people read in a report of the student's course."""
    assignment = room.assignment
    return tuple(
        part_id for part_id in room.human_parts if assignment.max_points(part_id, seat.course) > 0
    )


def next_unplaced(results: Path, room: Classroom, told: Placed, after: str = "") -> Seat | None:
    """Return the next student, by code and from the start again, of whom a page is not known."""
    order = sorted(room.seats, key=lambda seat: seat.code)
    start = next((i for i, seat in enumerate(order) if seat.code == after), -1) + 1
    for seat in (*order[start:], *order[:start]):
        if seat.code != after and unplaced(results, room, seat, told):
            return seat
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceList:
    """A page of the students of whom a page is not known."""

    lines: tuple[tuple[str, str, str], ...]
    """(code, name, labels of the parts)."""
    paging: Paging
    """Where in the list."""


def place_list(
    results: Path, room: Classroom, told: Placed, *, page: str, blind: bool
) -> PlaceList:
    """Return a page of the students of whom a page is not known, by code."""
    found = []
    for seat in sorted(room.seats, key=lambda one: one.code):
        parts = unplaced(results, room, seat, told)
        if parts:
            found.append((seat, parts))
    at, shown = paged(page, found)
    return PlaceList(
        lines=tuple(
            (seat.code, name_of(seat, blind=blind), ", ".join(map(part_label, parts)))
            for seat, parts in shown
        ),
        paging=at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceRow:
    """One part in the grid of parts and pages."""

    part_id: str
    """Which; `NAMES` for the pages at whose top a name stands."""
    key: str
    """That switches it for the page that is shown; empty for none."""
    label: str
    """As people write it."""
    title: str
    """One line."""
    pages: tuple[int, ...]
    """On which it is answered, as far as it is known."""
    said: str
    """Who says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceView:
    """A student's report, with what is known of its pages."""

    code: str
    """Of the seat."""
    who: str
    """Name, or the code."""
    zip_sha256: str
    """Of the hand-in."""
    parent: str
    """Digest of what people have said of this report; what the form is made on."""
    rows: tuple[PlaceRow, ...]
    """Parts, then the names."""
    pages: tuple[tuple[int, str], ...]
    """(number, address of the picture; empty where it cannot be drawn)."""
    first: int
    """Page that is shown first."""
    left: int
    """Parts of which no page is known."""


def place_view(
    results: Path, room: Classroom, seat: Seat, told: Placed, *, blind: bool
) -> PlaceView:
    """Return a student's report, with what is known of its pages."""
    folder = ResultFolder(root=results / seat.kerberos)
    drawn = pages_of(folder)
    rows = _rows(folder, room, seat, told)
    missing = unplaced(results, room, seat, told)
    return PlaceView(
        code=seat.code,
        who=name_of(seat, blind=blind),
        zip_sha256=seat.zip_sha256,
        parent=said_of(seat, told),
        rows=rows,
        pages=tuple(
            (number, "" if number in drawn.failed else seat.page_address(number))
            for number in range(1, drawn.pages + 1)
        ),
        first=1,
        left=len(missing),
    )


def said_of(seat: Seat, told: Placed) -> str:
    """Return a digest of what people have said of a student's report; empty where nobody did."""
    own = sorted(
        (part_id, *said) for (name, part_id), said in told.items() if name == seat.kerberos
    )
    return hashlib.sha256(repr(own).encode()).hexdigest()[:16] if own else ""


def _rows(folder: ResultFolder, room: Classroom, seat: Seat, told: Placed) -> tuple[PlaceRow, ...]:
    made = []
    for index, part_id in enumerate(parts_to_place(room, seat)):
        pages, by = known_pages(folder, room, part_id, told)
        made.append(
            PlaceRow(
                part_id=part_id,
                key=KEYS[index] if index < len(KEYS) else "",
                label=part_label(part_id),
                title=plain(room.assignment.part(part_id).title),
                pages=pages,
                said=_said(by, pages),
            )
        )
    pages, by = told.get((seat.kerberos, NAMES), ((), ""))
    names = PlaceRow(
        part_id=NAMES,
        key="n",
        label="Name",
        title="A name stands at the top of the page",
        pages=pages,
        said=f"says {plain(by)}" if by else "",
    )
    return (*made, names)


def known_pages(
    folder: ResultFolder, room: Classroom, part_id: str, told: Placed
) -> tuple[tuple[int, ...], str]:
    """Return the pages that answer a part, and who says so; empty where nobody does."""
    answer = answer_of(folder, room.assignment, part_id, told)
    return answer.report_pages, answer.pages_by


def _said(by: str, pages: Sequence[int]) -> str:
    words: Mapping[str, str] = {
        "": "not known",
        "label": "by its heading",
        "problem": "by the problem's heading",
    }
    if by in MACHINE:
        return words[by]
    return f"says {plain(by)}" if pages else f"not in the report, says {plain(by)}"

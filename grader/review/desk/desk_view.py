"""One answer on the desk: where it stands, the rubric with its counts, and what was said before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from uuid import uuid4

from markupsafe import Markup

from grader.model.records.decisions import Decision
from grader.model.records.rubrics import Rubric, RubricItem, Start, share_of
from grader.outputs.pages.markup import inline_markup, plain
from grader.outputs.pages.words import amount, part_label, part_points
from grader.review.desk.choices import choices_of, in_use
from grader.review.desk.classroom import Classroom, Seat
from grader.review.desk.decision_view import DecisionView, decision_words
from grader.review.desk.forms import mark_field, signed
from grader.review.desk.found_items import found_in
from grader.review.desk.holding import (
    NOTHING_DECIDED,
    Holding,
    PartCount,
    Stand,
    count_part,
    neighbors,
    next_to_grade,
    second_readings,
    stand_of,
)

KEYS = "123456789"
"""Keys of the items of one bank, in order."""
MAX_LIBRARY = 8
"""Comments that are offered again."""
TONES = {
    Stand.CONFLICT: "fail",
    Stand.FLAGGED: "partial",
    Stand.NEEDS: "wait",
    Stand.GRADED: "pass",
    Stand.CHECKED: "none",
    Stand.NOTHING: "none",
}
"""Color of each stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemView:
    """One item of the rubric, to be switched on and off."""

    id: str
    """Of the item."""
    key: str
    """That switches it."""
    bank: int
    """Number of the ten among which the key is looked up, from 0."""
    share: float
    """Of the part's maximum."""
    points: str
    """The same in points, with its sign."""
    title: str
    """One line."""
    for_staff: Markup
    """When it applies."""
    times: int
    """How often it is applied now."""
    count: int
    """To how many answers it is applied."""
    one_of: str
    """Group of which only one may apply; empty for none."""
    retired: bool
    """Whether it can only be taken off."""
    found: bool
    """Whether checks found it in this answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskView:
    """The desk around one answer, without the evidence."""

    part_id: str
    """Which part."""
    label: str
    """As people write it."""
    title: str
    """One line."""
    code: str
    """Of the seat."""
    who: str
    """Name, or the code where names are hidden."""
    course: str
    """Of the student."""
    stand: Stand
    """How the answer stands."""
    tone: str
    """Its color."""
    uuid: str
    """Of the decision that this page may make."""
    parent: str
    """uuid of what it would replace."""
    zip_sha256: str
    """Of the hand-in that is shown."""
    max_points: float
    """To be had."""
    max_words: str
    """The same in words."""
    rubric: Rubric
    """That holds."""
    groups: tuple[tuple[str, tuple[ItemView, ...]], ...]
    """(heading, items)."""
    start: float
    """Share at which points begin."""
    nothing: bool
    """Whether it was decided that no item applies."""
    adjust: str
    """Typed points; empty for none."""
    comment: str
    """Shown in the box."""
    marks: tuple[str, ...]
    """Comments placed on pages, each as the form sends it."""
    note: str
    """For staff."""
    flag: str
    """Why the head should look."""
    in_force: DecisionView | None
    """What counts now."""
    offered: DecisionView | None
    """Decision about an earlier hand-in."""
    offered_choices: Mapping[str, object]
    """The same as what the form holds."""
    conflicts: tuple[DecisionView, ...]
    """Decisions that came too late."""
    seconds: tuple[DecisionView, ...]
    """Second readings that nobody has settled."""
    history: tuple[DecisionView, ...]
    """Newest first."""
    library: tuple[str, ...]
    """Comments that were used before, the most used first."""
    count: PartCount
    """How far the part is."""
    place: int
    """Of the answer in the part's order, from 1."""
    of: int
    """Answers of the part."""
    before: str
    """Code of the answer before; empty for none."""
    after: str
    """Code of the answer after; empty for none."""
    next_code: str
    """Code of the next answer that needs grading; empty where none does."""
    next_part: str
    """Part of the same student after this one; empty for none."""
    previous_part: str
    """Part of the same student before this one; empty for none."""
    machine: str
    """What the checks gave or would give, in words; empty where a person decides all."""
    take: str
    """What to type as points so that the answer gets what the checks offer; empty for nothing."""


def desk_view(
    room: Classroom,
    part_id: str,
    seat: Seat,
    rubric: Rubric,
    held: Mapping[str, Holding],
    *,
    blind: bool,
) -> DeskView:
    """Return the desk around one answer.

    Args:
        room: The class.
        part_id: Which part.
        seat: Whose answer.
        rubric: That holds.
        held: What is decided about the part's answers, by kerberos.
        blind: Whether names are hidden.
    """
    part = room.assignment.part(part_id)
    most = room.assignment.max_points(part_id, seat.course)
    own = held.get(seat.kerberos, NOTHING_DECIDED)
    base = own.in_force or own.offered
    count = count_part(room, part_id, held)
    before, after = neighbors(room, part_id, seat.kerberos)
    upcoming = next_to_grade(room, part_id, held, seat.kerberos)
    stand = stand_of(seat, part_id, own)
    parts = parts_of(room, seat)
    at = parts.index(part_id) if part_id in parts else -1
    order = [one.kerberos for one in room.order(part_id)]
    shown = room.hiding(seat, blind=blind, staff=True)
    chosen, rule = choices_of(own.in_force, rubric, most), in_use(rubric)
    return DeskView(
        part_id=part_id,
        label=part_label(part_id),
        title=plain(part.title),
        code=seat.code,
        who=name_of(seat, blind=blind),
        course=seat.course,
        stand=stand,
        tone=TONES[stand],
        uuid=uuid4().hex,
        parent=own.newest,
        zip_sha256=seat.zip_sha256,
        max_points=most,
        max_words=amount(most),
        rubric=rule,
        groups=_groups(rubric, own.in_force, most, count, found_in(seat, part_id)),
        start=1.0 if rule.start is Start.FULL else 0.0,
        nothing=chosen.nothing,
        adjust=chosen.adjust,
        comment=shown(base.comment) if base else "",
        marks=tuple(mark_field(one, shown) for one in own.in_force.marks) if own.in_force else (),
        note=shown(own.in_force.note) if own.in_force else "",
        flag=shown(own.flag),
        in_force=decision_words(own.in_force, most, shown) if own.in_force else None,
        offered=decision_words(own.offered, most, shown) if own.offered else None,
        offered_choices=_choices(own.offered, rubric, most, shown),
        conflicts=tuple(decision_words(one, most, shown) for one in own.conflicts),
        seconds=tuple(decision_words(one, most, shown) for one in second_readings(own)),
        history=tuple(decision_words(one, most, shown) for one in reversed(own.history)),
        library=_library(room, held.values(), blind=blind),
        count=count,
        place=order.index(seat.kerberos) + 1 if seat.kerberos in order else 0,
        of=len(order),
        before=before.code if before else "",
        after=after.code if after else "",
        next_code=upcoming.code if upcoming else "",
        next_part=parts[at + 1] if 0 <= at < len(parts) - 1 else "",
        previous_part=parts[at - 1] if at > 0 else "",
        machine=_machine(seat, part_id),
        take=_take(seat, part_id, rule),
    )


def parts_of(room: Classroom, seat: Seat) -> list[str]:
    """Return the parts that the student's course has points for, in the handout's order."""
    assignment = room.assignment
    return [part.id for part in assignment.parts if assignment.max_points(part.id, seat.course) > 0]


def name_of(seat: Seat, *, blind: bool) -> str:
    """Return how a page calls a student."""
    if blind:
        return seat.code
    return plain(f"{seat.kerberos} ({seat.name})" if seat.name else seat.kerberos)


def _machine(seat: Seat, part_id: str) -> str:
    part = seat.parts.get(part_id)
    if part is None or part.human_points is not None:
        return ""
    most = amount(part.max_points)
    if part.offered_points > 0:
        given = part_points(part.points + part.offered_points)
        return f"Checks would give {given} of {most}; a person decides."
    if part.pending_points > 0:
        return ""
    return f"Checks gave {part_points(part.points)} of {most}. Points given here replace them."


def _take(seat: Seat, part_id: str, rubric: Rubric) -> str:
    part = seat.parts.get(part_id)
    if part is None or part.human_points is not None or part.offered_points <= 0:
        return ""
    start = share_of(rubric, ()) * part.max_points
    return f"{part.points + part.offered_points - start:.6g}"


def _groups(
    rubric: Rubric,
    decision: Decision | None,
    most: float,
    count: PartCount,
    found: frozenset[str],
) -> tuple[tuple[str, tuple[ItemView, ...]], ...]:
    times = {item.id: item.times for item in decision.items} if decision else {}
    shown = [item for item in rubric.items if not item.retired or item.id in times]
    groups: dict[str, list[ItemView]] = {}
    for index, item in enumerate(shown):
        view = _item(item, index, times.get(item.id, 0), most, count)
        view = replace(view, found=item.id in found)
        groups.setdefault(item.group, []).append(view)
    return tuple((plain(name), tuple(items)) for name, items in groups.items())


def _item(item: RubricItem, index: int, times: int, most: float, count: PartCount) -> ItemView:
    bank, place = divmod(index, len(KEYS))
    return ItemView(
        id=item.id,
        key=KEYS[place],
        bank=bank,
        share=item.share,
        points=signed(item.share, most),
        title=plain(item.title),
        for_staff=inline_markup(item.for_staff),
        times=times,
        count=count.items.get(item.id, 0),
        one_of=plain(item.group) if item.one_of else "",
        retired=item.retired,
        found=False,
    )


def _choices(
    decision: Decision | None, rubric: Rubric, most: float, shown: Callable[[str], str]
) -> Mapping[str, object]:
    """Return what the form holds for a decision."""
    if decision is None:
        return {}
    chosen = choices_of(decision, rubric, most)
    return {
        "items": chosen.items,
        "nothing": chosen.nothing,
        "adjust": chosen.adjust,
        "comment": shown(decision.comment),
    }


def _library(room: Classroom, held: Iterable[Holding], *, blind: bool) -> tuple[str, ...]:
    """Return the comments given so far, the most used first.

    Where names are hidden, one that names somebody is not offered for others.
    """
    used = Counter(one.in_force.comment for one in held if one.in_force and one.in_force.comment)
    texts = (one for one, _ in used.most_common() if not blind or not room.names_somebody(one))
    return tuple(map(plain, islice(texts, MAX_LIBRARY)))

"""Piles of answers: listed, opened, and graded together; each answer gets a decision of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID, uuid4, uuid5

from starlette.datastructures import FormData
from starlette.responses import Response

from grader.model.records.decisions import Decision
from grader.model.records.rubrics import Rubric
from grader.review.desk.asked import Asked, NotFound, told
from grader.review.desk.classroom import Classroom, Seat
from grader.review.desk.desk_view import DeskView, ItemView, desk_view
from grader.review.desk.forms import NotTaken, Outdated, decision_from, uuid_of
from grader.review.desk.holding import NOTHING_DECIDED, Holding, count_part
from grader.review.desk.ledger import rubric_of
from grader.review.desk.pile_together import graded_together
from grader.review.desk.pile_view import (
    MOST_SHOWN,
    maxima_of,
    other_piles,
    pile_list,
    pile_view,
    piles_of,
)
from grader.review.moved_piles import Move, moved_piles
from grader.review.piles import Pile


def piles_page(asked: Asked) -> Response:
    """The piles of a part."""
    desk, part_id = asked.desk, asked.part_id
    view = pile_list(
        asked.room, part_id, sorted_piles(asked), asked.held(part_id), blind=desk.blind
    )
    return asked.page("piles.html.j2", view=view)


def pile_page(asked: Asked) -> Response:
    """One pile with every member, and the rubric to grade them by."""
    desk, part_id, room = asked.desk, asked.part_id, asked.room
    pile = pile_asked(asked)
    held = asked.held(part_id)
    rubric = rubric_of(desk.ledger, desk.assignment, part_id)
    most, words = maxima_of(room, part_id, pile)
    # Items are shown in the same points as those that are typed.
    courses = (room.by_kerberos[name] for name in pile.members)
    first = next(
        seat for seat in courses if room.assignment.max_points(part_id, seat.course) == most
    )
    form = desk_view(room, part_id, first, rubric, {}, blind=desk.blind)
    form = replace(form, max_points=most, max_words=words, groups=_counted(form, room, held))
    view = pile_view(desk.results, room, part_id, pile, held, blind=desk.blind)
    query = asked.request.query_params
    return asked.page(
        "pile.html.j2",
        view=form,
        pile=view,
        uuid=uuid4().hex,
        keys=False,
        others=other_piles(room, part_id, sorted_piles(asked), pile, blind=desk.blind),
        together=graded_together(room, part_id, pile, held, asked.reviewer),
        begin=query.get("item", ""),
        chosen=frozenset(filter(None, query.get("chosen", "").split(","))),
    )


def _counted(
    form: DeskView, room: Classroom, held: Mapping[str, Holding]
) -> tuple[tuple[str, tuple[ItemView, ...]], ...]:
    """Return an empty form's items with how many answers have each."""
    counts = count_part(room, form.part_id, held).items
    return tuple(
        (name, tuple(replace(item, count=counts.get(item.id, 0)) for item in items))
        for name, items in form.groups
    )


def decisions_of(asked: Asked, rubric: Rubric) -> tuple[Decision, ...]:
    """Return what the form decides about each chosen member; nothing of it is saved.

    Raises:
        NotTaken: none is chosen, or the choices cannot be taken.
    """
    made = []
    for seat, fields in chosen_members(asked):
        decision = decision_from(fields, seat, asked.ground(seat, rubric), asked.reviewer)
        digest = asked.answer_digest(seat, rubric.part_id)
        made.append(replace(decision, answer_sha256=digest))
    return tuple(made)


def apply_to_pile(asked: Asked) -> Response:
    """Grade the chosen members of a pile; who was graded meanwhile is left alone."""
    desk, part_id = asked.desk, asked.part_id
    rubric = rubric_of(desk.ledger, desk.assignment, part_id)
    made = decisions_of(asked, rubric)
    held = asked.held(part_id)
    saved = left = before = 0
    for decision in made:
        own = held.get(decision.kerberos, NOTHING_DECIDED)
        known = next((row for row in own.history if row.uuid == decision.uuid), None)
        if known is not None:  # sent twice, since the first reply was lost
            saved += known.content == decision.content
            before += known.content != decision.content
        elif own.newest != decision.parent or own.graded:
            left += 1
        else:
            done = desk.ledger.decide(decision)
            saved += done.conflict is None
            left += done.conflict is not None
    words = f"Saved: {saved} {'answer' if saved == 1 else 'answers'} of the pile."
    more = f" {left} left alone: somebody graded them meanwhile." if left else ""
    if before:
        more += f" {before} saved before you changed the choices, and left so: look at them."
    return told("saved", words + more, there=f"/part/{part_id}/piles")


def sorted_piles(asked: Asked) -> tuple[Pile, ...]:
    """Return the piles of a part as they were sorted, after what people moved."""
    desk, part_id, room = asked.desk, asked.part_id, asked.room
    found = piles_of(desk.results, room, part_id, asked.placed)
    moves = [
        Move(**{name: one[name] for name in ("kerberos", "zip_sha256", "beside", "beside_zip")})
        for one in desk.moves.lines()
        if one["part_id"] == part_id
    ]
    return moved_piles(found, moves, room.piles[part_id].answers) if moves else found


def pile_asked(asked: Asked) -> Pile:
    """Return the pile that the address names.

    Raises:
        NotFound: there is none of that id.
    """
    return _by_id(asked, asked.request.path_params["pile"])


def _by_id(asked: Asked, wanted: str) -> Pile:
    pile = next((one for one in sorted_piles(asked) if one.id == wanted), None)
    if pile is None:
        raise NotFound("There is no such pile any more; the answers were sorted anew.")
    return pile


def chosen_members(asked: Asked) -> list[tuple[Seat, FormData]]:
    """Return whose answers are chosen, with the form as if it were sent for each alone.

    Raises:
        NotTaken: none is chosen, or too many.
        Outdated: one is not in the pile any more.
    """
    members = [one for one in asked.form.getlist("member") if isinstance(one, str)]
    if not 0 < len(members) <= MOST_SHOWN:
        raise NotTaken("Choose the answers of the pile that this applies to.")
    names = pile_asked(asked).members
    return [_fields(asked, member, names) for member in members]


def _fields(asked: Asked, member: str, names: Sequence[str]) -> tuple[Seat, FormData]:
    code, _, rest = member.partition(" ")
    sha, _, parent = rest.partition(" ")
    seat = asked.room.by_code.get(code)
    if seat is None or seat.kerberos not in names:
        raise Outdated("An answer is not in this pile any more; look at it, and save again.")
    own = {
        "uuid": uuid5(UUID(uuid_of(asked.form)), seat.code).hex,
        "zip": "" if sha == "-" else sha,
        "parent": "" if parent == "-" else parent,
        "group": asked.request.path_params["pile"],
    }
    kept = [pair for pair in asked.form.multi_items() if pair[0] not in {"member", *own}]
    return seat, FormData([*kept, *own.items()])

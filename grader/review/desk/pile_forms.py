"""What is done with a pile besides grading it: tried out, taken back, made an item, sorted anew."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid5

from starlette.responses import Response

from grader.model.records.rubrics import RubricItem
from grader.outputs.pages.words import amount, part_points
from grader.review.desk.asked import Asked, NotFound, told
from grader.review.desk.deciding import taken_back
from grader.review.desk.desk_view import name_of
from grader.review.desk.forms import NotTaken, Outdated, field, uuid_of
from grader.review.desk.holding import NOTHING_DECIDED
from grader.review.desk.ledger import rubric_of
from grader.review.desk.pile_pages import chosen_members, decisions_of, pile_asked, sorted_piles
from grader.review.desk.pile_together import may_take_back
from grader.review.desk.rubric_view import MAX_ITEMS, percent_share


def pile_effect(asked: Asked) -> Response:
    """What the choices would give each chosen member; nothing is saved."""
    desk, part_id, room = asked.desk, asked.part_id, asked.room
    rubric = rubric_of(desk.ledger, desk.assignment, part_id)
    try:
        made = decisions_of(asked, rubric)
    except (NotTaken, NotFound) as error:
        return asked.page("pile_effect.html.j2", lines=(), sentence=str(error))
    lines = []
    for decision in made:
        seat = room.by_kerberos[decision.kerberos]
        most = room.assignment.max_points(part_id, seat.course)
        given = "no points" if decision.share is None else part_points(decision.share * most)
        lines.append((name_of(seat, blind=desk.blind), f"{given} of {amount(most)}"))
    return asked.page("pile_effect.html.j2", lines=tuple(lines), sentence="")


def undo_pile(asked: Asked) -> Response:
    """Bring back what held before answers were graded with their pile; each gets a row of its own.

    Whoever was decided about meanwhile is left alone.
    """
    pile, held, form = pile_asked(asked), asked.held(asked.part_id), asked.form
    base, me = UUID(uuid_of(form)), asked.reviewer
    sent = [one.partition(" ") for one in form.getlist("row") if isinstance(one, str)]
    if not 0 < len(sent) <= len(pile.members):
        raise NotTaken("Choose what to take back.")
    saved, left, undone = 0, 0, []
    for code, _, newest in sent:
        seat = asked.room.by_code.get(code)
        if seat is None or seat.kerberos not in pile.members:
            raise Outdated("An answer is not in this pile any more; load the page anew.")
        own, made = held.get(seat.kerberos, NOTHING_DECIDED), uuid5(base, code).hex
        if any(one.uuid == made for one in own.history):  # sent twice, the first reply was lost
            saved += 1
        elif own.in_force is None or own.in_force.uuid != newest:
            left += 1
        elif may_take_back(me, own.in_force):
            undone.append(taken_back(own, made, me.name))
        else:
            author = own.in_force.author
            raise NotTaken(f"{author} decided this, not you: {author} or a head can take it back.")
    for row in undone:
        done = asked.desk.ledger.decide(row)
        saved += done.conflict is None
        left += done.conflict is not None
    words = f"Taken back: {saved} {'answer' if saved == 1 else 'answers'} of the pile."
    more = f" {left} left alone: somebody decided about them meanwhile." if left else ""
    return told("saved", words + more)


def make_item(asked: Asked) -> Response:
    """Add an item to the rubric for what the answers of a pile have in common.

    Nothing is graded by that: the pile is shown again with the item switched on and the same
    answers chosen, to be looked at and saved.
    """
    part_id, form, ledger = asked.part_id, asked.form, asked.desk.ledger
    pile = pile_asked(asked)
    rubric = rubric_of(ledger, asked.desk.assignment, part_id)
    item_id = f"p{uuid_of(form)[:12]}"
    members = chosen_members(asked)
    if rubric.item(item_id) is None:  # else it was sent twice, since the first reply was lost
        if field(form, "rubric") != str(rubric.number):
            raise Outdated("The rubric was changed meanwhile; load the pile anew, and look at it.")
        title = " ".join(field(form, "new_title").split())
        if not title:
            raise NotTaken("Title: say in one line what these answers have in common.")
        live = [one for one in rubric.items if not one.retired]
        if title.casefold() in {one.title.casefold() for one in live}:
            raise NotTaken(f"Title: the rubric has an item {title!r} already; choose that one.")
        if len(rubric.items) >= MAX_ITEMS:
            raise NotTaken(f"Expected a rubric of at most {MAX_ITEMS} items.")
        item = RubricItem(
            id=item_id,
            share=percent_share(field(form, "new_percent") or "none", "Percent", -1.0),
            title=title,
            for_student=field(form, "new_for_student", 2000),
        )
        asked.refuse_names(*item.texts)
        made = replace(
            rubric,
            number=rubric.number + 1,
            parent=rubric.number,
            items=(*rubric.items, item),
            author=asked.reviewer.name,
            reason=f"A new item, for a pile of {len(pile.members)}",
        )
        if ledger.save_rubric(made).conflict is not None:
            raise Outdated("The rubric was changed meanwhile; load the pile anew, and look at it.")
    codes = ",".join(seat.code for seat, _ in members)
    return told(
        "saved",
        "Saved: the rubric has the item. It is switched on here for the chosen answers, which are "
        "not graded yet.",
        there=f"/part/{part_id}/piles/{pile.id}?item={item_id}&chosen={codes}",
    )


def move_members(asked: Asked) -> Response:
    """Put the chosen answers into another pile, or into a new one; that adds a line for each."""
    part_id, room = asked.part_id, asked.room
    members = chosen_members(asked)
    wanted = field(asked.form, "to")
    if wanted:
        there = next((one for one in sorted_piles(asked) if one.id == wanted), None)
        if there is None:
            raise Outdated("That pile was sorted anew meanwhile; load this one again.")
        beside = there.members[0]
    else:
        beside = ""
    lines = []
    for seat, fields in members:
        if field(fields, "zip") != seat.zip_sha256:
            raise Outdated("A newer hand-in came in meanwhile; look at it before you sort it.")
        lines.append(
            {
                "part_id": part_id,
                "kerberos": seat.kerberos,
                "zip_sha256": seat.zip_sha256,
                "beside": beside,
                "beside_zip": room.by_kerberos[beside].zip_sha256 if beside else "",
                "author": asked.reviewer.name,
            }
        )
        beside = beside or seat.kerberos  # those of a new pile lie beside its first
    asked.desk.moves.add(*lines)
    many = f"{len(lines)} {'answer' if len(lines) == 1 else 'answers'}"
    return told("saved", f"Saved: {many} moved.", there=f"/part/{part_id}/piles")

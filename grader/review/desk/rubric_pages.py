"""The rubric of a part: looked at, tried out, changed."""

from __future__ import annotations

from starlette.responses import Response

from grader.review.desk.asked import Asked, NotFound, told
from grader.review.desk.forms import NotTaken
from grader.review.desk.found_items import found_item, offered_items
from grader.review.desk.ledger import rubric_of
from grader.review.desk.rubric_view import (
    effect_of,
    new_row,
    rubric_from,
    rubric_row,
    rubric_view,
)


def rubric_page(asked: Asked) -> Response:
    """The rubric as a form; with its history."""
    part_id, ledger = asked.part_id, asked.desk.ledger
    rubric = rubric_of(ledger, asked.desk.assignment, part_id)
    view = rubric_view(asked.room, part_id, rubric, asked.held(part_id), ledger.rubrics(part_id))
    return asked.page(
        "rubric.html.j2",
        view=view,
        extra=new_row(asked.room, part_id),
        found=offered_items(asked.room, rubric),
    )


def rubric_row_piece(asked: Asked) -> Response:
    """The fields of one more item."""
    room, part_id, desk = asked.room, asked.part_id, asked.desk
    row = new_row(room, part_id)
    found = asked.request.query_params.get("found", "")
    if found:
        rubric = rubric_of(desk.ledger, desk.assignment, part_id)
        item = found_item(room, rubric, found)
        if item is None:
            raise NotFound("Checks found no such thing in this part.")
        row = rubric_row(room, part_id, item, 0)
    return asked.page("rubric_row.html.j2", row=row)


def rubric_effect(asked: Asked) -> Response:
    """What the form's rubric would do; nothing is saved."""
    part_id, desk = asked.part_id, asked.desk
    current = rubric_of(desk.ledger, desk.assignment, part_id)
    held = asked.held(part_id)
    try:
        made = rubric_from(asked.form, current, asked.reviewer.name)
    except NotTaken as error:
        return asked.page("rubric_effect.html.j2", effect=None, sentence=str(error))
    effect = effect_of(asked.room, part_id, made, held, blind=desk.blind)
    return asked.page("rubric_effect.html.j2", effect=effect, sentence="")


def save_rubric(asked: Asked) -> Response:
    """Save a changed rubric, with its reason; all earlier answers follow it.

    What is refused stays on the page as it was typed, and so does what somebody else came before.
    """
    part_id, desk = asked.part_id, asked.desk
    current = rubric_of(desk.ledger, desk.assignment, part_id)
    made = rubric_from(asked.form, current, asked.reviewer.name)
    if not made.reason:
        raise NotTaken("Say why you change it; the reason stays in its history.")
    asked.refuse_names(made.reason, *(text for item in made.items for text in item.texts))
    saved = desk.ledger.save_rubric(made)
    theirs = saved.in_force or current
    there = f"/part/{part_id}/rubric"
    if saved.conflict is None:
        return told("saved", "Saved. All graded answers follow it.", there=there)
    return told(
        "conflict",
        f"{theirs.author or 'Somebody'} changed this rubric meanwhile (number {theirs.number}: "
        f"{theirs.reason or 'no reason given'}). Yours is below as you typed it, and not saved; "
        "open theirs in another tab to compare, and save again to replace it.",
        409,
        parent=theirs.number,
        compare=there,
    )

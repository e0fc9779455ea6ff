"""The Figures screen."""

from __future__ import annotations

from starlette.responses import Response

from grader.outputs.pages.markup import plain
from grader.outputs.pages.words import part_label
from grader.review.desk.asked import Asked
from grader.review.desk.figure_view import figure_view
from grader.review.desk.ledger import rubric_of


def figures_page(asked: Asked) -> Response:
    """The parts, each with a link to its figures."""
    parts = [
        (part.id, part_label(part.id), plain(part.title), part.id in asked.room.human_parts)
        for part in asked.desk.assignment.parts
    ]
    return asked.page("figures.html.j2", parts=parts)


def part_figures(asked: Asked) -> Response:
    """One part in figures."""
    desk, part_id = asked.desk, asked.part_id
    rubric = rubric_of(desk.ledger, desk.assignment, part_id)
    return asked.page(
        "part_figures.html.j2", view=figure_view(asked.room, rubric, asked.held(part_id))
    )

"""Second readings at the desk: begun, and where they differ, shown to a head."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from grader.review.desk.access import Role
from grader.review.desk.asked import Asked
from grader.review.desk.second_view import next_to_read, parse_share, readings_view


def readings_page(asked: Asked) -> Response:
    """How far second readings are; where they differ, for a head."""
    desk, part_id = asked.desk, asked.part_id
    view = readings_view(
        asked.room,
        part_id,
        asked.held(part_id),
        asked.reviewer.name,
        page=asked.request.query_params.get("page", "1"),
        blind=desk.blind,
    )
    return asked.page("readings.html.j2", view=view, head=asked.reviewer.role >= Role.HEAD)


def next_reading(asked: Asked) -> Response:
    """Lead to the next answer that the asker may read a second time."""
    share = parse_share(asked.request.query_params.get("share", ""))
    part_id = asked.part_id
    held = asked.held(part_id)
    there = next_to_read(asked.room, part_id, held, asked.reviewer.name, share)
    return RedirectResponse(there, status_code=303)

"""Ways to an answer: by name or code and part, and by words in the answers to a part."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from markupsafe import Markup, escape
from starlette.responses import RedirectResponse, Response

from grader.model.text import one_line
from grader.outputs.pages.markup import plain
from grader.outputs.pages.words import part_label
from grader.review.desk.asked import Asked, told
from grader.review.desk.classroom import Seat
from grader.review.desk.desk_view import name_of
from grader.review.desk.pile_view import answers_of
from grader.review.desk.presence import words
from grader.review.desk.student_view import Paging, paged

MAX_SEARCH_CHARS = 80
_AROUND = 90
"""Characters before the first word that was found."""
_EXCERPT = 180
"""Characters from there on."""


def go(asked: Asked) -> Response:
    """Lead to a student, a part, or an answer: `ABC2345`, `3(c)`, `jdoe 3c`."""
    query = asked.request.query_params
    wanted = query.get("to", "")[:MAX_SEARCH_CHARS]
    parts = {part.id for part in asked.desk.assignment.parts}
    part_id, names = "", []
    for word in wanted.split():
        bare = word.strip("()").replace("(", "").replace(")", "").lower()
        if bare in parts:
            part_id = bare
        else:
            names.append(word)
    if not names:
        return RedirectResponse(f"/part/{part_id}" if part_id else "/", status_code=303)
    found = _students(asked, " ".join(names))
    if len(found) != 1:
        search = quote(" ".join(names))
        return RedirectResponse(f"/students?search={search}", status_code=303)
    part_id = part_id or query.get("part", "")
    seat = found[0]
    if part_id in parts and asked.room.assignment.max_points(part_id, seat.course) > 0:
        return RedirectResponse(f"/part/{part_id}/answers/{seat.code}", status_code=303)
    return RedirectResponse(f"/students/{seat.code}", status_code=303)


def _students(asked: Asked, text: str) -> list[Seat]:
    room, blind = asked.room, asked.desk.blind
    word = text.casefold()
    exact = [
        seat
        for seat in room.seats
        if word == seat.code.casefold() or (not blind and word == seat.kerberos.casefold())
    ]
    if exact or blind:
        return exact
    return [seat for seat in room.seats if word in f"{seat.kerberos} {seat.name}".casefold()]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchView:
    """A page of answers with certain words."""

    part_id: str
    """Which part."""
    label: str
    """As people write it."""
    title: str
    """One line."""
    search: str
    """What was searched for."""
    lines: tuple[tuple[str, str, Markup], ...]
    """(code, name, the words with what is around them)."""
    paging: Paging
    """Where in the list."""


def search_page(asked: Asked) -> Response:
    """The answers to a part in whose text, of report or notebook, all of certain words stand."""
    desk, room, part_id = asked.desk, asked.room, asked.part_id
    query = asked.request.query_params
    search = one_line(query.get("q", "")[:MAX_SEARCH_CHARS])
    wanted = [re.compile(re.escape(word), re.IGNORECASE) for word in search.split()]
    texts = answers_of(desk.results, room, part_id, asked.placed)
    found = []
    for seat in room.order(part_id):
        answer = texts.get(seat.kerberos)
        text = one_line(plain(answer.text)) if answer and wanted else ""
        text = room.hiding(seat, blind=desk.blind)(text)
        if text and all(word.search(text) for word in wanted):
            found.append((seat, text))
    paging, shown = paged(query.get("page", "1"), found)
    view = SearchView(
        part_id=part_id,
        label=part_label(part_id),
        title=plain(desk.assignment.part(part_id).title),
        search=plain(search),
        lines=tuple(
            (seat.code, name_of(seat, blind=desk.blind), _excerpt(text, search.split()))
            for seat, text in shown
        ),
        paging=paging,
    )
    return asked.page("search.html.j2", view=view)


def _excerpt(text: str, words: Sequence[str]) -> Markup:
    """Return what is around the word that comes first, with every word marked."""
    longest_first = sorted(map(re.escape, words), key=len, reverse=True)
    either = re.compile("|".join(longest_first), re.IGNORECASE)
    first = either.search(text)
    at = first.start() if first else 0
    start, end = max(at - _AROUND, 0), min(at + _EXCERPT, len(text))
    made, done = ["…" if start else ""], start
    for one in either.finditer(text, start, end):
        made += [escape(text[done : one.start()]), Markup("<mark>{}</mark>").format(one[0])]
        done = one.end()
    return Markup("").join([*made, escape(text[done:end]), "…" if end < len(text) else ""])


def here(asked: Asked) -> Response:
    """Note who is at an answer, and tell who else is there; nothing of it is kept."""
    part_id, seat, presence = asked.part_id, asked.seat, asked.desk.presence
    presence.note(asked.reviewer.name, part_id, seat.code)
    others = presence.others(asked.reviewer.name, part_id)
    return told("here", words(others, seat.code))

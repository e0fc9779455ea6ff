"""The Pages screen: somebody says which page of a report answers which part."""

from __future__ import annotations

import threading
from uuid import UUID, uuid4, uuid5

from starlette.responses import RedirectResponse, Response

from grader.model.records.places import NAMES, Place
from grader.model.results_folder import ResultFolder
from grader.outputs.pages.words import part_label
from grader.review.answers import MACHINE
from grader.review.desk.asked import Asked, told
from grader.review.desk.forms import NotTaken, Outdated, field, refuse_before_run, uuid_of
from grader.review.desk.place_view import (
    known_pages,
    next_unplaced,
    parts_to_place,
    place_list,
    place_view,
    said_of,
)
from grader.review.page_pictures import pages_of

_SAVING = threading.Lock()


def places_page(asked: Asked) -> Response:
    """The students of whom it is not known which page answers which part."""
    desk, page = asked.desk, asked.request.query_params.get("page", "1")
    view = place_list(desk.results, asked.room, asked.placed, page=page, blind=desk.blind)
    return asked.page("places.html.j2", view=view)


def next_place(asked: Asked) -> Response:
    """Lead to the next student of whom a page is not known, or to the list, which is empty."""
    after = asked.request.query_params.get("after", "")
    seat = next_unplaced(asked.desk.results, asked.room, asked.placed, after)
    return RedirectResponse(f"/pages/of/{seat.code}" if seat else "/pages", status_code=303)


def place_page(asked: Asked) -> Response:
    """The pages of one report, and which parts they answer."""
    desk, seat = asked.desk, asked.seat
    view = place_view(desk.results, asked.room, seat, asked.placed, blind=desk.blind)
    return asked.page("place.html.j2", view=view, uuid=uuid4().hex)


def save_places(asked: Asked) -> Response:
    """Keep what somebody said about the pages; what stays as it was makes no row."""
    seat, form = asked.seat, asked.form
    refuse_before_run(seat)
    if field(form, "zip") != seat.zip_sha256:
        raise Outdated("A newer hand-in came in meanwhile; look at its pages.")
    with _SAVING:  # nobody else's form comes between what is compared and what is kept
        if field(form, "parent") != said_of(seat, asked.placed) and not _is_kept(asked):
            return _said_meanwhile(asked)
        made = _made(asked)
        asked.desk.ledger.note_places(made)
    after = next_unplaced(asked.desk.results, asked.room, asked.placed, seat.code)
    parts = sum(one.part_id != NAMES for one in made)
    return told(
        "saved",
        f"Saved: pages of {parts} {'part' if parts == 1 else 'parts'} of {seat.code}.",
        there=f"/pages/of/{after.code}" if after else "/pages",
    )


def _is_kept(asked: Asked) -> bool:
    """Whether this very form was kept already, and only its reply was lost."""
    sent = UUID(uuid_of(asked.form))
    own = {uuid5(sent, part_id).hex for part_id in (*parts_to_place(asked.room, asked.seat), NAMES)}
    return any(one.uuid in own for one in asked.desk.ledger.places())


def _said_meanwhile(asked: Asked) -> Response:
    """Tell that somebody else said something about the report since the page was opened."""
    seat, found = asked.seat, asked.placed
    theirs = {
        (part_label(part_id) if part_id != NAMES else "the name"): said
        for (name, part_id), said in found.items()
        if name == seat.kerberos
    }
    by = ", ".join(sorted({author for _, author in theirs.values()})) or "Somebody"
    words = "; ".join(
        f"{label} on {', '.join(map(str, pages)) or 'no page'}"
        for label, (pages, _) in sorted(theirs.items())
    )
    return told(
        "conflict",
        f"{by} said meanwhile: {words or 'nothing any more'}. Yours is not saved; save again to "
        "replace that, or load the page anew to see it.",
        409,
        parent=said_of(seat, found),
    )


def _made(asked: Asked) -> list[Place]:
    """Return what the form says that is news."""
    seat, form = asked.seat, asked.form
    folder = ResultFolder(root=asked.desk.results / seat.kerberos)
    chosen = _chosen(asked, pages_of(folder).pages)
    rest = bool(field(form, "rest"))
    made = []
    for part_id in (*parts_to_place(asked.room, seat), NAMES):
        pages = chosen.get(part_id, ())
        if not _is_news(asked, folder, part_id, pages, rest=rest):
            continue
        made.append(
            Place(
                uuid=uuid5(UUID(uuid_of(form)), part_id).hex,
                kerberos=seat.kerberos,
                part_id=part_id,
                zip_sha256=seat.zip_sha256,
                pages=pages,
                author=asked.reviewer.name,
            )
        )
    return made


def _is_news(
    asked: Asked, folder: ResultFolder, part_id: str, pages: tuple[int, ...], *, rest: bool
) -> bool:
    if part_id == NAMES:
        known, by = asked.placed.get((asked.seat.kerberos, NAMES), ((), ""))
        return pages != known
    known, by = known_pages(folder, asked.room, part_id, asked.placed)
    if pages != known:
        return True
    return not pages and rest and by in MACHINE


def _chosen(asked: Asked, of: int) -> dict[str, tuple[int, ...]]:
    """Return the pages that the form names, by part."""
    parts = {*parts_to_place(asked.room, asked.seat), NAMES}
    found: dict[str, set[int]] = {}
    for one in asked.form.getlist("at"):
        part_id, _, page = str(one).partition(":")
        if part_id not in parts or not page.isascii() or not page.isdecimal():
            raise NotTaken("A part or a page is not of this report; open its pages again.")
        if not 1 <= int(page[:6]) <= of:
            raise NotTaken(f"Page {page[:6]}: expected 1 to {of}; open its pages again.")
        found.setdefault(part_id, set()).add(int(page))
    return {part_id: tuple(sorted(pages)) for part_id, pages in found.items()}

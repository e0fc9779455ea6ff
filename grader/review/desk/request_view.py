"""Regrade requests as the desk shows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from grader.model.records.releases import RequestEvent, RequestKind, Thread, threads
from grader.model.text import one_line
from grader.outputs.pages.markup import markdown_html, plain
from grader.outputs.pages.words import moment, part_label
from grader.review.desk.classroom import Classroom, Seat
from grader.review.desk.desk_view import name_of
from grader.review.desk.student_view import Paging, paged

_DONE = {
    RequestKind.OPENED: "asks",
    RequestKind.REOPENED: "asks again",
    RequestKind.REPLY: "says",
    RequestKind.KEPT: "keeps the points",
    RequestKind.CHANGED: "changes the points",
}
_EXCERPT_CHARS = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a thread."""

    who: str
    """Who wrote it."""
    did: str
    """What happened."""
    when: str
    """When."""
    text: Markup
    """What was said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadView:
    """A regrade request."""

    waits: bool
    """Whether it waits for an answer."""
    entries: tuple[Entry, ...]
    """As they came."""


def threads_about(
    events: Iterable[RequestEvent], kerberos: str, part_id: str
) -> tuple[Thread, ...]:
    """Return the regrade requests of a student about a part, oldest first."""
    return threads(one for one in events if (one.kerberos, one.part_id) == (kerberos, part_id))


def thread_views(
    found: Iterable[Thread], room: Classroom, seat: Seat, *, blind: bool
) -> tuple[ThreadView, ...]:
    """Return regrade requests about one answer."""
    return tuple(
        ThreadView(
            waits=thread.waits,
            entries=tuple(
                Entry(
                    who=name_of(seat, blind=blind) if one.by_student else plain(one.author),
                    did=_DONE[one.kind] + (f" (entered by {plain(by)})" if by else ""),
                    when=moment(one.noted_at) if one.noted_at else "",
                    text=markdown_html(_text(one, room, seat, blind=blind)),
                )
                for one in thread.events
                for by in (one.entered_by,)
            ),
        )
        for thread in found
    )


def _text(one: RequestEvent, room: Classroom, seat: Seat, *, blind: bool) -> str:
    return room.hiding(seat, blind=blind, staff=not one.by_student)(one.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLine:
    """A regrade request in the list."""

    code: str
    """Of the seat."""
    who: str
    """Name, or the code."""
    part_id: str
    """About which part."""
    label: str
    """As people write it."""
    waits: bool
    """Whether it waits for an answer."""
    since: str
    """When the last entry was made."""
    text: str
    """The last entry, cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestList:
    """A page of regrade requests."""

    lines: tuple[RequestLine, ...]
    """Those that wait come first, the oldest of them first."""
    waiting: int
    """How many wait for an answer."""
    paging: Paging
    """Where in the list."""


def request_list(
    events: Iterable[RequestEvent], room: Classroom, *, page: str, blind: bool
) -> RequestList:
    """Return a page of regrade requests."""
    found = [one for one in threads(events) if one.kerberos in room.by_kerberos]
    found.sort(key=lambda one: not one.waits)
    at, shown = paged(page, found)
    return RequestList(
        lines=tuple(_line(one, room, blind=blind) for one in shown),
        waiting=sum(one.waits for one in found),
        paging=at,
    )


def _line(thread: Thread, room: Classroom, *, blind: bool) -> RequestLine:
    seat, last = room.by_kerberos[thread.kerberos], thread.events[-1]
    text = one_line(plain(_text(last, room, seat, blind=blind)))
    return RequestLine(
        code=seat.code,
        who=name_of(seat, blind=blind),
        part_id=thread.part_id,
        label=part_label(thread.part_id),
        waits=thread.waits,
        since=moment(last.noted_at) if last.noted_at else "",
        text=text[:_EXCERPT_CHARS] + ("…" if len(text) > _EXCERPT_CHARS else ""),
    )

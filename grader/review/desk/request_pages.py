"""Regrade requests at the desk: entered, replied to, answered; each is a row that stays."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid5

from starlette.responses import Response

from grader.model.records.decisions import Decision
from grader.model.records.releases import RequestEvent, RequestKind, Thread
from grader.review.desk.asked import Asked, told
from grader.review.desk.classroom import Seat
from grader.review.desk.forms import NotTaken, Outdated, field, uuid_of, words
from grader.review.desk.holding import NOTHING_DECIDED
from grader.review.desk.request_view import request_list, threads_about

MAX_TEXT_CHARS = 10_000
_NEEDS_OPEN = {RequestKind.REPLY: True, RequestKind.KEPT: True, RequestKind.REOPENED: False}
"""Whether the request that it answers must wait, or must not."""
_ASKS = frozenset({RequestKind.OPENED, RequestKind.REOPENED})
"""Entries of the student."""
_SAYS = {
    RequestKind.OPENED: "The request is entered.",
    RequestKind.REOPENED: "The request waits again.",
    RequestKind.REPLY: "The reply is saved; the request still waits.",
    RequestKind.KEPT: "The request is answered; the points stay.",
    RequestKind.CHANGED: "The request is answered: the points changed since it was made.",
}


def requests_page(asked: Asked) -> Response:
    """Regrade requests, those that wait first."""
    desk, page = asked.desk, asked.request.query_params.get("page", "1")
    view = request_list(desk.ledger.requests(), asked.room, page=page, blind=desk.blind)
    return asked.page("requests.html.j2", view=view)


def add_request(asked: Asked) -> Response:
    """Add to the regrade request about an answer, or open one that came by mail."""
    part_id, seat = asked.part_id, asked.seat
    kind = _kind(field(asked.form, "kind"))
    text = words(asked.form, "text", MAX_TEXT_CHARS)
    made = uuid_of(asked.form)
    events = asked.desk.ledger.requests()
    known = next((one for one in events if one.uuid == made), None)
    if known is not None:  # sent twice, since the first reply was lost
        return told("saved", _SAYS[known.kind])
    if not text:
        raise NotTaken("Write what the student asks, or what you answer.")
    found = threads_about(events, seat.kerberos, part_id)
    request = _request(kind, found) or made
    if kind not in _ASKS:
        refuse_other_thread(asked, seat)
    by_student = kind in _ASKS
    decided = ""
    if kind is RequestKind.KEPT:
        held = asked.held(part_id).get(seat.kerberos, NOTHING_DECIDED)
        if field(asked.form, "parent") != held.newest:
            raise Outdated("Somebody decided about this answer meanwhile; look at it first.")
        now = held.in_force
        if _changed_since(asked, seat, found[-1], now):
            kind, decided = RequestKind.CHANGED, now.uuid if now else ""
    asked.desk.ledger.note_request(
        RequestEvent(
            uuid=made,
            request=request,
            kerberos=seat.kerberos,
            part_id=part_id,
            kind=kind,
            text=text,
            decision=decided,
            author=seat.kerberos if by_student else asked.reviewer.name,
            entered_by=asked.reviewer.name if by_student else "",
        )
    )
    return told("saved", _SAYS[kind])


def _kind(text: str) -> RequestKind:
    known = {one.value: one for one in _SAYS if one is not RequestKind.CHANGED}
    if text not in known:
        raise NotTaken("Choose what to do with the request.")
    return known[text]


def _request(kind: RequestKind, found: tuple[Thread, ...]) -> str:
    """Return the request that an entry belongs to; empty where it opens one.

    Raises:
        NotTaken: there is none, or it is not as the entry needs it.
    """
    last = found[-1] if found else None
    if kind is RequestKind.OPENED:
        if last is not None and last.waits:
            raise NotTaken("A request about this part waits already; reply to that one.")
        return ""
    if last is None or last.waits is not _NEEDS_OPEN[kind]:
        raise NotTaken("Somebody answered this request meanwhile; look at it first.")
    return last.request


def last_said(found: Sequence[Thread]) -> str:
    """Return the uuid of the last entry about an answer; empty where there is none."""
    return found[-1].events[-1].uuid if found else ""


def refuse_other_thread(asked: Asked, seat: Seat) -> None:
    """Refuse to answer what was not read: a form names the last entry that its page showed.

    Raises:
        Outdated: something was said since.
    """
    found = threads_about(asked.desk.ledger.requests(), seat.kerberos, asked.part_id)
    if field(asked.form, "thread") != last_said(found):
        raise Outdated(
            "Something was said about this request meanwhile; look at it, and answer again.",
            thread=last_said(found),
        )


def answer_with(asked: Asked, seat: Seat, decision: Decision) -> None:
    """Let a decision answer the request that waits, where the form holds words for the student.

    Args:
        asked: The form of the decision.
        seat: Whose.
        decision: That was saved.
    """
    text = field(asked.form, "answer", MAX_TEXT_CHARS)
    found = threads_about(asked.desk.ledger.requests(), seat.kerberos, decision.part_id)
    if not text or not found or not found[-1].waits:
        return
    changed = _changed_since(asked, seat, found[-1], decision, saved=decision.uuid)
    asked.desk.ledger.note_request(
        RequestEvent(
            uuid=uuid5(UUID(decision.uuid), "answer").hex,
            request=found[-1].request,
            kerberos=seat.kerberos,
            part_id=decision.part_id,
            kind=RequestKind.CHANGED if changed else RequestKind.KEPT,
            text=text,
            decision=decision.uuid if changed else "",
            author=asked.reviewer.name,
        )
    )


def _changed_since(
    asked: Asked, seat: Seat, thread: Thread, now: Decision | None, saved: str = ""
) -> bool:
    """Whether a part gives other points than when the student asked, or asked again.

    Args:
        asked: What answers the request.
        seat: Whose.
        thread: The request.
        now: The decision in force; None where checks decide.
        saved: uuid of the decision that was saved with the answer, and so after the student asked.
    """
    times = [one.noted_at for one in thread.events if one.kind in _ASKS]
    history = asked.held(thread.part_id).get(seat.kerberos, NOTHING_DECIDED).history
    then = [
        one for one in history if one.counts and one.noted_at <= times[-1] and one.uuid != saved
    ]
    checks = _share_of_checks(seat, thread.part_id)
    before = then[-1].share if then and then[-1].share is not None else checks
    after = now.share if now and now.share is not None else checks
    return before != after


def _share_of_checks(seat: Seat, part_id: str) -> float | None:
    part = seat.parts.get(part_id)
    if part is None or part.pending_points > 0 or not part.max_points:
        return None
    return part.points / part.max_points

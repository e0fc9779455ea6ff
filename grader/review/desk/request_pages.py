"""Regrade requests at the desk: entered, replied to, answered; each is a row that stays."""

from __future__ import annotations

from uuid import UUID, uuid5

from starlette.responses import Response

from grader.model.records.decisions import Decision
from grader.model.records.releases import RequestEvent, RequestKind, Thread
from grader.review.desk.asked import Asked, told
from grader.review.desk.classroom import Seat
from grader.review.desk.forms import NotTaken, field, uuid_of
from grader.review.desk.request_view import request_list, threads_about

MAX_TEXT_CHARS = 10_000
_NEEDS_OPEN = {RequestKind.REPLY: True, RequestKind.KEPT: True, RequestKind.REOPENED: False}
"""Whether the request that it answers must wait, or must not."""
_SAYS = {
    RequestKind.OPENED: "The request is entered.",
    RequestKind.REOPENED: "The request waits again.",
    RequestKind.REPLY: "The reply is saved; the request still waits.",
    RequestKind.KEPT: "The request is answered; the points stay.",
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
    text = field(asked.form, "text", MAX_TEXT_CHARS)
    made = uuid_of(asked.form)
    events = asked.desk.ledger.requests()
    if any(one.uuid == made for one in events):  # sent twice, since the first reply was lost
        return told("saved", _SAYS[kind])
    if not text:
        raise NotTaken("Write what the student asks, or what you answer.")
    found = threads_about(events, seat.kerberos, part_id)
    request = _request(kind, found) or made
    by_student = kind in {RequestKind.OPENED, RequestKind.REOPENED}
    asked.desk.ledger.note_request(
        RequestEvent(
            uuid=made,
            request=request,
            kerberos=seat.kerberos,
            part_id=part_id,
            kind=kind,
            text=text,
            author=seat.kerberos if by_student else asked.reviewer.name,
            entered_by=asked.reviewer.name if by_student else "",
        )
    )
    return told("saved", _SAYS[kind])


def _kind(text: str) -> RequestKind:
    known = {one.value: one for one in _SAYS}
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


def answer_with(asked: Asked, seat: Seat, decision: Decision, *, before: float | None) -> None:
    """Let a decision answer the request that waits, where the form holds words for the student.

    Args:
        asked: The form of the decision.
        seat: Whose.
        decision: That was saved.
        before: Share of the part's maximum until then; None where there was none.
    """
    text = field(asked.form, "answer", MAX_TEXT_CHARS)
    found = threads_about(asked.desk.ledger.requests(), seat.kerberos, decision.part_id)
    if not text or not found or not found[-1].waits:
        return
    same = decision.share is None or decision.share == before
    asked.desk.ledger.note_request(
        RequestEvent(
            uuid=uuid5(UUID(decision.uuid), "answer").hex,
            request=found[-1].request,
            kerberos=seat.kerberos,
            part_id=decision.part_id,
            kind=RequestKind.KEPT if same else RequestKind.CHANGED,
            text=text,
            decision="" if same else decision.uuid,
            author=asked.reviewer.name,
        )
    )

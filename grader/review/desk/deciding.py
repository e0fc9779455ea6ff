"""Forms of the desk that write: decisions, taking them back, settling conflicts."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

from starlette.responses import Response

from grader.batch.records import State
from grader.model.records import Outcome
from grader.model.records.decisions import Decision, DecisionKind
from grader.model.results_folder import ResultFolder
from grader.outputs.pages.words import part_label, part_points
from grader.review.desk.access import Role
from grader.review.desk.asked import Asked, told
from grader.review.desk.classroom import Seat
from grader.review.desk.decision_view import comment_html
from grader.review.desk.forms import (
    MAX_COMMENT_CHARS,
    NotTaken,
    Outdated,
    decision_from,
    field,
    refuse_before_run,
    uuid_of,
    words,
)
from grader.review.desk.holding import (
    NOTHING_DECIDED,
    Holding,
    count_part,
    next_to_grade,
    second_readings,
)
from grader.review.desk.ledger import rubric_of
from grader.review.desk.page_files import draw_now
from grader.review.desk.request_pages import MAX_TEXT_CHARS, answer_with, refuse_other_thread
from grader.review.desk.second_view import next_to_read, parse_share
from grader.review.page_pictures import pages_of

MAX_BESIDE_CHARS = 10_000
"""Of the uuids of decisions that a page showed."""


def decide(asked: Asked) -> Response:
    """Add a decision about an answer; say `saved` when it is on the disk, and not before."""
    part_id, seat = asked.part_id, asked.seat
    rubric = rubric_of(asked.desk.ledger, asked.desk.assignment, part_id)
    held = asked.held(part_id).get(seat.kerberos, NOTHING_DECIDED)
    known = _known(held, uuid_of(asked.form))
    if known is not None:  # sent twice, since the first reply was lost
        number = field(asked.form, "rubric")
        rubric = replace(rubric, number=int(number) if number.isdecimal() else rubric.number)
    ground = asked.ground(seat, rubric, held=_shown(asked, held))
    if ground.max_points <= 0:
        raise NotTaken(f"{seat.course} has no points for this part.")
    made = decision_from(asked.form, seat, ground, asked.reviewer)
    if known is None and field(asked.form, "second"):
        return _second(asked, seat, held, made)
    if known is None:
        _refuse_own_later(held, made)
        if words(asked.form, "answer", MAX_TEXT_CHARS):
            refuse_other_thread(asked, seat)
        else:
            _refuse_without_reason(made, seat)
        settles = held.conflicts if asked.reviewer.role >= Role.HEAD else ()
        beside = _beside(asked)
        saved = replace(
            made,
            settles=tuple(one.uuid for one in settles if one.uuid in beside),
            answer_sha256=asked.answer_digest(seat, part_id),
        )
        return _add(asked, seat, saved)
    if known.content == made.content:
        if known.counts:
            answer_with(asked, seat, known)
        return _saved(asked, seat, known)
    raise Outdated(
        "This answer was saved before you changed it; look at it, and save again.",
        parent=known.uuid,
        uuid=uuid4().hex,
    )


def _beside(asked: Asked) -> frozenset[str]:
    """Return the uuids of decisions that the page showed beside the one in force."""
    return frozenset(field(asked.form, "beside", MAX_BESIDE_CHARS).split())


def _shown(asked: Asked, held: Holding) -> Decision | None:
    """Return the decision whose choices the form held when it was opened; None for an empty one."""
    if field(asked.form, "second"):
        return None
    made_on = field(asked.form, "parent")
    if not made_on:
        return held.offered
    shown = next((one for one in held.history if one.uuid == made_on), None)
    return None if shown is None or shown.kind is DecisionKind.WITHDRAWN else shown


def _second(asked: Asked, seat: Seat, held: Holding, made: Decision) -> Response:
    """Keep a second reading beside the decision in force."""
    first = held.in_force
    if first is None or first.share is None:
        raise Outdated("Nobody has graded this answer yet; there is nothing to read again.")
    if first.decided_by == asked.reviewer.name:
        raise NotTaken("You graded this answer; another person reads it a second time.")
    if made.share is None:
        raise NotTaken("Choose an item of the rubric, or type points: that is the second reading.")
    decision = replace(
        made,
        kind=DecisionKind.SECOND,
        parent=held.newest,
        answer_sha256=asked.answer_digest(seat, made.part_id),
    )
    asked.desk.ledger.decide(decision)
    return _saved(asked, seat, decision)


def _refuse_own_later(held: Holding, made: Decision) -> None:
    """Ask before one's own decision, made on another page, is replaced: that is no conflict.

    Raises:
        Outdated: the same person decided after this page was opened; sent again, it replaces that.
    """
    latest = next((one for one in reversed(held.history) if one.counts), None)
    if latest is None or latest.uuid == made.parent or latest.author != made.author:
        return
    what = "took back what was decided" if latest.kind is DecisionKind.WITHDRAWN else "decided"
    raise Outdated(
        f"You {what} about this answer before, on another page. Nothing of this page was saved: "
        "look at it, and save again to put your choices here in its place.",
        parent=latest.uuid,
        uuid=uuid4().hex,
    )


def _refuse_without_reason(made: Decision, seat: Seat) -> None:
    """Points in place of those that checks decided need a word: the student's or the staff's.

    Raises:
        NotTaken: there is none.
    """
    found = seat.parts.get(made.part_id)
    if found is None or made.share is None or made.comment or made.note:
        return
    open_outcomes = {Outcome.NEEDS_HUMAN, Outcome.GRADER_FAULT}
    if found.max_points and not any(one.outcome in open_outcomes for one in found.findings):
        raise NotTaken(
            "Checks graded this part. Say why it gets other points: in the comment, which the "
            "student reads, or in a note for staff."
        )


def preview(asked: Asked) -> Response:
    """A comment as the student would read it; nothing of it is kept."""
    text = field(asked.form, "text", MAX_COMMENT_CHARS)
    return asked.page("preview.html.j2", html=comment_html(text))


def undo(asked: Asked) -> Response:
    """Bring back what held before the latest decision about an answer; that adds a row."""
    part_id, seat = asked.part_id, asked.seat
    held = asked.held(part_id).get(seat.kerberos, NOTHING_DECIDED)
    latest, made = field(asked.form, "parent"), uuid_of(asked.form)
    known = _known(held, made)
    if known is not None:
        return _saved(asked, seat, known)
    if not latest or latest != held.newest:
        raise Outdated("Somebody decided about this answer meanwhile; look at it first.")
    author = next(one.author for one in held.history if one.uuid == latest)
    if author != asked.reviewer.name and field(asked.form, "whose") != author:
        if asked.reviewer.role < Role.HEAD:
            raise NotTaken(
                f"{author} decided this, not you: {author} or a head can take it back. To give "
                "other points, decide anew."
            )
        return told("ask", f"{author} decided this, not you. Take it back?", 409, whose=author)
    return _add(asked, seat, taken_back(held, made, asked.reviewer.name))


def taken_back(held: Holding, uuid: str, author: str) -> Decision:
    """Return the row that takes the latest decision about an answer back.

    Args:
        held: What is decided about the answer; something counts.
        uuid: Of the row.
        author: Who takes it back.
    """
    counted = [one for one in held.history if one.counts]
    latest = counted[-1]
    bare = Decision(
        uuid=uuid,
        kerberos=latest.kerberos,
        part_id=latest.part_id,
        zip_sha256=latest.zip_sha256,
        parent=latest.uuid,
        kind=DecisionKind.WITHDRAWN,
        author=author,
        takes_back=latest.uuid,
    )
    if len(counted) == 1:
        return bare
    before = counted[-2]
    return replace(
        before,
        uuid=uuid,
        parent=latest.uuid,
        author=author,
        words_by="" if before.decided_by == author else before.decided_by,
        takes_back=latest.uuid,
        settles=(),
        seconds=0.0,
        noted_at="",
    )


def take_over(asked: Asked) -> Response:
    """Let the decision about an earlier hand-in count for this one, if the answer is the same."""
    part_id, seat = asked.part_id, asked.seat
    held = asked.held(part_id).get(seat.kerberos, NOTHING_DECIDED)
    made = uuid_of(asked.form)
    known = _known(held, made)
    if known is not None:
        return _saved(asked, seat, known)
    offered = held.offered
    if offered is None or field(asked.form, "offered") != offered.uuid:
        raise Outdated("Somebody decided about this answer meanwhile; look at it first.")
    refuse_before_run(seat)
    if not is_the_same(asked, seat, offered):
        raise NotTaken("The answer is not the one of the earlier hand-in; read it, and decide.")
    word = f"Taken over from the earlier hand-in; {offered.decided_by} decided."
    decision = replace(
        offered,
        uuid=made,
        zip_sha256=seat.zip_sha256,
        parent=held.newest,
        settles=(),
        kind=DecisionKind.HUMAN,
        author=asked.reviewer.name,
        words_by="",
        takes_back="",
        note="\n".join(filter(None, (offered.note, word))),
        group="",
        seconds=0.0,
        noted_at="",
    )
    return _add(asked, seat, decision)


def is_the_same(asked: Asked, seat: Seat, offered: Decision | None) -> bool:
    """Whether an answer has the words and the pages on which a decision was made."""
    if offered is None or not offered.answer_sha256 or seat.state is not State.GRADED:
        return False  # what the folder holds is of the earlier hand-in
    folder = ResultFolder(root=asked.desk.results / seat.kerberos)
    if pages_of(folder).waiting:
        draw_now(folder)
    return offered.answer_sha256 == asked.answer_digest(seat, offered.part_id)


def settle(asked: Asked) -> Response:
    """Let one of several decisions about an answer count; that adds a row of whoever settles it."""
    part_id, seat = asked.part_id, asked.seat
    held = asked.held(part_id).get(seat.kerberos, NOTHING_DECIDED)
    made, chosen = uuid_of(asked.form), uuid_of(asked.form, "keep")
    known = _known(held, made)
    if known is not None:
        return _saved(asked, seat, known)
    others = (*held.conflicts, *second_readings(held))
    beside = (*((held.in_force,) if held.in_force else ()), *others)
    kept = next((one for one in beside if one.uuid == chosen), None)
    unseen = {one.uuid for one in others} - _beside(asked)
    if kept is None or unseen or field(asked.form, "parent") != held.newest:
        raise Outdated("Somebody decided about this answer meanwhile; look at it first.")
    decision = replace(
        kept,
        uuid=made,
        parent=held.newest,
        settles=tuple(one.uuid for one in others),
        kind=DecisionKind.HUMAN,
        author=asked.reviewer.name,
        words_by="",
        takes_back="",
        note="\n".join(filter(None, (kept.note, f"Settled: the decision of {kept.decided_by}."))),
        seconds=0.0,
        noted_at="",
    )
    return _add(asked, seat, decision)


def _known(held: Holding, uuid: str) -> Decision | None:
    return next((one for one in held.history if one.uuid == uuid), None)


def _add(asked: Asked, seat: Seat, decision: Decision) -> Response:
    done = asked.desk.ledger.decide(decision)
    if done.conflict is None:
        answer_with(asked, seat, decision)
        return _saved(asked, seat, decision)
    return _in_conflict(asked, seat, decision.part_id)


def _in_conflict(asked: Asked, seat: Seat, part_id: str) -> Response:
    held = asked.held(part_id).get(seat.kerberos, NOTHING_DECIDED)
    if held.in_force is None:
        before = "This answer was decided, and that was taken back, since you opened it"
    elif held.in_force.author == asked.reviewer.name:
        before = "You decided about this answer before, on another page. That decision counts"
    else:
        before = f"{held.in_force.author} decided about this answer before you. Theirs counts"
    return told(
        "conflict",
        f"{before}; this one is kept beside it.",
        409,
        compare=f"/part/{part_id}/answers/{seat.code}/compare",
    )


def _saved(asked: Asked, seat: Seat, decision: Decision) -> Response:
    if decision.kind is DecisionKind.CONFLICT:
        return _in_conflict(asked, seat, decision.part_id)
    part_id, room = decision.part_id, asked.room
    most = room.assignment.max_points(part_id, seat.course)
    held = asked.held(part_id)
    others = asked.desk.presence.others(asked.reviewer.name, part_id)
    upcoming = next_to_grade(room, part_id, held, seat.kerberos, others.values())
    count = count_part(room, part_id, held)
    if decision.kind is DecisionKind.SECOND:
        share = parse_share(field(asked.form, "second"))
        return told(
            "saved",
            f"Saved: second reading of {part_label(part_id)} of {seat.code}.",
            uuid=decision.uuid,
            so_far=f"{count.settled} graded, {count.to_do} to do",
            counts=dict(count.items),
            next=next_to_read(room, part_id, held, asked.reviewer.name, share),
        )
    points = "" if decision.share is None else part_points(decision.share * most)
    what = "flagged for the head" if decision.flag else "not graded"
    if points:
        what = f"{points} of {part_points(most)}"
    return told(
        "saved",
        f"Saved: {part_label(part_id)} of {seat.code} is {what}.",
        uuid=decision.uuid,
        points=points,
        so_far=f"{count.settled} graded, {count.to_do} to do",
        counts=dict(count.items),
        next=f"/part/{part_id}/answers/{upcoming.code}" if upcoming else "",
    )

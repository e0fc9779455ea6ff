"""Pages of the desk that read, and those that let people in and out."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import RedirectResponse, Response

from grader.model.results_folder import ResultFolder
from grader.review.desk.asked import Asked, NotFound, told
from grader.review.desk.classroom import Seat
from grader.review.desk.deciding import is_the_same
from grader.review.desk.desk_view import desk_view, name_of
from grader.review.desk.evidence_view import evidence_view
from grader.review.desk.forms import NotTaken, field
from grader.review.desk.holding import NOTHING_DECIDED, Holding, next_to_grade, second_readings
from grader.review.desk.ledger import rubric_of
from grader.review.desk.overview_view import overview
from grader.review.desk.page_files import report_path
from grader.review.desk.request_pages import last_said
from grader.review.desk.request_view import thread_views, threads_about
from grader.review.desk.second_view import parse_share
from grader.review.desk.static import files
from grader.review.desk.student_view import answer_lines, student_list, student_view

_DAY_S = 86_400
MAX_SEARCH_CHARS = 80


def static(asked: Asked) -> Response:
    """A style, a script or a font."""
    file = files().get(asked.request.path_params["name"])
    if file is None:
        raise NotFound("There is no such file.")
    kept = {"cache-control": f"public, max-age={_DAY_S}"}
    return Response(file.data, media_type=file.kind, headers=kept)


def enter_page(asked: Asked) -> Response:
    """The page that a link leads to; its script sends what stands behind the `#`."""
    return asked.page("enter.html.j2")


def enter(asked: Asked) -> Response:
    """Exchange a link's token for a session."""
    desk = asked.desk
    secret = desk.doors.enter(field(asked.form, "token"))
    if secret is None:
        return told("refused", "This link was used already, or is not of this desk.", 403)
    answer = told("entered", "Welcome.")
    answer.set_cookie(
        desk.cookie,
        secret,
        httponly=True,
        samesite="strict",
        secure=desk.address.origin.startswith("https:"),
        path="/",
    )
    return answer


def new_link(asked: Asked) -> Response:
    """Make a link for somebody who lost theirs, or needs another browser; open sessions go on.

    Who made it for whom is on the disk before anybody has it.
    """
    desk, name = asked.desk, field(asked.form, "name")
    person = next((one for one in desk.people if one.name == name), None)
    if person is None:
        raise NotTaken("Choose somebody for whom this desk was opened.")
    desk.links.add({"author": asked.reviewer.name, "for": person.name})
    link = f"{desk.address.origin}/enter#{desk.doors.link_for(person)}"
    return told("link", f"For {person.name}, good once: {link}")


def leave(asked: Asked) -> Response:
    """End the session."""
    desk = asked.desk
    desk.doors.leave(asked.request.cookies.get(desk.cookie, ""))
    answer = RedirectResponse("/enter", status_code=303)
    answer.delete_cookie(desk.cookie, path="/", httponly=True, samesite="strict")
    return answer


def overview_page(asked: Asked) -> Response:
    """How far each part is."""
    there = asked.desk.presence.at_parts()
    view = overview(asked.room, asked.desk.ledger)
    return asked.page("overview.html.j2", view=view, there=there, people=asked.desk.people)


def next_answer(asked: Asked) -> Response:
    """Lead to the next answer of a part that needs grading, or say that none does."""
    part_id, room = asked.part_id, asked.room
    held = asked.held(part_id)
    others = asked.desk.presence.others(asked.reviewer.name, part_id)
    seat = next_to_grade(room, part_id, held, after="", avoid=others.values())
    if seat is None:
        return RedirectResponse(f"/part/{part_id}/answers", status_code=303)
    return RedirectResponse(f"/part/{part_id}/answers/{seat.code}", status_code=303)


def answers_page(asked: Asked) -> Response:
    """The answers to a part as a list, a page at a time."""
    query = asked.request.query_params
    lines = answer_lines(
        asked.room,
        asked.part_id,
        asked.held(asked.part_id),
        show=query.get("show", "all"),
        page=query.get("page", "1"),
        blind=asked.desk.blind,
    )
    return asked.page("answers.html.j2", view=lines)


def answer_page(asked: Asked) -> Response:
    """One answer with all that is needed to grade it."""
    part_id, room, seat, desk = asked.part_id, asked.room, asked.seat, asked.desk
    if room.assignment.max_points(part_id, seat.course) <= 0:
        raise NotFound(f"{seat.course} has no points for this part.")
    rubric = rubric_of(desk.ledger, desk.assignment, part_id)
    held, second = asked.held(part_id), parse_share(asked.request.query_params.get("second", ""))
    shown = _unseen(held, seat) if second else held
    view = desk_view(room, part_id, seat, rubric, shown, blind=desk.blind)
    evidence = evidence_view(desk, seat, part_id, asked.placed, unseen=bool(second))
    found = threads_about(desk.ledger.requests(), seat.kerberos, part_id)
    about = () if second else thread_views(found, room, seat, blind=desk.blind)
    offered = held.get(seat.kerberos, NOTHING_DECIDED).offered
    return asked.page(
        "desk.html.j2",
        view=view,
        evidence=evidence,
        threads=about,
        thread=last_said(found),
        keys=True,
        same=is_the_same(asked, seat, offered),
        known=bool(offered and offered.answer_sha256),
        not_run=seat.not_run,
        second=second,
    )


def _unseen(held: Mapping[str, Holding], seat: Seat) -> Mapping[str, Holding]:
    """Return what is decided, without what was decided about one answer."""
    own = held.get(seat.kerberos, NOTHING_DECIDED)
    return {**held, seat.kerberos: Holding(newest=own.newest)}


def students_page(asked: Asked) -> Response:
    """The class as a list, a page at a time; found by name, kerberos or code."""
    query = asked.request.query_params
    view = student_list(
        asked.room,
        search=query.get("search", "")[:MAX_SEARCH_CHARS],
        page=query.get("page", "1"),
        blind=asked.desk.blind,
    )
    return asked.page("students.html.j2", view=view)


def student_page(asked: Asked) -> Response:
    """All parts of one student, and all that was decided about them."""
    desk, seat = asked.desk, asked.seat
    seen = seat.code in desk.reveals.seen_by(asked.reviewer.name)
    hidden = desk.blind and not seen
    view = student_view(asked.room, seat, desk.ledger, blind=hidden)
    return asked.page("student.html.j2", view=view, hidden=hidden)


def reveal(asked: Asked) -> Response:
    """Show whose code it is, after it was noted who asked, and why."""
    seat = asked.seat
    reason = field(asked.form, "reason", 300)
    if not reason:
        return told("refused", "Say why you need the name; the reason is kept.", 422)
    asked.desk.reveals.note(asked.reviewer.name, seat.code, reason)
    return told("saved", name_of(seat, blind=False))


def report_file(asked: Asked) -> Response:
    """The student's report as a file to keep, never as a page: its content is a stranger's."""
    if asked.desk.blind:
        raise NotFound(
            "Names are hidden at this desk, and the file may hold them. See its pages; where one "
            "could not be drawn, flag the answer: the head can open a desk without BLIND."
        )
    seat = asked.seat
    path = report_path(ResultFolder(root=asked.desk.results / seat.kerberos))
    if path is None:
        raise NotFound("There is no report.pdf.")
    kept = {"content-disposition": f'attachment; filename="{seat.kerberos}-report.pdf"'}
    return Response(path.read_bytes(), media_type="application/octet-stream", headers=kept)


def compare_page(asked: Asked) -> Response:
    """Decisions about one answer side by side: the one in force, and those that came too late."""
    part_id, room, seat, desk = asked.part_id, asked.room, asked.seat, asked.desk
    held = asked.held(part_id)
    rubric = rubric_of(desk.ledger, desk.assignment, part_id)
    view = desk_view(room, part_id, seat, rubric, held, blind=desk.blind)
    own = held.get(seat.kerberos, NOTHING_DECIDED)
    settled = not own.conflicts and not second_readings(own)
    return asked.page("compare.html.j2", view=view, settled=settled)

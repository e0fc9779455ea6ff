"""Every address of the desk, with who may ask for it. There is no other way in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from grader.batch.store.store import DATABASE, FOLDER, store_failed
from grader.model.disk import disk_full, is_full
from grader.model.fault_log import keep_fault
from grader.outputs.pages.markup import plain
from grader.review.desk import (
    deciding,
    figure_pages,
    finding_pages,
    page_files,
    pages,
    pile_forms,
    pile_pages,
    place_pages,
    release_pages,
    request_pages,
    rubric_pages,
    second_pages,
)
from grader.review.desk.access import NOBODY, Role
from grader.review.desk.asked import Asked, Desk, NotFound, identity_of, told
from grader.review.desk.forms import NotReady, NotTaken, Outdated, WrongTab
from grader.review.desk.guard import Guard
from reference.errors import ConfigError

_MAX_FIELDS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One address, with what it does and who may ask for it."""

    method: str
    """`GET` reads, `POST` writes or tries out."""
    path: str
    """In Starlette's form."""
    role: Role
    """The least that one must be."""
    does: Callable[[Asked], Response]
    """What answers it."""


_ANSWER = "/part/{part}/answers/{code}"
_PILE = "/part/{part}/piles/{pile}"
RULES: tuple[Rule, ...] = (
    Rule(method="GET", path="/static/{name}", role=Role.NOBODY, does=pages.static),
    Rule(method="GET", path="/enter", role=Role.NOBODY, does=pages.enter_page),
    Rule(method="POST", path="/enter", role=Role.NOBODY, does=pages.enter),
    Rule(method="POST", path="/links", role=Role.HEAD, does=pages.new_link),
    Rule(method="POST", path="/leave", role=Role.READER, does=pages.leave),
    Rule(method="GET", path="/", role=Role.READER, does=pages.overview_page),
    Rule(method="GET", path="/part/{part}", role=Role.READER, does=pages.next_answer),
    Rule(method="GET", path="/part/{part}/answers", role=Role.READER, does=pages.answers_page),
    Rule(method="GET", path=_ANSWER, role=Role.READER, does=pages.answer_page),
    Rule(method="POST", path=f"{_ANSWER}/decision", role=Role.GRADER, does=deciding.decide),
    Rule(method="POST", path=f"{_ANSWER}/undo", role=Role.GRADER, does=deciding.undo),
    Rule(method="POST", path=f"{_ANSWER}/take-over", role=Role.GRADER, does=deciding.take_over),
    Rule(method="GET", path=f"{_ANSWER}/compare", role=Role.READER, does=pages.compare_page),
    Rule(method="POST", path=f"{_ANSWER}/settle", role=Role.HEAD, does=deciding.settle),
    Rule(method="GET", path="/part/{part}/rubric", role=Role.READER, does=rubric_pages.rubric_page),
    Rule(
        method="GET",
        path="/part/{part}/rubric/row",
        role=Role.HEAD,
        does=rubric_pages.rubric_row_piece,
    ),
    Rule(
        method="POST",
        path="/part/{part}/rubric/effect",
        role=Role.HEAD,
        does=rubric_pages.rubric_effect,
    ),
    Rule(method="POST", path="/part/{part}/rubric", role=Role.HEAD, does=rubric_pages.save_rubric),
    Rule(method="GET", path="/part/{part}/piles", role=Role.READER, does=pile_pages.piles_page),
    Rule(method="GET", path=_PILE, role=Role.READER, does=pile_pages.pile_page),
    Rule(method="POST", path=_PILE, role=Role.GRADER, does=pile_pages.apply_to_pile),
    Rule(method="POST", path=f"{_PILE}/effect", role=Role.GRADER, does=pile_forms.pile_effect),
    Rule(method="POST", path=f"{_PILE}/item", role=Role.HEAD, does=pile_forms.make_item),
    Rule(method="POST", path=f"{_PILE}/move", role=Role.GRADER, does=pile_forms.move_members),
    Rule(method="POST", path=f"{_PILE}/undo", role=Role.GRADER, does=pile_forms.undo_pile),
    Rule(method="GET", path="/release", role=Role.READER, does=release_pages.release_page),
    Rule(method="POST", path="/release", role=Role.HEAD, does=release_pages.release),
    Rule(method="GET", path="/release/confirm", role=Role.HEAD, does=release_pages.confirm_page),
    Rule(method="GET", path="/release/work", role=Role.READER, does=release_pages.work_page),
    Rule(method="GET", path="/release/files/{name}", role=Role.HEAD, does=release_pages.class_file),
    Rule(
        method="POST", path=f"{_ANSWER}/request", role=Role.GRADER, does=request_pages.add_request
    ),
    Rule(method="GET", path="/figures", role=Role.READER, does=figure_pages.figures_page),
    Rule(
        method="GET",
        path="/part/{part}/figures",
        role=Role.READER,
        does=figure_pages.part_figures,
    ),
    Rule(
        method="GET",
        path="/part/{part}/readings",
        role=Role.READER,
        does=second_pages.readings_page,
    ),
    Rule(
        method="GET", path="/part/{part}/second", role=Role.GRADER, does=second_pages.next_reading
    ),
    Rule(method="POST", path="/preview", role=Role.GRADER, does=deciding.preview),
    Rule(method="GET", path="/go", role=Role.READER, does=finding_pages.go),
    Rule(
        method="GET", path="/part/{part}/search", role=Role.READER, does=finding_pages.search_page
    ),
    Rule(method="GET", path=f"{_ANSWER}/here", role=Role.READER, does=finding_pages.here),
    Rule(method="GET", path="/requests", role=Role.READER, does=request_pages.requests_page),
    Rule(method="GET", path="/pages", role=Role.READER, does=place_pages.places_page),
    Rule(method="GET", path="/pages/next", role=Role.READER, does=place_pages.next_place),
    Rule(method="GET", path="/pages/of/{code}", role=Role.READER, does=place_pages.place_page),
    Rule(method="POST", path="/pages/of/{code}", role=Role.GRADER, does=place_pages.save_places),
    Rule(method="GET", path="/students", role=Role.READER, does=pages.students_page),
    Rule(method="GET", path="/students/{code}", role=Role.READER, does=pages.student_page),
    Rule(method="POST", path="/students/{code}/reveal", role=Role.GRADER, does=pages.reveal),
    Rule(
        method="GET",
        path="/students/{code}/pages/{number:int}",
        role=Role.READER,
        does=page_files.page_picture,
    ),
    Rule(
        method="GET", path="/students/{code}/report.pdf", role=Role.READER, does=pages.report_file
    ),
)
"""All there are; a test asks each of them as everybody."""


def application(desk: Desk) -> Guard:
    """Return the desk as an ASGI application."""
    routes = [
        Route(rule.path, _endpoint(desk, rule), methods=[rule.method], name=rule.does.__name__)
        for rule in RULES
    ]
    app = Starlette(routes=routes, exception_handlers={404: _nothing_there, 405: _nothing_there})
    return Guard(app, desk.address)


def _endpoint(desk: Desk, rule: Rule) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        reviewer = desk.doors.who(request.cookies.get(desk.cookie, ""))
        if reviewer.role < rule.role:
            return _denied(request, rule, known=reviewer is not NOBODY)
        form = FormData()
        if rule.method == "POST":
            try:
                form = await request.form(max_files=0, max_fields=_MAX_FIELDS)
            except HTTPException as error:
                sentence = f"This form cannot be read: {error.detail}"
                return told("refused", sentence, error.status_code)
        asked = Asked(desk=desk, request=request, reviewer=reviewer, form=form)
        return await run_in_threadpool(_answered, rule, asked)

    return answer


def _answered(rule: Rule, asked: Asked) -> Response:
    try:
        if rule.role is not Role.NOBODY:
            _refuse_moved(asked.desk)
            _refuse_another(asked)
        answer = rule.does(asked)
        if rule.method == "POST" and rule.role is not Role.NOBODY:
            _refuse_moved(asked.desk)  # meanwhile: nobody is told that it is saved
        return answer
    except WrongTab as error:
        return told("another", str(error), 409)
    except Outdated as error:
        return told("outdated", str(error), 409, now=error.now)
    except NotReady as error:
        return _message(asked, str(error), 422, "This file is not ready")
    except NotTaken as error:
        return _message(asked, str(error), 422)
    except NotFound as error:
        return _message(asked, str(error), 404)
    except Exception as error:  # noqa: BLE001 -- the edge: what is private stays out of the page
        return _failed(asked, _why(asked, error))


def _why(asked: Asked, error: Exception) -> str:
    """Return what there is to say where neither the form nor the address is wrong."""
    desk = asked.desk
    if isinstance(error, SQLAlchemyError):
        error = store_failed(error, desk.results, desk.store_url)
    elif isinstance(error, OSError) and is_full(error):
        error = disk_full(error, desk.results)
    if not isinstance(error, ConfigError):
        log = keep_fault(error)
        return f"A fault of the grader; nothing was saved. Its log is {log}."
    return f"Nothing was saved: {error}" if asked.request.method == "POST" else str(error)


def _refuse_moved(desk: Desk) -> None:
    """Refuse to go on where the store was moved: what is saved would be in the one that is gone.

    Raises:
        ConfigError: the results folder, or its store, is not the one that was opened.
    """
    if identity_of(desk.results, desk.store_url) != desk.identity:
        raise ConfigError(
            f"{desk.results}: expected the results folder that this desk was opened with, and in "
            f"it the files of the store, {FOLDER}/{DATABASE}*, found none, or others; put them "
            "back, or close the desk and open it where the folder is now"
        )


def _refuse_another(asked: Asked) -> None:
    """Refuse a form of a page that was opened by somebody else: it says in whose name it is.

    Raises:
        WrongTab: this browser's session is another person's by now.
    """
    me = asked.request.headers.get("x-me") or asked.reviewer.name
    if asked.request.method == "POST" and me != asked.reviewer.name:
        raise WrongTab(
            f"This page was opened by {plain(me)}, and this browser is {asked.reviewer.name}'s by "
            f"now: nothing was saved. Reload the page to go on as {asked.reviewer.name}, or open a "
            f"new link as {plain(me)}, in a browser or a profile of its own."
        )


def _failed(asked: Asked, sentence: str) -> Response:
    if asked.request.method == "POST":
        return told("failed", sentence, 500)
    return _message(asked, sentence, 500)


def _message(
    asked: Asked, sentence: str, status: int, heading: str = "This page cannot be shown"
) -> Response:
    if asked.request.method == "POST":
        return told("refused", sentence, status)
    page = asked.page("message.html.j2", sentence=sentence, heading=heading)
    page.status_code = status
    return page


def _denied(request: Request, rule: Rule, *, known: bool) -> Response:
    if known:
        needed = rule.role.name.lower()
        return told("refused", f"Only a {needed} may do this; your link is of another role.", 403)
    if rule.method == "GET" and "x-panel" not in request.headers:
        return RedirectResponse("/enter", status_code=303)
    return told("session", "This session has ended. Open a new link; what you typed is kept.", 401)


async def _nothing_there(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    return told("refused", "There is nothing at this address.", status)

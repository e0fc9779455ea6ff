"""Publishing and withdrawing in the browser, and the files of a class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from starlette.responses import Response

from grader.batch.class_run import score_class
from grader.batch.exports.gradebook import (
    CANVAS,
    GRADEBOOK,
    is_decided,
    render_canvas,
    render_gradebook,
)
from grader.batch.run.pdfs import are_missing, without_pdf
from grader.model.records import ReleaseKind
from grader.model.stage_keys import pages_key
from grader.model.text import format_students
from grader.review.desk.asked import Asked, Desk, NotFound, told
from grader.review.desk.forms import NotReady, NotTaken, field
from grader.review.desk.release_view import confirm_view, release_view
from grader.review.desk.work import Does, Progress
from grader.review.part_export import PARTS, render_parts
from grader.review.publishing import ClassToday, class_today, release_class
from grader.review.releasing import ReleaseRequest, feedback_zip
from reference.errors import ConfigError

MAX_NOTE_CHARS = 300
FEEDBACK = "feedback.zip"
FILES = (
    (FEEDBACK, "everybody's feedback.pdf, by the names that Canvas and Gradescope gave"),
    (GRADEBOOK, "every student: state, total, points per part"),
    (CANVAS, "complete grades, for Canvas' import"),
    (PARTS, "a row per student and part: points, items, comment, who decided"),
)
"""(name, what it is) of what can be downloaded."""
_WORK = "/release/work"


def release_page(asked: Asked) -> Response:
    """What is missing before grades are published, and what can be done about it."""
    desk, page = asked.desk, asked.request.query_params.get("page", "1")
    _refuse_other_offering(desk)
    today = class_today(desk.store, desk.place, memory=desk.memory)
    view = release_view(asked.room, desk.ledger, today, page=page, blind=desk.blind)
    return asked.page(
        "release.html.j2",
        view=view,
        results=desk.results,
        files=FILES,
        under_way=desk.work.under_way,
        behind=_behind(desk),
    )


def _behind(desk: Desk) -> int:
    """Return how many students' pages show other points than the last that were scored."""
    batch = desk.store.newest_batch()
    return desk.store.pages_behind(batch[0], pages_key()) if batch else 0


def _refuse_other_offering(desk: Desk) -> None:
    """Refuse to give points by what holds no longer.

    Raises:
        NotTaken: somebody scored the class by another offering since the desk was opened.
    """
    if desk.scored_meanwhile:
        raise NotTaken(desk.scored_meanwhile)


def confirm_page(asked: Asked) -> Response:
    """The numbers of a release before it is done; nothing is written."""
    query = asked.request.query_params
    request = _request(asked, query.get("kind", ""), query.getlist("code"), query.get("anyway", ""))
    _refuse_other_offering(asked.desk)
    today = class_today(asked.desk.store, asked.desk.place, request, asked.desk.memory)
    codes = [asked.room.by_kerberos[one].code for one in sorted(request.kerberos)]
    view = replace(confirm_view(today), by=asked.desk.scores_otherwise)
    return asked.page("confirm.html.j2", view=view, codes=codes)


def release(asked: Asked) -> Response:
    """Begin to publish or withdraw what was confirmed, or to write what decisions changed."""
    form, desk, author = asked.form, asked.desk, asked.reviewer.name
    kind = field(form, "kind")
    _refuse_other_offering(desk)
    if kind == "update":
        what, does = "Applying all decisions", _update(desk)
    else:
        codes = [one for one in form.getlist("code") if isinstance(one, str)]
        request = _request(asked, kind, codes, field(form, "anyway"))
        confirmed = field(form, "confirmed")
        if not confirmed:
            raise NotTaken("Look at the numbers first, and confirm them.")
        word = "Publishing" if request.kind is ReleaseKind.PUBLISH else "Withdrawing"
        what, does = f"{word} grades", _release(desk, request, confirmed)
    if not desk.work.start(what, author, does):
        raise NotTaken("Something else is under way; wait until it is done.")
    return told("saved", f"{what} …", there=_WORK)


def _request(asked: Asked, kind: str, codes: list[str], anyway: str) -> ReleaseRequest:
    if kind not in {one.value for one in ReleaseKind}:
        raise NotTaken("Choose whether to publish or to withdraw.")
    unknown = [code for code in codes if code not in asked.room.by_code]
    if unknown:
        raise NotTaken("There is no student with this code in this class.")
    return ReleaseRequest(
        kind=ReleaseKind(kind),
        kerberos=frozenset(asked.room.by_code[code].kerberos for code in codes),
        author=asked.reviewer.name,
        note=field(asked.form, "note", MAX_NOTE_CHARS),
        anyway=bool(anyway),
    )


def _release(desk: Desk, request: ReleaseRequest, confirmed: str) -> Does:
    def does(progress: Progress) -> tuple[str, ...]:
        done = release_class(desk.place, request, progress, confirmed=confirmed)
        word = "published" if request.kind is ReleaseKind.PUBLISH else "withdrawn"
        many = f"{len(done.changed)} of {len(done.today.standings)} grades {word}."
        return (many, *done.outcome.problems, *done.outcome.faults)

    return does


def _update(desk: Desk) -> Does:
    def does(progress: Progress) -> tuple[str, ...]:
        place = desk.place
        done = score_class(place.results, place.assignment, place.store, progress)
        changed = done.batch.rescored
        many = (
            f"Points changed for {format_students(changed)}." if changed else "No points changed."
        )
        return (f"{many} Files and pages are up to date.", *done.problems, *done.faults)

    return does


def work_page(asked: Asked) -> Response:
    """What is under way, and what came of the last work."""
    desk = asked.desk
    task = desk.work.task
    left = 0
    if task is not None and not task.ended:
        left = _behind(desk)
    said = task.sentences if task else ()
    if desk.blind:
        said = tuple(map(asked.room.anonymous, said))
    return asked.page("work.html.j2", task=task, said=said, left=left)


def class_file(asked: Asked) -> Response:
    """A file of the class, made of what people decided until now."""
    desk, name = asked.desk, asked.request.path_params["name"]
    if name not in dict(FILES):
        raise NotFound("There is no such file.")
    if desk.blind:
        raise NotFound(
            "Names are hidden at this desk, and the file holds them; write it with `grader "
            "release`, or open a desk without --blind."
        )
    _refuse_other_offering(desk)
    today = class_today(desk.store, desk.place, memory=desk.memory)
    makes: dict[str, Callable[[], bytes]] = {
        FEEDBACK: partial(_feedback, desk, today),
        GRADEBOOK: lambda: render_gradebook(today.rows, today.assignment).encode(),
        CANVAS: lambda: render_canvas(
            [row for row in today.rows if is_decided(row)], today.assignment
        ).encode(),
        PARTS: lambda: render_parts(today.rows, _zips(today), today.human).encode(),
    }
    kept = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(makes[name](), media_type="application/octet-stream", headers=kept)


def _feedback(desk: Desk, today: ClassToday) -> bytes:
    hand_ins = [one.standing.hand_in.hand_in for one in today.standings]
    unwritten = without_pdf((one.kerberos for one in hand_ins), desk.results)
    if today.not_shown or unwritten:
        raise NotReady(_not_ready(desk, today.not_shown, unwritten))
    try:
        return feedback_zip(hand_ins, desk.results)
    except ConfigError as error:
        raise NotReady(str(error)) from error


def _not_ready(desk: Desk, not_shown: int, unwritten: Sequence[str]) -> str:
    """Say why there is no zip of feedback yet, and what brings it."""
    task = desk.work.task
    if task is not None and not task.ended:
        return (
            f"The feedback is being written now ({task.what}: {task.progress.words}). Download it "
            "when that is done; “Something is under way” on the Release page shows how far it is."
        )
    if not_shown:
        what = f"The feedback of {format_students(not_shown)} does not show the newest points"
    else:
        what = f"{are_missing(unwritten)} not written yet"
    return f"{what}. Choose “Apply all decisions” on the Release page first."


def _zips(today: ClassToday) -> dict[str, str]:
    return {one.row.kerberos: one.standing.hand_in.zip_sha256 for one in today.standings}

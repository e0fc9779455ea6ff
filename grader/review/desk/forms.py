"""From the fields of a form to a decision, or to a sentence that says what is wrong with it."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

from starlette.datastructures import FormData

from grader.model.records.codec import RecordError, from_json
from grader.model.records.decisions import AppliedItem, Decision, DecisionKind, Mark
from grader.model.records.rubrics import Rubric, share_of
from grader.model.text import format_points
from grader.review.desk.access import Reviewer
from grader.review.desk.classroom import Seat
from reference.errors import ConfigError

MAX_COMMENT_CHARS = 10_000
MAX_NOTE_CHARS = 5_000
MAX_FLAG_CHARS = 300
MAX_TIMES = 9
MAX_MARKS = 20
MAX_MARK_CHARS = 2_000
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class NotTaken(ConfigError):
    """A form that cannot be taken as it is; nothing was saved."""


class Outdated(NotTaken):
    """What the form was made on has changed since; the choices in it are still good."""


def field(form: FormData, name: str, longest: int = 200) -> str:
    """Return a field's text; empty where the form has none.

    Raises:
        NotTaken: it is longer than it may be.
    """
    value = form.get(name, "")
    text = _UNWANTED.sub("", value if isinstance(value, str) else "").replace("\r\n", "\n").strip()
    if len(text) > longest:
        raise NotTaken(f"{name}: expected at most {longest:,} characters, found {len(text):,}.")
    return text


def uuid_of(form: FormData, name: str = "uuid") -> str:
    """Return a field's UUID in its usual form.

    Raises:
        NotTaken: it is none.
    """
    try:
        return UUID(field(form, name)).hex
    except ValueError:
        raise NotTaken(f"{name}: expected a UUID, as the desk's own pages send it.") from None


def number(form: FormData, name: str) -> float | None:
    """Return a field's number; None where nothing was typed.

    Raises:
        NotTaken: it is none.
    """
    text = field(form, name).replace("−", "-").replace(",", ".")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise NotTaken(f"Points: expected a number such as 0.25 or -0.1, found {text!r}.")
    return value


def decision_from(
    form: FormData, seat: Seat, rubric: Rubric, max_points: float, author: Reviewer
) -> Decision:
    """Return what a form decides about an answer.

    Args:
        form: As the desk's page sent it.
        seat: Whose answer.
        rubric: That holds now.
        max_points: Of the part, for the student's course.
        author: Who sent it, as their session says.

    Raises:
        Outdated: the rubric or the hand-in is another one than the page showed.
        NotTaken: it decides nothing, or something that cannot be.
    """
    if field(form, "zip") != seat.zip_sha256:
        raise Outdated("A newer hand-in came in meanwhile; look at it before you decide.")
    if field(form, "rubric") != str(rubric.number):
        raise Outdated("The rubric was changed meanwhile; look at it, and save again.")
    items = tuple(_items(form, rubric))
    adjust = number(form, "adjust")
    if adjust is not None and abs(adjust) > max_points:
        raise NotTaken(
            f"Points: expected at most {format_points(max_points)} up or down, found {adjust:g}."
        )
    flag = field(form, "flag", MAX_FLAG_CHARS)
    nothing = bool(field(form, "nothing"))
    if nothing and items:
        raise NotTaken("Items of the rubric apply, and “nothing applies” does: choose one.")
    gives = bool(items) or nothing or adjust is not None
    if not gives and not flag:
        raise NotTaken("Choose an item of the rubric, type points, or flag the answer.")
    by = (adjust or 0.0) / max_points if max_points else 0.0
    return Decision(
        uuid=uuid_of(form),
        kerberos=seat.kerberos,
        part_id=rubric.part_id,
        zip_sha256=seat.zip_sha256,
        parent=field(form, "parent"),
        kind=DecisionKind.GROUP if field(form, "group") else DecisionKind.HUMAN,
        rubric_number=rubric.number if rubric.items else 0,
        items=items,
        adjust_share=by,
        share=share_of(rubric, items, by) if gives else None,
        comment=field(form, "comment", MAX_COMMENT_CHARS),
        note=field(form, "note", MAX_NOTE_CHARS),
        flag=flag,
        group=field(form, "group"),
        marks=tuple(_marks(form)),
        author=author.name,
        seconds=min(max(number(form, "seconds") or 0.0, 0.0), 86_400.0),
    )


def _marks(form: FormData) -> Iterator[Mark]:
    """Yield comments that are placed on pages."""
    sent = [one for one in form.getlist("mark") if isinstance(one, str)]
    if len(sent) > MAX_MARKS:
        raise NotTaken(f"Expected at most {MAX_MARKS} placed comments, found {len(sent)}.")
    for one in sent:
        try:
            mark = from_json(Mark, one, where="mark")
        except RecordError:
            raise NotTaken("A placed comment cannot be read; place it again.") from None
        text = _UNWANTED.sub("", mark.text).strip()
        left, top, right, bottom = mark.box
        if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1 and 0 < mark.page < 10_000):
            raise NotTaken(f"A placed comment is not on page {mark.page}; place it again.")
        if not text or len(text) > MAX_MARK_CHARS:
            raise NotTaken(
                f"A comment is placed on page {mark.page}: write what it says, in at most "
                f"{MAX_MARK_CHARS:,} characters, or take it away."
            )
        yield replace(mark, text=text)


def mark_field(mark: Mark) -> str:
    """Return a placed comment as a field of a form."""
    return json.dumps({"page": mark.page, "box": mark.box, "text": mark.text})


def _items(form: FormData, rubric: Rubric) -> Iterator[AppliedItem]:
    """Yield what applies, in the rubric's order."""
    chosen = Counter(one for one in form.getlist("item") if isinstance(one, str))
    known = {item.id for item in rubric.items}
    if chosen.keys() - known or any(times > MAX_TIMES for times in chosen.values()):
        raise Outdated("An item is not in the rubric; look at it, and save again.")
    single: Counter[str] = Counter()
    for item in rubric.items:
        if chosen[item.id]:
            if item.one_of:
                single[item.group] += 1
            yield AppliedItem(id=item.id, share=item.share, title=item.title, times=chosen[item.id])
    for group, many in single.items():
        if many > 1:
            raise NotTaken(f"{group}: only one of these items can apply, found {many}.")


def signed(share: float, max_points: float) -> str:
    """Return what an item gives or takes, in points: `+0.5`, `−0.25`, `0`."""
    value = share * max_points
    shown = format_points(abs(value))
    return "0" if shown == "0" else f"{'+' if value > 0 else '−'}{shown}"

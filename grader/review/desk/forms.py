"""From the fields of a form to a decision, or to a sentence that says what is wrong with it."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from starlette.datastructures import FormData

from grader.model.records.codec import RecordError, from_json
from grader.model.records.decisions import AppliedItem, Decision, DecisionKind, Mark
from grader.model.records.rubrics import Rubric
from grader.model.text import format_points
from grader.review.desk.access import Reviewer
from grader.review.desk.choices import (
    Choices,
    PointsGiven,
    choices_of,
    points_again,
    points_given,
)
from grader.review.desk.classroom import Seat
from grader.review.desk.hidden import HIDDEN
from reference.errors import ConfigError

MAX_COMMENT_CHARS = 10_000
MAX_LINES = 200
"""Of a comment, or of an answer to a request."""
MAX_MARK_LINES = 20
MAX_NOTE_CHARS = 5_000
MAX_FLAG_CHARS = 300
MAX_TIMES = 9
MAX_MARKS = 20
MAX_MARK_CHARS = 2_000
MAX_PAGE = 10_000
NOT_RUN = "This hand-in has not run yet; what is shown, if anything, is of an earlier one."
THEN_GRADE = "Grade it when it has run."
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class NotTaken(ConfigError):
    """A form that cannot be taken as it is; nothing was saved."""


class NotReady(NotTaken):
    """A file of the class that cannot be made yet."""


class WrongTab(NotTaken):
    """A form of a page that was opened in somebody else's name."""


class Outdated(NotTaken):
    """What the form was made on has changed since; the choices in it are still good."""

    def __init__(self, sentence: str, **now: str) -> None:
        super().__init__(sentence)
        self.now = now
        """Fields that the form is made on, as they are once its author has seen what changed."""


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


def words(form: FormData, name: str, longest: int) -> str:
    """Return a text that students read; its lines are few enough to be set on a page.

    Raises:
        NotTaken: it is longer than it may be, or has more lines.
    """
    text = field(form, name, longest)
    return few_lines(text, name.capitalize(), MAX_LINES)


def few_lines(text: str, what: str, most: int) -> str:
    """Return a text of few lines; a page of 3,000 takes longer to set than a student to grade.

    Raises:
        NotTaken: it has more.
    """
    found = text.count("\n") + 1
    if found > most:
        raise NotTaken(f"{what}: expected at most {most} lines, found {found:,}; shorten it.")
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
    text = field(form, name)
    if not text:
        return None
    value = typed_number(text)
    if value is None:
        raise NotTaken(f"Points: expected a number such as 0.25 or -0.1, found {text!r}.")
    return value


def typed_number(text: str) -> float | None:
    """Return the number that somebody typed, with a point or a comma; None where it is none.

    Python's own reading takes more: `4_0` would be 40, and `-0` less than nothing.
    """
    plainly = text.strip().replace("−", "-").replace(",", ".")
    if not _NUMBER.fullmatch(plainly):
        return None
    value = float(plainly)
    return value + 0.0 if math.isfinite(value) else None  # -0.0 + 0.0 is 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a form is read on."""

    rubric: Rubric
    """That holds now."""
    max_points: float
    """Of the part, for the student's course."""
    maxima: frozenset[float] = frozenset()
    """Of the part, for any course: typed points may be of another one, in a pile."""
    held: Decision | None = None
    """Decision that the form showed, with its share of today; None where it was empty."""
    report_pages: int | None = None
    """Pages of the student's report; None where comments on any page are taken."""
    shown: Callable[[str], str] = str
    """What texts of staff went through on their way to the form: it hides names."""


def decision_from(form: FormData, seat: Seat, ground: Ground, author: Reviewer) -> Decision:
    """Return what a form decides about an answer.

    Args:
        form: As the desk's page sent it.
        seat: Whose answer.
        ground: What it is read on.
        author: Who sent it, as their session says.

    Raises:
        Outdated: the rubric or the hand-in is another one than the page showed.
        NotTaken: it decides nothing, or something that cannot be.
    """
    rubric = ground.rubric
    refuse_before_run(seat)
    if field(form, "zip") != seat.zip_sha256:
        raise Outdated(
            "A newer hand-in came in meanwhile; look at it before you decide.",
            zip=seat.zip_sha256,
            parent="",  # nothing that was decided about it was seen
            uuid=uuid4().hex,
        )
    if field(form, "rubric") != str(rubric.number):
        raise Outdated(
            "The rubric was changed meanwhile; look at it, and save again.",
            rubric=str(rubric.number),
        )
    given = _points(form, ground)
    held = ground.held
    flag = _named_again(field(form, "flag", MAX_FLAG_CHARS), held.flag if held else "", ground)
    comment = words(form, "comment", MAX_COMMENT_CHARS)
    note = field(form, "note", MAX_NOTE_CHARS)
    if given.share is None and not flag:
        raise NotTaken("Choose an item of the rubric, type points, or flag the answer.")
    return Decision(
        uuid=uuid_of(form),
        kerberos=seat.kerberos,
        part_id=rubric.part_id,
        zip_sha256=seat.zip_sha256,
        parent=field(form, "parent"),
        kind=DecisionKind.GROUP if field(form, "group") else DecisionKind.HUMAN,
        rubric_number=given.rubric_number,
        items=given.items,
        adjust_share=given.by,
        share=given.share,
        comment=_named_again(comment, held.comment if held else "", ground),
        note=_named_again(note, held.note if held else "", ground),
        flag=flag,
        group=field(form, "group"),
        marks=tuple(_marks(form, ground)),
        author=author.name,
        seconds=min(max(number(form, "seconds") or 0.0, 0.0), 86_400.0),
    )


def refuse_before_run(seat: Seat) -> None:
    """Refuse to decide about a hand-in that nobody has seen.

    Raises:
        NotTaken: it has not run; what the results folder holds is of an earlier one.
    """
    if seat.not_run:
        raise NotTaken(f"{NOT_RUN} {THEN_GRADE}")


def _points(form: FormData, ground: Ground) -> PointsGiven:
    """Return what is chosen and typed, in shares: points are of the maximum that the form names."""
    most = number(form, "of") or ground.max_points
    if most not in ground.maxima | {ground.max_points}:
        raise Outdated(
            "The points of this part changed meanwhile; look at it, and save again.",
            of=str(ground.max_points),
        )
    chosen = tuple(dict.fromkeys(one for one in form.getlist("item") if isinstance(one, str)))
    adjust, text = number(form, "adjust"), field(form, "adjust")
    nothing = bool(field(form, "nothing"))
    shown = choices_of(ground.held, ground.rubric, most)
    by = (adjust or 0.0) / most
    if text and text == shown.adjust:
        by = shown.by  # what was shown is rounded
    elif abs(by) > 1:
        raise NotTaken(
            f"Points: expected at most {format_points(most)} up or down, found {text!r}."
        )
    sent = Choices(items=chosen, nothing=nothing, adjust=text, by=by)
    again = points_again(sent, ground.rubric, ground.held)
    if again is not None:
        return again
    if nothing and chosen:
        raise NotTaken("Items of the rubric apply, and “nothing applies” does: choose one.")
    return points_given(sent, tuple(_items(form, ground.rubric)), ground.rubric)


def _named_again(text: str, held: str, ground: Ground) -> str:
    """Return a text as it was typed: with the names that the form hid, where it was left alone.

    Raises:
        NotTaken: it was changed, and holds what stands for a name.
    """
    if text == ground.shown(held).strip():
        return held
    if HIDDEN in text and ground.shown is not str:
        raise NotTaken(
            f"{HIDDEN} stands for a name that this desk hides, and the text around it was changed: "
            f"write something else in place of {HIDDEN}."
        )
    return text


def _marks(form: FormData, ground: Ground) -> Iterator[Mark]:
    """Yield comments that are placed on pages of the report."""
    pages = ground.report_pages
    known = {ground.shown(one.text): one.text for one in ground.held.marks} if ground.held else {}
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
        last = MAX_PAGE if pages is None else pages
        if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1 and 0 < mark.page <= last):
            raise NotTaken(f"A placed comment is not on page {mark.page}; place it again.")
        if not text or len(text) > MAX_MARK_CHARS:
            raise NotTaken(
                f"A comment is placed on page {mark.page}: write what it says, in at most "
                f"{MAX_MARK_CHARS:,} characters, or take it away."
            )
        what = f"The comment that is placed on page {mark.page}"
        text = few_lines(text, what, MAX_MARK_LINES)
        yield replace(mark, text=_named_again(text, known.get(text, ""), ground))


def mark_field(mark: Mark, shown: Callable[[str], str]) -> str:
    """Return a placed comment as a field of a form; `shown` hides names."""
    return json.dumps({"page": mark.page, "box": mark.box, "text": shown(mark.text)})


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

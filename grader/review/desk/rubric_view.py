"""The rubric of a part as a form, and what a change would do to answers that are graded."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from starlette.datastructures import FormData

from grader.model.records.rubrics import Rubric, RubricItem, Show, Start, share_of
from grader.outputs.pages.markup import plain
from grader.outputs.pages.words import moment, part_label, part_points
from grader.review.desk.classroom import Classroom
from grader.review.desk.desk_view import name_of
from grader.review.desk.forms import (
    MAX_MARK_LINES,
    NotTaken,
    few_lines,
    field,
    signed,
    typed_number,
)
from grader.review.desk.holding import Holding

MAX_ITEMS = 40
MAX_NAMED = 20
"""Answers that are named in an effect; of more, only the number is told."""
_COLUMNS = ("item_id", "title", "percent", "group", "for_student", "for_staff", "show", "state")
_DIGITS = 8
"""Of a percentage behind the point."""
_EMPTY = RubricItem(id="", share=0.0, title="")


@dataclass(frozen=True, slots=True, kw_only=True)
class RubricRow:
    """One item as fields of a form."""

    item: RubricItem
    """As it is."""
    percent: str
    """Its share in percent."""
    points: str
    """The same in points, by course where they differ."""
    count: int
    """To how many answers it is applied."""
    state: str
    """`any`, `one` (of its group), or `retired`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RubricView:
    """The form of a rubric."""

    part_id: str
    """Which part."""
    label: str
    """As people write it."""
    title: str
    """One line."""
    rubric: Rubric
    """That is edited."""
    rows: tuple[RubricRow, ...]
    """Its items."""
    floor: str
    """Least, in percent."""
    ceiling: str
    """Most, in percent."""
    history: tuple[tuple[str, str, str, str], ...]
    """(number, who, when, why), newest first."""
    graded: int
    """Answers that are graded by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """An answer whose points a change moves."""

    code: str
    """Of the seat."""
    who: str
    """Name, or the code."""
    before: str
    """Points now."""
    after: str
    """Points then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a change of the rubric does to answers that are graded."""

    graded: int
    """Answers with items of the rubric."""
    up: int
    """That get more."""
    down: int
    """That get less."""
    mean_before: str
    """Mean share now, in percent; empty for none."""
    mean_after: str
    """Mean share then."""
    moved: tuple[Moved, ...]
    """The first of them."""

    @property
    def changed(self) -> int:
        """Answers whose points move."""
        return self.up + self.down


def rubric_view(
    room: Classroom,
    part_id: str,
    rubric: Rubric,
    held: Mapping[str, Holding],
    past: tuple[Rubric, ...],
) -> RubricView:
    """Return the form of a rubric."""
    counts: dict[str, int] = {}
    graded = [one.in_force for one in held.values() if one.in_force]
    for decision in graded:
        for applied in decision.items:
            counts[applied.id] = counts.get(applied.id, 0) + 1
    return RubricView(
        part_id=part_id,
        label=part_label(part_id),
        title=plain(room.assignment.part(part_id).title),
        rubric=rubric,
        rows=tuple(rubric_row(room, part_id, one, counts.get(one.id, 0)) for one in rubric.items),
        floor=_percent(rubric.floor),
        ceiling=_percent(rubric.ceiling),
        history=tuple(
            (str(one.number), plain(one.author) or "the offering", moment(one.noted_at), one.reason)
            for one in reversed(past)
        ),
        graded=sum(decision.share is not None for decision in graded),
    )


def rubric_row(room: Classroom, part_id: str, item: RubricItem, count: int) -> RubricRow:
    """Return an item as fields of a form."""
    most = dict.fromkeys(
        room.assignment.max_points(part_id, course) for course in room.assignment.courses
    )
    return RubricRow(
        item=item,
        percent=_percent(item.share),
        points=" or ".join(dict.fromkeys(signed(item.share, one) for one in most if one > 0)),
        count=count,
        state="retired" if item.retired else "one" if item.one_of else "any",
    )


def new_row(room: Classroom, part_id: str) -> RubricRow:
    """Return the fields of an item that is not there yet."""
    return rubric_row(room, part_id, replace(_EMPTY, id=f"i{secrets.token_hex(4)}"), 0)


def _percent(share: float) -> str:
    """Return a share in percent, as exactly as anybody types one."""
    text = f"{100 * share:.{_DIGITS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _share_again(text: str, where: str, least: float, shown: float | None) -> float:
    """Return the share that a field means: the very one it showed, where it was left as it was.

    Raises:
        NotTaken: it is no share, or out of bounds.
    """
    if shown is not None and text.strip() == _percent(shown):
        return shown
    return percent_share(text, where, least)


def rubric_from(form: FormData, current: Rubric, author: str) -> Rubric:
    """Return the rubric that a form asks for; items that it leaves out are retired.

    Raises:
        NotTaken: a field cannot be taken.
    """
    columns = [
        [value for value in form.getlist(name) if isinstance(value, str)] for name in _COLUMNS
    ]
    if len({len(column) for column in columns}) != 1 or len(columns[0]) > MAX_ITEMS:
        raise NotTaken(f"Expected a rubric of at most {MAX_ITEMS} items, found another form.")
    rows = (dict(zip(_COLUMNS, values, strict=True)) for values in zip(*columns, strict=True))
    items = tuple(_items(rows, {one.id: one.share for one in current.items}))
    ids = [item.id for item in items]
    if len(set(ids)) != len(ids):
        raise NotTaken("Two items have the same id; load the page anew.")
    gone = tuple(replace(one, retired=True) for one in current.items if one.id not in ids)
    _refuse_twins(items)
    floor = _share_again(field(form, "floor") or "0", "Least", -1.0, current.floor)
    ceiling = _share_again(field(form, "ceiling") or "100", "Most", 0.0, current.ceiling)
    if floor > ceiling:
        raise NotTaken(
            f"Least and most: expected a least that is not above the most, found "
            f"{_percent(floor)} and {_percent(ceiling)} percent."
        )
    parent = field(form, "parent")
    return Rubric(
        part_id=current.part_id,
        number=(int(parent) if parent.isdecimal() else 0) + 1,
        parent=int(parent) if parent.isdecimal() else 0,
        start=Start.FULL if field(form, "start") == "full" else Start.ZERO,
        floor=floor,
        ceiling=ceiling,
        items=(*items, *gone),
        author=author,
        reason=field(form, "reason", 300),
    )


def _refuse_twins(items: tuple[RubricItem, ...]) -> None:
    """Refuse two items that nobody can tell apart, whose counts and words would be mixed up.

    Raises:
        NotTaken: two items of a group that can be applied have the same title.
    """
    seen: dict[tuple[str, str], int] = {}
    for place, item in enumerate(items, start=1):
        key = (item.group.casefold(), item.title.casefold())
        if not item.retired and seen.setdefault(key, place) != place:
            raise NotTaken(
                f"Items {seen[key]} and {place}: expected titles that differ, found {item.title!r} "
                "twice; change one, or retire it."
            )


def _items(rows: Iterator[dict[str, str]], shares: Mapping[str, float]) -> Iterator[RubricItem]:
    for place, row in enumerate(rows, start=1):
        title = " ".join(row["title"].split())
        if not title and not row["percent"].strip():
            continue
        if not title or len(title) > 200:
            raise NotTaken(f"Item {place}: expected a title of at most 200 characters.")
        if not row["item_id"].replace("-", "").replace("_", "").isalnum():
            raise NotTaken(f"Item {place}: expected an id of letters and digits.")
        yield RubricItem(
            id=row["item_id"][:64],
            share=_share_again(row["percent"], f"Item {place}", -1.0, shares.get(row["item_id"])),
            title=title,
            for_student=few_lines(
                row["for_student"].strip()[:2000], f"Item {place}, text", MAX_MARK_LINES
            ),
            for_staff=row["for_staff"].strip()[:2000],
            show=Show(row["show"]) if row["show"] in set(Show) else Show.APPLIED,
            group=" ".join(row["group"].split())[:80],
            one_of=row["state"] == "one",
            retired=row["state"] == "retired",
        )


def percent_share(text: str, where: str, least: float) -> float:
    """Return the share that a typed percentage means.

    Raises:
        NotTaken: it is none, or out of bounds.
    """
    typed = typed_number(text.strip().removesuffix("%"))
    value = 2.0 if typed is None else typed / 100
    if not least <= value <= 1:
        raise NotTaken(
            f"{where}: expected a percentage from {100 * least:.0f} to 100, found {text!r}."
        )
    return value


def effect_of(
    room: Classroom,
    part_id: str,
    rubric: Rubric,
    held: Mapping[str, Holding],
    *,
    blind: bool,
) -> Effect:
    """Return what a rubric would do to the answers that are graded."""
    before: list[float] = []
    after: list[float] = []
    moved: list[Moved] = []
    up = 0
    for seat in room.order(part_id):
        own = held.get(seat.kerberos)
        decision = own.in_force if own else None
        if decision is None or decision.share is None:
            continue
        old, new = decision.share, share_of(rubric, decision.items, decision.adjust_share)
        new = new if decision.rubric_number else old
        before.append(old)
        after.append(new)
        if abs(new - old) > _SAME_SHARE:
            most = room.assignment.max_points(part_id, seat.course)
            up += new > old
            before_words, after_words = _apart(old * most, new * most)
            moved.append(
                Moved(
                    code=seat.code,
                    who=name_of(seat, blind=blind),
                    before=before_words,
                    after=after_words,
                )
            )
    return Effect(
        graded=len(before),
        up=up,
        down=len(moved) - up,
        mean_before=f"{100 * sum(before) / len(before):.0f} %" if before else "",
        mean_after=f"{100 * sum(after) / len(after):.0f} %" if after else "",
        moved=tuple(moved[:MAX_NAMED]),
    )


def _apart(old: float, new: float) -> tuple[str, str]:
    """Return points before and after in words that differ, as the points do."""
    words = part_points(old), part_points(new)
    return words if words[0] != words[1] else (f"{old:.8g}", f"{new:.8g}")


_SAME_SHARE = 1e-9
"""Shares that differ by less are the same: sums in another order."""

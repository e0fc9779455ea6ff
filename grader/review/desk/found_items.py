"""What checks found in the answers to a part, as items that its rubric may have."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from grader.model.records import Finding, Outcome
from grader.model.records.rubrics import Rubric, RubricItem
from grader.outputs.pages.markup import plain
from grader.review.desk.classroom import Classroom, Seat

MOST_OFFERED = 12
"""Findings that are offered; those of the most answers first."""
_LOST = frozenset(
    {
        Outcome.PARTIAL,
        Outcome.FAIL,
        Outcome.STUDENT_ERROR,
        Outcome.TIMEOUT,
        Outcome.RESOURCE_LIMIT,
    }
)
_LONGEST_TITLE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLine:
    """Something that checks found."""

    item_id: str
    """Of the item that it would be."""
    title: str
    """What the checks say of one of the answers."""
    count: int
    """In how many answers."""


def item_of(finding: Finding) -> str:
    """Return the id of the item that a finding is; the same in each answer."""
    code = finding.code or finding.check_id
    return "found-" + re.sub(r"[^A-Za-z0-9]+", "-", code).strip("-")[:50]


def found_in(seat: Seat, part_id: str) -> frozenset[str]:
    """Return the ids of items that checks found in an answer."""
    return frozenset(item_of(one) for one in _findings(seat, part_id))


def offered_items(room: Classroom, rubric: Rubric) -> tuple[FoundLine, ...]:
    """Return what checks found in the answers to a part, and what its rubric has no item for."""
    counts: Counter[str] = Counter()
    titles: dict[str, str] = {}
    for seat in room.order(rubric.part_id):
        for finding in _findings(seat, rubric.part_id):
            name = item_of(finding)
            counts[name] += 1
            titles.setdefault(name, _title(room, seat, finding))
    return tuple(
        FoundLine(item_id=name, title=titles[name], count=count)
        for name, count in counts.most_common()
        if rubric.item(name) is None
    )[:MOST_OFFERED]


def found_item(room: Classroom, rubric: Rubric, item_id: str) -> RubricItem | None:
    """Return an item for what checks found, with the share that it costs; None where it is none."""
    for seat in room.order(rubric.part_id):
        for finding in _findings(seat, rubric.part_id):
            if item_of(finding) == item_id:
                return RubricItem(
                    id=item_id,
                    share=-round(_weight(room, rubric.part_id, finding), 3),
                    title=_title(room, seat, finding),
                    for_staff="As the checks found it.",
                    group="Found by checks",
                )
    return None


def _findings(seat: Seat, part_id: str) -> tuple[Finding, ...]:
    part = seat.parts.get(part_id)
    return tuple(one for one in part.findings if one.outcome in _LOST) if part else ()


def _weight(room: Classroom, part_id: str, finding: Finding) -> float:
    checks = room.assignment.part(part_id).checks
    whole = sum(one.weight for one in checks)
    own = sum(one.weight for one in checks if one.id == finding.check_id)
    return (1 - finding.credit) * own / whole if whole else 0.0


def _title(room: Classroom, seat: Seat, finding: Finding) -> str:
    # It may quote the one, and is read by all who get the item.
    text = " ".join(room.concealed(plain(finding.message), seat).replace("`", "").split())
    return text if len(text) <= _LONGEST_TITLE else text[: _LONGEST_TITLE - 1] + "…"

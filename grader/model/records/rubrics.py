"""Rubrics: what a part's points are given for, in shares of its maximum."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from grader.model.records.decisions import AppliedItem


class Show(StrEnum):
    """When a student sees an item."""

    ALWAYS = "always"
    """Also where it does not apply."""
    APPLIED = "applied"
    """Where it applies."""
    NEVER = "never"
    """It is for staff."""


class Start(StrEnum):
    """Where points begin."""

    FULL = "full"
    """At the maximum; items take off."""
    ZERO = "zero"
    """At nothing; items give."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RubricItem:
    """One thing that an answer gets or loses points for."""

    id: str
    """Within the part; never used again for another thing."""
    share: float
    """Of the part's maximum, -1 to 1; negative takes off."""
    title: str
    """One line."""
    for_student: str = ""
    """Markdown, shown on the feedback page; the title where empty."""
    for_staff: str = ""
    """When it applies."""
    show: Show = Show.APPLIED
    """When the student sees it."""
    group: str = ""
    """Heading that it stands under; empty for none."""
    one_of: bool = False
    """Whether at most one item of its group applies."""
    retired: bool = False
    """Taken away: cannot be applied any more, still explains old decisions."""

    @property
    def texts(self) -> tuple[str, ...]:
        """All that is written in it."""
        return (self.title, self.group, self.for_student, self.for_staff)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rubric:
    """The rubric of a part as one person left it. The newest number holds."""

    part_id: str
    """Such as `3c`."""
    number: int = 1
    """1 for the offering's own, then one more for each change."""
    parent: int = 0
    """Number of the rubric that it was made from."""
    start: Start = Start.ZERO
    """Where points begin."""
    floor: float = 0.0
    """Least share that the items give."""
    ceiling: float = 1.0
    """Greatest share that the items give."""
    items: tuple[RubricItem, ...] = ()
    """In order."""
    author: str = ""
    """Who made it; empty for the offering's own."""
    reason: str = ""
    """Why it was changed."""
    noted_at: str = ""
    """ISO 8601 in UTC; empty for the offering's own."""

    def item(self, item_id: str) -> RubricItem | None:
        """Return the item of that id, retired or not; None where there is none."""
        return next((one for one in self.items if one.id == item_id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RubricSaved:
    """What came of a changed rubric."""

    in_force: Rubric | None
    """What holds now; None for the offering's own."""
    conflict: Rubric | None = None
    """The change that was made on an older one, and is not saved; None where it holds."""


def share_of(rubric: Rubric, items: Iterable[AppliedItem], adjust: float = 0.0) -> float:
    """Return the share of the part's maximum that items give, 0 to 1.

    An item counts by its share in this rubric; one that the rubric does not have, by the share
    that it had when it was applied. The order of the items makes no difference.
    """
    start = 1.0 if rubric.start is Start.FULL else 0.0
    given = math.fsum((start, *(_share(rubric, one) * one.times for one in items)))
    held = min(max(given, rubric.floor), rubric.ceiling)
    return min(max(held + adjust, 0.0), 1.0)


def _share(rubric: Rubric, applied: AppliedItem) -> float:
    item = rubric.item(applied.id)
    return applied.share if item is None else item.share

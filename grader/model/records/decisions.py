"""What people decide about a part of a hand-in.

Nothing is overwritten: each decision names the one that it replaces.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

NOTHING_HANDED_IN = ""
"""Digest of a zip that is not there."""
FIRST = ""
"""Parent of a decision that replaces none."""


class DecisionKind(StrEnum):
    """How a decision came about, and whether it counts."""

    HUMAN = "human"
    """By a person who looked at this answer."""
    GROUP = "group"
    """By a person who looked at a group of equal answers."""
    IMPORTED = "imported"
    """From a `grades.toml` that somebody edited, or from an older store."""
    WITHDRAWN = "withdrawn"
    """The part has no decision again: what the checks say stands."""
    SECOND = "second"
    """A second reading; stands beside the decision in force and never counts."""
    CONFLICT = "conflict"
    """Made on something else than the latest; stands beside it and never counts."""


BESIDE = frozenset({DecisionKind.SECOND, DecisionKind.CONFLICT})
"""Kinds that replace nothing and never count."""


class DecisionKey(NamedTuple):
    """What a decision is about."""

    kerberos: str
    """Whose."""
    part_id: str
    """Such as `3c`."""
    zip_sha256: str
    """Digest of the hand-in; empty where nothing was handed in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedItem:
    """A rubric item as it was when a person applied it."""

    id: str
    """Of the item in the rubric."""
    share: float
    """Of the part's maximum, -1 to 1; negative takes off."""
    title: str
    """One line."""
    times: int = 1
    """How often it counts, at least 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A comment or an item placed on a page of report.pdf."""

    page: int
    """From 1."""
    box: tuple[float, float, float, float]
    """Left, top, right, bottom as shares of the page, 0 to 1."""
    item_id: str = ""
    """Item of the rubric; empty for a text."""
    text: str = ""
    """Markdown for the student; empty for an item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Points as somebody wrote them into a `grades.toml`."""

    points: float | None
    """As written; None for a comment alone."""
    of: float
    """Maximum of the part at that time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a person decided about one part of one hand-in."""

    uuid: str
    """Its own name, the same on every machine."""
    kerberos: str
    """Whose."""
    part_id: str
    """Such as `3c`."""
    zip_sha256: str
    """Digest of the hand-in that it is about; empty where nothing was handed in."""
    parent: str = FIRST
    """uuid of the decision that it was made on, and replaces where it counts; empty for the first.

    What replaces a decision replaces it whole: its points, items, comment, note and flag."""
    settles: tuple[str, ...] = ()
    """uuids of the conflicts that it settles."""
    kind: DecisionKind = DecisionKind.HUMAN
    """How it came about, and whether it counts."""
    rubric_number: int = 0
    """Of the rubric that its items are of; 0 where points were given without one."""
    items: tuple[AppliedItem, ...] = ()
    """What applies, in the rubric's order."""
    adjust_share: float = 0.0
    """Added to what the items give, a share of the part's maximum, -1 to 1."""
    share: float | None = None
    """Of the part's maximum, 0 to 1; None for a comment or a flag alone, which gives no points."""
    given: Given | None = None
    """As it was written into a `grades.toml`; None where it came another way."""
    comment: str = ""
    """For the student, Markdown with maths."""
    note: str = ""
    """For staff."""
    flag: str = ""
    """Why the head should look; empty where not flagged."""
    group: str = ""
    """Name of the group of answers that it was applied to; empty for one answer."""
    author: str = ""
    """Who decided."""
    words_by: str = ""
    """Whose decision it brings back; empty where its author decided what it says."""
    takes_back: str = ""
    """uuid of the decision that it takes back: that one then settles nothing; empty for none."""
    seconds: float = 0.0
    """That the answer was open; 0 where not measured."""
    marks: tuple[Mark, ...] = ()
    """Placed on pages of the report."""
    answer_sha256: str = ""
    """Digest of the answer's text and pages as they were read; empty where it is not known."""
    noted_at: str = ""
    """ISO 8601 in UTC; the store fills it in."""

    @property
    def key(self) -> DecisionKey:
        """What it is about."""
        return DecisionKey(self.kerberos, self.part_id, self.zip_sha256)

    @property
    def content(self) -> tuple[object, ...]:
        """What it says, whoever says it and when."""
        items = tuple(sorted((one.id, one.times) for one in self.items))
        said = (self.comment, self.note, self.flag, self.marks)
        return (self.kind is DecisionKind.WITHDRAWN, items, self.adjust_share, self.share, *said)

    @property
    def decided_by(self) -> str:
        """Whose points and words they are; the author may only have brought them back."""
        return self.words_by or self.author

    @property
    def counts(self) -> bool:
        """Whether it can be in force."""
        return self.kind not in BESIDE


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What came of a decision that was to be stored. Both rows are on the disk."""

    in_force: Decision | None
    """What holds for that part of that hand-in now; None where nothing does."""
    conflict: Decision | None = None
    """The new decision, kept beside the one in force; None where it is in force itself."""


def in_force(decisions: Iterable[Decision]) -> Mapping[DecisionKey, Decision]:
    """Return what holds, of decisions in the order in which they were added.

    A withdrawn one is among it: what comes next replaces that one.
    """
    return {one.key: one for one in decisions if one.counts}


def settled_by(decisions: Iterable[Decision]) -> frozenset[str]:
    """Return the uuids of what is settled, by decisions in the order in which they were added.

    What a decision settled is open again once the decision is taken back.
    """
    gone: set[str] = set()
    settled: set[str] = set()
    for one in reversed(tuple(decisions)):
        if one.uuid in gone:
            continue
        settled.update(one.settles)
        if one.takes_back:
            gone.add(one.takes_back)
    return frozenset(settled)


def open_conflicts(decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """Return the conflicts that no decision has settled, as they were added."""
    known = tuple(decisions)
    settled = settled_by(known)
    return tuple(
        one for one in known if one.kind is DecisionKind.CONFLICT and one.uuid not in settled
    )

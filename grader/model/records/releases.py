"""What students have been told, and what they asked about it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class ReleaseKind(StrEnum):
    """What was done with a student's grade."""

    PUBLISH = "publish"
    """It is final until it is withdrawn."""
    WITHDRAW = "withdraw"
    """It is provisional again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A student's grade was published or withdrawn. The newest holds."""

    uuid: str
    """Its own name."""
    kind: ReleaseKind
    """Which of the two."""
    kerberos: str
    """Whose."""
    grade_sha256: str = ""
    """What was published, see `grade_digest`."""
    total: float | None = None
    """Points that were published, after the late coefficient."""
    author: str = ""
    """Who did it."""
    note: str = ""
    """Why; for staff."""
    noted_at: str = ""
    """ISO 8601 in UTC; the store fills it in."""


class PartPoints(Protocol):
    """A part of a grade, in whichever record."""

    @property
    def id(self) -> str:
        """Such as `3c`."""
        ...

    @property
    def points(self) -> float:
        """Given so far."""
        ...

    @property
    def max_points(self) -> float:
        """That it can give."""
        ...

    @property
    def pending_points(self) -> float:
        """Not decided yet."""
        ...


def grade_digest(zip_sha256: str, total: float | None, parts: Iterable[PartPoints]) -> str:
    """Return a digest of a grade: of which hand-in, the total, the points of each part.

    A grade is published as long as this is what was published; comments are no part of it.

    Args:
        zip_sha256: Of the hand-in that counts; empty where there is none.
        total: After the late coefficient; None where there are no points.
        parts: In the handout's order.
    """
    facts = [zip_sha256, "" if total is None else f"{total:.6f}"]
    facts += [
        f"{one.id} {one.points:.6f} {one.max_points:.6f} {one.pending_points:.6f}" for one in parts
    ]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()


class RequestKind(StrEnum):
    """What happened to a regrade request."""

    OPENED = "opened"
    """A student asks."""
    REPLY = "reply"
    """Somebody says something; nothing is decided."""
    KEPT = "kept"
    """The points stay."""
    CHANGED = "changed"
    """The points changed, by `decision`."""
    REOPENED = "reopened"
    """Asked again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestEvent:
    """One entry in the thread of a regrade request about one part."""

    uuid: str
    """Its own name."""
    request: str
    """uuid of the entry that opened the request: its own where it does."""
    kerberos: str
    """Whose."""
    part_id: str
    """Such as `3c`."""
    kind: RequestKind
    """What happened."""
    text: str = ""
    """Markdown, for the student."""
    decision: str = ""
    """uuid of the decision that changed the points; empty otherwise."""
    author: str = ""
    """Who wrote it: kerberos of the student, or one of the staff."""
    entered_by: str = ""
    """Who of the staff entered what a student wrote; empty where the author entered it."""
    noted_at: str = ""
    """ISO 8601 in UTC; the store fills it in."""

    @property
    def by_student(self) -> bool:
        """Whether the student wrote it."""
        return self.author == self.kerberos


WAITS = frozenset({RequestKind.OPENED, RequestKind.REPLY, RequestKind.REOPENED})
"""Kinds of entries after which a regrade request waits for an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """All that was said in one regrade request."""

    kerberos: str
    """Whose."""
    part_id: str
    """About which part."""
    request: str
    """uuid of its first entry."""
    events: tuple[RequestEvent, ...]
    """As they were added."""

    @property
    def waits(self) -> bool:
        """Whether it waits for an answer."""
        return self.events[-1].kind in WAITS


def threads(events: Iterable[RequestEvent]) -> tuple[Thread, ...]:
    """Return regrade requests, in the order in which they were opened."""
    found: dict[str, list[RequestEvent]] = {}
    for one in events:
        found.setdefault(one.request, []).append(one)
    return tuple(
        Thread(
            kerberos=said[0].kerberos,
            part_id=said[0].part_id,
            request=request,
            events=tuple(said),
        )
        for request, said in found.items()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One entry of a regrade request, as the student reads it."""

    by_student: bool
    """Whether the student wrote it; else the staff did."""
    kind: RequestKind
    """What happened."""
    text: str
    """Markdown."""
    noted_at: str
    """ISO 8601, in the course's time."""

"""What a class submits, and what came of each submission."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from grader.intake.hand_in import HandIn
from grader.model.assignment import Course
from grader.model.records import Outcome, Remark


@dataclass(frozen=True, slots=True, kw_only=True)
class Superseded:
    """A submission that does not count, because the same student submitted another one later."""

    hand_in: HandIn
    """The one that does not count."""
    by: str
    """`source` of the one that does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Everything that a class submitted."""

    counted: tuple[HandIn, ...]
    """One per student, by kerberos."""
    superseded: tuple[Superseded, ...] = ()
    """Earlier ones of the same students; kept, named, not graded."""
    missing: tuple[str, ...] = ()
    """Kerberos names of the manifest without a submission."""
    notes: tuple[str, ...] = ()
    """What staff should know about the folder, one sentence each."""


class State(StrEnum):
    """How far a submission of the class has come."""

    GRADED = "graded"
    """There is a grade sheet."""
    REJECTED = "rejected"
    """Nothing in it can be graded; a person must look."""
    FAULT = "fault"
    """The grader failed, twice; never the student's fault."""
    MISSING = "missing"
    """In the manifest, but nothing was submitted."""
    WAITING = "waiting"
    """Not graded yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFault:
    """Why a check took points."""

    check_id: str
    """Such as `conv_update`."""
    remark: Remark
    """What it found: a code of the checks' catalogue, and its values."""
    message: str
    """All that the check tells the student."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartResult:
    """What a class's tables need of one part of a grade sheet."""

    id: str
    """Such as `4a`."""
    title: str
    """One line."""
    outcome: Outcome
    """Of the part as a whole."""
    points: float
    """Decided so far, before the late coefficient."""
    max_points: float
    """To be had; 0 where optional."""
    pending_points: float
    """Waiting for a person."""
    bonus: bool
    """Whether on top of the maximum."""
    message: str
    """One sentence."""
    faults: tuple[PartFault, ...] = ()
    """What its findings that lost points say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRow:
    """One student in the tables of a class."""

    kerberos: str
    """Whose."""
    course: Course
    """Which variant."""
    state: State
    """How far it has come."""
    sentence: str = ""
    """Why it was rejected or failed; empty otherwise."""
    name: str = ""
    """As the platform shows it."""
    platform_id: str = ""
    """The platform's id of the student."""
    platform: str = ""
    """Whose id that is: `canvas` or `gradescope`; empty where not told."""
    source: str = ""
    """Where it was found."""
    submitted: str = ""
    """ISO 8601 with offset; empty where not told."""
    extension_days: float = 0.0
    """By how much this student's deadline is later."""
    days_late: int = 0
    """Rounded up, after the extension."""
    late_coefficient: float = 1.0
    """1 to 0."""
    total: float | None = None
    """After the late coefficient; None where there is no sheet."""
    max_total: float = 0.0
    """To be had without bonus."""
    pending: float = 0.0
    """Points that are not graded yet, before the late coefficient."""
    parts: tuple[PartResult, ...] = ()
    """In the handout's order; empty where there is no sheet."""
    notes: tuple[str, ...] = ()
    """Sentences of severity error about submission and run."""
    conduct: tuple[str, ...] = ()
    """What the notebook does that no answer needs, a sentence each; for a person to look at."""
    seconds: float = 0.0
    """Wall-clock seconds that grading took."""
    stage_seconds: tuple[tuple[str, float], ...] = field(default=())
    """(stage, wall-clock seconds), in order."""
    page: str = "staff.html"
    """Page in the student's folder that the class's page leads to, where there are points."""
    cached: bool = False
    """Whether it was taken from an earlier run instead of graded now."""

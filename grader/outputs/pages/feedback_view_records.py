"""What the feedback page and the staff page show: plain strings, numbers and finished figures."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from grader.model.records import Measurement
from grader.outputs.pages.figures import FigureRow
from grader.outputs.pages.said import MarkView, SaidView
from grader.outputs.pages.words import Chip


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    """One check on a card."""

    check_id: str
    """Machine name, for staff."""
    title: str
    """The name in words."""
    chip: Chip
    """Outcome."""
    message: Markup
    """Sentence for the student; empty where the card already says it."""
    measurements: tuple[Measurement, ...]
    """Rows of the table."""
    rows: tuple[FigureRow, ...]
    """Figures."""
    evidence: str
    """Evidence ids in one line; may be empty."""
    staff_detail: str
    """For staff; always empty on the student's page."""
    credit: str
    """Share of the points as a percentage."""
    share: str
    """Why it is that share, for staff; always empty on the student's page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartView:
    """One card."""

    anchor: str
    """Id of the card within the page."""
    label: str
    """Such as `4(a)`."""
    title: str
    """One line."""
    problem: int
    """Number of the problem."""
    chip: Chip
    """Outcome."""
    points: str
    """Points, or a dash where nothing is decided or to be had."""
    max_points: str
    """Points to be had; empty where the part has none of its own."""
    extra: str
    """`bonus`, `optional in 6.819` or empty."""
    pending: str
    """What is not graded yet, a sentence; may be empty."""
    message: Markup
    """One sentence."""
    findings: tuple[FindingView, ...]
    """Checks."""
    items: tuple[Markup, ...]
    """Rubric items that a person applied."""
    comment: Markup
    """What a person wrote; empty for nothing."""
    marks: tuple[MarkView, ...]
    """Comments that a person placed on pages of the report."""
    said: tuple[SaidView, ...]
    """Regrade requests about the part, and answers to them."""
    answer: Markup
    """The written answer; only for staff."""
    command: str
    """What prints every number of it, for staff; empty on the student's page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalBar:
    """The bar under the total, in percent of the maximum."""

    earned: float
    """Decided points after the late coefficient."""
    pending: float
    """Points that are not graded yet, after the late coefficient."""
    alt: str
    """The bar in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteView:
    """A note about the submission."""

    severity: str
    """`info`, `warning` or `error`."""
    message: Markup
    """One sentence."""
    only_staff: bool
    """Whether the student's page leaves it out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackPage:
    """The whole feedback page."""

    kerberos: str
    """Whose."""
    course: str
    """`6.819` or `6.869`."""
    submitted: str
    """When it was submitted, in words."""
    deadline: str
    """When it was due."""
    late: str
    """The late line; empty where in time."""
    standing: str
    """Whether the points are final."""
    total: str
    """The large numeral."""
    max_total: str
    """Out of."""
    sentence: str
    """The result in one sentence."""
    bar: TotalBar
    """Under the numeral."""
    to_fix: tuple[PartView, ...]
    """Parts that lost points, in order."""
    notes: tuple[NoteView, ...]
    """About the submission."""
    parts: tuple[PartView, ...]
    """Cards in the handout's order."""
    facts: tuple[tuple[str, str], ...]
    """How it was run: (name, value)."""
    shims: tuple[tuple[str, Markup], ...]
    """(name, why) of what was done so that the notebook runs on today's software."""

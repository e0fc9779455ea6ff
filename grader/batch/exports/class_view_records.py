"""What the page of a class shows, piece by piece: words, numbers and finished figures."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from grader.outputs.pages.words import Chip


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """A student, and the page that says more."""

    kerberos: str
    """Whose."""
    name: str
    """As the platform shows it; may be empty."""
    link: str
    """Their staff page, relative to the class's; empty where there is none."""
    anchor: str = ""
    """Name of their line in the page's table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderCount:
    """One number of the header."""

    count: str
    """The number."""
    words: str
    """What is counted."""
    tone: str
    """Class of the stylesheet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CourseTotals:
    """Totals of the students of one course."""

    course: str
    """Which."""
    many: int
    """Students."""
    figure: Markup
    """Histogram."""
    words: str
    """The same in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoursePart:
    """One part as the students of one course did it."""

    course: str
    """Which; empty where there is only one."""
    max_points: str
    """Points to be had."""
    decided: int
    """Students of whom all of it is decided."""
    figure: Markup
    """Their histogram; empty where there are none."""
    mean: str
    """Mean share of the points."""
    quartiles: str
    """Lower quartile, median, upper quartile, as shares of the points."""
    waiting: int
    """Students of whom a person must read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartLine:
    """One part in the table of parts."""

    label: str
    """Such as `4(a)`."""
    title: str
    """One line."""
    courses: tuple[CoursePart, ...]
    """Of each course that has points for it."""
    waiting: tuple[Who, ...]
    """Students of whom a person must read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultLine:
    """One fault that several students may have."""

    label: str
    """Part, such as `4(a)`."""
    check_id: str
    """Check that found it."""
    sentence: Markup
    """What it said."""
    count: int
    """Of how many students."""
    percent: float
    """Of the graded ones, for the bar."""
    students: tuple[Who, ...]
    """Of whom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageLine:
    """Wall-clock time of one stage."""

    name: str
    """The stage; `all` for the whole."""
    median: str
    """In words."""
    ninetieth: str
    """In words."""
    slowest: str
    """In words."""
    who: Who
    """Whose was the slowest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartCell:
    """A part of a student in the table."""

    points: str
    """Points, or `?` where it needs grading."""
    tone: str
    """Class of the stylesheet."""
    words: str
    """For the pointer and for screen readers."""
    sort: str = ""
    """Number by which the column is sorted; empty where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentLine:
    """One student in the table."""

    who: Who
    """Student."""
    course: str
    """Variant."""
    chip: Chip
    """State."""
    states: tuple[str, ...]
    """Words by which the table is filtered: the state, and what else is to be looked at."""
    conduct: str
    """What of the notebook's conduct is to be looked at; empty for nothing."""
    total: str
    """After the late coefficient; empty where there is none."""
    max_total: str
    """To be had."""
    pending: str
    """Points that wait; empty for none."""
    late: str
    """Such as `2 d × 0.86`; empty where in time."""
    cells: tuple[PartCell, ...]
    """Parts, in the handout's order."""
    sentence: str
    """Why there is no grade; empty where there is."""
    source: str
    """Where the submission was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteLine:
    """What was wrong with submissions that could be graded all the same."""

    sentence: Markup
    """One sentence."""
    students: tuple[Who, ...]
    """Of whom it is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassView:
    """The whole page."""

    title: str
    """Of the assignment."""
    figures: tuple[HeaderCount, ...]
    """Header."""
    sentence: str
    """The state of things in one sentence."""
    totals: tuple[CourseTotals, ...]
    """Of each course with somebody graded."""
    parts: tuple[PartLine, ...]
    """Parts in the handout's order."""
    faults: tuple[FaultLine, ...]
    """Most common first."""
    stages: tuple[StageLine, ...]
    """Times of what was graded in this run."""
    problems: tuple[str, ...]
    """What staff must see to: files that were not taken, edits that met another decision."""
    attention: tuple[StudentLine, ...]
    """Who was rejected, or met a fault of the grader."""
    remarks: tuple[NoteLine, ...]
    """What was wrong with the others' submissions; what most have first."""
    students: tuple[StudentLine, ...]
    """All, by state, then by kerberos."""
    part_labels: tuple[str, ...]
    """Columns of the table."""
    superseded: tuple[tuple[str, str, str], ...]
    """(kerberos, submission, the one that counts)."""
    missing: tuple[str, ...]
    """Students without a submission."""
    notes: tuple[str, ...]
    """About the folder."""
    files: tuple[str, ...]
    """Names of files beside the page."""

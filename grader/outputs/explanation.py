"""How a part came to its points, line by line: numbers, rules, and what they rest on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from grader.checks.declaration import Check
from grader.model.assignment import Assignment
from grader.model.records import (
    BarsExhibit,
    CurveExhibit,
    Finding,
    Measurement,
    PartGrade,
    StemExhibit,
)
from grader.outputs.pages.shares import points_words, share_words
from grader.outputs.pages.words import CHIPS, amount, evidence_label, part_points

SHOWN_VALUES = 24
"""Values of a plot that are printed; of a longer one, every so many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Numbers of a plot, as a table."""

    title: str
    """What they are."""
    head: tuple[str, ...]
    """Names of the columns."""
    rows: tuple[tuple[str, ...], ...]
    """Numbers."""
    left_out: int
    """Rows that are not shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckExplained:
    """One check of a part."""

    check_id: str
    """Which."""
    worth: float
    """Points of the part that hang on it."""
    outcome: str
    """In a word."""
    share: str
    """The share that it gave, and by which rule."""
    points: str
    """What that is in points."""
    agrees: bool
    """Whether the results that are stored say the same."""
    message: str
    """For the student."""
    staff: str
    """For staff."""
    rests: tuple[str, ...]
    """What it decides by, and where that is from."""
    measurements: tuple[Measurement, ...]
    """Each number with what was expected."""
    series: tuple[Series, ...]
    """Numbers of its plots."""
    evidence: tuple[str, ...]
    """Runs, replies and cells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartExplained:
    """A part from its numbers to its points."""

    part_id: str
    """Which."""
    title: str
    """One line."""
    checks: tuple[CheckExplained, ...]
    """In the offering's order."""
    points: str
    """What the part has now, and who says so."""


def explain(
    stored: PartGrade,
    found: tuple[Finding, ...],
    checks: Mapping[str, Check],
    assignment: Assignment,
) -> PartExplained:
    """Explain a part.

    Args:
        stored: The part as the results have it.
        found: What the checks of the part found when they were replayed.
        checks: That the offering may name.
        assignment: The offering.
    """
    part = assignment.part(stored.id)
    whole = sum(check.weight for check in part.checks)
    known = {one.check_id: one for one in stored.findings}
    return PartExplained(
        part_id=stored.id,
        title=stored.title,
        checks=tuple(
            _check(finding, known.get(finding.check_id), checks[finding.check_id], worth)
            for finding, worth in zip(
                found,
                (stored.max_points * check.weight / whole for check in part.checks),
                strict=True,
            )
            if finding.check_id in checks
        ),
        points=points_words(stored),
    )


def _check(finding: Finding, stored: Finding | None, check: Check, worth: float) -> CheckExplained:
    return CheckExplained(
        check_id=finding.check_id,
        worth=worth,
        outcome=CHIPS[finding.outcome].word,
        share=share_words(finding),
        points=f"{part_points(finding.credit * worth)} of {amount(worth)}",
        agrees=stored is not None
        and (stored.outcome, stored.credit, stored.offered)
        == (finding.outcome, finding.credit, finding.offered),
        message=finding.message,
        staff=finding.staff_detail,
        rests=tuple(f"{one.on.value}: {one.what}" for one in check.rests),
        measurements=finding.measurements,
        series=tuple(_series(finding)),
        evidence=tuple(map(evidence_label, finding.evidence_ids)),
    )


def _series(finding: Finding) -> Iterator[Series]:
    for exhibit in finding.exhibits:
        if isinstance(exhibit, StemExhibit):
            yield _stems(exhibit)
        elif isinstance(exhibit, CurveExhibit):
            head = (exhibit.x_label, exhibit.y_label)
            for who, xs, ys in (
                ("student", exhibit.yours_x, exhibit.yours_y),
                ("reference", exhibit.reference_x, exhibit.reference_y),
            ):
                points = list(zip(xs, ys, strict=False))
                yield _table(f"{exhibit.title}, {who}", head, points, kept=len(points) - 1)
        elif isinstance(exhibit, BarsExhibit):
            bars = [
                (
                    f"{bar.class_id} {bar.name}{' (target)' if bar.is_target else ''}",
                    bar.probability,
                )
                for bar in exhibit.bars
            ]
            yield _table(exhibit.title, ("class", "probability"), bars, kept=0)


def _stems(exhibit: StemExhibit) -> Series:
    rows = [
        (index, measured, expected, measured - expected)
        for index, (measured, expected) in enumerate(
            zip(exhibit.measured, exhibit.expected, strict=False)
        )
    ]
    title = f"{exhibit.title}; largest difference at {exhibit.worst}"
    return _table(title, ("index", "measured", "expected", "difference"), rows, kept=exhibit.worst)


def _table(
    title: str, head: tuple[str, ...], rows: Sequence[tuple[object, ...]], *, kept: int
) -> Series:
    step = max(1, -(-len(rows) // SHOWN_VALUES))
    places = sorted({*range(0, len(rows), step), *({kept} if 0 <= kept < len(rows) else ())})
    shown = tuple(tuple(map(_number, rows[place])) for place in places)
    return Series(title=title, head=head, rows=shown, left_out=len(rows) - len(shown))


def _number(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)

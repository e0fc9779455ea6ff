"""A part in figures: shares per course, items used, graders, and drift over the pile."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median, stdev

from grader.model.records.decisions import Decision
from grader.model.records.rubrics import Rubric
from grader.outputs.pages.markup import plain
from grader.outputs.pages.words import part_label, seconds
from grader.review.desk.classroom import Classroom, Seat
from grader.review.desk.holding import NOTHING_DECIDED, Holding
from grader.review.desk.overview_view import LONGEST_S

BINS = 10
"""Bars of a histogram, each a tenth of the maximum; the maximum itself is in the last one."""
SLICES = 10
"""Stretches of the pile whose means are compared."""
FEWEST = 3
"""Answers from which on a stretch, or a grader, has a mean that says something."""
MOST_GRADERS = 40
"""Graders on one page."""
_NORMAL_95 = 1.96
"""Standard errors to both sides of a mean within which 95 % of means lie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar."""

    label: str
    """What it counts."""
    count: int
    """How many."""
    percent: float
    """Length, of the longest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Shares of the maximum in one course."""

    course: str
    """Which."""
    answers: int
    """Answers that have points."""
    mean: str
    """Mean share, in percent; empty for none."""
    median: str
    """Median share, in percent; empty for none."""
    bars: tuple[Bar, ...]
    """From 0 to the maximum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraderLine:
    """What one grader gave."""

    name: str
    """Whose decisions."""
    answers: int
    """That are in force."""
    mean: str
    """Mean share in percent, with its 95 % interval."""
    pace: str
    """Median time of an answer; empty where none was measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureView:
    """One part in figures."""

    part_id: str
    """Which."""
    label: str
    """As people write it."""
    title: str
    """One line."""
    histograms: tuple[Histogram, ...]
    """Per course that has points for the part."""
    items: tuple[Bar, ...]
    """How often each item applies, of the answers that people graded."""
    graded: int
    """Answers that people graded."""
    graders: tuple[GraderLine, ...]
    """Those with the most answers first."""
    drift: tuple[Bar, ...]
    """Mean share in percent over the pile, in the order in which it was graded."""
    change: str
    """How the mean of the last third differs from that of the first; empty where too few."""


def figure_view(room: Classroom, rubric: Rubric, held: Mapping[str, Holding]) -> FigureView:
    """Return one part in figures.

    Args:
        room: The class.
        rubric: Of the part, that holds.
        held: What is decided about its answers, by kerberos.
    """
    part_id = rubric.part_id
    order = room.order(part_id)
    decided = sorted(
        (
            one.in_force
            for seat in order
            if (one := held.get(seat.kerberos, NOTHING_DECIDED)).graded and one.in_force
        ),
        key=lambda decision: decision.noted_at,
    )
    courses = [
        course for course in room.assignment.courses if room.assignment.max_points(part_id, course)
    ]
    return FigureView(
        part_id=part_id,
        label=part_label(part_id),
        title=plain(room.assignment.part(part_id).title),
        histograms=tuple(
            _histogram(course, [seat for seat in order if seat.course == course], part_id, held)
            for course in courses
        ),
        items=_items(rubric, decided),
        graded=len(decided),
        graders=_graders(decided),
        drift=_drift(decided),
        change=_change([_share(one) for one in decided]),
    )


def share_now(seat: Seat, part_id: str, own: Holding) -> float | None:
    """Return the share of the maximum that an answer has now; None where it is not decided."""
    if own.in_force is not None and own.in_force.share is not None:
        return own.in_force.share
    part = seat.parts.get(part_id)
    if part is None or part.pending_points > 0 or part.max_points <= 0:
        return None
    return part.points / part.max_points


def _share(decision: Decision) -> float:
    return decision.share or 0.0


def _histogram(
    course: str, seats: Sequence[Seat], part_id: str, held: Mapping[str, Holding]
) -> Histogram:
    found = (share_now(seat, part_id, held.get(seat.kerberos, NOTHING_DECIDED)) for seat in seats)
    shares = [min(max(one, 0.0), 1.0) for one in found if one is not None]
    counts = Counter(min(int(one * BINS), BINS - 1) for one in shares)
    most = max(counts.values(), default=1)
    width = 100 // BINS
    return Histogram(
        course=course,
        answers=len(shares),
        mean=percent(mean(shares)) if shares else "",
        median=percent(median(shares)) if shares else "",
        bars=tuple(
            Bar(
                label=f"{width * place} to {width * (place + 1)} %",
                count=counts[place],
                percent=round(100 * counts[place] / most, 1),
            )
            for place in range(BINS)
        ),
    )


def percent(share: float) -> str:
    """Return a share in percent."""
    return f"{100 * share:.0f} %"


def _items(rubric: Rubric, decided: Sequence[Decision]) -> tuple[Bar, ...]:
    used = Counter(item.id for one in decided for item in one.items)
    most = max(len(decided), 1)
    return tuple(
        Bar(
            label=plain(item.title),
            count=used[item.id],
            percent=round(100 * used[item.id] / most, 1),
        )
        for item in rubric.items
        if used[item.id] or not item.retired
    )


def _graders(decided: Sequence[Decision]) -> tuple[GraderLine, ...]:
    own: dict[str, list[Decision]] = {}
    for one in decided:
        own.setdefault(one.decided_by, []).append(one)
    lines = sorted(own.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return tuple(_grader(name, rows) for name, rows in lines[:MOST_GRADERS])


def _grader(name: str, rows: Sequence[Decision]) -> GraderLine:
    shares = [_share(one) for one in rows]
    times = [one.seconds for one in rows if 0 < one.seconds <= LONGEST_S]
    shown = percent(mean(shares))
    if len(shares) >= FEWEST:
        half = _NORMAL_95 * stdev(shares) / math.sqrt(len(shares))
        shown += f" ± {100 * half:.0f}"
    return GraderLine(
        name=plain(name) or "unknown",
        answers=len(rows),
        mean=shown,
        pace=seconds(median(times)) if times else "",
    )


def _drift(decided: Sequence[Decision]) -> tuple[Bar, ...]:
    many = min(SLICES, len(decided) // FEWEST)
    bars = []
    for place in range(many):
        first, last = place * len(decided) // many, (place + 1) * len(decided) // many
        shares = [_share(one) for one in decided[first:last]]
        bars.append(
            Bar(
                label=f"{first + 1} to {last}",
                count=round(100 * mean(shares)),
                percent=round(100 * mean(shares), 1),
            )
        )
    return tuple(bars)


def _change(shares: Sequence[float]) -> str:
    third = len(shares) // 3
    if third < FEWEST:
        return ""
    by = 100 * (mean(shares[-third:]) - mean(shares[:third]))
    word = "higher" if by > 0 else "lower"
    if round(abs(by)) == 0:
        return "The last third of the answers has the same mean as the first."
    return (
        f"The mean of the last third is {abs(by):.0f} percentage points {word} than of the first."
    )

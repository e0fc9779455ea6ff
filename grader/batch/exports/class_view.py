"""Rows of a class to what its page shows: words, numbers and finished figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote

from markupsafe import Markup

from grader.batch.exports.class_plots import share_counts, shares_svg, totals_svg
from grader.batch.exports.class_view_records import (
    ClassView,
    CoursePart,
    CourseTotals,
    FaultLine,
    HeaderCount,
    NoteLine,
    PartCell,
    PartLine,
    StageLine,
    StudentLine,
    Who,
)
from grader.batch.exports.common_faults import CommonFault, common_faults
from grader.batch.exports.distribution import distribution
from grader.batch.records import ClassRow, PartResult, Roster, State
from grader.checks.sentences import sentences_of
from grader.model.assignment import Assignment
from grader.model.records import Outcome
from grader.model.text import one_line
from grader.outputs.pages.markup import inline_markup, plain
from grader.outputs.pages.words import CHIPS, Chip, amount, part_label, part_points, points, seconds

STATES: dict[State, Chip] = {
    State.FAULT: Chip(word="Grader error", icon="wrench", tone="wait"),
    State.REJECTED: Chip(word="Rejected", icon="bang", tone="fail"),
    State.WAITING: Chip(word="Not graded yet", icon="clock", tone="none"),
    State.GRADED: Chip(word="Graded", icon="check", tone="pass"),
    State.MISSING: Chip(word="Missing", icon="dash", tone="none"),
}
"""States in words, those that need somebody first."""

_ORDER = {state: place for place, state in enumerate(STATES)}


def class_view(
    rows: Sequence[ClassRow],
    roster: Roster,
    assignment: Assignment,
    files: Sequence[str] = (),
    *,
    problems: Sequence[str] = (),
) -> ClassView:
    """Return what the page of a class shows.

    Args:
        rows: Every student of the class.
        roster: What was found in the folder of submissions.
        assignment: The offering.
        files: Names of files beside the page, to be linked.
        problems: What staff must see to, a sentence each.
    """
    ordered = sorted(rows, key=lambda row: (_ORDER[row.state], row.kerberos))
    graded = [row for row in ordered if row.state is State.GRADED]
    lines = tuple(_student(row, assignment) for row in ordered)
    by_name = {row.kerberos: row for row in ordered}
    sentences = sentences_of(assignment)
    return ClassView(
        title=plain(assignment.title),
        figures=_figures(ordered),
        sentence=_sentence(ordered),
        totals=tuple(_totals(graded, assignment)),
        parts=tuple(_part(part.id, graded, assignment) for part in assignment.parts),
        faults=tuple(_fault(one, by_name, len(graded)) for one in common_faults(graded, sentences)),
        stages=_stages(graded),
        problems=tuple(map(plain, problems)),
        attention=tuple(line for line in lines if line.sentence),
        remarks=_remarks(ordered),
        students=lines,
        part_labels=tuple(part_label(part.id) for part in assignment.parts),
        superseded=tuple(
            (one.hand_in.kerberos, plain(one.hand_in.source), plain(one.by))
            for one in roster.superseded
        ),
        missing=roster.missing,
        notes=tuple(map(plain, roster.notes)),
        files=tuple(files),
    )


def _figures(rows: Sequence[ClassRow]) -> tuple[HeaderCount, ...]:
    counts = {state: sum(row.state is state for row in rows) for state in State}
    waiting = sum(map(waits, rows))
    return tuple(
        HeaderCount(count=str(count), words=words, tone=tone if count else "none")
        for count, words, tone in (
            (counts[State.GRADED] - waiting, "fully graded", "pass"),
            (waiting, "needs grading" if waiting == 1 else "need grading", "wait"),
            (sum(row.days_late > 0 for row in rows), "late", "partial"),
            (counts[State.REJECTED], "rejected", "fail"),
            (
                counts[State.FAULT],
                "grader error" if counts[State.FAULT] == 1 else "grader errors",
                "fail",
            ),
            (counts[State.WAITING], "not graded yet", "partial"),
            (counts[State.MISSING], "missing", "partial"),
        )
    )


def waits(row: ClassRow) -> bool:
    """Return whether a person must decide some of a grade."""
    return row.state is State.GRADED and row.pending > 0


def _sentence(rows: Sequence[ClassRow]) -> str:
    if not rows:
        return "There are no students in this class."
    waiting = sum(map(waits, rows))
    done = sum(row.state is State.GRADED for row in rows)
    if waiting:
        return (
            f"{done - waiting} of {len(rows)} students are fully graded; "
            f"{waiting} still {'needs' if waiting == 1 else 'need'} grading."
        )
    return f"{done} of {len(rows)} students are fully graded."


def _totals(graded: Sequence[ClassRow], assignment: Assignment) -> Iterator[CourseTotals]:
    """Yield how the totals of each course are spread: courses have other points to be had."""
    for course in assignment.courses:
        of_course = [row.total for row in graded if row.course == course and row.total is not None]
        spread = distribution(of_course)
        if spread is None:
            continue
        most = assignment.max_total(course)
        yield CourseTotals(
            course=course,
            many=len(of_course),
            figure=totals_svg(spread, most),
            words=(
                f"Mean {points(spread.mean)} ({_percent(spread.mean / most)}), median "
                f"{points(spread.median)} ({_percent(spread.median / most)}), middle half "
                f"{points(spread.low_quartile)} to {points(spread.high_quartile)}, of "
                f"{points(most)} points; after the late coefficient, without points that are not "
                "graded yet."
            ),
        )


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%"


def _who(row: ClassRow) -> Who:
    # The folder's name is a kerberos name already; quoting costs nothing and is sure.
    has_page = row.state is State.GRADED or bool(row.parts)
    link = f"{quote(row.kerberos, safe='')}/{row.page}" if has_page else ""
    return Who(
        kerberos=plain(row.kerberos),
        name=plain(one_line(row.name)),
        link=link,
        anchor=quote(row.kerberos, safe=""),
    )


def _student(row: ClassRow, assignment: Assignment) -> StudentLine:
    known = {part.id: part for part in row.parts}
    total = row.total if row.state is State.GRADED else None
    late = f"{row.days_late} d × {row.late_coefficient:.3g}" if row.days_late else ""
    chip = CHIPS[Outcome.NEEDS_HUMAN] if waits(row) else STATES[row.state]
    states = (chip.word, "Late" if row.days_late else "", "Conduct" if row.conduct else "")
    return StudentLine(
        who=_who(row),
        course=row.course,
        chip=chip,
        states=tuple(filter(None, states)),
        conduct=plain(" ".join(row.conduct)),
        total="" if total is None else points(total),
        max_total=points(row.max_total),
        pending=points(row.pending) if waits(row) else "",
        late=late,
        cells=tuple(_cell(known.get(part.id)) for part in assignment.parts) if row.parts else (),
        sentence=plain(row.sentence) if row.state in {State.REJECTED, State.FAULT} else "",
        source=plain(row.source),
    )


def _remarks(rows: Sequence[ClassRow]) -> tuple[NoteLine, ...]:
    students: dict[str, list[Who]] = {}
    for row in rows:
        for note in dict.fromkeys(map(one_line, (*row.notes, *row.conduct))):
            students.setdefault(note, []).append(_who(row))
    lines = (
        NoteLine(sentence=inline_markup(note), students=tuple(who))
        for note, who in sorted(students.items())
    )
    return tuple(sorted(lines, key=lambda line: -len(line.students)))


def _cell(part: PartResult | None) -> PartCell:
    if part is None:
        return PartCell(points="", tone="none", words="not part of this grade sheet")
    chip = CHIPS[part.outcome]
    words = f"{part_label(part.id)}: {chip.word}, {amount(part.points)}"
    if part.pending_points > 0:
        waiting = amount(part.pending_points)
        return PartCell(points="?", tone="wait", words=f"{words}, {waiting} not graded yet")
    if not part.max_points:
        return PartCell(points="·", tone="none", words=f"{words}, optional")
    return PartCell(
        points=points(part.points), tone=chip.tone, words=words, sort=f"{part.points:.6g}"
    )


def _part(part_id: str, graded: Sequence[ClassRow], assignment: Assignment) -> PartLine:
    results = [(row, part) for row in graded for part in row.parts if part.id == part_id]
    known = assignment.part(part_id)
    courses = [one for one in assignment.courses if assignment.max_points(part_id, one)]
    there = {row.course for row in graded}
    return PartLine(
        label=part_label(part_id),
        title=f"{plain(known.title)}{' (bonus)' if known.bonus else ''}",
        courses=tuple(
            _of_course(
                course,
                assignment.max_points(part_id, course),
                [part for row, part in results if row.course == course],
            )
            for course in ([one for one in courses if one in there] or courses[-1:])
        ),
        waiting=tuple(_who(row) for row, part in results if part.pending_points > 0),
    )


def _of_course(course: str, most: float, parts: Sequence[PartResult]) -> CoursePart:
    shares = [
        part.points / part.max_points
        for part in parts
        if part.max_points > 0
        and part.pending_points <= 0
        and part.outcome is not Outcome.GRADER_FAULT
    ]
    spread = distribution(shares)
    quartiles = (spread.low_quartile, spread.median, spread.high_quartile) if spread else ()
    return CoursePart(
        course=course,
        max_points=part_points(most),
        decided=len(shares),
        figure=shares_svg(share_counts(shares, 1.0)) if shares else Markup(),
        mean=_percent(spread.mean) if spread else "",
        quartiles=" · ".join(map(_percent, quartiles)),
        waiting=sum(part.pending_points > 0 for part in parts),
    )


def _fault(one: CommonFault, rows: dict[str, ClassRow], graded: int) -> FaultLine:
    return FaultLine(
        label=part_label(plain(one.part_id)),
        check_id=plain(one.check_id),
        sentence=inline_markup(one.sentence),
        count=len(one.kerberos_names),
        percent=round(100 * len(one.kerberos_names) / max(graded, 1), 2),
        students=tuple(_who(rows[name]) for name in one.kerberos_names),
    )


def _stages(graded: Sequence[ClassRow]) -> tuple[StageLine, ...]:
    """Times of what was run: what comes from the cache took none."""
    times: dict[str, list[tuple[float, ClassRow]]] = {}
    for row in graded:
        if not row.cached:
            for stage, taken in (*row.stage_seconds, ("all", row.seconds)):
                times.setdefault(stage, []).append((taken, row))
    made = []
    for stage in sorted(times, key=lambda name: name == "all"):
        spread = distribution(taken for taken, _ in times[stage])
        if spread:
            slowest, row = max(times[stage], key=lambda one: one[0])
            made.append(
                StageLine(
                    name=plain(stage),
                    median=seconds(spread.median),
                    ninetieth=seconds(spread.ninetieth),
                    slowest=seconds(slowest),
                    who=_who(row),
                )
            )
    return tuple(made)

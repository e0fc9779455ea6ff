"""What a check in a pipeline points at: a place in the notebook's file, and what is wrong there.

GitHub shows them at the lines of a push, GitLab as code quality, JUnit as file and line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from grader.intake.cell_places import CellPlaces
from grader.model.records import (
    Alignment,
    Evidence,
    Finding,
    GradeSheet,
    Outcome,
    PartGrade,
    Severity,
    Submission,
)
from grader.model.text import cell_number, one_line
from grader.outputs.gaps import Gap
from grader.outputs.pages.words import CHIPS, part_label

MOST = 10
"""Annotations of one level that GitHub shows of a step; it drops any further one silently."""

_CELL = re.compile(r"cell (\d{1,6})")
_WRONG = {
    Outcome.FAIL,
    Outcome.PARTIAL,
    Outcome.STUDENT_ERROR,
    Outcome.NOT_ATTEMPTED,
    Outcome.TIMEOUT,
    Outcome.RESOURCE_LIMIT,
    Outcome.GRADER_FAULT,
}
"""Outcomes that tell a student something to do."""


class Level(StrEnum):
    """How much an annotation matters, the most first."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


_ORDER = tuple(Level)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A line of a file of the submission."""

    path: str = ""
    """Path below the submission; empty where it is about no file."""
    line: int = 1
    """From 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One thing that is wrong, and where."""

    level: Level
    """How much it matters."""
    place: Place
    """Where."""
    title: str
    """Some words, such as `1a Convolution layer: incorrect`."""
    message: str
    """What is wrong and what to do, one line."""
    name: str
    """What found it: `<part>.<check>`, `cell-error`, or the code of a note."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What the places of findings are derived from."""

    submission: Submission
    """The cells."""
    alignment: Alignment
    """Which cell answers which part."""
    evidence: Evidence
    """Which cell failed, and during which cell each run was seen."""
    places: CellPlaces
    """Lines of the cells in the file."""
    failed_lines: Mapping[int, int]
    """By position of a cell that failed: the line of its source, from 1; as far as it is known."""
    functions: Mapping[str, str]
    """By check: the student's function that it judges, where it judges one."""
    automatic: frozenset[str]
    """Parts that checks alone decide: there it is news that a check could not."""

    def place(self, cell_index: int, source_line: int = 0) -> Place:
        """Return the place of a cell's line; 0 for that at which it failed, or else its first."""
        line = source_line or self.failed_lines.get(cell_index, 1)
        return Place(path=self.submission.notebook_path, line=self.places.line(cell_index, line))


def place_of(part: PartGrade, finding: Finding, grounds: Grounds) -> Place:
    """Return where a finding is best looked at.

    That is the cell that it names, or the one during which its run was seen; else the function
    that it judges; else the first cell of the part; else the top of the notebook.
    """
    named = _cell_of(finding, grounds.evidence)
    function = grounds.functions.get(finding.check_id, "")
    defined = _definition(function, grounds.submission) if function else None
    if named is not None:
        return grounds.place(named)
    if defined is not None:
        return grounds.place(*defined)
    return _first_of(part.id, grounds)


def _first_of(part_id: str, grounds: Grounds) -> Place:
    """Return the first code cell of a part, or its first cell, or the top of the notebook."""
    kinds = {cell.index: cell.kind for cell in grounds.submission.cells}
    own = [one.cell_index for one in grounds.alignment.matches if one.part_id == part_id]
    code = [index for index in own if kinds.get(index) == "code"]
    if own:
        return grounds.place((code or own)[0])
    return Place(path=grounds.submission.notebook_path)


def annotations_of(
    sheet: GradeSheet, grounds: Grounds, gaps: Iterable[Gap] = ()
) -> tuple[Annotation, ...]:
    """Return what is wrong with a graded submission, the worst first.

    Args:
        sheet: What the checks found.
        grounds: Where that is.
        gaps: What the hand-in lacks.

    A check that takes points of a required part is an error, and so is a file that is missing;
    what costs nothing (a bonus, an optional part, a cell that failed elsewhere) is a warning, and
    so is what a check should have decided and leaves to a person.
    """
    found = [*_of_notes(sheet), *_of_parts(sheet, grounds)]
    parts = {one.name.partition(".")[0] for one in found}
    found += [_of_gap(gap, grounds) for gap in gaps if gap.part_id not in parts]
    told = {one.place for one in found}
    cells = (one for one in _of_cells(grounds) if one.place not in told)
    return worst_first([*cells, *found])


def worst_first(annotations: Iterable[Annotation]) -> tuple[Annotation, ...]:
    """Return them by level; those of one level stay in their order."""
    return tuple(sorted(annotations, key=lambda one: _ORDER.index(one.level)))


def at_most(annotations: Sequence[Annotation], most: int = MOST) -> tuple[Annotation, ...]:
    """Return the first ones; where there are more, the last one says how many."""
    if len(annotations) <= most:
        return tuple(annotations)
    more = len(annotations) - most + 1
    told = Annotation(
        level=Level.NOTICE,
        place=Place(),
        title="More findings",
        message=f"{more} more are in the summary and in the feedback.",
        name="more",
    )
    return (*annotations[: most - 1], told)


def with_prefix(annotation: Annotation, folder: str) -> Annotation:
    """Return it with the path from the top of the repository, where the submission is a folder."""
    place = annotation.place
    if not folder or not place.path:
        return annotation
    return replace(annotation, place=replace(place, path=f"{folder}/{place.path}"))


def _of_notes(sheet: GradeSheet) -> Iterator[Annotation]:
    for note in sheet.notes:
        if note.for_student and note.severity is not Severity.INFO:
            level = Level.ERROR if note.severity is Severity.ERROR else Level.WARNING
            yield Annotation(
                level=level,
                place=Place(),
                title="About the submission",
                message=one_line(note.message),
                name=note.code,
            )


def _of_parts(sheet: GradeSheet, grounds: Grounds) -> Iterator[Annotation]:
    by_loss = sorted(sheet.parts, key=lambda part: part.points - part.max_points)
    for part in by_loss:
        if part.human_points is not None:
            continue  # a person has decided; the feedback has their words
        for finding in part.findings:
            waits = finding.outcome is Outcome.NEEDS_HUMAN and part.id in grounds.automatic
            if finding.outcome not in _WRONG and not waits:
                continue
            costs = part.required and part.max_points > 0 and not part.bonus and not waits
            word = CHIPS[finding.outcome].word.lower()
            yield Annotation(
                level=Level.ERROR if costs else Level.WARNING,
                place=place_of(part, finding, grounds),
                title=one_line(f"{part_label(part.id)} {part.title}: {word}"),
                message=one_line(finding.message),
                name=f"{part.id}.{finding.check_id}",
            )


def _of_gap(gap: Gap, grounds: Grounds) -> Annotation:
    return Annotation(
        level=Level.ERROR if gap.blocks else Level.WARNING,
        place=_first_of(gap.part_id, grounds) if gap.part_id else Place(),
        title=f"{part_label(gap.part_id)} is not answered"
        if gap.blocks and gap.part_id
        else "Before you submit",
        message=one_line(gap.message),
        name=f"{gap.part_id}.{gap.code}" if gap.part_id else gap.code,
    )


def _of_cells(grounds: Grounds) -> Iterator[Annotation]:
    """Cells that failed, whatever that cost."""
    for run in grounds.evidence.cells:
        if run.outcome in (Outcome.PASS, Outcome.NEEDS_HUMAN):
            continue
        word = CHIPS[run.outcome].word.lower()
        said = f"{run.error_name}: {run.error_message}" if run.error_name else word
        yield Annotation(
            level=Level.WARNING,
            place=grounds.place(run.cell_index),
            title=f"Cell {cell_number(run.cell_index)}: {word}",
            message=one_line(said),
            name="cell-error",
        )


def _cell_of(finding: Finding, evidence: Evidence) -> int | None:
    """Return the cell that a finding rests on: the last it names, or that of its last run."""
    runs = {run.run_id: run.cell_index for run in evidence.runs}
    for told in reversed(finding.evidence_ids):
        if match := _CELL.fullmatch(told):
            return int(match[1]) - 1
        if told in runs:
            return runs[told]
    return None


def _definition(function: str, submission: Submission) -> tuple[int, int] | None:
    """Return the cell, and the line of its source, that defines a function last."""
    pattern = re.compile(rf"\s*(?:(?:async\s+)?def\s+{re.escape(function)}\b|{function}\s*=[^=])")
    found = None
    for cell in submission.cells:
        for number, line in enumerate(cell.code.split("\n"), start=1):
            if pattern.match(line):
                found = (cell.index, number)
    return found

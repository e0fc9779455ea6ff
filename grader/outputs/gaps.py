"""What a hand-in lacks, said before it costs points.

Parts without an answer, pictures that the report does not show, cells that were not run, names.
Only what is surely missing stands in the way of the policy `parts` (`Gap.blocks`); the rest is
advice. Nothing here changes a verdict or a point.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from grader.intake.other_offering import other_offering_notes
from grader.model.assignment import Assignment, Course, Part
from grader.model.notebook_code import functions_defined, names_meant
from grader.model.notes import sentence
from grader.model.records import (
    Alignment,
    Evidence,
    GradeSheet,
    Outcome,
    PartGrade,
    ReportReading,
    Severity,
    Submission,
)
from grader.model.records.codec import load
from grader.model.results_folder import ResultFolder
from grader.model.template import TemplateCell, opening_of
from grader.model.text import cell_number, one_line
from grader.outputs.pages.required_report import NOTHING_FOUND
from grader.outputs.pages.words import part_label
from grader.planning.untouched import is_untouched, written_elsewhere
from grader.reading.answer_texts import answer_text, without_label
from grader.reading.hand_in import HandInReading

LOOKED_FOR_IN_REPORT = frozenset({"prose.in_report", "report.no_code", "in_features.not_shown"})
"""First remarks of findings that wait only because the answer may stand in the report."""
OTHER_TARGET = "attack.other_target"
"""First remark of a finding about an attack whose target was overwritten."""
MOST_CELLS = 8
"""Numbers of cells that one sentence names."""
_STAGE = "grader.outputs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One thing that is missing, or that will cost points as it is."""

    code: str
    """Of the catalogue, such as `gap.unanswered`."""
    part_id: str
    """Part that it belongs to; empty for the hand-in as a whole."""
    message: str
    """One sentence for the student: what is missing, and what to do."""
    blocks: bool
    """Whether a hand-in with it does not meet the policy `parts`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A hand-in that was read and not run."""

    assignment: Assignment
    """Its parts."""
    submission: Submission
    """What was handed in."""
    alignment: Alignment
    """Which cell belongs to which part; the written answers."""
    report: ReportReading
    """What the report says and shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked(Saved):
    """A hand-in that was checked: the records in which gaps are looked for."""

    sheet: GradeSheet
    """What the checks found."""
    evidence: Evidence
    """What was seen in the run."""


def gaps_in(folder: ResultFolder, assignment: Assignment) -> tuple[Gap, ...]:
    """Return the gaps of a submission whose results lie in a folder.

    Raises:
        ConfigError: a record is missing.
    """
    return find_gaps(
        Checked(
            assignment=assignment,
            sheet=load(GradeSheet, folder.results),
            submission=load(Submission, folder.record("submission")),
            alignment=load(Alignment, folder.record("alignment")),
            evidence=load(Evidence, folder.record("evidence")),
            report=load(HandInReading, folder.record("reading")).report,
        )
    )


def find_gaps(checked: Checked) -> tuple[Gap, ...]:
    """Return what is missing: parts first, in the handout's order, then the rest."""
    looks: tuple[Callable[[Checked], Iterator[Gap]], ...] = (
        _parts,
        _functions,
        _cells,
        _names,
        _lateness,
    )
    return tuple(gap for look in looks for gap in look(checked))


def gaps_of_saved(saved: Saved, course: Course) -> tuple[Gap, ...]:
    """Return what can be seen to be missing without a run."""
    found: list[Gap] = []
    for part in saved.assignment.parts:
        if course not in part.required_for:
            continue
        facts = (saved.assignment, saved.submission, saved.alignment)
        nothing = part.kind == "human" and not _may_be_answered(saved, part)
        if nothing or is_untouched(part.id, *facts):
            found.append(
                _gap("gap.unanswered", part_id=part.id, blocks=True, part=part_label(part.id))
            )
        elif part.kind == "human":
            found += _not_found(saved, part)
    return (*found, *_functions(saved), *_cells(saved), *_names(saved))


def _may_be_answered(saved: Saved, part: Part) -> bool:
    """Whether there is anything in which an answer in words may stand."""
    elsewhere = written_elsewhere(saved.submission, saved.alignment)
    return saved.submission.report_says_more or elsewhere or is_answered(saved, part)


def _gap(code: str, *, part_id: str = "", blocks: bool = False, **values: str | float) -> Gap:
    message = sentence(_STAGE, code, **values)
    return Gap(code=code, part_id=part_id, message=message, blocks=blocks)


# -- parts ----------------------------------------------------------------------------------------


def _parts(checked: Checked) -> Iterator[Gap]:
    for grade in checked.sheet.parts:
        if not grade.required or grade.human_points is not None:
            continue
        label, codes = part_label(grade.id), {finding.code for finding in grade.findings}
        if grade.outcome is Outcome.NOT_ATTEMPTED:
            yield _gap("gap.unanswered", part_id=grade.id, blocks=True, part=label)
            continue
        if codes & LOOKED_FOR_IN_REPORT:
            yield from _not_found(checked, checked.assignment.part(grade.id))
        if OTHER_TARGET in codes:
            yield _gap("gap.target", part_id=grade.id, part=label, found=_of(grade, OTHER_TARGET))
        yield from _not_shown(checked, grade)


def _of(grade: PartGrade, code: str) -> str:
    found = next(finding for finding in grade.findings if finding.code == code)
    return one_line(found.message)


def _not_found(checked: Saved, part: Part) -> Iterator[Gap]:
    """Say where an answer was looked for in vain; silent where one was found."""
    label = part_label(part.id)
    if is_answered(checked, part):
        return
    if checked.report.sections:
        yield _gap("gap.no_section", part_id=part.id, blocks=True, part=label)
    elif checked.submission.report_path:
        yield _gap("gap.no_labels", part_id=part.id, part=label)
    elif written_elsewhere(checked.submission, checked.alignment):
        yield _gap("gap.elsewhere", part_id=part.id, part=label)


def is_answered(checked: Saved, part: Part) -> bool:
    """Whether words or pictures that may answer a part were found where answers are looked for."""
    template = checked.assignment.template
    found = answer_text(part.id, checked.alignment, checked.report, template)
    if found.notebook or found.problem:
        return True
    said = one_line(without_label(found.report)).replace(part.title, " ")
    if any(words in said for words in (NOTHING_FOUND, *_stubs(part.id, template))):
        return False
    question = set(one_line(part.question).split())
    # A picture of a run answers nothing in words; another one may be a page written by hand.
    by_hand = any(part.id in p.part_ids and not p.names for p in checked.report.pictures)
    return by_hand or any(word not in question for word in said.split())


def _stubs(part_id: str, template: Iterable[TemplateCell]) -> Iterator[str]:
    """Yield what stands in a part's own cell before an answer is written, without its markup."""
    for cell in template:
        if cell.role == "answer" and cell.part_id == part_id:
            lines = cell.source.replace(opening_of(cell.source), "", 1).splitlines()
            yield from (bare for line in lines if (bare := line.strip().strip("*_").strip()))


def _not_shown(checked: Checked, grade: PartGrade) -> Iterator[Gap]:
    """Say which part's pictures are missing from a report whose pages could be read."""
    report = checked.report
    wants = any(one.part_id == grade.id for one in checked.assignment.experiments)
    if not wants or not report.sections or report.pages_read < report.pages:
        return
    recorded = {run.run_id for run in checked.evidence.runs}
    runs = {one for f in grade.findings for one in f.evidence_ids if one in recorded}
    shown = any(grade.id in p.part_ids or runs & set(p.names) for p in report.pictures)
    if runs and not shown:
        yield _gap("gap.no_picture", part_id=grade.id, part=part_label(grade.id))


# -- the notebook ---------------------------------------------------------------------------------


def _functions(checked: Saved) -> Iterator[Gap]:
    """Say which functions that the handout has the student write are named otherwise."""
    code = [cell for cell in checked.submission.cells if cell.kind == "code"]
    bound = frozenset[str]().union(*(names_meant(cell.source) for cell in code))
    template = {cell.cell_id: cell for cell in checked.assignment.template}
    for match in checked.alignment.matches:
        known = template.get(match.template_id)
        if known is None or known.role != "todo":
            continue
        for name in sorted(functions_defined(known.source) - bound):
            number = cell_number(match.cell_index)
            yield _gap("gap.function", part_id=match.part_id, name=name, cell=number)


def _cells(checked: Saved) -> Iterator[Gap]:
    """Say which cells were not run, ended in an error or ran out of order, as handed in."""
    code = [c for c in checked.submission.cells if c.kind == "code" and c.source.strip()]
    ran = [cell for cell in code if cell.execution_count is not None]
    if not ran:  # intake has said so
        return
    if missing := [cell.index for cell in code if cell.execution_count is None]:
        yield _gap("gap.not_run", count=len(missing), cells=_numbers(missing))
    if failed := [cell.index for cell in ran if cell.stored_error]:
        yield _gap("gap.stored_error", count=len(failed), cells=_numbers(failed))
    for above, below in itertools.pairwise(ran):
        if (above.execution_count or 0) > (below.execution_count or 0):
            first, second = cell_number(above.index), cell_number(below.index)
            yield _gap("gap.order", above=first, below=second)
            return


def _numbers(indexes: Sequence[int]) -> str:
    first = ", ".join(str(cell_number(index)) for index in indexes[:MOST_CELLS])
    return first + (", …" if len(indexes) > MOST_CELLS else "")


# -- the hand-in as a whole -----------------------------------------------------------------------


def _names(checked: Saved) -> Iterator[Gap]:
    """Repeat what intake says of names, files and the report."""
    submission = checked.submission
    for note in (*submission.notes, *other_offering_notes(submission, checked.assignment)):
        if note.for_student and note.severity is not Severity.INFO:
            blocks = note.severity is Severity.ERROR
            yield Gap(code=note.code, part_id="", message=note.message, blocks=blocks)


def _lateness(checked: Checked) -> Iterator[Gap]:
    sheet = checked.sheet
    if not sheet.days_late:
        return
    if sheet.late_coefficient > 0:
        yield _gap("gap.late", days=sheet.days_late, coefficient=sheet.late_coefficient)
    else:
        yield _gap("gap.too_late", days=sheet.days_late)


def messages(gaps: Iterable[Gap]) -> tuple[str, ...]:
    """Return the sentences, each once, those that stand in the way first."""
    ordered = sorted(gaps, key=lambda gap: not gap.blocks)
    return tuple(dict.fromkeys(gap.message for gap in ordered))

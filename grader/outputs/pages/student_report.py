"""A student's own report, from the results of their run: their pictures, numbers and words.

Nothing of the reference, no verdict and no hidden input is in it: layers' plots are left out
because their values belong to hidden inputs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from grader.model.assignment import Assignment, Part
from grader.model.records import (
    Alignment,
    BarsExhibit,
    CurveExhibit,
    Exhibit,
    GradeSheet,
    ImageExhibit,
    StemExhibit,
    Submission,
)
from grader.model.records.codec import load
from grader.model.results_folder import ResultFolder
from grader.outputs.pages.answer_pictures import AnswerPictures, pictures_of
from grader.outputs.pages.figures import Figure, FigureRow, figure_rows
from grader.outputs.pages.notebooks import (
    NotebookCell,
    drawn,
    printed,
    read_cells,
    snippets,
    without_prompts,
)
from grader.outputs.pages.required_report import ReportPart, ReportSource, titles_of

TITLE = "Problem Set 4"
"""Of a student's report."""
_RELEVANT = frozenset({"todo", "run", ""})
"""Roles of code cells that an answer shows; the given ones are the same for everybody."""
_DRAWING = _RELEVANT | {"figure"}
"""Roles of cells whose figures are shown where no check has a picture."""
NOT_RUN = (
    "The submission has no notebook with code that could be run: only what is written is shown."
)
"""Stands at the top of such a report."""
_FOREIGN = ("reference", "expected")
"""Words in a label or title that mark what is not the student's."""


def from_results(results_dir: Path, assignment: Assignment) -> ReportSource:
    """Return the report of a student's own run, ready to hand in.

    Args:
        results_dir: a folder that `grader grade` wrote.
        assignment: the offering whose questions are answered.

    Raises:
        ConfigError: something of it is missing.
    """
    results = ResultFolder(root=results_dir)
    sheet = load(GradeSheet, results.results)
    evidence = results.evidence
    alignment = load(Alignment, results.record("alignment"))
    # A submission without code is not run, and shows what is written.
    was_run = results.executed.is_file()
    executed = read_cells(results.executed) if was_run else ()
    cells = cells_by_part(executed, alignment, assignment)
    grades = {part.id: part for part in sheet.parts}
    parts = []
    for part in assignment.parts:
        grade = grades.get(part.id)
        exhibits = [one for found in grade.findings for one in found.exhibits] if grade else []
        figures = figure_rows(own_exhibits(exhibits), evidence)
        made = _part(part, sheet.answers, cells.get(part.id, ()), figures)
        made = replace(made, answer=without_prompts(made.answer, assignment))
        if not (_is_empty(made) and grade is not None and (grade.bonus or not grade.required)):
            parts.append(made)
    return ReportSource(
        title=TITLE,
        author=sheet.kerberos,
        subtitle=f"MIT {sheet.course} · images, numbers, and code from the submitted notebook",
        problems=titles_of(assignment),
        parts=tuple(parts),
        remark="" if was_run else NOT_RUN,
        own=pictures_of(results),
    )


def from_notebook(
    submission: Submission, alignment: Alignment, files: Path, assignment: Assignment
) -> ReportSource:
    """Return the report of a notebook as it was saved, with the outputs stored in it.

    Args:
        submission: What was handed in.
        alignment: Its cells by part, and the written answers.
        files: Where its files lie.
        assignment: The offering whose questions are answered.

    Raises:
        ConfigError: the notebook cannot be read.
    """
    notebook = submission.notebook_path
    saved = read_cells(files / notebook) if notebook else ()
    cells = cells_by_part(saved, alignment, assignment)
    course = assignment.courses[-1]
    parts = []
    for part in assignment.parts:
        made = _part(part, alignment.answers, cells.get(part.id, ()), ())
        made = replace(made, answer=without_prompts(made.answer, assignment))
        if not (_is_empty(made) and (part.bonus_points or course not in part.required_for)):
            parts.append(made)
    return ReportSource(
        title=TITLE,
        author=submission.kerberos,
        subtitle=f"MIT {'/'.join(assignment.courses)} · images, numbers, and code as saved in the "
        "submitted notebook",
        problems=titles_of(assignment),
        parts=tuple(parts),
        own=AnswerPictures(files, notebook),
    )


def cells_by_part(
    cells: tuple[NotebookCell, ...], alignment: Alignment, assignment: Assignment
) -> dict[str, tuple[NotebookCell, ...]]:
    """Return the code cells of each part that may be shown, in the notebook's order.

    A cell that matches the template has the role that it has there.
    """
    roles = {cell.cell_id: cell.role for cell in assignment.template}
    found: dict[str, list[NotebookCell]] = {}
    for match in alignment.matches:
        if match.cell_index >= len(cells):
            continue
        cell = cells[match.cell_index]
        role = roles.get(match.template_id, "") if match.template_id else cell.role
        if cell.kind == "code" and match.part_id and role in _DRAWING:
            found.setdefault(match.part_id, []).append(replace(cell, role=role))
    return {part: tuple(those) for part, those in found.items()}


def own_exhibits(exhibits: Iterable[Exhibit]) -> tuple[Exhibit, ...]:
    """Return the exhibits that show the student's own result, with nothing of the reference."""
    own: list[Exhibit] = []
    for exhibit in exhibits:
        match exhibit:
            case ImageExhibit() if exhibit.array is not None and not _foreign(exhibit.label):
                own.append(exhibit)
            case CurveExhibit() if exhibit.yours_x:
                own.append(replace(exhibit, reference_x=(), reference_y=()))
            case BarsExhibit() if not _foreign(exhibit.title):
                own.append(exhibit)
            case ImageExhibit() | CurveExhibit() | BarsExhibit() | StemExhibit():
                pass
    return tuple(own)


def _part(
    part: Part,
    answers: Iterable[tuple[str, str]],
    cells: tuple[NotebookCell, ...],
    figures: Iterable[FigureRow],
) -> ReportPart:
    relevant = [cell for cell in cells if cell.role in _RELEVANT]
    written = [text for part_id, text in answers if part_id == part.id]
    return ReportPart(
        id=part.id,
        problem=part.problem,
        title=part.title,
        question=part.question,
        answer="\n\n".join(written),
        figures=tuple(map(_renamed, figures)) or drawn(cells, "drawn by the notebook"),
        printed=printed(relevant),
        snippets=snippets(relevant),
        in_words=part.kind == "human",
    )


def _is_empty(made: ReportPart) -> bool:
    return not (made.answer or made.figures or made.snippets or made.printed)


def _renamed(row: FigureRow) -> FigureRow:
    columns = tuple(tuple(map(_result, column)) for column in row.columns)
    return replace(row, columns=columns)


def _result(figure: Figure) -> Figure:
    alt = figure.alt.replace("yours", "result")
    return replace(figure, title="result" if figure.title == "yours" else figure.title, alt=alt)


def _foreign(words: str) -> bool:
    return any(word in words.lower() for word in _FOREIGN)

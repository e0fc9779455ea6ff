"""The master in nbgrader's form: `nbgrader generate_assignment` makes our release notebook of it.

nbgrader knows cells by `metadata.nbgrader`. Of the three kinds that can have points only one fits:

    test            decides by itself, in the kernel of the student, whose names it shares: hidden
                    inputs would lie open, and a notebook can forge its own points
    manually graded an answer that the student did not touch gets 0, though parts of this
                    problem set may be answered in code or in `report.pdf` instead
    task            never graded by nbgrader: points come from people, or from us

So the question of each part is a task whose `grade_id` is the part's id, and `grader export
nbgrader` brings the points. Below the question, in nbgrader's mark scheme, which the release lacks
and graders see, stands the model answer with the rubric. Code to write is a solution cell without
points; where nbgrader would put another stub than ours the cell already has ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.model.assignment_record import Assignment
from grader.model.records.rubrics import Start
from grader.model.text import one_line
from grader.offering.master import questions_of
from grader.offering.notebooks import (
    BEGIN,
    END,
    STUB,
    make_release,
    release_text,
    released_cells,
)
from grader.offering.platform_files import model_answers, written

if TYPE_CHECKING:
    from nbformat import NotebookNode

SCHEMA = 3
"""Version of `metadata.nbgrader`."""
CONFIG = "nbgrader_config.py"
"""nbgrader's settings of a course, in its folder."""
SETTINGS = (
    "c.Execute.enabled = False",
    "c.ClearOutput.enabled = False",
    "c.AssignLatePenalties.enabled = False",
)
"""What the course needs: nbgrader runs no student's code, keeps what students saw, and leaves
lateness to the grader."""

_CONFIG_TEXT = """\
# Settings of this nbgrader course. https://nbgrader.readthedocs.io/
c = get_config()  # noqa: F821

# Students' code runs in the grader's sandbox, not here with the rights of whoever grades.
{0}
# The figures that students saw stay in what people grade.
{1}
# The grader's late coefficient comes with the points.
{2}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NbgraderCourse:
    """What was written into the folder of a course."""

    source: Path
    """The master, `source/<assignment>/<assignment>.ipynb`."""
    config: Path
    """The course's settings."""
    missing: tuple[str, ...]
    """Lines that the settings, which were there before, still lack."""


def nbgrader_master(master: NotebookNode, assignment: Assignment, course: str) -> NotebookNode:
    """Return the master with nbgrader's metadata.

    Args:
        master: Of `grader.offering.notebooks.read_master`; it is not changed.
        assignment: Its offering.
        course: Whose points the parts have. A bonus has 0: its points come on top.

    Raises:
        OfferingFaults: a part has no question.
        ConfigError: the marks of a cell do not pair up.
    """
    questions = {cell.metadata.id: part for part, cell in questions_of(master, assignment).items()}
    result = make_release(master)
    for cell, made in zip(released_cells(master), result.cells, strict=True):
        part_id = questions.get(cell.metadata.id)
        if part_id is not None:
            made.source += f"\n{_mark_scheme(master, assignment, part_id)}"
            most = 0.0 if assignment.part(part_id).bonus else assignment.max_points(part_id, course)
            made.metadata.nbgrader = _mark(cell, part_id, task=True, points=most)
        elif _gets_our_stub(cell):
            made.source = cell.source
            made.metadata.nbgrader = _mark(cell, cell.metadata.id, solution=True)
    return result


def write_course(made: NotebookNode, folder: Path, name: str, *, replace: bool) -> NbgraderCourse:
    """Write the master and, where there are none, the settings into the folder of a course.

    Args:
        made: The master in nbgrader's form.
        folder: Of the course; made if need be.
        name: Of the assignment, and of its notebook.
        replace: Whether a notebook that is there and differs is written over.

    Raises:
        ConfigError: it is there already and differs, or cannot be written.
    """
    source = written(made, folder / "source" / name / f"{name}.ipynb", replace=replace)
    config = folder / CONFIG
    if not config.exists():
        config.write_text(_CONFIG_TEXT.format(*SETTINGS), encoding="utf-8")
    there = config.read_text(encoding="utf-8", errors="replace")
    lines = {re.sub(r"\s+", "", line.partition("#")[0]) for line in there.split("\n")}
    missing = tuple(line for line in SETTINGS if re.sub(r"\s+", "", line) not in lines)
    return NbgraderCourse(source=source, config=config, missing=missing)


def _mark(cell: NotebookNode, grade_id: str, **own: Any) -> dict[str, Any]:
    """Return `metadata.nbgrader` of a cell; `own` says what it is."""
    mark = {"solution": False, "grade": False, "task": False, **own}
    # A task is locked: nbgrader puts the question back where a student changed it.
    return {
        "schema_version": SCHEMA,
        "grade_id": grade_id,
        "cell_type": cell.cell_type,
        "locked": mark["task"],
        **mark,
    }


def _gets_our_stub(cell: NotebookNode) -> bool:
    """Whether nbgrader makes of a cell with a solution what our release has.

    Text never is: an answer would have to be graded by hand, and 0 where it was not touched.
    """
    if cell.cell_type != "code" or BEGIN not in cell.source:
        return False
    lines: list[str] = []
    inside = False
    for line in cell.source.split("\n"):
        if BEGIN in line:
            inside = True
            indent = line[: len(line) - len(line.lstrip())]
            lines += [f"{indent}{stub}" for stub in STUB]
        elif END in line:
            inside = False
        elif not inside:
            lines.append(line)
    return "\n".join(lines) == release_text(cell)


def _mark_scheme(master: NotebookNode, assignment: Assignment, part_id: str) -> str:
    """Return what graders see below a question: model answers that the notebook lacks, rubric."""
    answers = model_answers(master, part_id, but=_gets_our_stub)
    rubric = "\n".join(_rubric_lines(assignment, part_id))
    body = "\n\n".join(["**Model answer and rubric**", *answers, *([rubric] if rubric else [])])
    return f"### BEGIN MARK SCHEME\n\n---\n{body}\n### END MARK SCHEME"


def _rubric_lines(assignment: Assignment, part_id: str) -> Iterator[str]:
    rubric = next((one for one in assignment.rubrics if one.part_id == part_id), None)
    if rubric is None:
        return
    yield f"Of the part's points, from {'all' if rubric.start is Start.FULL else 'none'}:\n"
    for item in rubric.items:
        if not item.retired:
            yield f"- {item.share:+.0%}: {one_line(item.title)}"

"""The master in Otter's form: `otter assign` makes our release notebook of it.

Otter reads raw cells. Each part is a question of Otter's, with its points, around the cell that
asks it; the model answer stands below it as the question's solution, which only Otter's solution
notebook shows. Code to write has Otter's marks, with our stub as the prompt. No question has tests:
Otter runs them in the kernel of the student's code, whose names they share, so hidden inputs would
lie open and a notebook can forge its own points. None is `manual` either: Otter would lock the text
cell behind such a question, which is where students answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nbformat import v4

from grader.model.assignment_record import Assignment
from grader.offering.master import questions_of
from grader.offering.notebooks import make_release, released_cells, replaced_regions, stub
from grader.offering.platform_files import model_answers

if TYPE_CHECKING:
    from nbformat import NotebookNode

SETTINGS = """\
# ASSIGNMENT CONFIG
init_cell: false
export_cell: false
run_tests: false
generate: false
strip_solutions_from_all_cells: true
suppress_no_tests_warning: true"""
"""No cells of Otter's own in the notebook: students hand in `kerberos.zip`, as everywhere."""


def otter_master(master: NotebookNode, assignment: Assignment, course: str) -> NotebookNode:
    """Return the master with Otter's raw cells.

    Args:
        master: Of `grader.offering.platform_files.master_of`; it is not changed.
        assignment: Its offering.
        course: Whose points the parts have.

    Raises:
        OfferingFaults: a part has no question.
        ConfigError: the marks of a cell do not pair up.
    """
    questions = {cell.metadata.id: part for part, cell in questions_of(master, assignment).items()}
    result = make_release(master)
    cells = [_raw("otter-settings", SETTINGS)]
    for cell, made in zip(released_cells(master), result.cells, strict=True):
        if cell.cell_type == "code":
            made.source = "\n".join(replaced_regions(cell, _otter_region))
        part_id = questions.get(cell.metadata.id)
        if part_id is None:
            cells.append(made)
        else:
            points = assignment.max_points(part_id, course)
            answers = model_answers(master, part_id, but=lambda one: one.cell_type == "code")
            cells += _question(made, part_id, points, answers)
    result.cells = cells
    return result


def _question(
    cell: NotebookNode, part_id: str, points: float, answers: tuple[str, ...]
) -> Iterator[NotebookNode]:
    """Yield the cell of a question between Otter's raw cells."""
    name = f"otter-{part_id}"
    yield _raw(f"{name}-begin", f'# BEGIN QUESTION\nname: "{part_id}"\npoints: {points!r}')
    yield cell
    # An empty prompt: students answer in the notebook's own cells, which follow.
    yield _raw(f"{name}-prompt", "# BEGIN PROMPT")
    yield _raw(f"{name}-prompted", "# END PROMPT")
    if answers:
        yield _raw(f"{name}-solution", "# BEGIN SOLUTION")
        yield v4.new_markdown_cell("\n\n".join(answers), id=f"{name}-answer")  # type: ignore[no-untyped-call]
        yield _raw(f"{name}-solved", "# END SOLUTION")
    yield _raw(f"{name}-end", "# END QUESTION")


def _raw(cell_id: str, text: str) -> NotebookNode:
    made: NotebookNode = v4.new_raw_cell(text, id=cell_id)  # type: ignore[no-untyped-call]
    return made


def _otter_region(cell: NotebookNode, region: list[str]) -> list[str]:
    """Return a solution of code between Otter's marks, our stub as what students get for it."""
    prompt = stub(cell, region)
    indent = prompt[0][: len(prompt[0]) - len(prompt[0].lstrip())]
    return [
        f"{indent}# BEGIN SOLUTION NO PROMPT",
        *region,
        f"{indent}# END SOLUTION",
        f'{indent}""" # BEGIN PROMPT',
        *prompt,
        f'{indent}"""; # END PROMPT',
    ]

"""The machine is not Colab: no line of a set-up cell costs what stands behind it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest

from grader.model.records import CellRun, Evidence, Outcome
from tests.grader.execution.conftest import Run
from tests.grader.execution.setup_lines import SETUP_LINES, SetupLine

pytestmark = pytest.mark.kernel


class Machine(NamedTuple):
    evidence: Evidence
    over: frozenset[int]
    """Lines behind which the cell went on to its end."""

    def run(self, place: int) -> CellRun:
        return self.evidence.cells[place]


def with_end(place: int, line: SetupLine) -> str:
    return line.source if line.source.startswith("%%shell") else f"{line.source}\nover.add({place})"


@pytest.fixture(scope="module")
def machine(run_cells: Run) -> Machine:
    """All lines in one kernel, a cell each, then what was reached."""
    cells = [with_end(place, line) for place, line in enumerate(SETUP_LINES)]
    cells[0] = f"over = set()\n{cells[0]}"
    evidence, folder, _ = run_cells(*cells, "print(sorted(over))")
    return Machine(evidence, frozenset(ast.literal_eval(last_output(folder))))


def last_output(folder: Path) -> str:
    notebook = nbformat.read(folder / "executed.ipynb", 4)  # type: ignore[no-untyped-call]
    return str(notebook.cells[-1].outputs[0].text)


@pytest.mark.parametrize(
    ("place", "line"), list(enumerate(SETUP_LINES)), ids=[repr(one.source) for one in SETUP_LINES]
)
def test_a_line_of_a_set_up_cell_costs_nothing_that_stands_behind_it(
    machine: Machine, place: int, line: SetupLine
) -> None:
    run = machine.run(place)
    assert " ".join(one.reason for one in run.left_out) == line.left_out, run
    lacks = any(one.error_name for one in run.left_out)
    assert run.outcome is (Outcome.NEEDS_HUMAN if lacks else Outcome.PASS), run
    assert place in machine.over or line.source.startswith("%%shell")


def test_each_line_that_is_left_out_is_told_to_student_and_staff(machine: Machine) -> None:
    left_out = [one for run in machine.evidence.cells for one in run.left_out]
    notes = [note for note in machine.evidence.notes if "left-out" in note.code]
    assert len(notes) == 31
    assert all(note.for_student for note in notes)
    assert dict(notes[-1].values) == {"count": len(left_out) - 30}
    first = next(note for note in notes if "some_package_of_nobody" in note.message)
    assert "a module that it needs is not installed where the grader runs" in first.message


def test_a_course_file_of_a_mirror_is_named_to_staff(machine: Machine) -> None:
    mirrored = [note for note in machine.evidence.notes if note.code == "url-mirrored"]
    assert len(mirrored) == 2
    assert not any(note.for_student for note in mirrored)


def test_no_recorder_failed_beside_them(machine: Machine) -> None:
    assert [n.message for n in machine.evidence.notes if n.code == "kernel-message"] == []


GOES_ON = {
    "a bug of the student's own ends its cell": "import absent_package\nx = 1 / 0\nafter = 1",
    "what it would have bound": "absent_package.set_up()\nstill = 1",
    "a name that nobody binds": "nobody_binds_this\nnever = 1",
    "a cell that ended well": "assert 6 * 7 == 43\nwell = 1",
    "a stub": "raise NotImplementedError()\nnever = 1",
    "out of memory": "raise MemoryError('out of memory')\nnever = 1",
    "a later Python": "x = f'{'one' + \"two\" + 'three'}'\nnever = 1",
    "leans": "def uses():\n    return absent_package\nprint(uses)",
    "set anew": "absent_package = 3\nprint(absent_package)",
    "leans no more": "print(absent_package)",
    "own module": "open('mine.py', 'w').write('a = 1')\nfrom mine import b\nnever = 1",
}


@pytest.fixture(scope="module")
def went_on(run_cells: Run) -> dict[str, CellRun]:
    stored = {
        "a cell that ended well": {"stored_outputs": 1},
        "a name that nobody binds": {"stored_outputs": 1},
        "a stub": {"stored_outputs": 1},
        "a later Python": {"stored_outputs": 1},
    }
    changes = [stored.get(name, {"execution_count": None}) for name in GOES_ON]
    evidence, _, _ = run_cells(*GOES_ON.values(), changes=changes)
    return dict(zip(GOES_ON, evidence.cells, strict=True))


@pytest.mark.parametrize(
    ("name", "outcome", "reasons", "leans"),
    [
        ("a bug of the student's own ends its cell", Outcome.STUDENT_ERROR, ["module"], []),
        ("what it would have bound", Outcome.NEEDS_HUMAN, ["follows"], ["absent_package"]),
        ("a name that nobody binds", Outcome.STUDENT_ERROR, [], []),
        ("a cell that ended well", Outcome.NEEDS_HUMAN, ["differs"], []),
        ("a stub", Outcome.STUDENT_ERROR, [], []),
        ("out of memory", Outcome.RESOURCE_LIMIT, [], []),
        ("a later Python", Outcome.NEEDS_HUMAN, ["differs"], []),
        ("leans", Outcome.PASS, [], ["absent_package", "uses"]),
        ("set anew", Outcome.PASS, [], []),
        ("leans no more", Outcome.PASS, [], []),
        ("own module", Outcome.STUDENT_ERROR, [], []),
    ],
)
def test_a_cell_goes_on_only_for_a_reason_of_the_machine(
    went_on: dict[str, CellRun], name: str, outcome: Outcome, reasons: list[str], leans: list[str]
) -> None:
    run = went_on[name]
    assert (run.outcome, [one.reason for one in run.left_out]) == (outcome, reasons)
    assert [one.name for one in run.leans_on] == leans

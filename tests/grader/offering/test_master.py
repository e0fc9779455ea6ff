"""A master that does not go with its offering is refused, by its cell."""

from __future__ import annotations

import copy
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest
from nbformat import NotebookNode, v4

from grader.app.main import main
from grader.model.assignment import load_assignment
from grader.offering.master import give_ids, master_faults
from grader.offering.notebooks import NOTEBOOK_DIR, read_master


class Slip(NamedTuple):
    name: str
    change: Callable[[NotebookNode], object]
    sentence: str


def drop(master: NotebookNode, part: str) -> None:
    master.cells = [cell for cell in master.cells if cell.metadata.pset4.part != part]


@pytest.mark.parametrize(
    "slip",
    [
        Slip("bare", lambda m: m.cells[5].metadata.pop("pset4"), r"cell 6 \(.*expected its metada"),
        Slip("part", lambda m: m.cells[5].metadata.pset4.update(part="9z"), r"cell 6 .*found '9z'"),
        Slip(
            "kind", lambda m: m.cells[5].metadata.pset4.update(kind="tod"), r"kind: .*found 'tod'"
        ),
        Slip("twin", lambda m: m.cells[5].metadata.update(id="p1a-conv-fwd"), r"'p1a-conv-fwd' tw"),
        Slip("no cell", lambda m: drop(m, "3e"), r"expected a cell of part 3e"),
    ],
    ids=lambda slip: slip.name,
)
def test_slips_are_named(slip: Slip) -> None:
    master, assignment = copy.deepcopy(read_master()), load_assignment()
    assert list(master_faults(master, assignment)) == []

    slip.change(master)
    (fault,) = master_faults(master, assignment)
    assert re.search(slip.sentence, fault)


def test_a_cell_that_jupyter_added_keeps_the_id_it_has() -> None:
    cell = v4.new_code_cell("x = 1", id="ab12", metadata={"pset4": {"part": "1a"}})  # type: ignore[no-untyped-call]
    master = v4.new_notebook(cells=[cell])  # type: ignore[no-untyped-call]

    give_ids(master)
    assert master.cells[0].metadata.id == "ab12"


def test_the_command_says_it_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "fall30"
    shutil.copytree(NOTEBOOK_DIR, folder)
    text = (folder / "assignment.toml").read_text()
    (folder / "assignment.toml").write_text(text.replace("pset4_sp21", "fall30"))
    master = read_master(folder)
    drop(master, "3e")
    nbformat.write(master, folder / "master.ipynb")  # type: ignore[no-untyped-call]

    assert main(["offering", "notebooks", str(folder)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("fall30/master.ipynb: expected a cell of part 3e")
    assert len(said.splitlines()) == 1

"""The notebook that students get, and its solved twin, from one master notebook.

The master, `master.ipynb` in the folder of an offering, is the only file that people edit, in
Jupyter or in Colab. What a student has to write stands between two lines, in nbgrader's way:

    ### BEGIN SOLUTION
    ### END SOLUTION

The release has a stub in place of each such region; the solved notebook keeps the region and drops
the two lines. Facts of the offering stand in the cells by name, as `<< target >>`
(`grader.model.offering_texts`), so that several offerings can share one master (`like`). Besides
its Colab id a cell carries `metadata.pset4`:

    part          "3c", or "2" for what belongs to a whole problem, "0" for the set-up; cells of
                  parts that the offering has not are left out
    parts         only where one cell serves several parts
    needed_by     further parts that cannot do without the cell (in the master only)
    kind          text, question, answer (markdown to write), given, todo (code to write),
                  run (an experiment), figure (shows results of an experiment)
    solved_only   the cell is left out of the release (in the master only)
    stub          the line to put in place of the solution, where raising would be wrong, as for
                  a bonus (in the master only)

`grader offering notebooks [FOLDER ...]` writes both beside the offering's file.
`grader/offering/master.py` says what it refuses.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat

from grader.model.assignment import load_facts
from grader.model.assignment_record import Assignment
from grader.model.offering_faults import OfferingFaults
from grader.model.offering_files import (
    DEFAULT_ASSIGNMENT,
    MASTER,
    OFFERINGS,
    RELEASE,
    SOLVED,
    find_offering,
    master_folder,
    offering_names,
)
from grader.model.offering_texts import facts_of, fill, number
from grader.offering.master import SETUP, give_ids, master_faults, parts_of
from reference.errors import ConfigError

if TYPE_CHECKING:
    from nbformat import NotebookNode

NOTEBOOK_DIR = OFFERINGS / DEFAULT_ASSIGNMENT
"""Folder of the default offering."""

BEGIN = "### BEGIN SOLUTION"
"""Line that opens a region which only the solved notebook keeps."""

END = "### END SOLUTION"
"""Line that closes such a region."""

STUB = ("# YOUR CODE HERE", "raise NotImplementedError()")
"""What stands in the release in place of code; nbgrader puts the same."""

MASTER_KEYS = ("solved_only", "stub", "needed_by")
"""Keys of `metadata.pset4` that speak to this module and are of no use in its results."""

_STEP_DEFAULTS = {
    "step_size": "2",
    "is_normalized": "True",
    "renorm": "True",
    "eps": "30",
    "norm_update": "'l2'",
}
"""What the notebook's `StepImage` takes where a call does not say it."""


def read_master(folder: Path = NOTEBOOK_DIR, assignment: Assignment | None = None) -> NotebookNode:
    """Read the master of an offering, with the facts of the offering in its cells.

    Args:
        folder: Of the offering; the master may be that of the offering which it is like.
        assignment: The offering, where it has been read already.

    Raises:
        OfferingFaults: it does not go with the offering's file; the error has all faults.
        ConfigError: a file is missing, or is not what it should be.
    """
    place = find_offering(str(folder))
    assignment = assignment or load_facts(place)
    master = _read(master_folder(assignment.like, place) / MASTER)
    give_ids(master)
    faults = [*master_faults(master, assignment)]
    if not faults:
        faults = [*_put_facts(master, assignment)]
    if faults:
        raise OfferingFaults(faults)
    return master


def _read(path: Path) -> NotebookNode:
    try:
        master: NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    except OSError as error:
        raise ConfigError(
            f"{path}: expected the master notebook, found: {error.strerror}"
        ) from error
    except (ValueError, nbformat.ValidationError) as error:
        raise ConfigError(f"{path}: expected the master notebook, found: {error}") from error
    return master


def _put_facts(master: NotebookNode, assignment: Assignment) -> Iterator[str]:
    """Leave the cells of the offering and put its facts into them; yield what went wrong."""
    ours = {SETUP, *(str(one.number) for one in assignment.problems)}
    ours |= {part.id for part in assignment.parts}
    kept = []
    for place, cell in enumerate(master.cells, start=1):
        parts = [part for part in parts_of(cell) if part in ours]
        if not parts:
            continue
        _name_parts(cell, parts, ours)
        facts = {**facts_of(assignment, parts[0]), "settings": _Settings(assignment)}
        try:
            made = fill(cell.source, facts, f"{assignment.name}/{MASTER}: cell {place}")
        except ConfigError as error:
            yield str(error)
            continue
        # A cell that ends with `<% endif %>` ends with the line before it.
        cell.source = made if cell.source.endswith("\n") else made.removesuffix("\n")
        kept.append(cell)
    master.cells = kept
    if "pset4" in master.metadata:
        master.metadata.pset4.assignment = assignment.name
        master.metadata.pset4.pop("parts", None)


def _name_parts(cell: NotebookNode, parts: list[str], ours: set[str]) -> None:
    """Leave the parts of the offering in a cell's metadata."""
    mark = cell.metadata.pset4
    mark.part = parts[0]
    for key in ("parts", "needed_by"):
        if key in mark:
            mark[key] = [part for part in mark[key] if part in ours]


class _Settings:
    """`settings("4a", "step_size", "renorm")` in a master: arguments of the notebook's `StepImage`.

    Those that are named come first; others follow where they are not its defaults.
    """

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment

    def __call__(self, part_id: str, *names: str) -> str:
        one = self._assignment.experiment(part_id)
        values = {
            "step_size": number(one.step_size),
            "is_normalized": str(one.space == "normalised"),
            "renorm": str(one.eps_l2 is not None),
            "eps": number(one.eps_l2) if one.eps_l2 is not None else _STEP_DEFAULTS["eps"],
            "norm_update": repr(one.norm),
        }
        named = [name for name in names if name in values]
        named += [n for n, v in values.items() if n not in names and v != _STEP_DEFAULTS[n]]
        return ", ".join(f"{name}={values[name]}" for name in named)


def make_release(master: NotebookNode) -> NotebookNode:
    """Make the notebook that students get: every solution replaced by a stub.

    Args:
        master: The master, nbformat 4; it is not changed.

    Returns:
        A new notebook without outputs and without the cells marked `solved_only`.

    Raises:
        ConfigError: The marks of a cell do not pair up.
    """
    return _derive(master, released_cells(master), "release", stub)


def released_cells(master: NotebookNode) -> list[NotebookNode]:
    """Return the master's cells that students get; those of `make_release` in the same order."""
    return [cell for cell in master.cells if not _mark(cell).get("solved_only", False)]


def make_solved(master: NotebookNode) -> NotebookNode:
    """Make the solved notebook: every solution kept, the marks gone.

    Args:
        master: The master, nbformat 4; it is not changed.

    Returns:
        A new notebook without outputs.

    Raises:
        ConfigError: The marks of a cell do not pair up.
    """
    return _derive(master, list(master.cells), "solved", lambda _cell, region: region)


def release_text(cell: NotebookNode) -> str:
    """Return what stands in a cell of the master as students get it.

    Raises:
        ConfigError: the marks of the cell do not pair up.
    """
    return "\n".join(replaced_regions(cell, stub))


def solved_text(cell: NotebookNode) -> str:
    """Return what stands in a cell of the master with its solution, the marks gone.

    Raises:
        ConfigError: the marks of the cell do not pair up.
    """
    return "\n".join(replaced_regions(cell, lambda _cell, region: region))


def write_notebooks(folder: Path = NOTEBOOK_DIR) -> tuple[Path, Path]:
    """Write the release and the solved notebook into an offering's folder; return their paths.

    Raises:
        ConfigError: there is no master, it does not go with `assignment.toml`, or the marks of a
            cell do not pair up.
    """
    texts = notebook_texts(folder)
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    release, solved = texts
    return release, solved


def notebook_texts(folder: Path, assignment: Assignment | None = None) -> dict[Path, str]:
    """Return what the release and the solved notebook of an offering must hold, by their paths.

    Raises:
        ConfigError: as `write_notebooks`.
    """
    master = read_master(folder, assignment)
    return {
        folder / RELEASE: to_text(make_release(master)),
        folder / SOLVED: to_text(make_solved(master)),
    }


def to_text(notebook: NotebookNode) -> str:
    """Write a notebook as JSON text: the same notebook always gives the same text."""
    return f"{nbformat.writes(notebook)}\n"  # type: ignore[no-untyped-call]


def _derive(
    master: NotebookNode,
    cells: list[NotebookNode],
    template: str,
    region_text: Callable[[NotebookNode, list[str]], list[str]],
) -> NotebookNode:
    """Copy `master` with `cells`, each solution region replaced by what `region_text` gives."""
    result = copy.deepcopy(master)
    result.cells = [copy.deepcopy(cell) for cell in cells]
    for cell in result.cells:
        cell.source = "\n".join(replaced_regions(cell, region_text))
        for key in MASTER_KEYS:
            _mark(cell).pop(key, None)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    if "pset4" in result.metadata:
        result.metadata.pset4.template = template
    return result


def replaced_regions(
    cell: NotebookNode, region_text: Callable[[NotebookNode, list[str]], list[str]]
) -> list[str]:
    """Return the lines of a cell, marks dropped, each region replaced by what `region_text` gives.

    Raises:
        ConfigError: the marks do not pair up.
    """
    lines: list[str] = []
    region: list[str] | None = None
    for line in cell.source.split("\n"):
        mark = line.strip()
        if mark not in (BEGIN, END):
            (lines if region is None else region).append(line)
        elif (mark == BEGIN) != (region is None):
            raise ConfigError(f"master, cell {cell.metadata.get('id')}: {mark} without its pair.")
        elif region is None:
            region = []
        else:
            lines.extend(region_text(cell, region))
            region = None
    if region is not None:
        raise ConfigError(f"master, cell {cell.metadata.get('id')}: {BEGIN} without its pair.")
    return lines


def stub(cell: NotebookNode, region: list[str]) -> list[str]:
    """Return what stands in the release in place of a solution, indented as the solution is."""
    if cell.cell_type != "code":
        return ["*Your answer here.*"]
    first = next((line for line in region if line.strip()), "")
    indent = first[: len(first) - len(first.lstrip())]
    own = _mark(cell).get("stub")
    told = STUB if own is None else (str(own),)
    return [f"{indent}{line}" for line in told]


def _mark(cell: NotebookNode) -> dict[str, Any]:
    """Return `metadata.pset4` of a cell, empty where it has none."""
    mark: dict[str, Any] = cell.metadata.get("pset4", {})
    return mark


def folders_with_master() -> tuple[Path, ...]:
    """Return the grader's own offerings whose notebooks are made of a master."""
    found = []
    for name in offering_names():
        place = find_offering(name)
        if (OFFERINGS / name / MASTER).is_file() or load_facts(place).like:
            found.append(OFFERINGS / name)
    return tuple(found)

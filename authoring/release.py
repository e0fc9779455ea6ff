"""The notebook that students get, and its solved twin, from one master notebook.

The master, `master.ipynb` in the folder of an offering, is the only file that people edit, in
Jupyter or in Colab. What a student has to write stands between two lines, in nbgrader's way:

    ### BEGIN SOLUTION
    ### END SOLUTION

The release has a stub in place of each such region; the solved notebook keeps the region and drops
the two lines. Besides its Colab id a cell carries `metadata.pset4`:

    part          "3c", or "2" for what belongs to a whole problem, "0" for the set-up
    parts         only where one cell serves several parts
    kind          text, question, answer (markdown to write), given, todo (code to write),
                  run (an experiment), figure (shows results of an experiment)
    solved_only   the cell is left out of the release (in the master only)
    stub          the line to put in place of the solution, where raising would be wrong, as for
                  a bonus (in the master only)

`python -m authoring.release [FOLDER ...]` writes both notebooks beside the master, by default
those of the grader's own offerings. `authoring/master.py` says what it refuses.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import nbformat
import typer

from authoring.master import check_master, give_ids
from grader.model.offering_files import DEFAULT_ASSIGNMENT, OFFERINGS, RELEASE, SOLVED
from reference.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbformat import NotebookNode

NOTEBOOK_DIR = OFFERINGS / DEFAULT_ASSIGNMENT
"""Where the master lies and where the release and the solved notebook are written."""

MASTER = "master.ipynb"
"""File name of the master."""

BEGIN = "### BEGIN SOLUTION"
"""Line that opens a region which only the solved notebook keeps."""

END = "### END SOLUTION"
"""Line that closes such a region."""

MASTER_KEYS = ("solved_only", "stub")
"""Keys of `metadata.pset4` that speak to this module and are of no use in its results."""


def make_release(master: NotebookNode) -> NotebookNode:
    """Make the notebook that students get: every solution replaced by a stub.

    Args:
        master: The master, nbformat 4; it is not changed.

    Returns:
        A new notebook without outputs and without the cells marked `solved_only`.

    Raises:
        ConfigError: The marks of a cell do not pair up.
    """
    cells = [cell for cell in master.cells if not _mark(cell).get("solved_only", False)]
    return _derive(master, cells, "release", _stub)


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


def read_master(folder: Path = NOTEBOOK_DIR) -> NotebookNode:
    """Read and validate the master in `folder`.

    Raises:
        ConfigError: It is missing or is not a notebook.
    """
    path = folder / MASTER
    try:
        master: NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    except OSError as error:
        raise ConfigError(
            f"{path}: expected the master notebook, found: {error.strerror}"
        ) from error
    except (ValueError, nbformat.ValidationError) as error:
        raise ConfigError(f"{path}: expected the master notebook, found: {error}") from error
    return master


def write_notebooks(folder: Path = NOTEBOOK_DIR) -> tuple[Path, Path]:
    """Write the release and the solved notebook beside the master; return their paths.

    Raises:
        ConfigError: there is no master, it does not go with `assignment.toml`, or the marks of a
            cell do not pair up.
    """
    master = read_master(folder)
    give_ids(master)
    check_master(master, folder)
    release, solved = folder / RELEASE, folder / SOLVED
    release.write_text(to_text(make_release(master)), encoding="utf-8")
    solved.write_text(to_text(make_solved(master)), encoding="utf-8")
    return release, solved


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
        cell.source = "\n".join(_replace_regions(cell, region_text))
        for key in MASTER_KEYS:
            _mark(cell).pop(key, None)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    if "pset4" in result.metadata:
        result.metadata.pset4.template = template
    return result


def _replace_regions(
    cell: NotebookNode, region_text: Callable[[NotebookNode, list[str]], list[str]]
) -> list[str]:
    """Return the lines of a cell, marks dropped and regions replaced."""
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


def _stub(cell: NotebookNode, region: list[str]) -> list[str]:
    """Return what stands in the release in place of a solution, indented as the solution is."""
    if cell.cell_type != "code":
        return ["*Your answer here.*"]
    first = next((line for line in region if line.strip()), "")
    indent = first[: len(first) - len(first.lstrip())]
    own = _mark(cell).get("stub")
    stub = ("# YOUR CODE HERE", "raise NotImplementedError()") if own is None else (str(own),)
    return [f"{indent}{line}" for line in stub]


def _mark(cell: NotebookNode) -> dict[str, object]:
    """Return `metadata.pset4` of a cell, empty where it has none."""
    mark: dict[str, object] = cell.metadata.get("pset4", {})
    return mark


def main(
    folders: Annotated[
        list[Path] | None, typer.Argument(help="Offerings; by default the grader's own.")
    ] = None,
) -> None:
    """Write both notebooks of each offering and name them."""
    own = [path.parent for path in sorted(OFFERINGS.glob(f"*/{MASTER}"))]
    try:
        for folder in folders or own:
            for path in write_notebooks(folder):
                typer.echo(path)
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    typer.run(main)

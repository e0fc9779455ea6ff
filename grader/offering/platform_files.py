"""Notebooks that are written for another system, into folders that are somebody else's."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grader.model.assignment import load_facts
from grader.model.assignment_record import Assignment
from grader.model.offering_files import find_offering
from grader.offering.notebooks import BEGIN, read_master, solved_text, to_text
from reference.errors import ConfigError

if TYPE_CHECKING:
    from nbformat import NotebookNode


def master_of(offering: str) -> tuple[Assignment, NotebookNode]:
    """Return an offering and its master, with its facts in the cells.

    Raises:
        ConfigError: there is no such offering, or it has no master, or the two do not go together.
    """
    place = find_offering(offering)
    if place.folder is None:
        raise ConfigError(
            f"{place.where}: expected an offering's folder with a master notebook, found a file "
            "alone"
        )
    assignment = load_facts(place)
    return assignment, read_master(place.folder, assignment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A master in another system's form."""

    notebook: NotebookNode
    """The master."""
    name: str
    """Of the assignment there."""
    course: str
    """Whose points its parts have."""


def made_for(
    form: Callable[[NotebookNode, Assignment, str], NotebookNode],
    offering: str,
    course: str,
    name: str,
) -> Made:
    """Return the master of an offering in another system's form.

    Args:
        form: `nbgrader_master` or `otter_master`.
        offering: A name, or a folder.
        course: Whose points; the last course where empty.
        name: Of the assignment there; `pset4` of `pset4_sp21` where empty.

    Raises:
        ConfigError: as `master_of`; it is none of the offering's courses; the name is none.
    """
    assignment, master = master_of(offering)
    if course and course not in assignment.courses:
        raise ConfigError(
            f"--course: expected one of {', '.join(assignment.courses)}, found {course!r}"
        )
    if name and not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name, re.ASCII):
        raise ConfigError(
            f"--name: expected letters, digits, - _ and ., as in a file's name, found {name!r}"
        )
    chosen = course or assignment.courses[-1]
    return Made(
        notebook=form(master, assignment, chosen),
        name=name or assignment.name.partition("_")[0],
        course=chosen,
    )


def model_answers(
    master: NotebookNode, part_id: str, but: Callable[[NotebookNode], bool]
) -> tuple[str, ...]:
    """Return the solutions of a part that another system's notebook does not hold, as Markdown.

    Args:
        master: Of `master_of`.
        part_id: Such as `3c`.
        but: Whether a cell keeps its solution there.

    Raises:
        ConfigError: the marks of a cell do not pair up.
    """
    cells = [
        cell
        for cell in master.cells
        if str(cell.metadata.pset4.part) == part_id and BEGIN in cell.source and not but(cell)
    ]
    return tuple(
        f"```python\n{solved_text(cell)}\n```" if cell.cell_type == "code" else solved_text(cell)
        for cell in cells
    )


def written(notebook: NotebookNode, path: Path, *, replace: bool) -> Path:
    """Write a notebook, but never over another without being told to; return its path.

    Raises:
        ConfigError: another is there, or it cannot be written.
    """
    text = to_text(notebook)
    try:
        if path.is_file() and not replace and path.read_text(encoding="utf-8") != text:
            raise ConfigError(
                f"{path}: expected no notebook, or the one that this command writes, found "
                "another; to write over it, add --replace"
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be written: {error}") from error
    return path

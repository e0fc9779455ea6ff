"""Whether a master says of each cell what the grader has to know, before notebooks are made of it.

A cell that was added in Jupyter has no `metadata.pset4`, and a part without a cell is seen by no
student: neither shows in the notebook, and both cost students their points.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from grader.model.assignment_record import Assignment
from grader.model.offering_faults import OfferingFaults
from grader.model.offering_files import MASTER, TOML

if TYPE_CHECKING:
    from nbformat import NotebookNode

KINDS = ("text", "question", "answer", "given", "todo", "run", "figure")
"""Values of `metadata.pset4.kind`."""

SETUP = "0"
"""Part of cells that belong to no problem."""


def give_ids(master: NotebookNode) -> None:
    """Give cells without `metadata.id`, as Jupyter makes them, the id that Jupyter gave them."""
    for cell in master.cells:
        if not cell.metadata.get("id") and cell.get("id"):
            cell.metadata.id = cell.id


def parts_of(cell: NotebookNode) -> tuple[str, ...]:
    """Return the parts that a cell of the master belongs to, its own first."""
    needed = cell.metadata.get("pset4", {}).get("needed_by", ())
    return tuple(dict.fromkeys((*_served_by(cell), *map(str, needed))))


def _served_by(cell: NotebookNode) -> tuple[str, ...]:
    """Return the parts whose work or answer may stand in a cell."""
    mark = cell.metadata.get("pset4", {})
    return tuple(str(part) for part in (mark.get("part", ""), *mark.get("parts", ())))


def master_faults(master: NotebookNode, assignment: Assignment) -> Iterator[str]:
    """Say where a master does not go with the parts of its offering.

    A cell does not say to which part it belongs, or names a part or a kind that there is not; two
    cells have one id; a part has no cell.

    Args:
        master: As read, see `give_ids`.
        assignment: Its offering.
    """
    parts = [part.id for part in assignment.parts]
    problems = [str(problem.number) for problem in assignment.problems]
    others = [str(part) for part in master.metadata.get("pset4", {}).get("parts", ())]
    known = {*parts, *problems, *others, SETUP}
    where = f"{assignment.name}/{MASTER}"
    for place, cell in enumerate(master.cells, start=1):
        yield from _cell_faults(cell, known, f"{where}: cell {place} ({_beginning(cell)})")
    ids = Counter(cell.metadata.get("id", "") for cell in master.cells)
    for name, count in ids.items():
        if count > 1:
            yield f"{where}: metadata.id: expected another for each cell, found {name!r} twice"
    served = {part for cell in master.cells for part in _served_by(cell)}
    for part in parts:
        if part not in served:
            yield (
                f'{where}: expected a cell of part {part} ("pset4": {{"part": "{part}", …}}), '
                "found none"
            )


def _cell_faults(cell: NotebookNode, known: set[str], where: str) -> Iterator[str]:
    mark = cell.metadata.get("pset4")
    if not isinstance(mark, dict) or "part" not in mark:
        yield (
            f"{where}: expected its metadata to say to which part it belongs, such as "
            '"pset4": {"part": "1a", "kind": "todo"}, found none'
        )
        return
    for part in parts_of(cell):
        if part not in known:
            yield (
                f"{where}: metadata.pset4: expected a part or a problem of {TOML}, or "
                f'"{SETUP}", found {part!r}; a cell for other offerings only needs its part in '
                "the notebook's metadata.pset4.parts"
            )
    if mark.get("kind") not in KINDS:
        yield (
            f"{where}: metadata.pset4.kind: expected one of {', '.join(KINDS)}, "
            f"found {mark.get('kind')!r}"
        )


def questions_of(master: NotebookNode, assignment: Assignment) -> dict[str, NotebookNode]:
    """Return the cell that asks the question of each part: other systems hang its points on it.

    Raises:
        OfferingFaults: a part has no such cell.
    """
    found: dict[str, NotebookNode] = {}
    for cell in master.cells:
        if cell.cell_type == "markdown" and cell.metadata.pset4.kind == "question":
            found.setdefault(str(cell.metadata.pset4.part), cell)
    lacking = [part.id for part in assignment.parts if part.id not in found]
    if lacking:
        raise OfferingFaults(
            [
                f"{assignment.name}/{MASTER}: part {part_id}: expected a text cell with its "
                f'question ("pset4": {{"part": "{part_id}", "kind": "question"}}), found none'
                for part_id in lacking
            ]
        )
    return {part.id: found[part.id] for part in assignment.parts}


def _beginning(cell: NotebookNode) -> str:
    return repr(cell.source.strip().split("\n")[0][:40])

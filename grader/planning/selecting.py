"""Which cells must run so that some parts can be checked: theirs, and what those need."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from grader.model.assignment import Assignment
from grader.model.notebook_code import names_bound, names_read, parsed
from grader.model.records import Alignment, Cell, Submission
from reference.errors import ConfigError


def parts_named(text: str, assignment: Assignment) -> frozenset[str]:
    """Return the parts that a list such as `1,3b` names: problems by number, parts by id.

    Raises:
        ConfigError: it names something else, or nothing.
    """
    known = {part.id: {part.id} for part in assignment.parts}
    for part in assignment.parts:
        known.setdefault(str(part.problem), set()).add(part.id)
    found: set[str] = set()
    for word in re.split(r"[,\s]+", text.strip()):
        name = re.sub(r"[()]", "", word).lower()
        if name not in known:
            listing = ", ".join(sorted(known))
            raise ConfigError(f"--only: expected some of {listing}, such as 1,3b; found {word!r}")
        found |= known[name]
    return frozenset(found)


def narrowed(assignment: Assignment, parts: frozenset[str]) -> Assignment:
    """Return an offering with some of its parts: for checks, never for points.

    Raises:
        ConfigError: none of its parts is among them.
    """
    kept = tuple(part for part in assignment.parts if part.id in parts)
    if not kept:
        raise ConfigError(f"{assignment.name}: none of the parts can be checked in this way")
    return replace(assignment, parts=kept)


def cells_needed(
    parts: frozenset[str], assignment: Assignment, submission: Submission, alignment: Alignment
) -> frozenset[int]:
    """Return the code cells that some parts need: their own, and those that bind what they read.

    Of several cells that bind a name the last before its reader is taken, as in a run from the top.
    A cell whose code cannot be read is taken, too: it may bind anything.
    """
    code = [c for c in submission.cells if c.kind == "code" and c.source.strip()]
    serving = {c.cell_id for c in assignment.template if any(map(c.serves, parts))}
    found = {
        match.cell_index
        for match in alignment.matches
        if match.part_id in parts or match.template_id in serving
    }
    found |= {cell.index for cell in code if parsed(cell.source) is None}
    needed = {cell.index for cell in code} & found
    binders = _binders(code)
    waiting = [cell for cell in code if cell.index in needed]
    while waiting:
        cell = waiting.pop()
        for name in names_read(cell.code):
            binder = _binder(binders.get(name, ()), cell.index, needed)
            if binder is not None:
                needed.add(binder)
                waiting += [one for one in code if one.index == binder]
    return frozenset(needed)


def _binders(code: Sequence[Cell]) -> Mapping[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for cell in code:
        for name in names_bound(cell.code):
            found[name] = (*found.get(name, ()), cell.index)
    return found


def _binder(places: Sequence[int], reader: int, needed: set[int]) -> int | None:
    """Return the cell to add for a name; None where one that binds it is there, or none does."""
    before = [place for place in places if place <= reader]
    if before:
        return before[-1] if before[-1] not in needed else None
    return next(iter(places), None) if not needed.intersection(places) else None

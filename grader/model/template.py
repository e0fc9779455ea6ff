"""The notebook that students get, as far as grading reads it: its cells."""

from __future__ import annotations

import json
from dataclasses import dataclass

from reference.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateCell:
    """One cell of the notebook that students get."""

    cell_id: str
    """Its `metadata.id`."""
    kind: str
    """`code` or `markdown`."""
    source: str
    """Text of the cell."""
    part_id: str
    """Part that it belongs to; empty for none."""
    role: str
    """`answer`, `todo`, `run`, `given`, … as its metadata says."""
    parts: tuple[str, ...] = ()
    """Every part that it serves, where there are several; such as one function for four attacks."""

    def serves(self, part_id: str) -> bool:
        """Whether a part's work or answer may stand in it."""
        return part_id == self.part_id or part_id in self.parts


def opening_of(source: str) -> str:
    """Return the line that a cell begins with, such as `**Answer to 3(c).**`."""
    return source.strip().partition("\n")[0].strip()


def offering_of_template(data: bytes) -> str:
    """Return the offering that a release notebook names; empty where it names none."""
    try:
        return str(json.loads(data)["metadata"]["pset4"]["assignment"])
    except (ValueError, KeyError, TypeError):
        return ""


def parse_template(data: bytes, *, where: str) -> tuple[TemplateCell, ...]:
    """Return the cells of a release notebook; `where` names it in errors.

    Raises:
        ConfigError: it is no notebook, or none that was made of a master.
    """
    cells = []
    try:
        for cell in json.loads(data)["cells"]:
            facts = cell["metadata"].get("pset4", {})
            cells.append(
                TemplateCell(
                    cell_id=cell["metadata"].get("id", ""),
                    kind=cell["cell_type"],
                    source="".join(cell["source"]),
                    part_id=facts.get("part", "").strip("0") and facts.get("part", ""),
                    role=facts.get("kind", ""),
                    parts=tuple(facts.get("parts", ())),
                )
            )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"{where}: expected a notebook whose cells have metadata, found something else "
            f"({type(error).__name__}); write it with `grader offering notebooks`"
        ) from error
    if not any(cell.part_id for cell in cells):
        raise ConfigError(
            f"{where}: expected cells that say to which part they belong (metadata.pset4), found "
            "none; write it with `grader offering notebooks`"
        )
    return tuple(cells)

"""Where a notebook's cells stand in its file: the lines that a diff, an editor, and CI speak of."""

from __future__ import annotations

import bisect
import json
import re
from dataclasses import dataclass
from pathlib import Path

from grader.intake.limits import MIB, IntakeLimits

_SPACE = re.compile(r"[ \t\n\r]*")
_BREAK = re.compile(r"\r\n|\r|\n")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True, kw_only=True)
class CellPlaces:
    """The lines of a notebook file on which the source of its cells stands."""

    cells: tuple[tuple[int, ...], ...] = ()
    """By cell: for each line of its source the line of the file, from 1; empty where unknown."""

    def line(self, cell_index: int, source_line: int = 1) -> int:
        """Return the line of the file, from 1, or 1 where it is not known.

        Args:
            cell_index: Position of the cell in the notebook, from 0.
            source_line: Line within its source, from 1; the last one where it has fewer.
        """
        lines = self.cells[cell_index] if 0 <= cell_index < len(self.cells) else ()
        return lines[min(max(source_line, 1), len(lines)) - 1] if lines else 1


def cell_places(path: Path, limits: IntakeLimits | None = None) -> CellPlaces:
    """Return where the cells of a notebook file of nbformat 4 stand; nothing where it is none."""
    limits = limits or IntakeLimits()
    try:
        if path.stat().st_size > limits.notebook_mib * MIB:
            return CellPlaces()
        return _places(path.read_bytes().decode("utf-8-sig"), limits.max_cells)
    except (OSError, ValueError, IndexError, RecursionError):
        return CellPlaces()


def _places(text: str, most: int) -> CellPlaces:
    breaks = [match.start() for match in re.finditer("\n", text)]
    top = _skipped(text, 0)
    cells = _members(text, top).get("cells") if text[top] == "{" else None
    if cells is None or text[cells] != "[":
        return CellPlaces()
    found = []
    for cell in _elements(text, cells)[:most]:
        source = _members(text, cell).get("source") if text[cell] == "{" else None
        offsets = [] if source is None else _offsets(text, source)
        found.append(tuple(bisect.bisect_left(breaks, offset) + 1 for offset in offsets))
    return CellPlaces(cells=tuple(found))


def _offsets(text: str, source: int) -> list[int]:
    """Return where each line of a cell's source begins: a string, or a list of its lines."""
    parts = [source] if text[source] == '"' else _elements(text, source)
    lines = [parts[0]] if parts else []
    for place, part in enumerate(parts):
        value, _ = _DECODER.raw_decode(text, part)
        breaks = len(_BREAK.findall(value)) if isinstance(value, str) else 0
        whole = bool(breaks) and value.endswith(("\n", "\r"))
        lines += [part] * (breaks - whole)
        if whole and place + 1 < len(parts):
            lines.append(parts[place + 1])
    return lines


def _members(text: str, start: int) -> dict[str, int]:
    """Return where the value of each member of the object at `start` begins; the last one wins."""
    found: dict[str, int] = {}
    at = _skipped(text, start + 1)
    while text[at] != "}":
        key, at = _DECODER.raw_decode(text, at)
        value = _skipped(text, _skipped(text, at) + 1)
        found[key] = value
        at = _after(text, value)
    return found


def _elements(text: str, start: int) -> list[int]:
    """Return where each element of the list at `start` begins."""
    found = []
    at = _skipped(text, start + 1)
    while text[at] != "]":
        found.append(at)
        at = _after(text, at)
    return found


def _after(text: str, value: int) -> int:
    """Return what follows the value and its comma."""
    _, end = _DECODER.raw_decode(text, value)
    at = _skipped(text, end)
    return _skipped(text, at + 1) if text[at] == "," else at


def _skipped(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at

"""The outputs that a notebook file holds, cell by cell. Claims of whoever wrote the file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.intake.limits import MIB, IntakeLimits
from grader.intake.notebook import Json, NotANotebook, count_of, document_of, source_of
from grader.model.text import one_line

LONGEST_TEXT = 20_000
"""Characters of a cell's printed text that are kept; a cell of the course prints some hundred."""
PICTURE_TYPES = ("image/png", "image/jpeg", "image/svg+xml")
"""MIME types of pictures."""

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True, slots=True, kw_only=True)
class CellOutputs:
    """A code cell and what is stored under it."""

    index: int
    """Position in the notebook, from 0."""
    source: str
    """Text of the cell."""
    execution_count: int | None
    """Count of its last run; None where it was not run."""
    text: str
    """What it printed to standard output, and its results as text; without colour codes.

    The text beside a picture, such as `<Figure size ...>`, is left out.
    """
    error: str
    """Class of the exception that ended it; empty for none."""
    traceback: str
    """Text of that exception's traceback."""
    pictures: int
    """Number of pictures."""
    outputs: int
    """Number of outputs of any kind."""


def read_cell_outputs(path: Path, limits: IntakeLimits | None = None) -> tuple[CellOutputs, ...]:
    """Read the code cells of a notebook file; none where it is not there or no notebook."""
    limits = limits or IntakeLimits()
    try:
        if path.stat().st_size > limits.notebook_mib * MIB:
            return ()
        document = document_of(path.read_bytes())
    except (OSError, NotANotebook):
        return ()
    raw_cells = document.get("cells")
    cells = raw_cells[: limits.max_cells] if isinstance(raw_cells, list) else []
    found = (_cell(index, raw) for index, raw in enumerate(cells))
    return tuple(cell for cell in found if cell is not None)


def _cell(index: int, raw: Json) -> CellOutputs | None:
    if not isinstance(raw, Mapping) or raw.get("cell_type") != "code":
        return None
    outputs = raw.get("outputs")
    maps = [o for o in outputs if isinstance(o, Mapping)] if isinstance(outputs, list) else []
    failed = next((o for o in maps if o.get("output_type") == "error"), None)
    return CellOutputs(
        index=index,
        source=source_of(raw.get("source")) or "",
        execution_count=count_of(raw.get("execution_count")),
        text="\n".join(filter(None, map(_text, maps)))[:LONGEST_TEXT],
        error=""
        if failed is None
        else one_line(_plain(failed.get("ename")))[:100] or "an exception",
        traceback="" if failed is None else _plain(failed.get("traceback"))[:LONGEST_TEXT],
        pictures=sum(map(_has_picture, maps)),
        outputs=len(maps),
    )


def _text(output: Mapping[str, Json]) -> str:
    """Return an output's text; of a picture, an error or the standard error stream none."""
    if output.get("output_type") == "stream":
        return "" if output.get("name") == "stderr" else _plain(output.get("text"))
    data = output.get("data")
    if not isinstance(data, Mapping) or _has_picture(output):
        return ""
    return _plain(data.get("text/plain"))


def _has_picture(output: Mapping[str, Json]) -> bool:
    data = output.get("data")
    return isinstance(data, Mapping) and any(kind in data for kind in PICTURE_TYPES)


def _plain(value: Json) -> str:
    """Return text that a file holds as one string or as lines, as a terminal would show it."""
    if isinstance(value, list):
        value = "\n".join(line.rstrip("\n") for line in value if isinstance(line, str))
    if not isinstance(value, str):
        return ""
    # JSON may hold lone surrogates, UTF-8 may not.
    text = value.encode("utf-8", errors="replace").decode("utf-8").replace("\r\n", "\n")
    return _ANSI.sub("", text).strip("\n")

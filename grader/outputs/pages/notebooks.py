"""Cells of a notebook for the report: relevant code, what it printed, the figures it drew."""

from __future__ import annotations

import base64
import binascii
import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.model.assignment import Assignment
from grader.model.text import cell_label
from grader.outputs.pages.figures import FigureRow, wide_row
from grader.outputs.pages.markup import plain
from grader.outputs.pages.picture_process import decode_apart
from grader.outputs.pages.required_report import Snippet
from reference.errors import ConfigError

SAME_CELL = 0.85
"""Two cells of one part that share this much text are shown once, with the lines that differ."""
MAX_PRINTED_LINES = 24
"""Longer output of one cell is cut."""
MAX_PRINTED_CHARS = 2000
"""Longer output of one cell is cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookCell:
    """One cell with its stored outputs."""

    index: int
    """Position in the notebook, from 0."""
    kind: str
    """`code`, `markdown` or `raw`."""
    source: str
    """Text of the cell."""
    part: str
    """Part that its metadata names; may be empty."""
    role: str
    """`answer`, `todo`, `run`, `given`, … as its metadata says; may be empty."""
    printed: str
    """What it wrote to standard output, and its last value as text."""
    images: tuple[bytes, ...]
    """PNG files among its outputs."""


def read_cells(path: Path) -> tuple[NotebookCell, ...]:
    """Read a notebook's cells.

    Raises:
        ConfigError: the file is not there or is no notebook.
    """
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return tuple(_cell(index, cell) for index, cell in enumerate(cells))
    except OSError as error:
        raise ConfigError(f"{path}: expected a notebook, found {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path}: expected a notebook, found something else") from error


def without_prompts(answer: str, assignment: Assignment) -> str:
    """Return an answer without the lines that the notebook's own answer cells start with."""
    given = (cell.source for cell in assignment.template if cell.role == "answer")
    prompts = {line.strip() for source in given for line in source.splitlines()} - {""}
    kept = [line for line in answer.splitlines() if line.strip() not in prompts]
    return "\n".join(kept).strip()


def snippets(cells: Iterable[NotebookCell]) -> tuple[Snippet, ...]:
    """Return the cells' code; of a near copy of an earlier cell only the lines that differ."""
    shown: list[NotebookCell] = []
    made: list[Snippet] = []
    for cell in cells:
        if not cell.source.strip():
            continue
        like = next((one for one in shown if _alike(one.source, cell.source)), None)
        if like is None:
            shown.append(cell)
            made.append(Snippet(caption="", code=cell.source))
            continue
        fresh = [
            line[2:]
            for line in difflib.ndiff(like.source.splitlines(), cell.source.splitlines())
            if line.startswith("+ ")
        ]
        if fresh:
            made.append(Snippet(caption="The same once more, with", code="\n".join(fresh)))
    return tuple(made)


def printed(cells: Iterable[NotebookCell]) -> tuple[str, ...]:
    """Return what the cells printed, without empty ones."""
    return tuple(cell.printed for cell in cells if cell.printed)


def drawn(cells: Iterable[NotebookCell], caption: str) -> tuple[FigureRow, ...]:
    """Return the figures that the cells drew, re-encoded; what is no picture is left out."""
    rows = []
    for cell in cells:
        for image in cell.images:
            try:
                pixels = decode_apart(image, where=cell_label(cell.index))
            except ConfigError:
                continue
            rows.append(wide_row("", caption, pixels))
    return tuple(rows)


def _cell(index: int, cell: dict[str, Any]) -> NotebookCell:
    facts = cell.get("metadata", {}).get("pset4", {})
    outputs = cell.get("outputs", [])
    images = [_image(output.get("data", {}).get("image/png")) for output in outputs]
    return NotebookCell(
        index=index,
        kind=str(cell.get("cell_type", "")),
        source=_text(cell.get("source", "")),
        part=str(facts.get("part", "")),
        role=str(facts.get("kind", "")),
        printed=_shortened("".join(_words(output) for output in outputs)),
        images=tuple(image for image in images if image),
    )


def _words(output: dict[str, Any]) -> str:
    kind = output.get("output_type")
    if kind == "stream" and output.get("name") == "stdout":
        return _text(output.get("text", ""))
    data = output.get("data", {})
    if kind == "execute_result" and "image/png" not in data:
        value = _text(data.get("text/plain", ""))
        return "" if value.startswith("<") else value + "\n"
    return ""


def _image(encoded: object) -> bytes:
    try:
        return base64.b64decode(_text(encoded)) if encoded else b""
    except binascii.Error:
        return b""


def _text(value: object) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


def _shortened(text: str) -> str:
    # A progress bar rewrites its line: only what stood there last counts.
    lines = [line.rsplit("\r", 1)[-1] for line in text.strip().split("\n")]
    short = plain("\n".join(lines[:MAX_PRINTED_LINES]))[:MAX_PRINTED_CHARS]
    return short + "\n…" if len(lines) > MAX_PRINTED_LINES else short


def _alike(first: str, second: str) -> bool:
    matcher = difflib.SequenceMatcher(None, first.splitlines(), second.splitlines())
    return min(len(first), len(second)) > 200 and matcher.ratio() >= SAME_CELL

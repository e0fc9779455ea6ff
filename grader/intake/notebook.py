"""Read the cells of a notebook that anybody may have edited by hand. Nothing of it is run."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import nbformat

from grader.intake.limits import MIB, IntakeLimits
from grader.intake.notes import note
from grader.model.notebook_code import within_limits
from grader.model.records import Cell, Note, Severity
from grader.model.text import cell_number, one_line

Json: TypeAlias = "Mapping[str, Json] | list[Json] | str | int | float | bool | None"
"""What `json.loads` returns."""

_KINDS = frozenset({"code", "markdown", "raw"})
_MAX_ID_CHARACTERS = 64
_MAX_COUNT = 2**31
_MAX_ATTACHMENTS = 64
_MAX_VALUES = 5_000_000
_SURROGATE = re.compile("[\ud800-\udfff]")


class NotANotebook(Exception):
    """The file is no notebook; the text says what it is instead, for the end of a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookText:
    """The cells of a notebook file."""

    cells: tuple[Cell, ...]
    """All of them, in order."""
    notes: tuple[Note, ...]
    """What is unusual about them."""
    made_for: str = ""
    """Offering that its metadata names; empty where it names none."""

    @property
    def code_cells(self) -> int:
        """Number of code cells that are not blank."""
        return sum(cell.kind == "code" and bool(cell.source.strip()) for cell in self.cells)

    @property
    def was_run(self) -> bool:
        """Whether any stored count or output says that it was run before it was submitted."""
        return any(cell.execution_count is not None or cell.stored_outputs for cell in self.cells)


def read_notebook(path: Path, limits: IntakeLimits) -> NotebookText:
    """Return the cells of the notebook at `path`, of nbformat 4, 3 or 2.

    Raises:
        NotANotebook: too large, not UTF-8, not JSON, or no notebook.
    """
    size = path.stat().st_size
    if size > limits.notebook_mib * MIB:
        raise NotANotebook(f"{size / MIB:.0f} MiB, more than {limits.notebook_mib:.0f} MiB")
    document = document_of(path.read_bytes())
    raw_cells = document.get("cells")
    if not isinstance(raw_cells, list):
        raise NotANotebook("JSON without a list of cells")
    notes: list[Note] = []
    if len(raw_cells) > limits.max_cells:
        count = len(raw_cells)
        notes.append(note("too-many-cells", Severity.ERROR, count=count, limit=limits.max_cells))
    cells = []
    for index, raw in enumerate(raw_cells[: limits.max_cells]):
        cell = _cell(index, raw)
        if cell is None:
            notes.append(note("malformed-cell", Severity.ERROR, number=cell_number(index)))
        cells.append(cell or _blank(index))
    marked = _marked(cells)
    notes += _about_unread(marked)
    return NotebookText(cells=marked, notes=tuple(notes), made_for=_made_for(document))


def _made_for(document: Mapping[str, Json]) -> str:
    metadata = document.get("metadata")
    ours = metadata.get("pset4") if isinstance(metadata, Mapping) else None
    return one_line(_name(ours.get("assignment"))) if isinstance(ours, Mapping) else ""


def _marked(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """Return the cells, those marked whose code is too much to be read."""
    code = [cell for cell in cells if cell.kind == "code"]
    reads = dict(zip((c.index for c in code), within_limits(c.source for c in code), strict=True))
    return tuple(
        cell if reads.get(cell.index, True) else replace(cell, unread=True) for cell in cells
    )


def _about_unread(cells: Sequence[Cell]) -> Iterator[Note]:
    unread = [cell for cell in cells if cell.unread]
    if unread:
        found = {"number": cell_number(unread[0].index), "count": len(unread)}
        code = "code-not-read.one" if len(unread) == 1 else "code-not-read.several"
        yield note(code, Severity.WARNING, **found)


def document_of(data: bytes) -> Mapping[str, Json]:
    """Return the JSON of a notebook file as nbformat 4.

    Raises:
        NotANotebook: not UTF-8, not JSON, or no notebook.
    """
    if not data.strip():
        raise NotANotebook("an empty file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotANotebook("text that is not in UTF-8") from error
    # Each is an object of some 60 bytes: 100 MiB of "[],[],..." would fill 3 GB.
    if data.count(b",") + data.count(b"[") + data.count(b"{") > _MAX_VALUES:
        raise NotANotebook(f"JSON of more than {_MAX_VALUES // 1_000_000} million values")
    try:
        document: Json = json.loads(text)
    except (ValueError, RecursionError) as error:
        kind = "an HTML page" if text.lstrip().startswith("<") else "text that is not JSON"
        raise NotANotebook(kind) from error
    if not isinstance(document, Mapping):
        raise NotANotebook("JSON that is not a notebook")
    major = document.get("nbformat")
    if major == 4:
        return document
    if major in (2, 3):  # it may be a list, which no set can look for
        return _converted(text)
    # `repr` spells out control and direction characters.
    stated = repr(major)[:20] if isinstance(major, int | float | str) else "without a number"
    raise NotANotebook(f"JSON with nbformat {stated} (only 2, 3, and 4 can be read)")


def _converted(text: str) -> Mapping[str, Json]:
    """Return an old notebook as nbformat 4. It has no cell ids; those that nbformat draws go."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            new = nbformat.convert(nbformat.reader.reads(text), 4)  # type: ignore[no-untyped-call]
    except Exception as error:  # the library has no error of its own for what is hand-made
        raise NotANotebook("a damaged notebook of nbformat 2 or 3") from error
    for cell in new["cells"]:
        cell.pop("id", None)
    found: Mapping[str, Json] = new
    return found


def _cell(index: int, raw: Json) -> Cell | None:
    """Return one cell, or None where it has no text that can be read."""
    if not isinstance(raw, Mapping):
        return None
    source = source_of(raw.get("source"))
    kind = raw.get("cell_type")
    if source is None or not isinstance(kind, str) or kind not in _KINDS:
        return None
    metadata = raw.get("metadata")
    if not isinstance(metadata, Mapping):
        metadata = {}
    count = raw.get("execution_count")
    outputs = raw.get("outputs")
    ours = metadata.get("pset4")
    return Cell(
        index=index,
        cell_id=_name(metadata.get("id")) or _name(raw.get("id")),
        kind=kind,
        source=source,
        execution_count=count_of(count),
        stored_outputs=len(outputs) if isinstance(outputs, list) else 0,
        stored_error=_stored_error(outputs),
        part_id=_name(ours.get("part")) if isinstance(ours, Mapping) else "",
        attachments=_attachments(raw.get("attachments")),
    )


def _attachments(value: Json) -> tuple[str, ...]:
    """Return the names of pasted pictures; one that UTF-8 cannot hold no text can name."""
    names = list(value)[:_MAX_ATTACHMENTS] if isinstance(value, Mapping) else []
    return tuple(name for name in names if name and not _SURROGATE.search(name))


def _blank(index: int) -> Cell:
    return Cell(
        index=index, cell_id="", kind="raw", source="", execution_count=None, stored_outputs=0
    )


def source_of(value: Json) -> str | None:
    """Return a cell's text, which a file holds as one string or as a list of lines."""
    if isinstance(value, str):
        text = value
    elif isinstance(value, list):
        lines = [line for line in value if isinstance(line, str)]
        if len(lines) != len(value):
            return None
        text = "".join(lines)
    else:
        return None
    return _encodable(text.replace("\r\n", "\n").replace("\r", "\n"))


def _stored_error(outputs: Json) -> str:
    """Return the class of the exception among stored outputs; empty for none."""
    for output in outputs if isinstance(outputs, list) else []:
        if isinstance(output, Mapping) and output.get("output_type") == "error":
            return _name(output.get("ename")) or "Exception"
    return ""


def count_of(value: Json) -> int | None:
    """Return a cell's count of its last run; None where it holds none that a kernel could give."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_COUNT:
        return value
    return None


def _name(value: Json) -> str:
    return _encodable(value)[:_MAX_ID_CHARACTERS] if isinstance(value, str) else ""


def _encodable(text: str) -> str:
    """Replace lone surrogates: JSON may hold them, UTF-8 may not."""
    return _SURROGATE.sub("\ufffd", text)

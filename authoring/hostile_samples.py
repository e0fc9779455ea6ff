"""Hostile and broken submissions: from `submissions/hostile/ID/` to a zip.

    expect.toml   the verdict that it must get (`Expectation`)
    cells.py      cells put into a small honest notebook, in percent format, or
    build.py      `build(target)`, which writes the zip itself

A cell of `cells.py` starts with a line that says where it goes; `[markdown]` behind it makes a
markdown cell of its comment lines:

    # %% first             at the top
    # %% last              at the end
    # %% after CELLID      behind a cell of the base notebook
    # %% replace CELLID    in the place of one

The base notebook holds the solved layer functions only, so that a grade costs one kernel start.
"""

from __future__ import annotations

import io
import re
import runpy
import tomllib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nbformat import NotebookNode, v4
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pypdf import PdfWriter

from grader.model.records import Limits, Outcome
from grader.offering.notebooks import make_solved, read_master, to_text
from reference.errors import ConfigError

HOSTILE = Path(__file__).resolve().parents[1] / "submissions" / "hostile"
"""The folder of the corpus."""
HONEST = "honest"
"""The case whose points no other may exceed: the base notebook as it is."""
ZIP_DATE = (2021, 3, 31, 20, 0, 0)
"""Date of every file of a zip: the zips must not depend on when they were made."""
IMPORTS_ID = "imports"
"""Id of the base notebook's first cell."""
LAYER_CELLS = ("p1a-conv-fwd", "p1b-pool-fwd", "p3ab-conv-bw", "p3d-pool-bw-")
"""Ids of its other cells, which are those of the solved notebook."""

_HEADER = re.compile(
    r"^# %% (?:(first|last)|(after|replace) (\S+))( \[markdown\])?\s*$", re.MULTILINE
)


class ExpectedPart(BaseModel):
    """What one part must get."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    outcome: Outcome
    """Of the part as a whole."""
    points: float | Literal["full", "zero"]
    """Points without a person's."""


class Expectation(BaseModel):
    """An `expect.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    """What is hostile about it, in one line."""
    note: int = Field(ge=0, le=99)
    """Number of its row in the list of attacks it was taken from; 0 for one of our own."""
    stage: Literal["intake", "grade"]
    """`intake` reads the zip, aligns it and reads the report; `grade` is the whole pipeline."""
    exit: Literal[0, 2, 3]
    """0 graded, 2 refused, 3 fault of the grader."""
    sentence: str | tuple[str, ...] = ()
    """Texts that must each occur in the refusal, or in what the student or staff are told."""
    parts: Mapping[str, ExpectedPart] = {}
    """By part id; parts that are not named may get anything up to the honest twin's points."""
    cells: Mapping[str, Outcome] = {}
    """By the id of a base cell, or the place of a cell in `cells.py`, from 0."""
    notes: tuple[str, ...] = ()
    """Codes of notes about hand-in or run that must be there."""
    absent: tuple[str, ...] = ()
    """Texts that no page, note or message may hold."""
    zip_name: str = ""
    """File name of the zip where it matters; else the id and `.zip`."""
    limits: Mapping[str, float] = {}
    """Fields of `Limits` that differ from the default, so that a case ends soon."""
    quick: bool = False
    """Whether the test suite runs it, where `stage` is `grade`."""
    skip_without: Literal["", "gpu"] = ""
    """What the machine must have."""

    @property
    def sentences(self) -> tuple[str, ...]:
        """All texts of `sentence`."""
        return (self.sentence,) if isinstance(self.sentence, str) else self.sentence

    @model_validator(mode="after")
    def _fits_the_stage(self) -> Expectation:
        if self.exit != 0 and (self.parts or self.cells or self.notes):
            raise ValueError("what is not graded has no parts, cells or notes to expect")
        if self.exit != 0 and not self.sentences:
            raise ValueError("a refusal needs the sentence that it must hold")
        if self.stage == "intake" and (self.parts or self.cells or self.limits):
            raise ValueError("parts, cells and limits need the stage `grade`")
        unknown = set(self.limits) - set(Limits.__dataclass_fields__)
        if unknown:
            raise ValueError(f"no such limits: {sorted(unknown)}")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileNotebook:
    """The notebook of a `cells.py`."""

    notebook: NotebookNode
    """Base and hostile cells."""
    places: Mapping[str, int]
    """Index of each cell by the name that `Expectation.cells` calls it."""


def hostile_names(root: Path = HOSTILE) -> tuple[str, ...]:
    """Return the ids of all cases, sorted, the honest one first."""
    names = sorted(path.parent.name for path in root.glob("*/expect.toml"))
    return tuple(sorted(names, key=lambda name: name != HONEST))


def read_hostile(name: str, root: Path = HOSTILE) -> Expectation:
    """Read the `expect.toml` of a case.

    Raises:
        ConfigError: it is missing, or is not well-formed.
    """
    path = root / name / "expect.toml"
    try:
        return Expectation.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise ConfigError(f"{path}: expected the file of a hostile case, found none.") from None
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise ConfigError(f"{path}: {error}") from error


def build_hostile(name: str, target: Path, root: Path = HOSTILE) -> Path:
    """Write the zip of a case to `target`; return `target`. The same sources give the same bytes.

    Raises:
        ConfigError: the case has neither `cells.py` nor `build.py`, or a cell names no place.
    """
    folder = root / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if (folder / "build.py").is_file():
        runpy.run_path(str(folder / "build.py"))["build"](target)
        return target
    files = {
        "pset4.ipynb": to_text(hostile_notebook(name, root).notebook).encode(),
        "report.pdf": _blank_pdf(),
    }
    with zipfile.ZipFile(target, "w") as archive:
        for path, data in files.items():
            archive.writestr(zipfile.ZipInfo(path, ZIP_DATE), data, zipfile.ZIP_DEFLATED)
    return target


def _blank_pdf() -> bytes:
    """Return a report of one page with nothing on it."""
    writer = PdfWriter()
    writer.add_blank_page(width=595, height=842)
    sink = io.BytesIO()
    writer.write(sink)
    return sink.getvalue()


def base_notebook() -> NotebookNode:
    """Return the notebook that hostile cells are put into: the solved layers, nothing else."""
    notebook = make_solved(read_master())
    by_id = {cell.metadata.id: cell for cell in notebook.cells}
    imports = v4.new_code_cell(  # type: ignore[no-untyped-call]
        "import numpy as np", id=IMPORTS_ID, metadata={"id": IMPORTS_ID}
    )
    notebook.cells = [imports, *(by_id[cell_id] for cell_id in LAYER_CELLS)]
    # As after a run: a notebook that was never run is a case of its own.
    for count, cell in enumerate(notebook.cells, start=1):
        cell.execution_count = count
    return notebook


def hostile_notebook(name: str, root: Path = HOSTILE) -> HostileNotebook:
    """Return the notebook of a case that is given by `cells.py`.

    Raises:
        ConfigError: there is no such file, or one of its cells names no place.
    """
    path = root / name / "cells.py"
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path}: expected cells.py or build.py, found neither.") from None
    notebook = base_notebook()
    found = list(_HEADER.finditer(text))
    if len(found) != len(re.findall(r"^# %%", text, re.MULTILINE)):
        raise ConfigError(
            f"{path}: a cell's first line says no place (first, last, after, replace)"
        )
    ends = [*(match.start() for match in found), len(text)][1:]
    for index, (match, end) in enumerate(zip(found, ends, strict=True)):
        cell = _cell(index, text[match.end() : end].strip("\n"), markdown=bool(match[4]))
        _put(cell, match, notebook, path)
    places = {cell.metadata.id: index for index, cell in enumerate(notebook.cells)}
    named = {str(index): places.get(_hostile_id(index)) for index in range(len(found))}
    for index, match in enumerate(found):
        if match[2] == "replace":
            named[str(index)] = places[match[3]]
    return HostileNotebook(
        notebook=notebook,
        places=places | {name: place for name, place in named.items() if place is not None},
    )


def _hostile_id(index: int) -> str:
    return f"hostile-{index}"


def _cell(index: int, source: str, *, markdown: bool) -> NotebookNode:
    cell_id = _hostile_id(index)
    if markdown:
        lines = [line.removeprefix("#").removeprefix(" ") for line in source.split("\n")]
        made: NotebookNode = v4.new_markdown_cell(  # type: ignore[no-untyped-call]
            "\n".join(lines), id=cell_id, metadata={"id": cell_id}
        )
        return made
    made = v4.new_code_cell(source, id=cell_id, metadata={"id": cell_id})  # type: ignore[no-untyped-call]
    made.execution_count = 1
    return made


def _put(cell: NotebookNode, header: re.Match[str], notebook: NotebookNode, path: Path) -> None:
    """Put a cell where its header says; one that replaces another takes over its id and marks."""
    if header[1]:
        notebook.cells.insert(0 if header[1] == "first" else len(notebook.cells), cell)
        return
    ids = [other.metadata.id for other in notebook.cells]
    if header[3] not in ids:
        raise ConfigError(f"{path}: expected one of {ids}, found {header[3]!r}")
    place = ids.index(header[3])
    if header[2] == "after":
        notebook.cells.insert(place + 1, cell)
        return
    old = notebook.cells[place]
    cell.id, cell.metadata = old.id, old.metadata
    notebook.cells[place] = cell

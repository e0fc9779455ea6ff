"""A change of form: a function from what is handed in to the same, written differently."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Literal

import nbformat
from nbformat import NotebookNode

BUILTINS = "builtins"
"""Zone of changes that hide Python's `sum` and its like, or call them."""
Depth = Literal["short", "attacks"]
"""How much of a notebook is run: `short` ends before Problem 4, whose runs take the time;
`attacks` ends before 4(d)."""


@dataclass(slots=True, kw_only=True)
class Draft:
    """What a student is about to hand in. A change of form gets a copy and changes that."""

    notebook: NotebookNode
    """Cells have ids in their metadata, as in Colab."""
    files: dict[str, bytes] = field(default_factory=dict)
    """Other files of the zip, by path."""
    notebook_path: str = "pset4.ipynb"
    """Where the notebook lies in the zip."""
    encode: Callable[[str], bytes] = str.encode
    """From the notebook's JSON to the bytes of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One change of form."""

    id: str
    """Unique; named in the table where it is missed."""
    kind: str
    """Row of the table that it is counted in."""
    change: Callable[[Draft], None]
    """Changes the draft in place."""
    depths: tuple[Depth, ...] = ("short",)
    """Notebooks that it is tried on; `attacks` for what concerns attacks."""
    zone: str = ""
    """What it touches, several after `|`: forms with one in common cannot be composed."""

    attempts: str = ""
    """Part that it adds an attempt at; empty for none."""

    @property
    def zones(self) -> frozenset[str]:
        """What it touches."""
        return frozenset(self.zone.split("|") if self.zone else ())


def depths(name: str, with_attacks: Collection[str]) -> tuple[Depth, ...]:
    """Both, where the name is among those of `with_attacks`; else the short one."""
    return ("short", "attacks") if name in with_attacks else ("short",)


def changed(draft: Draft, forms: Iterable[Form]) -> Draft:
    """Return a copy of the draft with all the changes."""
    result = copy.deepcopy(draft)
    for form in forms:
        form.change(result)
    return result


def code_cells(draft: Draft) -> list[NotebookNode]:
    """The code cells, in order."""
    return [cell for cell in draft.notebook.cells if cell.cell_type == "code"]


def new_cell(source: str, kind: str = "code") -> NotebookNode:
    """A cell that the student has added."""
    cell: NotebookNode = (
        nbformat.v4.new_code_cell(source)  # type: ignore[no-untyped-call]
        if kind == "code"
        else nbformat.v4.new_markdown_cell(source)  # type: ignore[no-untyped-call]
    )
    return cell


def each_source(change: Callable[[str], str]) -> Callable[[Draft], None]:
    """The same change of the text of every code cell."""

    def apply(draft: Draft) -> None:
        for cell in code_cells(draft):
            cell.source = change(cell.source)

    return apply


def at_start(*sources: str) -> Callable[[Draft], None]:
    """Cells in front of all others."""

    def apply(draft: Draft) -> None:
        draft.notebook.cells[:0] = [new_cell(source) for source in sources]

    return apply


def at_end(*sources: str) -> Callable[[Draft], None]:
    """Cells behind all others."""

    def apply(draft: Draft) -> None:
        draft.notebook.cells += [new_cell(source) for source in sources]

    return apply


def after_setup(*sources: str) -> Callable[[Draft], None]:
    """Cells right behind the one that imports torch."""

    def apply(draft: Draft) -> None:
        place = next(
            index
            for index, cell in enumerate(draft.notebook.cells)
            if cell.cell_type == "code" and "import torch" in cell.source
        )
        draft.notebook.cells[place + 1 : place + 1] = [new_cell(source) for source in sources]

    return apply


def in_setup(*, before: str = "", after: str = "") -> Callable[[Draft], None]:
    """Lines inside the cell that imports torch, in front of or behind what is there."""

    def apply(draft: Draft) -> None:
        cell = next(cell for cell in code_cells(draft) if "import torch" in cell.source)
        cell.source = "\n".join(text for text in (before, cell.source, after) if text)

    return apply


def between_all(source: str) -> Callable[[Draft], None]:
    """The same cell behind every code cell."""

    def apply(draft: Draft) -> None:
        cells = []
        for cell in draft.notebook.cells:
            cells.append(cell)
            if cell.cell_type == "code":
                cells.append(new_cell(source))
        draft.notebook.cells = cells

    return apply

"""The corpus: answers that are wrong (mutants) and answers that are right but look different.

A file of `cases/` is one family. It is split into cases by header lines:

    # %% mutant conv-flipped-backward | loses 3a, 3b | says "the other way round"
    # %% variant conv-by-fft
    # %% held features-two-only | waits 4d | says "for the others"

A case's code takes the place of the notebook's cells that bind the same names, or changes one cell:

    # @ p4b-attack-0
    # - model, batch_tensor, 282
    # + model, batch_tensor, 281

A case runs and is judged on the parts that share code with what it changes: on one attack only, or
on convolution without pooling. `| runs 4a, 4b, 4e` has it run others too, to see that they keep
their points.
"""

from __future__ import annotations

import ast
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Literal, cast

import nbformat

from grader.model.notebook_code import names_bound

ROOT = Path(__file__).parents[2]
CASES = Path(__file__).parent / "cases"
SOLVED = ROOT / "grader/model/offerings/pset4_sp21/solved.ipynb"

Kind = Literal["mutant", "variant", "held"]

_HEADER = re.compile(r"^# %% (mutant|variant|held) (\S+)(.*)$")
_PICTURES = re.compile(r"^(show_images|original_image)\b.*\n", re.MULTILINE)
"""Lines of figure cells that draw pictures, or need the figure of another part."""
_OPTION = re.compile(r'\| (loses|waits|says|may-wait|runs) ("[^"]*"|[^|]*)')


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Cases that need the same cells of the notebook and are judged on the same parts."""

    name: str
    cells: tuple[str, ...]
    """Ids of the notebook's cells that are run."""
    parts: tuple[str, ...]
    """Parts that are looked at."""
    steps: int = 200
    """Steps of each attack: fewer than the course's save time; like is compared with like."""
    own_cells: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By part: cells that only this part needs, or others with the same cells here."""
    alike: tuple[str, ...] = ()
    """Parts that call the same code of the notebook: `make test` asks one of them about it."""
    per_process: int = 120
    """Cases that one process grades, about a minute's: so that cores can share a family."""


_LAYERS = (
    "p0-setup-000",
    "p1a-conv-fwd",
    "p1b-pool-fwd",
    "p3ab-conv-bw",
    "p3d-pool-bw-",
)
_CONVOLUTION = ("p1a-conv-fwd", "p3ab-conv-bw")
_POOLING = ("p1b-pool-fwd", "p3d-pool-bw-")
_NETWORK = (
    "p0-setup-000",
    "p2-classes-0",
    "p2a-random-0",
    "p2a-answer-0",
    "p2b-corgi-00",
    "p2b-helpers-",
    "p2b-predict-",
    "p2c-load-000",
    "p2c-prob-000",
    "p2c-predict-",
)
_ATTACK = (
    "p0-setup-000",
    "p2-classes-0",
    "p2b-corgi-00",
    "p2b-helpers-",
    "p2c-load-000",
    "p2c-prob-000",
    "p4a-generate",
    "p4a-step-000",
)

FAMILIES = {
    family.name: family
    for family in (
        Family(
            name="layers",
            cells=_LAYERS,
            parts=("1a", "1b", "3a", "3b", "3d"),
            own_cells={
                **dict.fromkeys(("1a", "3a", "3b"), _CONVOLUTION),
                **dict.fromkeys(("1b", "3d"), _POOLING),
            },
        ),
        Family(name="predictions", cells=_NETWORK, parts=("2a", "2b", "2c")),
        Family(
            name="attacks",
            cells=(
                *_ATTACK,
                "p4a-attack-0",
                "p4b-attack-0",
                "p4a-figure-0",
                "p4b-figure-0",
                "p4e-load-000",
                "p4e-attack-0",
                "p4e-figure-0",
            ),
            parts=("4a", "4b", "4e"),
            steps=20,
            own_cells={
                "4a": ("p4a-attack-0", "p4a-figure-0"),
                "4b": ("p4b-attack-0", "p4b-figure-0"),
                "4e": ("p4e-load-000", "p4e-attack-0", "p4e-figure-0"),
            },
            alike=("4a", "4b", "4e"),
            per_process=30,
        ),
        Family(
            name="features",
            cells=(
                *_ATTACK,
                "p4ab-show-00",
                "p4d-layers-0",
                "p4d-run-1-00",
                "p4d-run-2-00",
                "p4d-run-3-00",
            ),
            parts=("4d",),
            steps=20,
            per_process=12,
        ),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A change of one cell."""

    cell_id: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One answer and the verdict that it must get."""

    family: str
    id: str
    kind: Kind
    code: str = ""
    """Takes the place of cells that bind the same names."""
    edits: tuple[Edit, ...] = ()
    loses: tuple[str, ...] = ()
    """Parts that must lose points (mutants)."""
    waits: tuple[str, ...] = ()
    """Parts that must wait for a person (held)."""
    says: str = ""
    """Regular expression that the message or the codes of each such part must match."""
    runs: tuple[str, ...] = ()
    """Parts that are run and judged, where they are more than those whose cells are changed."""
    names: frozenset[str] = field(default=frozenset())
    """Names that `code` binds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookCell:
    """A cell of the notebook that a case is run in."""

    cell_id: str
    kind: str
    source: str


def hand_made() -> tuple[Case, ...]:
    """Every case of every file."""
    return tuple(case for path in sorted(CASES.glob("*.py")) for case in _parse(path))


def base_cells(family: Family) -> tuple[NotebookCell, ...]:
    """The solved notebook's cells for a family, with its number of steps."""
    return _base_cells(family.name)


@cache
def _base_cells(name: str) -> tuple[NotebookCell, ...]:
    family = FAMILIES[name]
    notebook = nbformat.read(SOLVED, as_version=4)  # type: ignore[no-untyped-call]
    by_id = {cell.metadata.get("id", ""): cell for cell in notebook.cells}
    cells = []
    for cell_id in family.cells:
        source = _shortened(by_id[cell_id].source, family)
        if "-figure-" in cell_id:
            source = _PICTURES.sub("", source)
        kind = by_id[cell_id].cell_type
        cells += [
            NotebookCell(cell_id=cell_id, kind=kind, source=piece)
            for piece in (_functions(source) if kind == "code" else [source])
        ]
    return tuple(cells)


def _shortened(source: str, family: Family) -> str:
    source = source.replace("n_iter=200", f"n_iter={family.steps}")
    return source.replace("steps=200", f"steps={family.steps}").replace(
        "range(200)", f"range({family.steps})"
    )


def _functions(source: str) -> list[str]:
    """The functions of a cell that holds nothing else, one by one; else the cell."""
    tree = ast.parse(source)
    if not all(isinstance(node, ast.FunctionDef) for node in tree.body):
        return [source]
    return [ast.get_source_segment(source, node) or "" for node in tree.body]


def parts_of(case: Case) -> tuple[str, ...]:
    """The parts that the case is judged on: those it changes, where no other can notice."""
    family = FAMILIES[case.family]
    changed = changed_cells(case)
    parts = tuple(part for part, cells in family.own_cells.items() if changed & set(cells))
    alone = changed <= {cell for part in parts for cell in family.own_cells[part]}
    return case.runs or (parts if changed and alone else family.parts)


def briefly(case: Case) -> Case:
    """The case on one of the parts that share the code it changes, another one for each case.

    `make test` has time for one; `make accuracy` grades all of them.
    """
    alike = FAMILIES[case.family].alike
    marked = case.loses or case.waits or alike
    able = tuple(part for part in alike if part in marked)
    if case.runs or not able or set(parts_of(case)) != set(alike):
        return case
    return replace(case, runs=(able[zlib.crc32(case.id.encode()) % len(able)],))


def changed_cells(case: Case) -> set[str]:
    """Ids of the cells that the case edits, or whose functions its code replaces."""
    replaced = {
        cell.cell_id
        for cell in base_cells(FAMILIES[case.family])
        if cell.kind == "code" and case.names & names_bound(cell.source)
    }
    return replaced | {edit.cell_id for edit in case.edits}


def cells_of(case: Case, base: tuple[NotebookCell, ...]) -> tuple[NotebookCell, ...]:
    """The notebook with the case's answer in place of the solved one, less parts not judged."""
    parts, own = parts_of(case), FAMILIES[case.family].own_cells
    left_out = {cell for part, cells in own.items() if part not in parts for cell in cells}
    changed, placed = [], not case.code
    for cell in base:
        if cell.cell_id in left_out:
            continue
        source = _edited(case, cell)
        replaced = cell.kind == "code" and case.names & names_bound(source)
        if replaced and placed:
            continue
        if replaced:
            source, placed = _shortened(case.code, FAMILIES[case.family]), True
        changed.append(NotebookCell(cell_id=cell.cell_id, kind=cell.kind, source=source))
    if not placed:
        changed.append(NotebookCell(cell_id="", kind="code", source=case.code))
    return tuple(changed)


def _edited(case: Case, cell: NotebookCell) -> str:
    source = cell.source
    for edit in case.edits:
        if edit.cell_id == cell.cell_id:
            if edit.old not in source:
                raise ValueError(f"{case.id}: {edit.old!r} is not in cell {cell.cell_id}")
            source = source.replace(edit.old, edit.new)
    return source


def _parse(path: Path) -> list[Case]:
    blocks: list[tuple[re.Match[str], list[str]]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        header = _HEADER.match(line)
        if header:
            blocks.append((header, []))
        elif line.startswith("# %%"):
            raise ValueError(f"{path.name}: not a header of a case: {line}")
        elif blocks:
            blocks[-1][1].append(line)
    return [_case(path.stem.partition("_")[0], header, lines) for header, lines in blocks]


def _case(family: str, header: re.Match[str], lines: list[str]) -> Case:
    kind, name, rest = header.groups()
    options = {key: value.strip().strip('"') for key, value in _OPTION.findall(rest)}
    edits, code = _split(lines)
    return Case(
        family=family,
        id=name,
        kind=cast("Kind", kind),
        code=code,
        edits=edits,
        loses=_listed(options.get("loses", "")),
        waits=_listed(options.get("waits", "")),
        says=options.get("says", ""),
        runs=_listed(options.get("runs", "")),
        names=names_bound(code) if code else frozenset(),
    )


def _split(lines: list[str]) -> tuple[tuple[Edit, ...], str]:
    edits: list[Edit] = []
    code: list[str] = []
    old: list[str] = []
    new: list[str] = []
    cell = ""

    def close() -> None:
        if cell and old:
            edits.append(Edit(cell_id=cell, old="\n".join(old), new="\n".join(new)))
        old.clear()
        new.clear()

    for line in lines:
        if line.startswith("# @ "):
            close()
            cell = line[4:].strip()
        elif line.startswith("# - ") and cell:
            if new:
                close()
            old.append(line[4:])
        elif line.startswith("# + ") and cell:
            new.append(line[4:])
        else:
            code.append(line)
    close()
    return tuple(edits), "\n".join(code).strip() + "\n" if "".join(code).strip() else ""


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())

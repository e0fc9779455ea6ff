"""Whether a master says of each cell what the grader has to know, before notebooks are made of it.

A cell that was added in Jupyter has no `metadata.pset4`, and a part that was dropped leaves its
cells behind: neither is seen in the notebook, and both cost students their points.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.model.offering_files import TOML
from reference.errors import ConfigError

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


def check_master(master: NotebookNode, folder: Path) -> None:
    """Refuse a master that does not go with the parts of its offering.

    Args:
        master: As read.
        folder: Of the offering; its `assignment.toml` has the parts.

    Raises:
        ConfigError: a cell does not say to which part it belongs, or names a part or a kind that
            there is not; two cells have one id; a part has no cell; or the file cannot be read.
    """
    parts, problems = _parts_and_problems(folder)
    served = set()
    for place, cell in enumerate(master.cells, start=1):
        where = f"{folder.name}/master.ipynb: cell {place} ({_beginning(cell)})"
        mark = cell.metadata.get("pset4")
        if not isinstance(mark, dict) or "part" not in mark:
            raise ConfigError(
                f"{where}: expected its metadata to say to which part it belongs, such as "
                '"pset4": {"part": "1a", "kind": "todo"}, found none'
            )
        for part in (mark["part"], *mark.get("parts", ())):
            if part not in (*parts, *problems, SETUP):
                raise ConfigError(
                    f"{where}: metadata.pset4: expected a part or a problem of {TOML}, or "
                    f'"{SETUP}", found {part!r}'
                )
            served.add(part)
        if mark.get("kind") not in KINDS:
            raise ConfigError(
                f"{where}: metadata.pset4.kind: expected one of {', '.join(KINDS)}, "
                f"found {mark.get('kind')!r}"
            )
    ids = Counter(cell.metadata.get("id", "") for cell in master.cells)
    twice = [name for name, count in ids.items() if count > 1]
    if twice:
        raise ConfigError(
            f"{folder.name}/master.ipynb: metadata.id: expected another for each cell, found "
            f"{twice[0]!r} twice"
        )
    lacking = [part for part in parts if part not in served]
    if lacking:
        raise ConfigError(
            f"{folder.name}/master.ipynb: expected a cell of part {lacking[0]} "
            f'("pset4": {{"part": "{lacking[0]}", …}}), found none'
        )


def _beginning(cell: NotebookNode) -> str:
    return repr(cell.source.strip().split("\n")[0][:40])


def _parts_and_problems(folder: Path) -> tuple[list[str], list[str]]:
    path = folder / TOML
    try:
        table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        parts = [str(part["id"]) for part in table["parts"]]
        return parts, [str(problem["number"]) for problem in table["problems"]]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: expected TOML in UTF-8, found: {error}") from error
    except (KeyError, TypeError) as error:
        raise ConfigError(f"{path}: expected [[problems]] and [[parts]], lacks {error}") from error

"""Cells split, joined, doubled, in another order, without markdown, ids or metadata."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Callable, Iterator

from nbformat import NotebookNode

from tests.accuracy.forms.bindings import LAYER_FUNCTIONS, definitions
from tests.accuracy.forms.form import Draft, Form, code_cells, depths, new_cell

_MAGIC_LINE = re.compile(r"^[%!].*$", re.MULTILINE)
WITH_ATTACKS = (
    "split-by-statement", "join-all", "join-neighbors", "code-only-with-answers", "no-ids",
    "new-ids", "same-id", "empty-cells-between",
)  # fmt: skip
"""Changes that are tried on the cells of the attacks too."""
KEPT_TEXT = re.compile(r"\*\*Answer|\d{4}")
"""Markdown that answers a question."""


def by_cells() -> Iterator[Form]:
    """Every form of this file."""
    cuts: dict[str, Callable[[Draft], None]] = {
        "split-by-statement": _split_all,
        "join-all": _join_all,
        "join-neighbors": _join_runs,
        "join-layers": _join_layers,
        "double-each": _double_each,
        "double-notebook": _double_notebook,
        "layers-first": _layers_moved(first=True),
        "layers-last": _layers_moved(first=False),
        "layers-behind-setup-in-one": _layers_behind_setup,
        "problem-3-before-2": _problem_3_first,
        "answers-last": _markdown_last,
        "no-headings": _without_headings,
        "code-only-with-answers": _code_and_answers,
    }
    for name, change in cuts.items():
        # In front of what they need, the layers cannot be asked where that is deleted at the end.
        zone = "cells|end" if name == "layers-first" else "cells"
        yield Form(
            id=f"cells-{name}",
            kind="layer cells" if "layers" in name else "cells",
            change=change,
            depths=depths(name, WITH_ATTACKS),
            zone=zone,
        )
    dressed: dict[str, Callable[[Draft], None]] = {
        "no-ids": _each_metadata(lambda _, __: {}),
        "same-id": _each_metadata(lambda _, __: {"id": "aaaaaaaaaaaa"}),
        "new-ids": _each_metadata(lambda _, place: {"id": f"Zq{place:010d}"}),
        "colab-metadata": _each_metadata(_colab),
        "tags": _each_metadata(lambda old, _: {**old, "tags": ["hide-input", "skip"]}),
        "collapsed": _each_metadata(lambda old, _: {**old, "collapsed": True, "scrolled": False}),
        "counts": _counts,
        "empty-cells-between": _empty_cells,
        "raw-cells-between": _raw_cells,
        "no-notebook-metadata": _no_notebook_metadata,
        "comment-cells": _comment_cells,
        "old-kernel": _old_kernel,
        "outputs": _outputs("stream", name="stdout", text="done\n"),
        "old-errors": _outputs("error", ename="NameError", evalue="name 'np'", traceback=[]),
    }
    for name, change in dressed.items():
        yield Form(
            id=f"cells-{name}",
            kind="cells: what is around them",
            change=change,
            depths=depths(name, WITH_ATTACKS),
            zone="metadata",
        )


def statements(source: str) -> list[str]:
    """The cell's text, cut in front of each statement at its top level; whole if no Python."""
    try:
        tree = ast.parse(_MAGIC_LINE.sub("pass", source))
    except SyntaxError:
        return [source]
    starts = [
        min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", ()))]) - 1
        for node in tree.body
    ]
    # Two statements in one line stay together.
    starts = sorted({0, *starts[1:]})
    lines = source.split("\n")
    ends = [*starts[1:], len(lines)]
    return ["\n".join(lines[a:b]).strip("\n") for a, b in zip(starts, ends, strict=True)]


def _split_all(draft: Draft) -> None:
    cells = []
    for cell in draft.notebook.cells:
        if cell.cell_type != "code":
            cells.append(cell)
            continue
        first, *others = [piece for piece in statements(cell.source) if piece] or [""]
        cell.source = first
        cells += [cell, *map(new_cell, others)]
    draft.notebook.cells = cells


def _join_all(draft: Draft) -> None:
    text = [cell for cell in draft.notebook.cells if cell.cell_type != "code"]
    draft.notebook.cells = [*text[:1], *_joined(code_cells(draft)), *text[1:]]


def _join_runs(draft: Draft) -> None:
    """Code cells between two texts become one."""
    draft.notebook.cells = _joined(draft.notebook.cells)


def _joined(before: list[NotebookNode]) -> list[NotebookNode]:
    """Neighbors that are code become one; what stands behind a cell magic would belong to it."""
    cells: list[NotebookNode] = []
    for cell in before:
        both = bool(cells) and cells[-1].cell_type == cell.cell_type == "code"
        if both and not any(one.source.startswith("%%") for one in (cells[-1], cell)):
            cells[-1].source += "\n\n" + cell.source
        else:
            cells.append(cell)
    return cells


def _is_layer(cell: NotebookNode) -> bool:
    names = {one.name for _, _, one in definitions(cell.source)}
    return cell.cell_type == "code" and bool(names & set(LAYER_FUNCTIONS[:5]))


def _join_layers(draft: Draft) -> None:
    """All layer functions in the last one's cell."""
    layers = [cell for cell in draft.notebook.cells if _is_layer(cell)]
    layers[-1].source = "\n\n\n".join(cell.source for cell in layers)
    dropped = {id(cell) for cell in layers[:-1]}
    draft.notebook.cells = [c for c in draft.notebook.cells if id(c) not in dropped]


def _double_each(draft: Draft) -> None:
    draft.notebook.cells = [
        copy.deepcopy(cell) if again else cell
        for cell in draft.notebook.cells
        for again in ((False, True) if cell.cell_type == "code" else (False,))
    ]


def _double_notebook(draft: Draft) -> None:
    draft.notebook.cells = [*draft.notebook.cells, *copy.deepcopy(draft.notebook.cells)]


def _layers_moved(*, first: bool) -> Callable[[Draft], None]:
    def apply(draft: Draft) -> None:
        layers = [cell for cell in draft.notebook.cells if _is_layer(cell)]
        others = [cell for cell in draft.notebook.cells if not _is_layer(cell)]
        draft.notebook.cells = [*layers, *others] if first else [*others, *layers]

    return apply


def _layers_behind_setup(draft: Draft) -> None:
    layers = [cell for cell in draft.notebook.cells if _is_layer(cell)]
    others = [cell for cell in draft.notebook.cells if not _is_layer(cell)]
    place = 1 + next(i for i, cell in enumerate(others) if "import torch" in cell.source)
    one = new_cell("\n\n\n".join(cell.source for cell in layers))
    draft.notebook.cells = [*others[:place], one, *others[place:]]


def _problem_3_first(draft: Draft) -> None:
    """Problem 3 in front of Problem 2, as who answers the theory first writes it."""
    cells = draft.notebook.cells
    heads = {
        number: next(
            (i for i, c in enumerate(cells) if c.source.startswith(f"## Problem {number}")), None
        )
        for number in (2, 3, 4)
    }
    two, three, four = heads[2], heads[3], heads[4] or len(cells)
    if two is not None and three is not None:
        draft.notebook.cells = [
            *cells[:two], *cells[three:four], *cells[two:three], *cells[four:]
        ]  # fmt: skip


def _markdown_last(draft: Draft) -> None:
    text = [cell for cell in draft.notebook.cells if cell.cell_type != "code"]
    draft.notebook.cells = [*code_cells(draft), *text]


def _without_headings(draft: Draft) -> None:
    draft.notebook.cells = [
        cell
        for cell in draft.notebook.cells
        if cell.cell_type == "code" or not cell.source.startswith("#")
    ]


def _code_and_answers(draft: Draft) -> None:
    draft.notebook.cells = [
        cell
        for cell in draft.notebook.cells
        if cell.cell_type == "code" or KEPT_TEXT.search(cell.source)
    ]


def _each_metadata(
    change: Callable[[dict[str, object], int], dict[str, object]],
) -> Callable[[Draft], None]:
    def apply(draft: Draft) -> None:
        for place, cell in enumerate(draft.notebook.cells):
            cell.metadata = _node(change(dict(cell.metadata), place))
            cell.pop("id", None)
        draft.notebook.nbformat_minor = 0

    return apply


def _colab(old: dict[str, object], place: int) -> dict[str, object]:
    return {
        "id": old.get("id", f"Zq{place:010d}"),
        "colab": {"base_uri": "https://localhost:8080/", "height": 34},
        "outputId": "6e6f0f0e-0000-4000-8000-000000000000",
        "executionInfo": {"status": "ok", "timestamp": 1617200000000 + place, "user_tz": 240},
    }


def _counts(draft: Draft) -> None:
    """Run in another order, some of them never."""
    for place, cell in enumerate(code_cells(draft)):
        cell.execution_count = None if place % 3 == 0 else 90 - place


def _between(make: Callable[[], NotebookNode]) -> Callable[[Draft], None]:
    def apply(draft: Draft) -> None:
        draft.notebook.cells = [part for cell in draft.notebook.cells for part in (cell, make())]

    return apply


_empty_cells = _between(lambda: new_cell(""))
_comment_cells = _between(lambda: new_cell("# nothing here\n\n#   yet"))


def _raw_cells(draft: Draft) -> None:
    def raw() -> NotebookNode:
        cell = new_cell("raw text", "markdown")
        cell.cell_type = "raw"
        return cell

    _between(raw)(draft)


def _outputs(kind: str, **data: object) -> Callable[[Draft], None]:
    """Stored outputs, the same below every cell."""

    def apply(draft: Draft) -> None:
        for cell in code_cells(draft):
            cell.execution_count = 1
            cell.outputs = [_node({"output_type": kind, **data})]

    return apply


def _no_notebook_metadata(draft: Draft) -> None:
    draft.notebook.metadata = _node({})


def _old_kernel(draft: Draft) -> None:
    draft.notebook.metadata = _node(
        {
            "kernelspec": {"name": "pset-env", "display_name": "Python 3.6", "language": "python"},
            "language_info": {"name": "python", "version": "3.6.9"},
        }
    )


def _node(data: dict[str, object]) -> NotebookNode:
    node: NotebookNode = NotebookNode(data)  # type: ignore[no-untyped-call]
    return node

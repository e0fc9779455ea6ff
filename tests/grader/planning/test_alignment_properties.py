"""Alignment is stable: what is done to other cells does not change where a cell belongs.

Cells are inserted, duplicated, moved and split at random, in notebooks with the template's ids and
in ones that lost them all. The template's similar cells (three attacks, answers that differ in a
letter) are among them, since copies of those are easily taken for each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.model.assignment import load_assignment
from grader.model.notebook_code import names_bound
from grader.model.records import Alignment, Cell, CellMatch
from grader.model.template import TemplateCell
from grader.planning.alignment import align
from tests import factories
from tests.lanes import examples

pytestmark = pytest.mark.slow

ASSIGNMENT = load_assignment()
TEMPLATE = ASSIGNMENT.template
WRITTEN = {
    "3c": "Zeros, since nothing is known there.",
    "3e": "None.",
    "4c": "Because of the ball.",
}

CONFUSABLE = tuple(
    t
    for t in TEMPLATE
    if (t.role, t.part_id) in {("todo", "1a"), ("todo", "1b")}
    or (t.role == "run" and t.part_id in {"4a", "4b", "4e"})
    or (t.role == "answer" and t.part_id in WRITTEN)
)
"""Cells that look like each other."""

FOREIGN = (
    ("code", ""),
    ("code", "zzz = 1 + 1"),
    ("code", "!pip install something"),
    ("code", "this is not Python ("),
    ("markdown", "Some remarks of my own on how I went about it."),
    ("markdown", "   \n"),
    ("raw", "---"),
)
"""Cells that belong nowhere."""


class Notebook:
    """Cells with what they are: whole cells of the template, pieces of them, or foreign."""

    def __init__(self, cells: Iterable[tuple[str, str, Cell]] = ()) -> None:
        """(`whole`, `head`, `tail` or `foreign`; id of the template's cell; the cell)."""
        self.cells = list(cells)

    def __repr__(self) -> str:
        return "; ".join(f"{what} {owner} {old.cell_id!r}" for what, owner, old in self.cells)

    def align(self, template: tuple[TemplateCell, ...]) -> Alignment:
        numbered = (replace(cell, index=i) for i, (_, _, cell) in enumerate(self.cells))
        assignment = replace(ASSIGNMENT, template=template)
        return align(factories.submission(cells=tuple(numbered)), assignment)


def cell(kind: str, source: str, cell_id: str = "") -> Cell:
    return factories.cell(source=source, cell_id=cell_id, kind=kind)


def written(template: tuple[TemplateCell, ...], *, ids: bool) -> Notebook:
    """The template as handed in, with some answers written into it."""
    made = Notebook()
    for known in template:
        source = known.source
        if known.role == "answer" and known.part_id in WRITTEN:
            source = source.replace("*Your answer here.*", WRITTEN[known.part_id])
        made.cells.append(
            ("whole", known.cell_id, cell(known.kind, source, known.cell_id if ids else ""))
        )
    return made


@st.composite
def edited(
    draw: st.DrawFn, template: tuple[TemplateCell, ...], *, ids: bool, deleting: bool
) -> Notebook:
    """A notebook after a few edits."""
    notebook = written(template, ids=ids)
    cells = notebook.cells
    kinds = ["insert", "duplicate", "move", "split", *(["delete"] if deleting else [])]
    for number, kind in enumerate(draw(st.lists(st.sampled_from(kinds), max_size=12))):
        place = draw(st.integers(0, len(cells) - 1))
        to = draw(st.integers(0, len(cells)))
        what, owner, old = cells[place]
        new_id = f"aBcDeF{number:06}" if draw(st.booleans()) else ""
        if kind == "insert":
            cells.insert(to, ("foreign", "", cell(*draw(st.sampled_from(FOREIGN)), new_id)))
        elif kind == "duplicate":
            kept = draw(st.booleans())  # Colab gives a copy an id of its own, other tools do not
            cells.insert(to, (what, owner, old if kept else replace(old, cell_id=new_id)))
        elif kind == "move":
            cells.insert(min(to, len(cells) - 1), cells.pop(place))
        elif kind == "delete" and len(cells) > 1:
            del cells[place]
        elif kind == "split" and what == "whole" and old.source.count("\n") > 1:
            lines = old.source.splitlines(keepends=True)
            at = draw(st.integers(1, len(lines) - 1))
            head, tail = "".join(lines[:at]), "".join(lines[at:])
            cells[place] = ("head", owner, replace(old, source=head))
            cells.insert(place + 1, ("tail", owner, replace(old, source=tail, cell_id=new_id)))
    return notebook


def matched(
    notebook: Notebook, template: tuple[TemplateCell, ...]
) -> Iterator[tuple[str, str, Cell, CellMatch]]:
    found = notebook.align(template)
    for (what, owner, old), match in zip(notebook.cells, found.matches, strict=True):
        yield what, owner, old, match


def parts_of(template: tuple[TemplateCell, ...]) -> dict[str, str]:
    return {known.cell_id: known.part_id for known in template}


def parts_by_name(old: Cell) -> set[str]:
    """Parts that the names bound by a piece of a cell may give it."""
    bound = names_bound(old.source) if old.kind == "code" else frozenset()
    return {part.id for part in ASSIGNMENT.parts if bound & set(part.anchors)}


@given(notebook=edited(TEMPLATE, ids=True, deleting=True))
@settings(max_examples=examples(30))
def test_cells_with_ids_stay_where_they_belong(notebook: Notebook) -> None:
    parts = parts_of(TEMPLATE)
    for what, owner, old, match in matched(notebook, TEMPLATE):
        if what == "whole" or (what == "head" and old.cell_id == owner):
            assert (match.template_id, match.part_id) == (owner, parts[owner])
        elif what == "foreign":
            assert (match.template_id, match.part_id, match.how) == ("", "", "added")
        else:
            assert match.part_id in {"", parts[owner]} | parts_by_name(old)


@given(notebook=edited(CONFUSABLE, ids=False, deleting=True))
@settings(max_examples=examples(60))
def test_whole_cells_without_ids_stay_where_they_belong(notebook: Notebook) -> None:
    """Whatever was deleted: a copy of one attack does not become another."""
    parts = parts_of(CONFUSABLE)
    for what, owner, old, match in matched(notebook, CONFUSABLE):
        if what == "whole":
            assert (match.template_id, match.part_id) == (owner, parts[owner])
        elif what == "foreign":
            assert (match.template_id, match.part_id) == ("", "")
        else:
            assert match.part_id in {"", parts[owner]} | parts_by_name(old)


@given(notebook=edited(TEMPLATE, ids=True, deleting=False))
@settings(max_examples=examples(20))
def test_nothing_is_missing_unless_it_was_deleted(notebook: Notebook) -> None:
    assert notebook.align(TEMPLATE).missing == ()


@given(data=st.data(), ids=st.booleans())
@settings(max_examples=examples(40))
def test_written_answers_are_found_wherever_they_stand(data: st.DataObject, ids: bool) -> None:
    notebook = data.draw(edited(CONFUSABLE, ids=ids, deleting=False))
    whole = {owner for what, owner, _ in notebook.cells if what == "whole"}
    answers = notebook.align(CONFUSABLE).answers
    for known in CONFUSABLE:
        if known.role == "answer" and known.cell_id in whole:
            told = [text for part_id, text in answers if part_id == known.part_id]
            assert WRITTEN[known.part_id] in "".join(told)
    assert {part_id for part_id, _ in answers} <= set(WRITTEN)


@given(order=st.permutations(range(len(CONFUSABLE))), ids=st.booleans())
def test_the_order_of_cells_does_not_matter(order: list[int], ids: bool) -> None:
    straight = written(CONFUSABLE, ids=ids)
    turned = Notebook(straight.cells[i] for i in order)
    found = turned.align(CONFUSABLE)
    expected = straight.align(CONFUSABLE)
    assert [m.template_id for m in found.matches] == [
        expected.matches[i].template_id for i in order
    ]
    assert dict(found.answers) == dict(expected.answers)
    assert found.missing == expected.missing == ()

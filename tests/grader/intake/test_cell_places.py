"""The lines of a notebook's file on which its cells stand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.intake.cell_places import CellPlaces, cell_places
from tests import factories


def places_of(path: Path, text: str) -> CellPlaces:
    path.write_text(text, encoding="utf-8")
    return cell_places(path)


def test_each_line_of_a_cell_is_found_where_it_stands_in_the_file(tmp_path: Path) -> None:
    cells = [factories.markdown_cell("# One"), factories.code_cell("a = 1\nb = 2\n\nc = 3")]
    text = json.dumps(factories.notebook(cells), indent=1)
    places = places_of(tmp_path / "n.ipynb", text)
    lines = text.split("\n")
    assert '"# One"' in lines[places.line(0) - 1]
    for number, source in enumerate(("a = 1", "b = 2", "", "c = 3"), start=1):
        assert lines[places.line(1, number) - 1].strip().startswith(f'"{source}')
    assert places.line(1, 99) == places.line(1, 4)


def test_a_source_that_is_one_string_has_one_line(tmp_path: Path) -> None:
    cell = factories.code_cell("a = 1\nb = 2") | {"source": "a = 1\nb = 2"}
    text = json.dumps(factories.notebook([cell]), indent=1)
    places = places_of(tmp_path / "n.ipynb", text)
    assert places.line(0, 1) == places.line(0, 2)
    assert '"source": "a = 1' in text.split("\n")[places.line(0) - 1]


def test_the_last_of_two_members_of_one_name_counts_as_for_json(tmp_path: Path) -> None:
    text = '{"cells": [],\n"cells": [\n{"source": ["x"],\n"source":\n["y\\n",\n"z"]}]}'
    assert places_of(tmp_path / "n.ipynb", text).cells == ((5, 6),)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "null", '{"cells": 3}', "<html>", '{"cells": [{"source": [' + "[" * 9999],
)
def test_what_is_no_notebook_has_no_places(text: str, tmp_path: Path) -> None:
    assert places_of(tmp_path / "n.ipynb", text).line(0) == 1


def test_a_file_that_is_not_there_has_no_places(tmp_path: Path) -> None:
    assert cell_places(tmp_path / "none.ipynb") == CellPlaces()


@given(
    sources=st.lists(st.lists(st.text(), max_size=4), max_size=4),
    indent=st.sampled_from([None, 0, 2]),
)
def test_any_notebook_has_a_line_for_every_line(
    sources: list[list[str]], indent: int | None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cells: list[Any] = [
        {"cell_type": "code", "source": source, "outputs": []} for source in sources
    ]
    text = json.dumps({"outputs": [{}], "cells": cells, "metadata": {}}, indent=indent)
    path = tmp_path_factory.getbasetemp() / "any.ipynb"
    places = places_of(path, text)
    assert len(places.cells) == len(sources)
    assert all(
        bool(found) == bool(source) for found, source in zip(places.cells, sources, strict=True)
    )
    last = len(text.split("\n"))
    assert all(1 <= line <= last for found in places.cells for line in found)

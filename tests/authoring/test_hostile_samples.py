"""Hostile cases: their files are read strictly, and their cells stand where they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from authoring.hostile_samples import (
    IMPORTS_ID,
    LAYER_CELLS,
    build_hostile,
    hostile_names,
    hostile_notebook,
    read_hostile,
)
from reference.errors import ConfigError

CELLS = """# %% first
a = 1
# %% after p1a-conv-fwd
b = 2
# %% replace p1b-pool-fwd
c = 3
# %% last [markdown]
# Words.
#
# More.
"""
EXPECT = 'title = "t"\nnote = 0\nstage = "grade"\nexit = 0\n'


def case(root: Path, cells: str = CELLS, expect: str = EXPECT) -> Path:
    folder = root / "one"
    folder.mkdir()
    (folder / "cells.py").write_text(cells, encoding="utf-8")
    (folder / "expect.toml").write_text(expect, encoding="utf-8")
    return root


def test_cells_stand_where_they_say(tmp_path: Path) -> None:
    made = hostile_notebook("one", case(tmp_path))

    ids = [cell.metadata.id for cell in made.notebook.cells]
    conv, pool, *others = LAYER_CELLS
    assert ids == ["hostile-0", IMPORTS_ID, conv, "hostile-1", pool, *others, "hostile-3"]
    assert made.notebook.cells[4].source == "c = 3"
    assert made.notebook.cells[-1].cell_type == "markdown"
    assert made.notebook.cells[-1].source == "Words.\n\nMore."
    assert (made.places["0"], made.places["1"], made.places["2"], made.places["3"]) == (0, 3, 4, 7)
    assert made.places[conv] == 2


@pytest.mark.parametrize(
    "cells", ["# %% nowhere\nx\n", "# %% after no-such-cell\nx\n", "# %% replace\nx\n"]
)
def test_a_cell_without_a_place_is_refused(tmp_path: Path, cells: str) -> None:
    with pytest.raises(ConfigError, match=r"cells\.py"):
        hostile_notebook("one", case(tmp_path, cells))


@pytest.mark.parametrize(
    "expect",
    [
        EXPECT + 'surprise = "x"\n',
        EXPECT.replace("exit = 0", "exit = 2"),
        EXPECT.replace("grade", "intake") + '[parts.1a]\noutcome = "PASS"\npoints = "full"\n',
        EXPECT + "[limits]\nno_such_limit = 1\n",
        EXPECT.replace('title = "t"', "title ="),
    ],
)
def test_what_is_expected_is_read_strictly(tmp_path: Path, expect: str) -> None:
    with pytest.raises(ConfigError, match=r"expect\.toml"):
        read_hostile("one", case(tmp_path, expect=expect))


def test_the_same_sources_give_the_same_bytes(tmp_path: Path) -> None:
    root = case(tmp_path)

    first = build_hostile("one", tmp_path / "a.zip", root).read_bytes()

    assert build_hostile("one", tmp_path / "b.zip", root).read_bytes() == first


def test_every_case_of_the_corpus_is_well_formed() -> None:
    names = hostile_names()
    assert len({read_hostile(name).title for name in names}) == len(names)

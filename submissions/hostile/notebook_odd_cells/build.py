"""Cells that are numbers, lists, of unknown kinds, with ids that are objects."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, with_cells


def build(target: Path) -> None:
    odd = [
        3,
        None,
        [],
        {"cell_type": "code", "source": 5},
        {"cell_type": "code", "source": ["a", 1]},
        {"cell_type": "sorcery", "source": "x"},
        {"cell_type": ["code"], "source": "x"},
        {"cell_type": "code", "source": "y = 1", "metadata": [], "outputs": 3},
        {"cell_type": "code", "source": "y = 1", "metadata": {"id": {"a": 1}, "pset4": "x"}},
        {"cell_type": "code", "source": "y = 1", "id": "same", "outputs": [3, {"data": []}]},
        {
            "cell_type": "code",
            "source": "y = 1",
            "id": "same",
            "outputs": [{"data": {"image/png": 3}}],
        },
    ]
    handed_in(target, with_cells(*odd))

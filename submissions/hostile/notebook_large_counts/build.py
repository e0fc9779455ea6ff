"""Counts beyond any integer of a machine: they are dropped."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, notebook, notebook_bytes


def build(target: Path) -> None:
    made = notebook()
    for cell in made["cells"]:
        cell["execution_count"] = 10**300 - 1
    made["cells"][0]["execution_count"] = -5
    made["cells"][1]["execution_count"] = 1
    handed_in(target, notebook_bytes(made))

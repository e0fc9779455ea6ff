"""Cells that claim to be parts that there are not, and ids that repeat."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, with_cells


def build(target: Path) -> None:
    forged = [
        {
            "cell_type": "code",
            "source": "x = 1",
            "metadata": {"id": name, "pset4": {"part": name, "kind": "given"}},
            "outputs": [],
            "execution_count": 1,
        }
        for name in ("__proto__", "../../x", "4a", "p1a-conv-fwd", "<b>", "9" * 500)
    ]
    handed_in(target, with_cells(*forged))

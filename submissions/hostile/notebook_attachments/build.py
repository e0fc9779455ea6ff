"""Attachments of megabytes, of pictures that are scripts."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, markdown, with_cells


def build(target: Path) -> None:
    cell = {
        "cell_type": "markdown",
        "metadata": {"id": "p3c-answer-0"},
        "attachments": {
            "a.svg": {"image/svg+xml": "<svg onload=alert(1)>"},
            "b.png": {"image/png": "A" * 2_000_000},
        },
        "source": "**Answer to 3(c).**\n\n![x](attachment:a.svg) ![y](attachment:b.png)",
    }
    handed_in(target, with_cells(cell))

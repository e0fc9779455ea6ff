"""A notebook from the future."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, notebook, notebook_bytes


def build(target: Path) -> None:
    handed_in(target, notebook_bytes({**notebook(), "nbformat": 99}))

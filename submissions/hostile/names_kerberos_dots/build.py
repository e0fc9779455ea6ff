"""A zip whose name would lead to another student's folder."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, notebook_bytes


def build(target: Path) -> None:
    handed_in(target, notebook_bytes())

"""An end record that says that there is one file."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import honest_members, raw_zip


def build(target: Path) -> None:
    raw_zip(target, honest_members(), count=1)

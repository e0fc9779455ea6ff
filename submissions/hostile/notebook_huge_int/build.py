"""A count of five thousand digits."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, notebook_bytes


def build(target: Path) -> None:
    text = notebook_bytes().replace(
        b'"execution_count": 1,', b'"execution_count": ' + b"9" * 5000 + b",", 1
    )
    handed_in(target, text)

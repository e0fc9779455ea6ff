"""A notebook of 300 MiB of stored output, alone."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import plain_zip


def build(target: Path) -> None:
    head = b'{"nbformat":4,"cells":[{"cell_type":"code","source":"","outputs":[{"text":"'
    tail = b'"}]}]}'
    plain_zip(target, {"pset4.ipynb": head + b"A" * (300 << 20) + tail})

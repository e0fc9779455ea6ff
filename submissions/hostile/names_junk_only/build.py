"""What a Mac adds to a zip, and nothing else."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import plain_zip


def build(target: Path) -> None:
    plain_zip(
        target,
        {
            "__MACOSX/._pset4.ipynb": b"\x00\x05\x16\x07",
            "pset4/.DS_Store": b"\x00\x00\x00\x01Bud1",
            "pset4/.ipynb_checkpoints/pset4-checkpoint.ipynb": b"{}",
        },
    )

"""The hand-in is a zip within the zip."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import honest_members, plain_zip, raw_zip


def build(target: Path) -> None:
    inner = target.with_suffix(".inner")
    raw_zip(inner, honest_members())
    plain_zip(target, {"pset4.zip": inner.read_bytes()})
    inner.unlink()

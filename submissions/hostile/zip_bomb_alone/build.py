"""Nothing but a file that unpacks to 300 MiB."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import plain_zip


def build(target: Path) -> None:
    plain_zip(target, {"pset4.ipynb": bytes(300 << 20)})

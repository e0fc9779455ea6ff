"""A byte-order mark and carriage returns: nothing is wrong."""

from __future__ import annotations

import json
from pathlib import Path

from tests.hostile.making import handed_in, notebook


def build(target: Path) -> None:
    text = json.dumps(notebook(), indent=1).replace("\n", "\r\n")
    handed_in(target, b"\xef\xbb\xbf" + text.encode())

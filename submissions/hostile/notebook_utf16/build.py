"""A notebook in UTF-16, as an editor of Windows may save it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.hostile.making import handed_in, notebook


def build(target: Path) -> None:
    handed_in(target, json.dumps(notebook()).encode("utf-16"))

"""A notebook in another encoding."""

from __future__ import annotations

import json
from pathlib import Path

from tests.hostile.making import handed_in, markdown, notebook


def build(target: Path) -> None:
    made = notebook()
    made["cells"] += markdown("Fran\u00e7ois")
    handed_in(target, json.dumps(made, ensure_ascii=False).encode("latin-1"))

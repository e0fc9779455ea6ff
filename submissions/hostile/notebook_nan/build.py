"""NaN and infinity in the metadata."""

from __future__ import annotations

import json
from pathlib import Path

from tests.hostile.making import handed_in, notebook


def build(target: Path) -> None:
    made = notebook()
    made["metadata"]["weight"] = float("nan")
    made["cells"][0]["execution_count"] = float("inf")
    handed_in(target, json.dumps(made).encode())

"""A kernel of another language, with a command of its own."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, notebook, notebook_bytes


def build(target: Path) -> None:
    made = notebook()
    made["metadata"]["kernelspec"] = {
        "name": "ir",
        "display_name": "R",
        "argv": ["/bin/sh", "-c", "touch /tmp/hostile-kernelspec"],
    }
    made["metadata"]["language_info"] = {"name": "R"}
    handed_in(target, notebook_bytes(made))

"""Metadata with the names of methods, and a megabyte of them."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, notebook, notebook_bytes


def build(target: Path) -> None:
    made = notebook()
    made["metadata"] = {
        "__class__": "x",
        "__proto__": {"polluted": True},
        "kernelspec": {
            "name": "../../bin/sh",
            "argv": ["/bin/sh", "-c", "touch /tmp/hostile-argv"],
        },
        "language_info": {"name": "<script>", "version": "\x1b[2J"},
        "pset4": ["not", "a", "mapping"],
        "widgets": {str(number): {} for number in range(50_000)},
    }
    made["nbformat_minor"] = "five"
    handed_in(target, notebook_bytes(made))

"""A notebook of nbformat 3 of three thousand levels."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in


def build(target: Path) -> None:
    depth = 3_000
    deep = b'{"a":' * depth + b"1" + b"}" * depth
    handed_in(target, b'{"nbformat": 3, "worksheets": [{"cells": []}], "metadata": ' + deep + b"}")

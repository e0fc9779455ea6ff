"""A notebook of nbformat 3 with pieces of the wrong kind."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in


def build(target: Path) -> None:
    handed_in(target, b'{"nbformat": 3, "metadata": 5, "worksheets": [{"cells": [[], 3, null]}]}')

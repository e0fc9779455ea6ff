"""The same keys twice in one object: the last ones count, as everywhere."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, notebook_bytes


def build(target: Path) -> None:
    text = notebook_bytes()
    handed_in(target, b'{"cells": [], "nbformat": 99, ' + text[1:])

"""JSON of a hundred thousand levels."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in


def build(target: Path) -> None:
    depth = 100_000
    deep = b"[" * depth + b"]" * depth
    handed_in(target, b'{"nbformat": 4, "cells": [], "metadata": ' + deep + b"}")

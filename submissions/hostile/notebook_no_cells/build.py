"""A notebook without cells."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in


def build(target: Path) -> None:
    handed_in(target, b'{"nbformat": 4, "cells": {"0": "x"}}')

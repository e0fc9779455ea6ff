"""Two notebooks of the very same name."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import Member, honest_members, notebook, notebook_bytes, raw_zip


def build(target: Path) -> None:
    other = Member(name=b"pset4.ipynb", data=notebook_bytes({**notebook(), "cells": []}))
    raw_zip(target, [other, *honest_members()])

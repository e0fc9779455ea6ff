"""Eighteen megabytes of empty lists, which would fill gigabytes."""

from __future__ import annotations

import zipfile
from pathlib import Path

from tests.hostile.making import pdf_bytes, plain_zip


def build(target: Path) -> None:
    bomb = b'{"nbformat": 4, "cells": [], "metadata": {"x": [' + b"[]," * 6_000_000 + b"[]]}}"
    plain_zip(target, {"report.pdf": pdf_bytes()})
    # Stored: packed as tightly as it can be, its ratio alone would give it away.
    with zipfile.ZipFile(target, "a") as archive:
        packed = bomb[:15_000_000]
        packed = packed[: packed.rindex(b",")] + b"]}}"
        archive.writestr(
            zipfile.ZipInfo("pset4.ipynb", (2021, 3, 31, 20, 0, 0)), packed, zipfile.ZIP_DEFLATED
        )

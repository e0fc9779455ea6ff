"""Two notebooks whose names look the same: composed and decomposed letters."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from tests.hostile.making import notebook, notebook_bytes, pdf_bytes, plain_zip


def build(target: Path) -> None:
    name = "Jos\u00e9_pset4.ipynb"
    files = {
        unicodedata.normalize("NFC", name): notebook_bytes(),
        unicodedata.normalize("NFD", name): notebook_bytes({**notebook(), "cells": []}),
        "report.pdf": pdf_bytes(),
    }
    plain_zip(target, files)

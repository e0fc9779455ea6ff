"""Sound files that are damaged, and damaged ones that once broke something (`crashers/`)."""

from __future__ import annotations

import json
import zipfile
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

from tests.hostile.making import (
    DEFLATED,
    DESCRIPTOR,
    UTF8,
    Member,
    data_uri,
    notebook,
    notebook_bytes,
    pdf_bytes,
    pdf_page,
    png_bytes,
    raw_zip_bytes,
    with_cells,
)

CRASHERS = Path(__file__).parent / "crashers"
"""What once broke something: `NAME.zip`, `NAME.ipynb`, `NAME.pdf`; numbers in `NAME.json`."""

_FONT = b"/Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>"
_TEXT = (
    b"BT /F1 12 Tf 50 700 Td (Problem 3\\(a\\) The gradient.) Tj ET q 80 0 0 80 50 50 cm /I Do Q"
)
_IMAGE = (
    b"<</Type/XObject/Subtype/Image/Width 8/Height 8/ColorSpace/DeviceGray/BitsPerComponent 8"
    b"/Length 64>>\nstream\n" + bytes(range(64)) + b"\nendstream"
)


@lru_cache(maxsize=1)
def notebooks() -> tuple[bytes, ...]:
    """Notebooks of nbformat 4 and 3, with outputs, answers and a picture."""
    picture = data_uri(png_bytes(8, 8))
    answer = f"**Answer to 3(c).**\n\nZeros, $x^2$, ![p]({picture}) <b>x</b>\n\n|a|b|\n|-|-|\n"
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": ["loss 0.5\n", "step 2\n"]},
        {"output_type": "error", "ename": "ValueError", "evalue": "x", "traceback": ["\x1b[31mx"]},
        {
            "output_type": "execute_result",
            "execution_count": 3,
            "metadata": {},
            "data": {"text/plain": ["tensor(1.)"], "image/png": "iVBORw0KGgo="},
        },
    ]
    cells: list[dict[str, Any]] = [
        {"cell_type": "markdown", "metadata": {"id": "p3c-answer-0"}, "source": answer},
        {
            "cell_type": "code",
            "metadata": {"id": "x", "pset4": {"part": "4a"}},
            "execution_count": 7,
            "source": ["%matplotlib inline\n", "for i in range(3):\n", "    y = torch.rand(3)\n"],
            "outputs": outputs,
        },
    ]
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": "old"},
        "worksheets": [
            {
                "cells": [
                    {
                        "cell_type": "code",
                        "language": "python",
                        "input": "".join(cell["source"]),
                        "outputs": [{"output_type": "pyout", "prompt_number": 1, "text": ["3"]}],
                        "prompt_number": 1,
                        "collapsed": False,
                        "metadata": {},
                    }
                    for cell in notebook()["cells"]
                ]
                + [{"cell_type": "heading", "level": 2, "source": "3(c)", "metadata": {}}],
                "metadata": {},
            }
        ],
    }
    return (with_cells(*cells), notebook_bytes(), json.dumps(old).encode())


@lru_cache(maxsize=1)
def reports() -> tuple[bytes, ...]:
    """PDFs of few pages: blank ones, and one with words and a picture."""
    words = pdf_page(_TEXT, _FONT + b"/XObject<</I 5 0 R>>", b"", _IMAGE)
    return (words, words, pdf_bytes(3), pdf_bytes(2, password="secret"))  # noqa: S106


@lru_cache(maxsize=1)
def zips() -> tuple[bytes, ...]:
    """Zips of a small hand-in, packed in several ways."""
    files = {"pset4/pset4.ipynb": notebook_bytes(), "pset4/report.pdf": reports()[0]}
    members = [Member(name=name.encode(), data=data) for name, data in files.items()]
    streamed = [
        Member(name=m.name, data=m.data, method=DEFLATED, flags=UTF8 | DESCRIPTOR) for m in members
    ]
    extra = [*members, Member(name="data/José.txt".encode(), data=b"x" * 50)]
    sink = BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (*files.items(), ("inner.zip", raw_zip_bytes(members))):
            archive.writestr(zipfile.ZipInfo(name, (2021, 3, 31, 20, 0, 0)), data)
    return (
        raw_zip_bytes(members),
        raw_zip_bytes(streamed),
        raw_zip_bytes(extra, zip64=True),
        raw_zip_bytes([Member(name=b"pset4.zip", data=raw_zip_bytes(streamed))]),
        sink.getvalue(),
    )

"""Emoji, right-to-left text, newlines, control characters and escape codes in names."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import notebook_bytes, pdf_bytes, plain_zip


def build(target: Path) -> None:
    names = (
        "\U0001f600.txt",
        "\u202egnp.exe",
        "two\nlines.txt",
        "\x1b[31mred\x1b]52;c;aGk=\x07.txt",
        "\u05e2\u05d1\u05e8\u05d9\u05ea.py",
        "\u2066isolate\u2069.txt",
        "\ufeffbom.txt",
        "a\u200bb.txt",
        "tab\there.txt",
    )
    plain_zip(
        target,
        {"pset4.ipynb": notebook_bytes(), "report.pdf": pdf_bytes()} | dict.fromkeys(names, b"x"),
    )

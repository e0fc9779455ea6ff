"""Formulas, brackets, quotes and tables that take a parser long."""

from __future__ import annotations

from pathlib import Path

from tests.hostile.making import handed_in, markdown, with_cells


def build(target: Path) -> None:
    pieces = (
        "$" + "\\frac{1}{1+" * 40 + "x" + "}" * 40 + "$",
        "$x^{" * 3000,
        "[" * 50_000,
        "![" * 30_000,
        "*a **a " * 20_000,
        "> " * 20_000 + "x",
        "- " * 5_000 + "x",
        "`" * 30_000,
        "".join("`" * number + " " for number in range(400)),
        "<" * 50_000,
        "|a" * 3_000 + "|\n" + "|-" * 3_000 + "|\n" + ("|b" * 3_000 + "|\n") * 20,
        "\\begin{align}" * 3_000,
        "&#" + "9" * 50_000 + ";",
        "http://" * 20_000,
        "[a](" * 20_000,
        "[a]: <" * 10_000,
    )
    names = ("1(a)", "1(b)", "2(a)", "2(b)", "2(c)", "3(a)", "3(b)", "3(c)", "3(d)", "3(e)", "4(c)")
    cells = [
        f"**Answer to {names[number % len(names)]}.**\n\n{piece}"
        for number, piece in enumerate(pieces)
    ]
    handed_in(target, with_cells(*markdown(*cells)))

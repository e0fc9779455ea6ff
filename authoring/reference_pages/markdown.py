"""Tables and other pieces of Markdown, of text that was not written as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MADE = "Made by `make regold` from {source}. Do not edit it by hand."
"""Below the title of each page."""


def page(title: str, source: str, *pieces: str) -> str:
    """Return a page; `source` says what it is made of."""
    return "\n\n".join([f"# {title}", MADE.format(source=source), *pieces]).rstrip() + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; cells are Markdown already, but for bars and line ends."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, cells))} |" for cells in lines)


def code(text: str) -> str:
    """Return a code span, whatever backticks the text holds; nothing for no text."""
    if not text:
        return ""
    fence = "``" if "`" in text else "`"
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def plain(text: str) -> str:
    """Return text that shows as it is: Markdown's signs outside of code spans are escaped."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:  # a backtick without its other one
        return _escaped(text.replace("`", "'"))
    return "`".join(piece if at % 2 else _escaped(piece) for at, piece in enumerate(pieces))


def sentence_case(text: str) -> str:
    """Return the text as one line."""
    return " ".join(text.split())


def _escaped(text: str) -> str:
    for sign in "\\*_[]<>$#{}":
        text = text.replace(sign, f"\\{sign}")
    return text


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")

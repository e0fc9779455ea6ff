"""Pictures that were pasted into a cell: how markdown names them once cells are parted.

A notebook keeps such a picture with its cell (`![](attachment:image.png)`), and each cell may have
its own `image.png`. An answer that stands alone names the cell as well: `attachment:28/image.png`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote, unquote

from grader.model.text import cell_number

SCHEME = "attachment:"
"""Begins the address of a pasted picture."""

_PLACED = re.compile(rf"{SCHEME}(\d{{1,6}})/(.+)", re.DOTALL)
_TOKEN = re.compile(r"[^\s()<>\"']+")


def placed(markdown: str, index: int, names: Sequence[str]) -> str:
    """Return a cell's markdown with the cell's number in the address of each of its pictures.

    Names are percent-encoded on the way: in markdown an address with spaces is none.

    Args:
        markdown: Text of the cell.
        index: The cell's position, from 0.
        names: Of the pictures that are kept with it.
    """
    if not names:
        return markdown
    longest_first = sorted(names, key=len, reverse=True)
    first, *rest = markdown.split(SCHEME)
    return first + "".join(SCHEME + _one(text, index, longest_first) for text in rest)


def parse_place(address: str) -> tuple[int, str] | None:
    """Return number of the cell, from 1, and name of a picture; None for any other address."""
    match = _PLACED.fullmatch(address)
    return (int(match[1]), unquote(match[2])) if match else None


def _one(text: str, index: int, names: Sequence[str]) -> str:
    """Return what follows `attachment:`, the picture's name replaced."""
    for name in names:
        if text.startswith(name):
            return _address(index, name) + text[len(name) :]
    token = _TOKEN.match(text)
    name = unquote(token[0]) if token else ""
    return _address(index, name) + text[len(token[0]) :] if token and name in names else text


def _address(index: int, name: str) -> str:
    return f"{cell_number(index)}/{quote(name, safe='')}"

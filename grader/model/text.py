"""How numbers and foreign text are shown. Grades are rounded here and nowhere before."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_SPACE = re.compile(r"\s+")
_FORMULA = re.compile(r"(^|[;,|])(\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")


def format_points(points: float) -> str:
    """Return points with at most two decimals: `1`, `0.8`, `0.33`."""
    return f"{points:.2f}".rstrip("0").rstrip(".")


def cell_number(index: int) -> int:
    """Return the number by which people know a notebook's cell: from 1, as Jupyter and Colab count.

    Args:
        index: Its position among all cells, from 0, as records hold it.
    """
    return index + 1


def cell_label(index: int) -> str:
    """Return a cell's name within a sentence or a list of evidence: `cell 5` for index 4."""
    return f"cell {cell_number(index)}"


def one_line(text: str) -> str:
    """Return text on one line, without control, bidirectional or unpaired characters."""
    kept = (
        " " if character.isspace() else character
        for character in text
        if character.isspace() or unicodedata.category(character) not in {"Cc", "Cf", "Cs"}
    )
    return _SPACE.sub(" ", "".join(kept)).strip()


def terminal_line(text: str) -> str:
    """Return foreign text on one line for a terminal or the log of a CI job.

    Escape codes cannot be spelt, and neither can the commands that a runner looks for in a log
    (`::error::` at the start of a line, `##[error]` and `##vso[` anywhere).
    """
    return one_line(text).replace("::", ": :").replace("##", "# #")


def spreadsheet_text(text: str) -> str:
    """Return foreign text on one line for a cell of a CSV file that a spreadsheet may open.

    An apostrophe goes before each sign that would open a formula; also behind `;` and the like,
    where a spreadsheet of another language would begin a new cell.
    """
    return _FORMULA.sub(r"\1\2'", one_line(text))


def inert(text: str) -> str:
    """Return text, its lines kept, without control, bidirectional or unpaired characters."""
    return "\n".join(
        "".join(c for c in line if c == "\t" or unicodedata.category(c) not in {"Cc", "Cf", "Cs"})
        for line in text.split("\n")
    )


def format_students(number: int) -> str:
    """Return how many students as a person writes it: `1 student`, `3 students`."""
    return "1 student" if number == 1 else f"{number} students"


def format_pages(pages: Sequence[int]) -> str:
    """Return sorted page numbers in words: `page 5`, `pages 4 to 5`, `pages 2, 4 to 6`."""
    runs: list[list[int]] = []
    for page in pages:
        if runs and page == runs[-1][-1] + 1:
            runs[-1].append(page)
        else:
            runs.append([page])
    words = (f"{r[0]} to {r[-1]}" if len(r) > 1 else str(r[0]) for r in runs)
    return f"{'page' if len(pages) == 1 else 'pages'} {', '.join(words)}"

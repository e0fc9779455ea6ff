"""Code to fingerprints that do not see names, comments and white space (copydetect does it)."""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from copydetect import CodeFingerprint
from copydetect.utils import get_copied_slices
from numpy.typing import NDArray

from grader.batch.similarity_records import Line

# A magic or a shell command is no Python; blanked, so that lines and offsets stay.
_MAGIC = re.compile(r"^[ \t]*[%!?].*$", re.MULTILINE)
_WINDOW = 1
"""Every hash is kept. copydetect hashes by `hash(str)`, which is another in each process: with a
wider window each run would keep others, and the same class would give other pairs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellText:
    """One cell of a document."""

    part_id: str
    """Part; empty for none."""
    start: int
    """Offset in the document."""
    source: str
    """Its text, as handed in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Cells as one text."""

    cells: tuple[CellText, ...]
    """In order."""
    text: str
    """All of them, magics blanked."""


def document(cells: Sequence[tuple[str, str]]) -> Document:
    """Return (part id, text) of cells as one document."""
    made, texts, start = [], [], 0
    for part_id, source in cells:
        made.append(CellText(part_id=part_id, start=start, source=source))
        text = without_magics(source) + "\n\n"
        texts.append(text)
        start += len(text)
    return Document(cells=tuple(made), text="".join(texts))


def without_magics(source: str) -> str:
    """Return the text with magics and shell commands blanked, as long as before."""
    return _MAGIC.sub(lambda match: " " * len(match[0]), source)


def hashes(text: str, k: int) -> NDArray[np.int64]:
    """Return the fingerprints of a text, sorted: one per piece of `k` characters of bare code."""
    found = _fingerprint(text, k).hashes
    return np.sort(np.fromiter(found, dtype=np.int64, count=len(found)))


def marked_cells(
    made: Document, shared: Collection[int], k: int
) -> tuple[tuple[str, tuple[Line, ...]], ...]:
    """Return (part id, lines) of the cells that hold a shared fingerprint, its lines marked.

    Whole lines are marked: copydetect's offsets are a few letters off behind a `class`.
    """
    print_ = _fingerprint(made.text, k)
    indices = [index for one in shared for index in print_.hash_idx.get(one, ())]
    if not indices:
        return ()
    ranges = get_copied_slices(np.asarray(indices), k).astype(int)
    # Rows of the offsets: a place in the bare code, and how much was taken out before it.
    places, removed = print_.offsets[:, 0], np.maximum.accumulate(print_.offsets[:, 1])
    rows = np.clip(np.searchsorted(places, ranges), 0, len(places) - 1)
    starts, ends = (ranges + removed[rows]).tolist()
    found = []
    for cell in made.cells:
        lines = _lines(cell, list(zip(starts, ends, strict=True)))
        if any(line.marked for line in lines):
            found.append((cell.part_id, lines))
    return tuple(found)


def _lines(cell: CellText, ranges: Sequence[tuple[int, int]]) -> tuple[Line, ...]:
    made, start = [], cell.start
    for text in cell.source.split("\n"):
        end = start + len(text)
        inside = any(low < end and high > start for low, high in ranges)
        made.append(Line(text=text, marked=inside and bool(text.strip())))
        start = end + 1
    return tuple(made)


def _fingerprint(text: str, k: int) -> CodeFingerprint:
    return CodeFingerprint("cells.py", k, _WINDOW, language="python", fp=io.StringIO(text))

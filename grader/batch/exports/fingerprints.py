"""Code to fingerprints that do not see names, comments and white space (copydetect does it)."""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterable

import numpy as np
from copydetect import CodeFingerprint
from copydetect.utils import get_copied_slices
from numpy.typing import NDArray

from grader.batch.exports.similarity_records import Line

_MAGIC = re.compile(r"[ \t]*[%!?]")
_WINDOW = 1
"""Every hash is kept. copydetect hashes by `hash(str)`, which is another in each process: with a
wider window each run would keep others, and the same class would give other pairs."""


def without_magics(source: str) -> str:
    """Return the text, line by line, without magics and shell commands.

    They and empty lines become bare comments, which copydetect takes out: pygments drops empty
    lines at the start, which shifts its offsets, and takes quadratic time on white space.
    """
    lines = (line.rstrip() for line in source.split("\n"))
    return "\n".join("#" if not line or _MAGIC.match(line) else line for line in lines)


def hashes(source: str, k: int) -> NDArray[np.int64]:
    """Return the fingerprints of a cell, sorted: one per piece of `k` characters of bare code."""
    found = _fingerprint(source, k).hashes
    return np.sort(np.fromiter(found, dtype=np.int64, count=len(found)))


def hashes_of_cells(sources: Iterable[str], k: int) -> NDArray[np.int64]:
    """Return the fingerprints of several cells, sorted, each once; no piece spans two cells."""
    found = [hashes(source, k) for source in sources]
    return np.unique(np.concatenate([np.empty(0, dtype=np.int64), *found]))


def marked_lines(source: str, shared: Collection[int], k: int) -> tuple[Line, ...]:
    """Return the lines of a cell, those marked that hold a shared fingerprint; none if none does.

    Whole lines are marked: copydetect's offsets are a few letters off behind a `class`.
    """
    print_ = _fingerprint(source, k)
    indices = [index for one in shared for index in print_.hash_idx.get(one, ())]
    if not indices:
        return ()
    ranges = get_copied_slices(np.asarray(indices), k).astype(int)
    # Rows of the offsets: a place in the bare code, and how much was taken out before it.
    places, removed = print_.offsets[:, 0], np.maximum.accumulate(print_.offsets[:, 1])
    rows = np.clip(np.searchsorted(places, ranges), 0, len(places) - 1)
    starts, ends = (ranges + removed[rows]).tolist()
    made, start = [], 0
    for raw, bare in zip(source.split("\n"), without_magics(source).split("\n"), strict=True):
        end = start + len(bare)
        inside = any(low < end and high > start for low, high in zip(starts, ends, strict=True))
        made.append(Line(text=raw, marked=inside and bare != "#"))
        start = end + 1
    return tuple(made)


def _fingerprint(source: str, k: int) -> CodeFingerprint:
    text = io.StringIO(without_magics(source))
    return CodeFingerprint("cell.py", k, _WINDOW, language="python", fp=text)

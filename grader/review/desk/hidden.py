"""Names in a text: found however they are joined or broken, and hidden."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

HIDDEN = "▇▇▇"
"""What stands for a name."""
_BETWEEN = r"[\s.,_-]*"
"""What may stand between the words of a name, as in an address or a file's name."""
_BROKEN = re.compile("[-\N{HYPHEN}\N{SOFT HYPHEN}][ \t]*\n[ \t]*")
"""A word that goes on in the next line."""
NOBODY = re.compile(r"(?!)")
"""Finds no name."""


def any_of(words: Iterable[str], *, together: bool = False, fold: bool = True) -> re.Pattern[str]:
    """Return a pattern of names.

    Args:
        words: Names, or words of them.
        together: Whether the words of a name may be run together, or turned round.
        fold: Whether case does not matter.
    """
    known = sorted(filter(None, words), key=len, reverse=True)
    either = "|".join(form for word in known for form in _forms(word, together=together))
    if not either:
        return NOBODY
    return re.compile(rf"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])", re.IGNORECASE * fold)


def _forms(name: str, *, together: bool) -> Iterator[str]:
    words = [re.escape(word) for word in name.split()]
    if len(words) == 1 or not together:
        yield r"\s+".join(words)
        return
    yield _BETWEEN.join(words)
    yield _BETWEEN.join((words[-1], *words[:-1]))


def hide(text: str, *names: re.Pattern[str]) -> str:
    """Return a text without the names that patterns find in it."""
    kept: list[str] = []
    last = 0
    for start, end in _places(text, names):
        kept += [text[last:start], HIDDEN]
        last = end
    return "".join((*kept, text[last:]))


def lines_that_name(lines: Sequence[str], *names: re.Pattern[str]) -> frozenset[int]:
    """Return which lines of a page hold a name, or a piece of one that goes on in the next line."""
    starts = [0, *accumulate(len(one) + 1 for one in lines)]
    return frozenset(
        line
        for start, end in _places("\n".join(lines), names)
        for line in range(bisect_right(starts, start) - 1, bisect_right(starts, end - 1))
    )


def _places(text: str, names: Sequence[re.Pattern[str]]) -> list[tuple[int, int]]:
    """Return where names stand, first character and that after the last, in order and apart."""
    found = [match.span() for pattern in names for match in pattern.finditer(text)]
    kept = _without_breaks(text)
    if len(kept) < len(text):
        whole = "".join(text[at] for at in kept)
        for pattern in names:
            spans = (match.span() for match in pattern.finditer(whole))
            found += [(kept[start], kept[end - 1] + 1) for start, end in spans]
    apart: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if apart and start < apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((start, end))
    return apart


def _without_breaks(text: str) -> list[int]:
    """Return the places of the characters that stay where broken words are put together."""
    kept: list[int] = []
    last = 0
    for broken in _BROKEN.finditer(text):
        kept += range(last, broken.start())
        last = broken.end()
    return [*kept, *range(last, len(text))]

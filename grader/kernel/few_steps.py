"""Shim `few-steps`: long loops with a progress bar make a few rounds, so that all cells run soon.

Attacks of 200 steps are the long loops of this assignment, and the course's own show a bar.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sized
from typing import Any

FEW = 3
"""Rounds that are made."""
LONG = 30
"""Shorter loops are left as they are."""


def install(report: Callable[[], None]) -> None:
    """Cut long iterables short where they are given to `tqdm`, by whatever name."""
    from tqdm.std import tqdm

    plain = tqdm.__init__

    def cut_short(self: Any, iterable: Any = None, *args: Any, **kwargs: Any) -> None:
        if isinstance(iterable, Sized) and len(iterable) >= LONG:
            report()
            iterable = _Few(iterable)
        plain(self, iterable, *args, **kwargs)

    tqdm.__init__ = cut_short  # type: ignore[method-assign]


class _Few:
    """The first items of an iterable."""

    def __init__(self, iterable: Any) -> None:
        self._iterable = iterable

    def __len__(self) -> int:
        return FEW

    def __iter__(self) -> Iterator[Any]:
        return itertools.islice(iter(self._iterable), FEW)

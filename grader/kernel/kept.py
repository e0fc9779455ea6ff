"""Keeps the course's files: one that a notebook emptied or took away is there again.

`open(name, "wb")` before a download that is refused, `!wget -O`, or a copy from a Drive onto the
very file that stands for the one on the Drive leave nothing of it. On the student's machine it came
back by the next line. What else a notebook writes into such a file is the notebook's.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import Any

_open, _exists = io.open, os.path.exists
"""The plain ones: those of the shim `paths`, which asks here, are put up later."""


class Kept:
    """The course's files in the work folder, and where they came from."""

    def __init__(self, work: str, originals: str, told: Callable[[], None]) -> None:
        """Note which there are.

        Args:
            work: The work folder.
            originals: Folder of the course's files as the bundle has them.
            told: Called when one was put back.
        """
        self._told = told
        self._originals: dict[str, str] = {}
        for folder, _, names in os.walk(originals):
            for name in names:
                original = os.path.join(folder, name)  # noqa: PTH118
                if os.path.getsize(original):  # noqa: PTH202
                    inside = os.path.relpath(original, originals)
                    place = os.path.join(os.path.realpath(work), inside)  # noqa: PTH118
                    self._originals[place] = original
        self._names = {os.path.basename(place) for place in self._originals}  # noqa: PTH119

    def put_back(self, path: str) -> None:
        """Put a file back that is to be read, where it is one of them and empty or gone."""
        if os.path.basename(path) not in self._names:  # noqa: PTH119
            return
        place = os.path.realpath(path)
        original = self._originals.get(place)
        if original is None or (_exists(place) and os.path.getsize(place)):  # noqa: PTH202
            return
        try:
            with _open(original, "rb") as source, _open(place, "wb") as target:
                target.write(source.read())
        except OSError:
            return  # its folder is gone, or the disk is full: the notebook is told by its own call
        self._told()

    def put_back_emptied(self, *_: Any) -> None:
        """The same after a cell, for all that are empty: not every reader passes by `put_back`."""
        for place in self._originals:
            if _exists(place):
                self.put_back(place)


_kept: list[Kept] = []


def install(shell: Any, work: str, originals: str, told: Callable[[], None]) -> None:
    """Keep these files in this shell's kernel; the arguments are those of `Kept`."""
    kept = Kept(work, originals, told)
    _kept[:] = [kept]
    shell.events.register("post_run_cell", kept.put_back_emptied)


def put_back(path: str) -> None:
    """Put a file back that is to be read; nothing where none are kept."""
    for kept in _kept:
        kept.put_back(path)

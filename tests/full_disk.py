"""A disk that is full from the n-th write on: the system says so where a file would be made."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class FullDisk:
    """Counts the files and folders that are made below `roots`, and fails one of them."""

    def __init__(self, *roots: Path) -> None:
        self._roots = tuple(str(root) for root in roots)
        self._left: int | None = None
        self._on = False
        self.made = 0
        sys.addaudithook(self._look)  # for good: it looks at nothing unless it is on

    @contextmanager
    def full_after(self, made: int | None) -> Iterator[None]:
        """Fail once so many are made, and all that come after; None for never."""
        self.made, self._left, self._on = 0, made, True
        try:
            yield
        finally:
            self._on = False

    def _look(self, event: str, args: tuple[Any, ...]) -> None:
        if not self._on or event not in {"open", "os.mkdir"}:
            return
        path = args[0]
        makes = event == "os.mkdir" or args[2] & (os.O_WRONLY | os.O_RDWR)
        if not makes or not isinstance(path, str | Path) or not str(path).startswith(self._roots):
            return
        self.made += 1
        if self._left is not None and self.made > self._left:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

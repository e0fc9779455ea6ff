"""Which files of a database are opened by something else than SQLite, while it is asked."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from grader.batch.store.store import DATABASE


class OpenedByHand:
    """Descriptors of a store's files that Python made: to close one ends all locks on it."""

    def __init__(self) -> None:
        self._on = False
        self.paths: list[str] = []
        sys.addaudithook(self._look)  # for good: it looks at nothing unless it is on

    @contextmanager
    def watched(self) -> Iterator[list[str]]:
        """Yield the list of their paths, which grows."""
        self.paths, self._on = [], True
        try:
            yield self.paths
        finally:
            self._on = False

    def _look(self, event: str, args: tuple[Any, ...]) -> None:
        if self._on and event == "open" and isinstance(args[0], str | Path):
            path = str(args[0])
            if Path(path).name.startswith(DATABASE):
                self.paths.append(path)


def deleted_files_of(process: int | str) -> tuple[str, ...]:
    """Return files of a store that are deleted, and that the process goes on writing into."""
    links = []
    for descriptor in Path(f"/proc/{process}/fd").iterdir():
        try:
            links.append(str(descriptor.readlink()))
        except OSError:  # closed meanwhile
            continue
    return tuple(one for one in links if DATABASE in one and one.endswith("(deleted)"))

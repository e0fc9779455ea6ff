"""The last words of a process, however much it says."""

from __future__ import annotations

import os
import threading

KEPT_BYTES = 8192
"""Bytes that are kept."""
CHUNK_BYTES = 65536
"""Bytes that are read at a time."""


class Tail:
    """A pipe whose end is kept and whose beginning is forgotten."""

    def __init__(self) -> None:
        self._ear, self.mouth = os.pipe()
        self._said = b""
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def started(self) -> None:
        """The process has the mouth now: ours is closed, so that its end is the end."""
        os.close(self.mouth)

    def text(self) -> str:
        """Return the last words on one line."""
        return " ".join(self._said.decode(errors="replace").split())

    def _listen(self) -> None:
        with os.fdopen(self._ear, "rb", buffering=0) as ear:
            while chunk := ear.read(CHUNK_BYTES):
                self._said = (self._said + chunk)[-KEPT_BYTES:]

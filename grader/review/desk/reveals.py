"""Who looked behind a code while names were hidden: a line each, on the disk before the name."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from reference.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Reveals:
    """A file of lines that is only ever added to."""

    path: Path
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, author: str, code: str, reason: str) -> None:
        """Note that somebody looked, and why.

        Raises:
            ConfigError: it cannot be written; nothing may be shown then.
        """
        line = {
            "author": author,
            "code": code,
            "reason": reason,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        try:
            with self._lock:
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
                with os.fdopen(os.open(self.path, flags, 0o600), "a", encoding="utf-8") as file:
                    file.write(json.dumps(line) + "\n")
                    file.flush()
                    os.fsync(file.fileno())
        except OSError as error:
            raise ConfigError(f"{self.path}: cannot be written: {error}") from error

    def seen_by(self, author: str) -> frozenset[str]:
        """Return the codes that somebody looked behind."""
        try:
            lines = self.path.read_text(encoding="utf-8").splitlines()
        except OSError:
            return frozenset()
        return frozenset(one["code"] for one in map(json.loads, lines) if one["author"] == author)

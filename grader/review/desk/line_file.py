"""A file of lines that is only ever added to: a line is on the disk before anybody is told."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from reference.errors import ConfigError


@dataclass(frozen=True, slots=True)
class LineFile:
    """Lines of JSON, for the desk's owner alone to read."""

    path: Path
    """Of the file; it need not be there yet."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, *lines: Mapping[str, str]) -> None:
        """Add lines, each with the time as `at`.

        Raises:
            ConfigError: they cannot be written.
        """
        at = datetime.now(UTC).isoformat(timespec="seconds")
        text = "".join(json.dumps({**line, "at": at}) + "\n" for line in lines)
        try:
            with self._lock:
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
                with os.fdopen(os.open(self.path, flags, 0o600), "a", encoding="utf-8") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
        except OSError as error:
            raise ConfigError(f"{self.path}: cannot be written: {error}") from error

    def lines(self) -> tuple[Mapping[str, str], ...]:
        """Return all lines; without one that was cut off by a crash, of which nobody was told."""
        try:
            text = self.path.read_text(encoding="utf-8")
        except OSError:
            return ()
        return tuple(json.loads(line) for line in text.splitlines() if line.endswith("}"))

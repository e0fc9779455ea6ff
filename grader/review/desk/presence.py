"""Who is at which answer: a hint that is forgotten after a while, and refuses nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

FORGOTTEN_S = 45.0
"""Seconds after which somebody is not there any more; a page tells every 15."""


@dataclass(slots=True)
class Presence:
    """Who was seen where, and when."""

    clock: Callable[[], float] = time.monotonic
    """Tells the time, in seconds."""
    _seen: dict[str, tuple[str, str, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, name: str, part_id: str, code: str) -> None:
        """Note that somebody looks at an answer; a person is at one place."""
        with self._lock:
            self._seen[name] = (part_id, code, self.clock())

    def others(self, name: str, part_id: str) -> dict[str, str]:
        """Return who else is at a part, each with the code of the answer."""
        since = self.clock() - FORGOTTEN_S
        with self._lock:
            return {
                other: code
                for other, (part, code, at) in sorted(self._seen.items())
                if other != name and part == part_id and at >= since
            }

    def at_parts(self) -> dict[str, list[str]]:
        """Return who is at each part."""
        since = self.clock() - FORGOTTEN_S
        found: dict[str, list[str]] = {}
        with self._lock:
            for name, (part, _, at) in sorted(self._seen.items()):
                if at >= since:
                    found.setdefault(part, []).append(name)
        return found


def words(others: dict[str, str], code: str) -> str:
    """Return who else is there, in a sentence; empty for nobody."""
    here = [name for name, at in others.items() if at == code]
    if here:
        return f"{_listed(here)} at this answer, too."
    return f"{_listed(list(others))} at this part." if others else ""


def _listed(names: list[str]) -> str:
    shown = names if len(names) <= 3 else [*names[:2], f"{len(names) - 2} more"]
    joined = shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
    return f"{joined} {'is' if len(names) == 1 else 'are'}"

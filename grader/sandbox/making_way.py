"""A worker that gives up a task half done, for others to go first, and lives on.

Whoever gave the task asks; the worker heeds it only while it waits for another process of its own,
where all that is half done is undone by leaving the blocks that it stands in.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path


class MadeWay(BaseException):
    """The task was given up; no fault, so that nothing takes it for one."""


@dataclass
class _Turn:
    """The task of this process."""

    place: Path | None = None
    """Where it can be asked; None for a task that makes no way."""
    waits: bool = False
    """Whether it may be given up at this moment."""


_turn = _Turn()


@contextmanager
def turn(place: Path) -> Iterator[None]:
    """Do a task that may be asked to make way by `ask(place)`; for the main thread only.

    Raises:
        MadeWay: it was asked.
    """
    signal.signal(signal.SIGUSR1, lambda *_: _heed() if _turn.waits else None)
    _turn.place, _turn.waits = place, False
    try:
        place.write_text(str(os.getpid()))
        yield
    finally:
        _turn.place, _turn.waits = None, False
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        for path in (place, _asked(place)):
            path.unlink(missing_ok=True)


@contextmanager
def may_make_way() -> Iterator[None]:
    """Wait for another process; what is under way may be given up meanwhile."""
    before = _turn.waits
    try:
        _turn.waits = True
        _heed()
        yield
    finally:
        _turn.waits = before


def _heed() -> None:
    if _turn.place is not None and _asked(_turn.place).exists():
        _turn.waits = False
        raise MadeWay


def ask(place: Path) -> None:
    """Ask the task of this place to make way; one that is not begun or has ended hears nothing."""
    with suppress(OSError, ValueError):
        pid = int(place.read_text())
        _asked(place).touch()
        os.kill(pid, signal.SIGUSR1)


def _asked(place: Path) -> Path:
    return place.with_name(f"{place.name}-asked")

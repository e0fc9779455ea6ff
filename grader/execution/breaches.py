"""Limits that a kernel reaches while it runs, whoever notices."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from grader.model.records import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """What ended a cell or a question of ours before its end: a limit, or an exception."""

    name: str
    """Class of the exception, or what stands for it, such as `OutputLimit`."""
    sentence: str
    """What happened, for the student."""
    outcome: Outcome = Outcome.RESOURCE_LIMIT
    """Of the cell under way."""
    fatal: bool = True
    """Whether the kernel must be killed; else the cell is interrupted."""


class Breaches:
    """The first breach of the cell under way; a fatal one stays."""

    def __init__(self) -> None:
        self._first: Breach | None = None
        self._event = asyncio.Event()

    def report(self, breach: Breach) -> None:
        """Note a breach; after a fatal one nothing is news."""
        if self._first is None or (breach.fatal and not self._first.fatal):
            self._first = breach
            self._event.set()

    async def wait(self) -> Breach:
        """Wait for the first breach."""
        while self._first is None:
            await self._event.wait()
            self._event.clear()
        return self._first

    async def wait_fatal(self) -> Breach:
        """Wait for a breach that ends the kernel."""
        while self._first is None or not self._first.fatal:
            await self._event.wait()
            self._event.clear()
        return self._first

    def next_cell(self) -> None:
        """Forget a breach that was the last cell's alone."""
        if self._first is not None and not self._first.fatal:
            self._first = None
            self._event.clear()

"""What is sent through, and what an input may take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.fuzz import entries, hearing, target
from tests.fuzz.conversations import MESSAGES
from tests.fuzz.measure import Worst


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One kind of input."""

    title: str
    """In words, for who waits."""
    count: int
    """Inputs of a whole campaign."""
    go_through: Callable[[int, int, Worst], str]
    """Takes seed, number, and what is measured; returns what came of it, or raises."""
    slow_s: float
    """Processor seconds that one may take."""
    most_mib: float
    """Memory that one may take above what there was."""
    of_each: int = 1
    """Messages in one, where it is a conversation."""


def _file(seed: int, number: int, worst: Worst) -> str:
    with worst.of():
        return target.go_through(target.case(seed, number))


SUBJECTS = {
    "files": Subject(
        title="Damaged files",
        count=10_000,
        go_through=_file,
        slow_s=target.SLOW_S,
        most_mib=2048.0,
    ),
    "names": Subject(
        title="Zips, entry by entry",
        count=20_000,
        go_through=entries.go_through,
        slow_s=entries.SLOW_S,
        most_mib=entries.MOST_MIB,
    ),
    "messages": Subject(
        title="Conversations",
        count=100_000 // MESSAGES,
        go_through=hearing.go_through,
        slow_s=hearing.SLOW_S,
        most_mib=hearing.MOST_MIB,
        of_each=MESSAGES,
    ),
}
"""By name."""

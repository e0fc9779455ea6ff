"""Lines of the table, and a check that fails without taking the others along."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table."""

    what: str
    """What was looked at."""
    found: str
    """What was found."""
    expected: str = ""
    """What must be; empty for a measurement."""
    ok: bool | None = None
    """Whether it is so; None for a measurement."""


Check = Callable[[], Iterator[Row]]


def rows_of(name: str, check: Check) -> Iterator[Row]:
    """Yield the rows of a check and the time it took; an exception is a row, not as it must be.

    Args:
        name: Of the check.
        check: What yields the rows.
    """
    began = time.monotonic()
    try:
        yield from check()
    except Exception as error:  # noqa: BLE001 -- the other checks are run all the same
        said = " ".join(f"{type(error).__name__}: {error}".split())
        yield Row(what=name, found=said[:300], expected="no exception", ok=False)
    yield Row(what=f"{name}: time", found=f"{time.monotonic() - began:.1f} s")

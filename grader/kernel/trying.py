"""How a function of the notebook is called: awaited where it is `async`, and given a second try."""

from __future__ import annotations

import builtins
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from .surroundings import PLAIN, taken_down

T = TypeVar("T")

_MOST_PAUSES = 1000
"""Times that an `async` function may give way before it is given up."""


def finished(result: Any) -> Any:
    """The result of a function, of an `async` one too that waits for nothing outside.

    Raises:
        TimeoutError: it waits for something that did not come.
    """
    if not inspect.iscoroutine(result):
        return result
    try:
        for _ in range(_MOST_PAUSES):
            result.send(None)
    except StopIteration as end:
        return end.value
    finally:
        result.close()
    raise TimeoutError("the function waits for something that did not come")


def tried(function: Any, call: Callable[[], T]) -> T:
    """Make a call; where it fails as the notebook left things, make it again in a plain Python.

    Errors of numbers and warnings as exceptions, another dtype, gradients switched off, and `max =
    3` may all have come after the function was used, in its own cell.

    Raises:
        Exception: what the first call raised, where the second failed too.
    """
    try:
        return call()
    except NotImplementedError:
        raise
    except Exception as error:  # noqa: BLE001 -- raised again below
        first = error
    names = getattr(function, "__globals__", {})
    shadows = _shadows(names)
    if taken_down().plain and not shadows:
        raise first
    try:
        with PLAIN.put_up(), _without(names, shadows):
            return call()
    except Exception:  # noqa: BLE001 -- the first one counts
        raise first from None


def _shadows(names: dict[str, Any]) -> dict[str, Any]:
    """The notebook's values under names of Python's own functions: `max = 3`."""
    own = vars(builtins)
    return {n: v for n, v in names.items() if callable(own.get(n)) and not callable(v)}


@contextmanager
def _without(names: dict[str, Any], taken: dict[str, Any]) -> Iterator[None]:
    for name in taken:
        del names[name]
    try:
        yield
    finally:
        names.update(taken)

"""Which of some listed library functions a call makes, directly or further down."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import FrameType, ModuleType
from typing import Any


def functions_used(function: Callable[..., Any], given: list[Any], listed: list[str]) -> list[str]:
    """Call the function, whatever comes of it; return the listed functions that it used."""
    by_code, by_identity = _targets(listed)
    used: set[str] = set()

    def watch(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code in by_code:
            used.add(by_code[frame.f_code])
        elif event == "c_call" and id(argument) in by_identity:
            used.add(by_identity[id(argument)])

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        function(*given)
    except Exception:  # noqa: BLE001, S110 -- what it raises is told by the call that counts
        pass
    finally:
        sys.setprofile(before)
    return sorted(used)


def _targets(listed: list[str]) -> tuple[dict[Any, str], dict[int, str]]:
    by_code: dict[Any, str] = {}
    by_identity: dict[int, str] = {}
    for name in listed:
        for one in _layers(_resolved(name)):
            code = getattr(one, "__code__", None)
            if code is None:
                by_identity[id(one)] = name
            else:
                by_code[code] = name
    return by_code, by_identity


def _resolved(name: str) -> Any:
    """The object of a dotted name; None where there is none here.

    Only modules that are here already are looked at: the function was called before, so what it
    uses has been imported, and to import SciPy for a notebook that does not takes 2 s.
    """
    module = name
    rest: list[str] = []
    while module:
        found: Any = sys.modules.get(module)
        if found is not None:
            for part in rest:
                found = _attribute(found, part)
            return found
        module, _, last = module.rpartition(".")
        rest.insert(0, last)
    return None


def _attribute(one: Any, name: str) -> Any:
    """An attribute; of a module only what it holds already: SciPy imports its parts when asked."""
    return vars(one).get(name) if isinstance(one, ModuleType) else getattr(one, name, None)


def _layers(one: Any) -> Iterator[Any]:
    """A function and what its decorators wrap."""
    for _ in range(5):
        if one is None:
            return
        yield one
        one = getattr(one, "__wrapped__", None) or getattr(one, "_implementation", None)

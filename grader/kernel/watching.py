"""Which of some listed library functions a call makes, directly or further down."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from types import CodeType, FrameType, ModuleType
from typing import Any

HIDING = {
    "sys": ("setprofile", "getprofile", "settrace", "_getframe"),
    "threading": ("setprofile", "settrace"),
    "_thread": ("start_new_thread",),
    "_posixsubprocess": ("fork_exec",),
    "os": ("fork", "posix_spawn"),
}
"""By module: what ends this watch, asks whether there is one, or works where it does not see. No
answer needs them, so they are told whatever is listed."""
_ASKED_BY_LIBRARIES = frozenset({"sys._getframe"})
"""Told only where the answer's own code asks: `logging` does, too."""
OPERATORS = "torch.ops.*"
"""All of torch's operators by their own names; which ones there are shows when they are used."""


def functions_used(function: Callable[..., Any], given: list[Any], listed: list[str]) -> list[str]:
    """Call the function, whatever comes of it; return the listed functions that it used.

    And those of `HIDING`, by their names.
    """
    by_code, by_identity, methods = _targets(listed)
    hiding = _hiding()
    here = sys._getframe()
    used: set[str] = set()

    def watch(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call" and frame.f_code in by_code:
            used.add(by_code[frame.f_code])
        elif event == "c_call" and id(argument) in by_identity:
            used.add(by_identity[id(argument)])
        elif event == "c_call" and id(argument) in hiding and frame is not here:
            name = hiding[id(argument)]
            if name not in _ASKED_BY_LIBRARIES or frame.f_code is getattr(function, "__code__", 0):
                used.add(name)
        elif event == "c_call" and (name := _method(argument, methods)):
            used.add(name)

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        function(*given)
    except Exception:  # noqa: BLE001, S110 -- what it raises is told by the call that counts
        pass
    finally:
        sys.setprofile(before)
    return sorted(used)


def _hiding() -> dict[int, str]:
    """Identity of the functions of `HIDING` that are loaded, and their names."""
    found = {}
    for module, names in HIDING.items():
        for name in names:
            one = vars(sys.modules.get(module, os)).get(name)
            if one is not None:
                found[id(one)] = f"{module}.{name}"
    return found


def _method(argument: Any, methods: dict[str, tuple[type, str]]) -> str:
    """The listed name of a bound method in C, such as of torch's engine; empty for others."""
    owner, name = methods.get(getattr(argument, "__name__", ""), (None, ""))
    return name if owner is not None and isinstance(argument.__self__, owner) else ""


def _targets(
    listed: list[str],
) -> tuple[dict[CodeType, str], dict[int, str], dict[str, tuple[type, str]]]:
    """What is watched: Python functions by code, others by identity, methods in C by their name."""
    by_code: dict[CodeType, str] = {}
    by_identity: dict[int, str] = {}
    methods: dict[str, tuple[type, str]] = {}
    for name in listed:
        for one in _objects(name):
            code = getattr(one, "__code__", None)
            bound_to = getattr(one, "__self__", None)
            if isinstance(code, CodeType):
                if code.co_name == name.rpartition(".")[2] or not code.co_freevars:
                    by_code[code] = name  # not what a decorator made: others share its code
            elif bound_to is not None and not isinstance(bound_to, (ModuleType, type)):
                methods[one.__name__] = (type(bound_to), name)  # each look makes another
            else:
                by_identity[id(one)] = name
    return by_code, by_identity, methods


def _objects(name: str) -> Iterator[Any]:
    if name == OPERATORS:
        for kind in ("OpOverloadPacket", "OpOverload"):
            yield from _layers(_resolved(f"torch._ops.{kind}.__call__"))
    elif not name.endswith("*"):
        yield from _layers(_resolved(name))


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

"""Where the functions are that will be asked for, by whatever means the notebook bound them.

Reading the code tells most of it; `exec`, `%run`, star imports and the like are seen only here. A
name counts as bound while a callable stands under it: in the notebook itself, else in one module,
class or object of the student that the notebook holds.
"""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from types import FunctionType, MethodType, ModuleType
from typing import Any

from .state import shielded, state_of
from .surroundings import Surroundings, taken_down


@dataclass(frozen=True)
class Bound:
    """A callable that the notebook bound, and how things were then."""

    value: Any
    surroundings: Surroundings


@shielded
def note_names() -> None:
    """Tell the host which of the names that it asks for this cell has bound anew.

    What was found stays known when the name is deleted, or given to something else, later on.
    """
    state = state_of()
    anew = []
    for name in state.wanted:
        value = found_under(state.shell.user_ns, name, state.home)
        known = state.found.get(name)
        if value is not None and (known is None or not _same(known.value, value)):
            state.found[name] = Bound(value, taken_down())
            anew.append(name)
    if anew:
        state.channel.send("bound", {"names": anew})


@contextmanager
def as_bound(function: str) -> Iterator[dict[str, Any]]:
    """Give the functions that were found, with things as they were when the asked one was bound.

    Args:
        function: The asked one's name.
    """
    found = state_of().found
    asked = found.get(function)
    with asked.surroundings.put_up() if asked is not None else nullcontext():
        yield {name: bound.value for name, bound in found.items()}


def found_under(namespace: Mapping[str, Any], name: str, home: str) -> Any:
    """Return the callable of a name; None where there is none, or one of several.

    Args:
        namespace: The notebook's.
        name: The name.
        home: Folder of the student's files: modules from there are the student's.
    """
    value = namespace.get(name)
    if callable(value):
        return value
    others: list[Any] = []
    for other in _elsewhere(namespace, name, home):
        if not any(_same(other, known) for known in others):
            others.append(other)
    return others[0] if len(others) == 1 else None


def _elsewhere(namespace: Mapping[str, Any], name: str, home: str) -> Iterator[Any]:
    """Callables of that name in modules, classes and objects of the student."""
    for holder in list(namespace.values()):
        if isinstance(holder, ModuleType):
            value = vars(holder).get(name) if is_from(holder, home) else None
        elif isinstance(holder, type):
            value = _of_class(holder, name, home)
        else:
            value = _of_object(holder, name, home)
        if callable(value):
            yield value


def is_from(module: Any, home: str) -> bool:
    """Whether a module is the student's: its file lies below their folder."""
    path = getattr(module, "__file__", None)
    if not isinstance(path, str):
        return False
    return _lies_below(path, home) if path.startswith(os.sep) else _is_below(path, home)


def _is_below(path: str, home: str) -> bool:
    return os.path.realpath(path).startswith(home + os.sep)


_lies_below = functools.lru_cache(maxsize=4096)(_is_below)
"""The same, looked up once: every module is asked for after every cell."""


def _is_students(cls: type, home: str) -> bool:
    name = getattr(cls, "__module__", None)
    return name == "__main__" or is_from(sys.modules.get(str(name)), home)


def _of_class(cls: type, name: str, home: str) -> Any:
    """A function of a class that is called without an object."""
    inside = inspect.getattr_static(cls, name, None) if _is_students(cls, home) else None
    if isinstance(inside, FunctionType) and next(iter(_parameters(inside)), "") == "self":
        return None
    return None if inside is None else getattr(cls, name)


def _of_object(value: Any, name: str, home: str) -> Any:
    cls = type(value)
    inside = inspect.getattr_static(cls, name, None) if _is_students(cls, home) else None
    if isinstance(inside, FunctionType) and next(iter(_parameters(inside)), "") != "self":
        return getattr(cls, name)  # as one calls it through the class
    return None if inside is None else getattr(value, name)


def _parameters(function: FunctionType) -> tuple[str, ...]:
    return function.__code__.co_varnames[: function.__code__.co_argcount]


def _same(a: Any, b: Any) -> bool:
    """Whether two callables are one: each look at an object's method makes a new one."""
    if isinstance(a, MethodType) and isinstance(b, MethodType):
        return a.__self__ is b.__self__ and a.__func__ is b.__func__
    return a is b

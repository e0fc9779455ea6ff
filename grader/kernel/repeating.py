"""Repeats an attack of the notebook with another target, as things were when it was called."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .runs import recorded_call
from .state import state_of

IMAGE_PLACE, CLASS_PLACE = 1, 2
"""Places of x and class_id among the attack function's arguments."""


def repeat(class_id: int, *, normalised: bool) -> None:
    """Call the student's function again with the arguments of its last call in that space.

    Nothing is done where an attack with the same network was aimed at `class_id` already, or where
    there was no attack in that space.
    """
    state = state_of()
    calls = [
        call
        for call in state.calls
        if call.stepper is not None
        and state.settings.get(id(call.stepper), {}).get("normalised") == normalised
    ]
    if not calls:
        return
    last = calls[-1]
    if any(call.class_id == class_id and call.weights == last.weights for call in state.calls):
        return
    bound = inspect.signature(last.function).bind(*last.args, **last.kwargs)
    names = list(inspect.signature(last.function).parameters)
    bound.arguments[names[IMAGE_PLACE]] = last.image
    bound.arguments[names[CLASS_PLACE]] = class_id
    state.repeats = last.run
    try:
        with _as_it_was(state.shell.user_ns, last.names):
            recorded_call(last.function, bound.args, bound.kwargs)
    finally:
        state.repeats = ""


@contextmanager
def _as_it_was(namespace: dict[str, Any], names: dict[str, Any]) -> Iterator[None]:
    """Give the notebook's names the values that they had at the call."""
    now = {name: namespace[name] for name in names if name in namespace}
    namespace.update(names)
    try:
        yield
    finally:
        for name in names:
            namespace.pop(name, None)
        namespace.update(now)

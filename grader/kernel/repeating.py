"""Repeats an attack of the notebook with another target, as things were when it was called."""

from __future__ import annotations

from .calls import Call
from .runs import recorded_call
from .state import state_of


def repeat(class_id: int, *, normalised: bool) -> None:
    """Call the student's function again with the arguments of its last call in that space.

    Nothing is done where an attack with the same network was aimed at `class_id` already, where
    there was no attack in that space, or where its network is no longer to be had.
    """
    state = state_of()
    calls: list[Call] = [
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
    if last.network is not None and not last.network.at_hand:
        return
    state.repeats = last.run
    try:
        with last.as_it_was():
            bound = last.arguments(class_id)
            recorded_call(last.function, bound.args, bound.kwargs)
    finally:
        state.repeats = ""

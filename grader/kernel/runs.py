"""Recorder of attacks: one run for each call of the attack function, or for each inline loop."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Coroutine
from typing import Any

from .bounds import GREATEST_NUMBER, MAX_RUNS
from .calls import call_of
from .look_runs import settle_at_end
from .run_ends import close_run, module_in_use, next_name, open_run
from .state import Run, shielded, state_of

ATTACK = "generate_adversarial_example"


def _attack_arguments(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """(model_fn, x, class_id, n_iter) of a call, by position in the signature."""
    bound = inspect.signature(function).bind(*args, **kwargs)
    bound.apply_defaults()
    values: list[Any] = list(bound.arguments.values())[:4]
    return values + [None] * (4 - len(values))


def _as_int(value: Any) -> int | None:
    """A number that can be told: a class that is far from any is none."""
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        return None
    return number if abs(number) <= GREATEST_NUMBER else None


@shielded
def _attack_starts(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    if state_of().runs >= MAX_RUNS:
        return
    settle_at_end()
    model_fn, x, class_id, n_iter = _attack_arguments(function, args, kwargs)
    run = Run(next_name(), ATTACK, _as_int(class_id), _as_int(n_iter), model_fn=model_fn)
    network = module_in_use(model_fn)
    if not state_of().repeats:
        what = (x, run.class_id, network)
        state_of().calls.append(call_of(run.name, function, (args, kwargs), what))
    open_run(run, network, x)


@shielded
def attack_ends(result: Any, error: BaseException | None) -> None:
    """Tell the host that the run under way has ended."""
    settle_at_end()
    close_run(result, error)


def recorded_call(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call the student's attack as one run."""
    _attack_starts(function, args, kwargs)
    try:
        result = function(*args, **kwargs)
        if inspect.iscoroutine(result):
            return _awaited(result)
    except BaseException as error:
        attack_ends(None, error)
        raise
    attack_ends(result, None)
    return result


async def _awaited(attack: Coroutine[Any, Any, Any]) -> Any:
    """An attack that is `async`: it ends when it has been awaited."""
    try:
        result = await attack
    except BaseException as error:
        attack_ends(None, error)
        raise
    attack_ends(result, None)
    return result


def wrap_attack(function: Any) -> Any:
    """Return the student's attack function with each call recorded as a run."""

    @functools.wraps(function)
    def recorded(*args: Any, **kwargs: Any) -> Any:
        if state_of().run is not None and state_of().run.function:  # type: ignore[union-attr]
            return function(*args, **kwargs)
        return recorded_call(function, args, kwargs)

    recorded.__pset4_original__ = function  # type: ignore[attr-defined]
    return recorded

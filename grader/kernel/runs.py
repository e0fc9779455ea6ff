"""Recorder of attacks: one run for each call of the attack function, or for each inline loop."""

from __future__ import annotations

import functools
import inspect
from types import CodeType
from typing import Any

from .look_runs import settle_at_end
from .run_ends import MAX_RUNS, close_run, module_in_use, next_name, open_run
from .state import Call, Run, recordable, shielded, state_of

ATTACK = "generate_adversarial_example"


def _attack_arguments(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """(model_fn, x, class_id, n_iter) of a call, by position in the signature."""
    bound = inspect.signature(function).bind(*args, **kwargs)
    bound.apply_defaults()
    values: list[Any] = list(bound.arguments.values())[:4]
    return values + [None] * (4 - len(values))


def _as_int(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


@shielded
def _attack_starts(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    if state_of().runs >= MAX_RUNS:
        return
    settle_at_end()
    model_fn, x, class_id, n_iter = _attack_arguments(function, args, kwargs)
    run = Run(next_name(), ATTACK, _as_int(class_id), _as_int(n_iter), model_fn=model_fn)
    if not state_of().repeats:
        _keep_call(run, function, (args, kwargs), x)
    open_run(run, module_in_use(model_fn), x)


def _keep_call(
    run: Run, function: Any, given: tuple[tuple[Any, ...], dict[str, Any]], image: Any
) -> None:
    """Remember a call with the notebook's names as they are now; the image is copied."""
    namespace = state_of().shell.user_ns
    code = getattr(function, "__code__", None)
    used = global_names(code) if code is not None else set()
    state_of().calls.append(
        Call(
            run=run.name,
            function=function,
            args=given[0],
            kwargs=given[1],
            image=image.detach().clone() if recordable(image) else image,
            class_id=run.class_id,
            names={name: namespace[name] for name in used if name in namespace},
        )
    )


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


def global_names(code: CodeType) -> set[str]:
    """Return the names that a function's code reads, its inner functions included."""
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return set(code.co_names).union(*(global_names(one) for one in inner))

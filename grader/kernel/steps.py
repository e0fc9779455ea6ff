"""Recorder of steps: settings of `StepImage`, pictures and directions on the way."""

from __future__ import annotations

import functools
import inspect
from typing import Any

import torch

from . import networks
from .bounds import GRADIENT_STEPS, GREATEST_NUMBER, MAX_RUNS
from .look_runs import direction_of, settle_before_step
from .predictions import network_in_use
from .run_ends import IMAGE_STEPS, close_run, next_name, open_run
from .state import Run, recordable, shielded, state_of

PROGRESS_EVERY = 5


def _float_or_none(value: Any) -> float | None:
    """A number that can be told: neither infinite nor beyond any step or radius."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        return None
    return number if abs(number) <= GREATEST_NUMBER else None


@shielded
def _note_settings(stepper: Any, init: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    bound = inspect.signature(init).bind(stepper, *args, **kwargs)
    bound.apply_defaults()
    given = bound.arguments
    state_of().settings[id(stepper)] = {
        "step_size": _float_or_none(given.get("step_size")),
        "eps_l2": _float_or_none(given.get("eps")) if given.get("renorm", True) else None,
        "normalised": bool(given.get("is_normalized", True)),
        "norm": "l2" if given.get("norm_update", "l2") == "l2" else "abs",
    }


def _starts_over(run: Run, stepper: Any, x: torch.Tensor) -> bool:
    """Whether an inline loop has begun anew: another stepper, or back at its start image."""
    if run.stepper is not stepper:
        return True
    origin = getattr(stepper, "orig_input", None)
    if not isinstance(origin, torch.Tensor) or origin.shape != x.shape:
        return False
    if torch.equal(origin.detach(), x.detach()):
        return run.moved  # a loop that drops its results stays at its start: still the same run
    run.moved = True
    return False


def _network_shown() -> Any:
    """The network whose loss this step follows; `model`, where none was seen."""
    state = state_of()
    look = state.look
    shown = None if look is None or look.gradient is None else look.owner
    return network_in_use() if shown is None else shown


@shielded
def _before_step(stepper: Any, x: Any, gradient: Any) -> None:
    state = state_of()
    run = state.run
    if not recordable(x) or not recordable(gradient):
        if run is not None and not run.function and run.stepper is not stepper:
            close_run(None, None)  # another loop has begun, of pictures that are not recorded
        return
    if run is None or (not run.function and _starts_over(run, stepper, x)):
        if state.runs >= MAX_RUNS:
            return
        run = Run(next_name(), "", None, None)
        open_run(run, _network_shown(), x)
    run.stepper = stepper
    settle_before_step(run)
    number = run.steps
    if number in GRADIENT_STEPS and not run.looks:
        arrays = {"image": networks.to_numpy(x), "gradient": direction_of(gradient)}
        state.channel.send("run-sample", {"run": run.name, "step": number}, arrays)
    if number in IMAGE_STEPS:
        image = networks.to_numpy(x, IMAGE_STEPS[number])
        state.channel.send("run-image", {"run": run.name, "step": number}, {"image": image})
    if number % PROGRESS_EVERY == 0:
        total = None if run.total is None or run.total < 0 else run.total
        body = {"run": run.name, "step": number, "total": total}
        state.channel.send("progress", body)


@shielded
def _after_step(stepper: Any, result: Any) -> None:
    run = state_of().run
    if run is not None and (run.function or run.stepper is stepper):
        run.steps += 1
        run.last = result
        calls = state_of().calls
        if calls and calls[-1].run == run.name:
            calls[-1].stepper = run.stepper


def wrap_stepper(cls: type) -> None:
    """Wrap `__init__` and `step` of the class in place, so that isinstance and super still work."""
    init, step = cls.__init__, getattr(cls, "step", None)  # type: ignore[misc]
    if step is None or hasattr(step, "__pset4_original__"):
        return

    @functools.wraps(init)
    def recorded_init(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        _note_settings(self, init, args, kwargs)

    @functools.wraps(step)
    def recorded_step(self: Any, *args: Any, **kwargs: Any) -> Any:
        given = [*args, *kwargs.values(), None, None]
        _before_step(self, given[0], given[1])
        result = step(self, *args, **kwargs)
        _after_step(self, result)
        return result

    recorded_step.__pset4_original__ = step  # type: ignore[attr-defined]
    cls.__init__ = recorded_init  # type: ignore[misc]
    cls.step = recorded_step  # type: ignore[attr-defined]

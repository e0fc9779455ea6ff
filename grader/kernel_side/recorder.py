"""Recorders: what the notebook's networks, attack function and steps did, as it happened.

Notebooks rebind their globals and load the robust weights into the same object, so facts are noted
at the moment they hold. A name is wrapped as soon as a cell binds it, even in the middle of the
cell: an AST transformer puts a call behind each such top-level statement. Recorders never change a
value and never raise into the student's code; the host recomputes whatever is worth points.
"""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torchvision.models.resnet import ResNet

from . import networks, repeating
from .channel import Channel

ATTACK = "generate_adversarial_example"
STEPPER = "StepImage"
MODEL = "model"
HOOK = "__pset4_bound__"
WATCHED = (ATTACK, STEPPER, MODEL)

GRADIENT_STEPS = frozenset({0, 2, 5, 15, 100})
IMAGE_STEPS = frozenset({0, 1, 2, 5, 10, 20, 30, 40, 60, 80, 100, 125, 150, 175})
PROGRESS_EVERY = 5
MAX_PREDICTIONS = 40
MAX_PREDICTIONS_PER_CELL = 6
MAX_RUNS = 64
IMAGE_PLACE, CLASS_PLACE = 1, 2
"""Places of x and class_id among the attack function's arguments."""
MAX_ELEMENTS = 4 * 3 * 512 * 512
"""Greatest tensor that is recorded, in elements."""


@dataclass
class Run:
    """An optimisation under way."""

    name: str
    function: str
    class_id: int | None
    total: int | None
    stepper: Any = None
    steps: int = 0
    last: Any = None
    opened: bool = False
    moved: bool = False
    started: float = field(default_factory=time.perf_counter)


@dataclass
class Call:
    """A call of the attack function, kept so that it can be repeated with another target."""

    run: str
    function: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    image: Any
    class_id: int | None
    names: dict[str, Any]
    weights: str = ""
    stepper: Any = None


@dataclass
class State:
    """All that the recorder remembers; one per kernel."""

    channel: Channel
    shell: Any
    seed: int
    run: Run | None = None
    runs: int = 0
    predictions: int = 0
    predictions_of_cell: int = 0
    inside_recorder: bool = False
    last_model: str = ""
    settings: dict[int, dict[str, Any]] = field(default_factory=dict)
    problems: set[str] = field(default_factory=set)
    calls: list[Call] = field(default_factory=list)
    repeats: str = ""


_states: list[State] = []


def _state() -> State:
    return _states[0]


def _shielded(function: Callable[..., None]) -> Callable[..., None]:
    """Run a recorder's action; a failure is told to staff once and never reaches the notebook."""

    @functools.wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> None:
        state = _state()
        nested, state.inside_recorder = state.inside_recorder, True
        try:
            function(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 -- see the docstring
            text = f"{function.__name__}: {type(error).__name__}: {error}"[:300]
            if text not in state.problems and len(state.problems) < 20:
                state.problems.add(text)
                state.channel.send("note", {"message": text})
        finally:
            state.inside_recorder = nested

    return guarded


def _recordable(value: Any) -> bool:
    return (
        isinstance(value, torch.Tensor)
        and value.dim() == 4
        and value.is_floating_point()
        and 0 < value.numel() <= MAX_ELEMENTS
    )


# -- networks -------------------------------------------------------------------------------------


def _look(model: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Facts about a network: digest, size of the last layer's input, fingerprint."""
    if not isinstance(model, torch.nn.Module):
        return {"weights": "", "in_features": None}, {}
    last = getattr(model, "fc", None)
    facts = {
        "weights": networks.weights_sha256(model),
        "in_features": getattr(last, "in_features", None),
    }
    try:
        return facts, {"fingerprint": networks.fingerprint(model, _state().seed)}
    except Exception:  # noqa: BLE001 -- a network of another form has no fingerprint
        return facts, {}


@_shielded
def _note_model() -> None:
    """Tell the host when `model` is another network than before."""
    state = _state()
    model = state.shell.user_ns.get(MODEL)
    if not isinstance(model, torch.nn.Module):
        return
    digest = networks.weights_sha256(model)
    if digest != state.last_model:
        state.last_model = digest
        state.channel.send("model", *_look(model))


@_shielded
def _note_prediction(model: torch.nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
    state = _state()
    full = state.predictions >= MAX_PREDICTIONS
    if full or state.predictions_of_cell >= MAX_PREDICTIONS_PER_CELL:
        return
    if not inputs or not _recordable(inputs[0]):
        return
    if not isinstance(output, torch.Tensor) or output.numel() > 100_000:
        return
    state.predictions += 1
    state.predictions_of_cell += 1
    state.channel.send(
        "prediction",
        {"weights": networks.weights_sha256(model), "training": model.training},
        {"input": networks.to_numpy(inputs[0]), "logits": networks.to_numpy(output)},
    )


def _watch_predictions() -> None:
    """Note calls of any ResNet that are not part of an attack, `model(x)` or `model.forward(x)`."""
    forward = ResNet.forward
    if hasattr(forward, "__pset4_original__"):
        return

    @functools.wraps(forward)
    def recorded(self: torch.nn.Module, *args: Any, **kwargs: Any) -> Any:
        output = forward(self, *args, **kwargs)
        state = _state()
        attacking = state.run is not None and state.run.function
        if not state.inside_recorder and not attacking:
            _note_prediction(self, (*args, *kwargs.values()), output)
        return output

    recorded.__pset4_original__ = forward  # type: ignore[attr-defined]
    ResNet.forward = recorded


# -- runs -----------------------------------------------------------------------------------------


def _module_in_use(model_fn: Any) -> Any:
    """The network behind the function that the attack was given."""
    if isinstance(model_fn, torch.nn.Module):
        return model_fn
    owner = getattr(model_fn, "__self__", None)
    return owner if isinstance(owner, torch.nn.Module) else _state().shell.user_ns.get(MODEL)


def _open_run(run: Run, model: Any, start: Any) -> None:
    state = _state()
    _close_run(None, "")
    facts, arrays = _look(model)
    if _recordable(start):
        arrays["start"] = networks.to_numpy(start)
    run.opened = True
    run.started = time.perf_counter()
    state.run = run
    body = {
        "run": run.name,
        "function": run.function,
        "class_id": run.class_id,
        "repeats": state.repeats,
        **facts,
    }
    if run.function and state.calls and state.calls[-1].run == run.name:
        state.calls[-1].weights = facts["weights"]
    state.channel.send("run-open", body, arrays)


def _close_run(result: Any, error: str) -> None:
    state = _state()
    run, state.run = state.run, None
    if run is None or not run.opened:
        return
    final = result if _recordable(result) else run.last
    arrays = {"final": networks.to_numpy(final)} if _recordable(final) else {}
    body = {
        "run": run.name,
        "steps": run.steps,
        "seconds": time.perf_counter() - run.started,
        "error": error,
        "settings": state.settings.get(id(run.stepper)),
    }
    state.channel.send("run-close", body, arrays)


def _next_name() -> str:
    state = _state()
    state.runs += 1
    return f"run{state.runs}"


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


@_shielded
def _attack_starts(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    if _state().runs >= MAX_RUNS:
        return
    model_fn, x, class_id, n_iter = _attack_arguments(function, args, kwargs)
    run = Run(_next_name(), ATTACK, _as_int(class_id), _as_int(n_iter))
    if not _state().repeats:
        _keep_call(run, function, (args, kwargs), x)
    _open_run(run, _module_in_use(model_fn), x)


def _keep_call(
    run: Run, function: Any, given: tuple[tuple[Any, ...], dict[str, Any]], image: Any
) -> None:
    """Remember a call with the notebook's names as they are now; the image is copied."""
    namespace = _state().shell.user_ns
    code = getattr(function, "__code__", None)
    used = repeating.global_names(code) if code is not None else set()
    _state().calls.append(
        Call(
            run=run.name,
            function=function,
            args=given[0],
            kwargs=given[1],
            image=image.detach().clone() if _recordable(image) else image,
            class_id=run.class_id,
            names={name: namespace[name] for name in used if name in namespace},
        )
    )


@_shielded
def _attack_ends(result: Any, error: str) -> None:
    _close_run(result, error)


def recorded_call(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call the student's attack as one run."""
    _attack_starts(function, args, kwargs)
    try:
        result = function(*args, **kwargs)
    except BaseException as error:
        _attack_ends(None, f"{type(error).__name__}: {error}"[:300])
        raise
    _attack_ends(result, "")
    return result


def _wrap_attack(function: Any) -> Any:
    @functools.wraps(function)
    def recorded(*args: Any, **kwargs: Any) -> Any:
        if _state().run is not None and _state().run.function:  # type: ignore[union-attr]
            return function(*args, **kwargs)
        return recorded_call(function, args, kwargs)

    recorded.__pset4_original__ = function  # type: ignore[attr-defined]
    return recorded


# -- steps ----------------------------------------------------------------------------------------


def _float_or_none(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


@_shielded
def _note_settings(stepper: Any, init: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    bound = inspect.signature(init).bind(stepper, *args, **kwargs)
    bound.apply_defaults()
    given = bound.arguments
    _state().settings[id(stepper)] = {
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


def _direction(gradient: torch.Tensor) -> np.ndarray:
    """Scale to a greatest value of 1 and store in half precision: only its direction is used."""
    size = gradient.detach().abs().max()
    scaled = gradient.detach() / size if bool(size > 0) else gradient
    return networks.to_numpy(scaled, torch.float16)


@_shielded
def _before_step(stepper: Any, x: Any, gradient: Any) -> None:
    state = _state()
    if not _recordable(x) or not _recordable(gradient):
        return
    run = state.run
    if run is None or (not run.function and _starts_over(run, stepper, x)):
        if state.runs >= MAX_RUNS:
            return
        run = Run(_next_name(), "", None, None)
        _open_run(run, state.shell.user_ns.get(MODEL), x)
    run.stepper = stepper
    number = run.steps
    if number in GRADIENT_STEPS:
        arrays = {"image": networks.to_numpy(x), "gradient": _direction(gradient)}
        state.channel.send("run-sample", {"run": run.name, "step": number}, arrays)
    if number in IMAGE_STEPS:
        image = networks.to_numpy(x, torch.float16)
        state.channel.send("run-image", {"run": run.name, "step": number}, {"image": image})
    if number % PROGRESS_EVERY == 0:
        body = {"run": run.name, "step": number, "total": run.total}
        state.channel.send("progress", body)


@_shielded
def _after_step(result: Any) -> None:
    run = _state().run
    if run is not None:
        run.steps += 1
        run.last = result
        calls = _state().calls
        if calls and calls[-1].run == run.name:
            calls[-1].stepper = run.stepper


def _wrap_stepper(cls: type) -> None:
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
        _after_step(result)
        return result

    recorded_step.__pset4_original__ = step  # type: ignore[attr-defined]
    cls.__init__ = recorded_init  # type: ignore[misc]
    cls.step = recorded_step  # type: ignore[attr-defined]


# -- wiring ---------------------------------------------------------------------------------------


@_shielded
def bound(name: str) -> None:
    """Called right behind a top-level statement that binds a watched name."""
    namespace = _state().shell.user_ns
    value = namespace.get(name)
    if name == ATTACK and callable(value) and not hasattr(value, "__pset4_original__"):
        namespace[name] = _wrap_attack(value)
    elif name == STEPPER and isinstance(value, type):
        _wrap_stepper(value)
    elif name == MODEL:
        _note_model()


def _names_bound(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [t.id for t in node.targets if isinstance(t, ast.Name)]
    return []


class BindHooks(ast.NodeTransformer):
    """Puts a call of the hook behind each top-level statement that binds a watched name."""

    def visit_Module(self, node: ast.Module) -> ast.Module:
        """Rewrite the module's own statements only."""
        body: list[ast.stmt] = []
        for statement in node.body:
            body.append(statement)
            for name in _names_bound(statement):
                if name in WATCHED:
                    call = ast.Call(ast.Name(HOOK, ast.Load()), [ast.Constant(name)], [])
                    body.append(ast.copy_location(ast.Expr(call), statement))
        node.body = body
        return ast.fix_missing_locations(node)


def _after_cell(*_: Any) -> None:
    """End an inline loop with its cell, and look at `model`."""
    state = _state()
    state.predictions_of_cell = 0
    if state.run is not None and not state.run.function:
        _attack_ends(None, "")
    _note_model()


def install(channel: Channel, shell: Any, seed: int) -> None:
    """Start recording in this kernel."""
    _states[:] = [State(channel=channel, shell=shell, seed=seed)]
    setattr(builtins, HOOK, bound)
    shell.ast_transformers.append(BindHooks())
    shell.events.register("post_run_cell", _after_cell)
    _watch_predictions()

"""Beginning and end of a run, as they are told to the host."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch

from . import networks
from .bounds import EXACT_IMAGES, ROUGH_IMAGES
from .predictions import describe_model, network_in_use
from .state import Run, recordable, state_of

IMAGE_STEPS = {
    **dict.fromkeys(EXACT_IMAGES, torch.float32),
    **dict.fromkeys(ROUGH_IMAGES, torch.float16),
}
"""Images on the way that are recorded; the first ones exactly, for what one step changes."""


def module_in_use(model_fn: Any) -> Any:
    """The network behind the function that the attack was given."""
    if isinstance(model_fn, torch.nn.Module):
        return model_fn
    owner = getattr(model_fn, "__self__", None)
    return owner if isinstance(owner, torch.nn.Module) else network_in_use()


def open_run(run: Run, model: Any, start: Any) -> None:
    """Tell the host that a run begins, with the network that it uses; another one ends."""
    state = state_of()
    close_run(None, None)
    facts, arrays = describe_model(model)
    if recordable(start):
        arrays["start"] = networks.to_numpy(start)
    run.opened = True
    run.network = model
    run.started = time.perf_counter()
    state.run = run
    body = {
        "run": run.name,
        "function": run.function,
        "class_id": run.class_id,
        "repeats": state.repeats,
        **facts,
    }
    state.channel.send("run-open", body, arrays)


def close_run(result: Any, error: BaseException | None) -> None:
    """Tell the host what became of the run under way, if there is one."""
    state = state_of()
    run, state.run = state.run, None
    if run is None or not run.opened:
        return
    final = result if recordable(result) else run.last
    arrays = {"final": networks.to_numpy(final)} if recordable(final) else {}
    if run.latest is not None:
        arrays["shown"] = networks.to_numpy(run.latest.image)
    other, of_other = _another_network(run)
    arrays |= of_other
    body = {
        "run": run.name,
        "steps": run.steps,
        "seconds": time.perf_counter() - run.started,
        "error": None if error is None else _described(error),
        "settings": state.settings.get(id(run.stepper)),
        "looks": run.looks,
        "carried": run.carried,
        "reduced": run.first is not None and run.first.reduced,
        "parts": [_told(part, times) for part, times in run.parts.items()],
        "training": run.first is not None and run.first.training,
        **other,
    }
    state.channel.send("run-close", body, arrays)


def _told(part: tuple[str, int, int, int], times: int) -> dict[str, Any]:
    layer, call, channel, place = part
    return {"layer": layer, "call": call, "channel": channel, "place": place, "times": times}


def _another_network(run: Run) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Facts of the network that the images went through, where it was not the one expected."""
    shown = None if run.first is None else run.first.owner
    if shown is None or shown is run.network:
        return {}, {}
    facts, arrays = describe_model(shown)
    return {"weights": facts["weights"], "untrained": facts["untrained"]}, arrays


def _described(error: BaseException) -> dict[str, str]:
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 -- the student's own class may do anything
        text = ""
    return {"name": type(error).__name__[:100], "message": text[:300]}


def next_name() -> str:
    """Return the name of a new run."""
    state = state_of()
    state.runs += 1
    return f"run{state.runs}"

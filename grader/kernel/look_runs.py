"""To which run does a look belong? One of steps, one of a function, or a loop without either.

A look waits until the next one, a step or the end of its run tells what it was: an image that a
loss came back to is part of an optimization, one that no loss came back to was only classified.
"""

from __future__ import annotations

from typing import Any

import torch

from . import networks
from .bounds import LOOK_STEPS, MAX_RUNS, MOST_PARTS
from .run_ends import IMAGE_STEPS, close_run, next_name, open_run
from .state import Look, Run, shielded, state_of

SMALL = 20_000
"""Elements of a gradient of a layer's output that is recorded at each of them, not only first."""
SAME = 0.5
"""Correlation of two images from which on the second may have been made of the first."""


def settle_without_step() -> None:
    """Give the look that waits to its run: no step has followed it."""
    state = state_of()
    look, state.look = state.look, None
    if look is None or look.gradient is None:
        return
    run = state.run
    if run is not None and _belongs(run, look):
        give(run, look)
    elif run is None and state.first is not None and _moved(state.first, look):
        first, state.first = state.first, None
        _begin(first)
        if state.run is not None:
            give(state.run, look)
    else:
        close_run(None, None)
        state.first = look


def _belongs(run: Run, look: Look) -> bool:
    """Whether a look is one of a run under way; a function's and a stepper's own all looks."""
    owned = bool(run.function) or run.stepper is not None
    return owned or _continues(run.first, run.latest, look)


def _moved(first: Look, look: Look) -> bool:
    """Whether an image has become another one, as in a loop."""
    return _continues(first, first, look) and not torch.equal(first.image, look.image)


def _begin(look: Look) -> None:
    """Open a run of a loop that takes its own steps."""
    state = state_of()
    if state.runs >= MAX_RUNS:
        return
    run = Run(next_name(), "", None, None)
    open_run(run, look.owner, look.image)
    give(run, look)


def _continues(first: Look | None, latest: Look | None, look: Look) -> bool:
    """Whether an image is the next one of a loop: not a new start, nor the old one again."""
    if first is None or latest is None or latest.image.shape != look.image.shape:
        return False
    if look is not first and latest is not first and torch.equal(first.base, look.base):
        return bool(torch.equal(latest.base, look.base))  # nothing was moved so far
    if look.leaf is not None and latest.leaf is look.leaf:
        return True
    return any(
        _correlation(one, other) >= SAME
        for one, other in ((latest.base, look.base), (latest.image, look.image))
    )


def _correlation(one: torch.Tensor, other: torch.Tensor) -> float:
    if one.shape != other.shape:
        return 0.0
    a, b = (values.float() - values.float().mean() for values in (one, other))
    size = float(a.norm() * b.norm())
    return float((a * b).sum()) / size if size > 0 else 0.0


@shielded
def settle_before_step(run: Run) -> None:
    """Give the look that waits to the run whose step follows it."""
    state = state_of()
    look, state.look, state.first = state.look, None, None
    if look is not None and look.gradient is not None:
        give(run, look)


@shielded
def settle_at_end() -> None:
    """Give the look that waits to the run that ends."""
    state = state_of()
    look, state.look, state.first = state.look, None, None
    run = state.run
    if run is None or look is None or look.gradient is None:
        return
    if _belongs(run, look):
        give(run, look)


def give(run: Run, look: Look) -> None:
    """Count a look as its run's next one, and tell the host of it."""
    number = run.looks
    run.looks += 1
    run.carried += look.carried
    run.first = run.first or look
    run.latest = look
    if run.stepper is None:
        run.last = look.leaf if look.own and not run.function else look.image
        _send_image(run, number, look.image)
    if number in LOOK_STEPS:
        _send_look(run, number, look)
    if look.cotangent is not None and look.layer:
        part = _part(look)
        if part in run.parts or len(run.parts) < MOST_PARTS:
            run.parts[part] = run.parts.get(part, 0) + 1
    look.gradient = look.cotangent = None


def _send_image(run: Run, number: int, image: torch.Tensor) -> None:
    if number in IMAGE_STEPS:
        body = {"run": run.name, "step": number}
        arrays = {"image": networks.to_numpy(image, IMAGE_STEPS[number])}
        state_of().channel.send("run-image", body, arrays)


def _send_look(run: Run, number: int, look: Look) -> None:
    arrays = {"image": networks.to_numpy(look.image), "gradient": direction_of(look.gradient)}
    small = look.cotangent is not None and look.cotangent.numel() <= SMALL
    if look.cotangent is not None and (number == 0 or small):
        arrays["cotangent"] = direction_of(look.cotangent, torch.float32 if small else None)
    body = {"run": run.name, "step": number, "layer": look.layer, "call": look.call}
    body["own"] = look.own
    state_of().channel.send("run-look", body, arrays)


def direction_of(gradient: Any, dtype: torch.dtype | None = None) -> Any:
    """Scale to a greatest value of 1; in half precision by default: only its direction is used."""
    values = gradient.detach().float()
    size = values.abs().max()
    scaled = values / size if bool(size > 0) else values
    return networks.to_numpy(scaled, dtype or torch.float16)


def _part(look: Look) -> tuple[str, int, int, int]:
    """Layer, call, channel and place to which a gradient of one image is confined; -1 for none."""
    values = look.cotangent
    if values is None or values.dim() not in (2, 4) or values.shape[0] != 1:
        return look.layer, look.call, -1, -1
    used = values[0].flatten(1) != 0 if values.dim() == 4 else values[0][:, None] != 0
    channels = used.any(dim=1).nonzero().flatten().tolist()
    if len(channels) != 1:
        return look.layer, look.call, -1, -1
    places = used[channels[0]].nonzero().flatten().tolist()
    single = len(places) == 1 and used.shape[1] > 1
    return look.layer, look.call, channels[0], places[0] if single else -1

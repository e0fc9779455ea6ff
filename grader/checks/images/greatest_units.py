"""4(d): the greatest unit, or the strongest channel, of several: another one from step to step.

A loss like `output[0, 3].max()` is one objective, though the recorder sees another unit at each
step. What was chosen must have been the greatest each time: of the layer, of a channel, or at a
place, as the later steps show too. Where it was at least the greatest of all that were ever chosen,
the loss may be the greatest of a group that is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from grader.checks.images.asked_objectives import follows, module_output
from grader.checks.images.feature_objectives import Climbed
from grader.checks.images.pushes import Push
from grader.kernel.bounds import MOST_PARTS
from grader.model.records import PartAsked
from reference.attack import Objective

CHANNEL_DIMS = 4
"""Dimensions of an output with places."""


def greatest_of_several(
    network: nn.Module, climbed: Climbed, pushes: Sequence[Push], parts: tuple[PartAsked, ...]
) -> Climbed | None:
    """Return the objective that chooses what each step was taken of; None where none does.

    Args:
        network: The trusted network.
        climbed: What the first step was taken of: a unit, or a function of one channel.
        pushes: The recorded steps.
        parts: What all steps were taken of, each told apart by its channel and place.
    """
    pushes = [push for push in pushes if push.image.shape == pushes[0].image.shape]
    there = {(part.layer, part.call) for part in parts}
    if there != {(climbed.layer, climbed.call)} or any(part.channel < 0 for part in parts):
        return None
    with torch.no_grad():
        output = module_output(network, climbed.layer, climbed.call)(pushes[0].image)
    if output.dim() != CHANNEL_DIMS or any(p.channel >= output.shape[1] for p in parts):
        return None
    of_units = climbed.objective.name.startswith("unit")
    named = _of_units(parts, output) if of_units else _of_channels(climbed)
    for objective in named:
        if follows(network, climbed, objective, pushes):
            return replace(climbed, objective=objective)
    seen = [p for p in pushes if p.step < MOST_PARTS] if len(parts) >= MOST_PARTS else pushes
    among = _among_units(parts) if of_units else _among_channels(climbed, parts)
    if follows(network, climbed, among, seen):
        return replace(climbed, objective=among, known=False)
    return None


def _of_units(parts: tuple[PartAsked, ...], output: Tensor) -> Iterator[Objective]:
    channels, places = {p.channel for p in parts}, {p.place for p in parts}
    if len(channels) == 1:
        channel = channels.pop()
        name = f"greatest unit of channel {channel}"
        yield Objective(name=name, function=lambda out: out[0, channel].max())
    if len(places) == 1:
        row, column = divmod(places.pop(), output.shape[3])
        name = f"greatest unit at ({row}, {column})"
        yield Objective(name=name, function=lambda out: out[0, :, row, column].max())
    yield Objective(name="greatest unit of the layer", function=lambda out: out.max())
    name = "greatest unit of the layer in size"
    yield Objective(name=name, function=lambda out: out.abs().max())


def _of_channels(climbed: Climbed) -> Iterator[Objective]:
    form, value = _form(climbed)
    name = f"greatest {form} of a channel"
    yield Objective(name=name, function=lambda out: value(out[0]).max())


def _form(climbed: Climbed) -> tuple[str, Callable[[Tensor], Tensor]]:
    """Which function of one channel, and that of (C, H, W) for each channel."""
    form = climbed.objective.name.split(" of ")[0]
    if form == "mean":
        return form, lambda channels: channels.mean(dim=(1, 2))
    size = 1 if form == "l1 norm" else 2
    return form, lambda channels: channels.flatten(1).norm(p=size, dim=1)


def _among_units(parts: tuple[PartAsked, ...]) -> Objective:
    channels = torch.tensor([part.channel for part in parts])
    places = torch.tensor([part.place for part in parts])
    return Objective(
        name=f"greatest of {len(parts)} units",
        function=lambda out: out[0].flatten(1)[channels, places].max(),
    )


def _among_channels(climbed: Climbed, parts: tuple[PartAsked, ...]) -> Objective:
    form, value = _form(climbed)
    channels = sorted({part.channel for part in parts})
    return Objective(
        name=f"greatest {form} of {len(channels)} channels",
        function=lambda out: value(out[0, channels]).max(),
    )

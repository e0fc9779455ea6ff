"""4(d): which layer, channel or unit did a run climb? Found from its first direction.

The gradient of every candidate objective at the same image is compared with the recorded one, the
likely ones first: the norms of the notebook's four layers, then of all other layers, then means.
For single channels and units there are too many to try. If the direction is g = J'u with u on one
channel, then J g = J J'u is largest there; so one forward-mode derivative along g ranks all
channels and units of a layer, and only the first few are verified exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from grader.checks.directions import cosine
from grader.tolerance import threshold
from reference.attack import Objective, gradient_at
from reference.dream import channel_mean, channel_norm, layer_norm
from reference.networks import activations, features

LAYERS = ("layer1", "layer2", "layer3", "layer4")
"""What the notebook's `model_layer` gives, by its id."""

FEW = 4
"""Channels and units per layer that are verified exactly."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Climbed:
    """An objective that was recognised."""

    layer: str
    """torchvision's name."""
    objective: Objective
    """Function of the layer's output."""
    downhill: bool
    """Whether the run went against its gradient."""
    cosine: float
    """With the objective's gradient, with its sign."""

    @property
    def words(self) -> str:
        """Say it for a report."""
        return f"{self.objective.name} ({self.layer})"


def recognise(network: nn.Module, image: Tensor, direction: Tensor) -> Climbed | None:
    """Return the objective whose gradient the direction is (or is against); None where none fits.

    Args:
        network: A trusted ResNet.
        image: Where the direction was taken, (1, 3, H, W), in the space that the run fed.
        direction: The same shape.
    """
    with torch.no_grad():
        outputs = activations(network, image)
    names = (*LAYERS, *(name for name in outputs if name not in LAYERS and name != "fc"))
    for layer, objective in _whole_layers(names):
        found = _tried(network, image, direction, layer, objective)
        if found is not None:
            return found
    for layer in names:
        if outputs[layer].ndim != 4 or outputs[layer].shape[2] * outputs[layer].shape[3] == 1:
            continue
        found = _parts_of_layer(network, image, direction, layer)
        if found is not None:
            return found
    return None


def value_of(network: nn.Module, layer: str, objective: Objective, image: Tensor) -> float:
    """Return an objective's value at an image."""
    with torch.no_grad():
        return float(objective.function(features(network, layer)(image)))


def layer_norms(network: nn.Module, image: Tensor) -> dict[str, float]:
    """Return the l2 norms of the notebook's four layers."""
    with torch.no_grad():
        outputs = activations(network, image)
    return {layer: float(outputs[layer].norm()) for layer in LAYERS}


def _whole_layers(names: tuple[str, ...]) -> Iterator[tuple[str, Objective]]:
    for layer in names:
        yield layer, layer_norm()
    for layer in names:
        yield layer, Objective(name="mean of the layer", function=lambda out: out.mean())
        yield layer, Objective(name="l1 norm of the layer", function=lambda out: out.abs().sum())


def _tried(
    network: nn.Module, image: Tensor, direction: Tensor, layer: str, objective: Objective
) -> Climbed | None:
    gradient = gradient_at(features(network, layer), image, objective)
    value = cosine(direction, gradient)
    if abs(value) < threshold("same_direction"):
        return None
    return Climbed(layer=layer, objective=objective, downhill=value < 0, cosine=value)


def _parts_of_layer(
    network: nn.Module, image: Tensor, direction: Tensor, layer: str
) -> Climbed | None:
    """Screen the channels and units of a layer, then verify the likeliest."""
    response = _derivative_along(features(network, layer), image, direction)[0]
    strength = response.flatten(1).norm(dim=1)
    channels = [int(c) for c in strength.topk(min(FEW, strength.numel())).indices]
    objectives: list[Objective] = []
    for channel in channels:
        objectives += [channel_norm(channel), channel_mean(channel)]
    places = response.abs().flatten().topk(min(FEW, response.numel())).indices
    for place in places:
        channel, row, column = (int(i) for i in torch.unravel_index(place, response.shape))
        objectives.append(_unit(channel, row, column))
    for objective in objectives:
        found = _tried(network, image, direction, layer, objective)
        if found is not None:
            return found
    return None


def _unit(channel: int, row: int, column: int) -> Objective:
    return Objective(
        name=f"unit ({row}, {column}) of channel {channel}",
        function=lambda out: out[0, channel, row, column],
    )


def _derivative_along(
    function: Callable[[Tensor], Tensor], image: Tensor, direction: Tensor
) -> Tensor:
    """Return the function's derivative along a direction: one forward pass with tangents."""
    step = direction / direction.norm().clamp(min=torch.finfo(direction.dtype).tiny)
    tangent = cast("Tensor", torch.func.jvp(function, (image,), (step,))[1])
    return tangent.detach()

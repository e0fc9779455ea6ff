"""4(d): which layer, channel or unit did a run climb? Found from its first direction.

The gradient of every candidate objective at the same image is compared with the recorded one: the
norms of the notebook's four layers, then of all other layers, then means and l1 norms.

Single channels and units are too many for that. With the direction g, an objective f of a layer's
output and its cotangent u, the gradient is J'u, and <g, J'u> = <J g, u>: one derivative along g
gives the inner products with the gradients of all channels and units at once. Their lengths
|J'u| follow, roughly, from derivatives along a few random directions v, since the mean of <J v, u>
squared is |J'u| squared. So all cosines of a layer are estimated together, and only the greatest
few are verified exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from grader.checks.images.derivatives import derivatives_along
from grader.checks.images.pushes import cosine
from grader.checks.tolerance import threshold
from reference.attack import Objective
from reference.dream import channel_mean, channel_norm, layer_norm
from reference.networks import activations, features

LAYERS = ("layer1", "layer2", "layer3", "layer4")
"""What the notebook's `model_layer` gives, by its id."""

PARTED = (*LAYERS, "relu", "maxpool", "conv1")
"""Layers whose channels and units are looked at."""

FEW = 5
"""Channels and units per layer and kind that are verified exactly."""

DIGITS = 5
"""Of a cosine; among equals the first counts (`layer3` is its own last block)."""

RANDOM_DIRECTIONS = 12
"""Derivatives from which the lengths of gradients are estimated, within a third or so."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Climbed:
    """An objective that was recognised."""

    layer: str
    """Name of the module, as torchvision's."""
    objective: Objective
    """Function of the layer's output."""
    downhill: bool
    """Whether the run went against its gradient."""
    cosine: float
    """With the objective's gradient, with its sign."""
    call: int = 1
    """Which call of the module gives that output; a block uses its ReLU three times."""
    negative: bool = False
    """Whether it is a negative unit that was led further down: its size rises."""
    known: bool = True
    """Whether the function is known, and not only the layer: else nothing tells of its rise."""
    grouped: bool = False
    """Whether it is of some channels, places or units, which later steps followed too."""

    @property
    def target(self) -> tuple[str, int, str]:
        """Which layer, channels or unit it is of, whatever the function: its mean or its norm."""
        name = self.objective.name
        return self.layer, self.call, name if name.startswith("unit") else name.split(" of ")[-1]

    @property
    def words(self) -> str:
        """Say it for a report."""
        place = self.layer if self.call == 1 else f"{self.layer}, call {self.call}"
        falls = ", negative and led further down" if self.negative else ""
        return f"{self.objective.name} ({place}){falls}"


def recognise(network: nn.Module, image: Tensor, direction: Tensor) -> Climbed | None:
    """Return the objective whose gradient the direction is (or is against); None where none fits.

    Args:
        network: A trusted ResNet.
        image: Where the direction was taken, (1, 3, H, W), in the space that the run fed.
        direction: The same shape.
    """
    leaf = image.detach().requires_grad_(True)
    outputs = activations(network, leaf)
    names = (*LAYERS, *(name for name in outputs if name not in LAYERS and name != "fc"))
    whole = (_tried(outputs[n], leaf, direction, n, o) for n, o in _whole_layers(names))
    found = _best(whole)
    for layer in PARTED:
        if found is not None:
            break
        likely = _likely_parts(features(network, layer), image, direction)
        found = _best(_tried(outputs[layer], leaf, direction, layer, o) for o in likely)
    return found


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
    output: Tensor, leaf: Tensor, direction: Tensor, layer: str, objective: Objective
) -> Climbed:
    """Compare the direction with the objective's gradient through a graph that is kept."""
    (gradient,) = torch.autograd.grad(objective.function(output), leaf, retain_graph=True)
    value = cosine(direction, gradient)
    return Climbed(layer=layer, objective=objective, downhill=value < 0, cosine=value)


def _best(tried: Iterable[Climbed]) -> Climbed | None:
    """Return the closest, if it is close enough: neighbouring blocks may be nearly as close."""
    closest: Climbed | None = None
    for one in tried:
        if closest is None or _closeness(one) > _closeness(closest):
            closest = one
        if _closeness(closest) >= 1:  # nothing is closer, and among equals the first counts
            break
    if closest is None or abs(closest.cosine) < threshold("same_direction"):
        return None
    return closest


def _closeness(one: Climbed) -> float:
    return round(abs(one.cosine), DIGITS)


def _likely_parts(
    function: Callable[[Tensor], Tensor], image: Tensor, direction: Tensor
) -> Iterator[Objective]:
    """Yield the channels and units of a layer whose gradients the direction is most like."""
    generator = torch.Generator().manual_seed(0)
    shape = (RANDOM_DIRECTIONS, *image.shape[1:])
    random = torch.randn(shape, generator=generator).to(image)
    along = derivatives_along(function, image, torch.cat([direction, random]))
    with torch.no_grad():
        output = function(image)[0]
    units = along.flatten(1)
    norms = torch.einsum("vchw,chw->vc", along, output)
    means = along.sum(dim=(2, 3))
    for channel in _greatest(norms):
        yield channel_norm(channel)
    for channel in _greatest(means):
        yield channel_mean(channel)
    for place in _greatest(units):
        rest, column = divmod(place, output.shape[2])
        channel, row = divmod(rest, output.shape[1])
        yield _unit(channel, row, column)


def _greatest(products: Tensor) -> list[int]:
    """Return the columns with the greatest estimated cosine, in size.

    Args:
        products: Inner products with each candidate's gradient: of the direction in row 0, of
            random directions below.
    """
    lengths = products[1:].square().mean(dim=0).sqrt()
    cosines = torch.where(lengths > 0, products[0].abs() / lengths, 0)
    return [int(i) for i in cosines.topk(min(FEW, cosines.numel())).indices]


def _unit(channel: int, row: int, column: int) -> Objective:
    return Objective(
        name=f"unit ({row}, {column}) of channel {channel}",
        function=lambda out: out[0, channel, row, column],
    )

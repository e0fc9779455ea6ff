"""4(d) of 2022: to the corgi's features in which layer did a run lead, and of which network?

Found from the first direction, as in `feature_objectives`: it is compared with the gradient of the
distance in every candidate layer, for both trusted networks, and for the corgi fed as pixels or
normalised. The distance, its square and its mean square have one direction, and a run on weights
under another name is found on the network that they belong to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from grader.checks.context import TRUSTED
from grader.checks.images.feature_objectives import LAYERS
from grader.checks.images.pushes import cosine
from grader.checks.tolerance import threshold
from grader.checks.trusted_networks import TrustedNetworks
from reference.dream import feature_match
from reference.networks import activations, features
from reference.run_records import Space


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureDistance:
    """The l2 distance of a layer's output to that for the corgi, as a function of the image."""

    network: str
    """A trusted network."""
    layer: str
    """torchvision's name."""
    corgi: Space
    """How the corgi was fed."""

    @property
    def words(self) -> str:
        """Say it for a report."""
        return f"distance to the corgi's features ({self.layer}, {self.network} network)"

    def values(self, networks: TrustedNetworks, images: list[Tensor]) -> tuple[float, ...]:
        """Return the distance at each image, (1, 3, H, W) of the corgi's size."""
        module = networks.network(self.network)
        device = next(module.parameters()).device
        function = features(module, self.layer)
        with torch.no_grad():
            wanted = function(networks.corgi(self.corgi).to(device))
            return tuple(float((function(x.to(device)) - wanted).norm()) for x in images)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approach:
    """A distance that a run led along, down or up."""

    distance: FeatureDistance
    """Which one."""
    away: bool
    """Whether the run went up it."""
    cosine: float
    """Of the direction with the way down, with its sign."""


def recognise_distance(
    networks: TrustedNetworks, image: Tensor, direction: Tensor, network: str
) -> Approach | None:
    """Return the distance along whose gradient the direction lies; None where none fits.

    Args:
        networks: The trusted ones.
        image: Where the direction was taken, (1, 3, H, W), in the space that the run fed.
        direction: The same shape; where the image went, not what a loss's gradient was.
        network: The trusted network that the run seems to have used: it is tried first.
    """
    if image.shape != networks.corgi(Space.PIXELS).shape or not bool(direction.any()):
        return None
    order = (network, *(name for name in TRUSTED if name != network))
    for usual in (True, False):
        for name in order:
            tried = _tried(networks, image, direction, name, usual=usual)
            closest = max(tried, key=lambda approach: abs(approach.cosine))
            if abs(closest.cosine) >= threshold("same_direction"):
                return closest
    return None


def nearest_fall(networks: TrustedNetworks, network: str, start: Tensor, final: Tensor) -> float:
    """Return the least factor by which a run changed the distance in one of the usual layers."""
    if start.shape != networks.corgi(Space.PIXELS).shape:
        return 1.0
    factors = []
    for layer in LAYERS:
        for corgi in Space:
            distance = FeatureDistance(network=network, layer=layer, corgi=corgi)
            before, after = distance.values(networks, [start, final])
            factors.append(after / before if before > 0 else 1.0)
    return min(factors)


def _tried(
    networks: TrustedNetworks, image: Tensor, direction: Tensor, network: str, *, usual: bool
) -> Iterator[Approach]:
    """Compare the direction with the gradients in the notebook's layers, or in all others."""
    module = networks.network(network)
    device = next(module.parameters()).device
    leaf = image.detach().to(device).requires_grad_(True)
    outputs = activations(module, leaf)
    layers = LAYERS if usual else tuple(n for n in outputs if n not in (*LAYERS, "fc"))
    for corgi in Space:
        with torch.no_grad():
            wanted = activations(module, networks.corgi(corgi).to(device))
        for layer in layers:
            nearness = feature_match(wanted[layer]).function(outputs[layer])
            (gradient,) = torch.autograd.grad(nearness, leaf, retain_graph=True)
            value = cosine(direction, gradient.cpu())
            yield Approach(
                distance=FeatureDistance(network=network, layer=layer, corgi=corgi),
                away=value < 0,
                cosine=value,
            )

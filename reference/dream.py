"""DeepDream, 4(d): images that make an intermediate layer respond strongly.

The objectives are functions of a layer's output, shape (1, C, H, W); the loop is that of the
attacks. `networks.features` gives the function from the image to the layer's output.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from reference.attack import Objective

if TYPE_CHECKING:
    from torch import Tensor


def layer_norm() -> Objective:
    """Return the handout's suggestion: the l2 norm of the whole layer's output."""
    return Objective(name="l2 norm of the layer", function=lambda out: out.norm())


def channel_norm(channel: int) -> Objective:
    """Return the l2 norm of one channel of the layer."""
    return Objective(
        name=f"l2 norm of channel {channel}", function=lambda out: out[0, channel].norm()
    )


def channel_mean(channel: int) -> Objective:
    """Return the mean of one channel, Distill's channel objective (Olah et al., 2017)."""
    return Objective(name=f"mean of channel {channel}", function=lambda out: out[0, channel].mean())


def unit(channel: int) -> Objective:
    """Return the value of one channel at the middle of the layer's grid: Distill's neuron."""

    def middle(out: Tensor) -> Tensor:
        return out[0, channel, out.shape[2] // 2, out.shape[3] // 2]

    return Objective(name=f"middle unit of channel {channel}", function=middle)


def feature_match(wanted: Tensor) -> Objective:
    """Return minus the l2 distance to given features: the next year's variant of 4(d).

    Args:
        wanted: The layer's output for the picture to be matched, shape (1, C, H, W).
    """
    fixed = wanted.detach()
    return Objective(
        name="minus l2 distance to the features", function=lambda out: -(out - fixed).norm()
    )


def random_start(seed: int, side_px: int = 224) -> Tensor:
    """Draw 4(d)'s start: uniform noise in [0, 1), shape (1, 3, side, side), from a seed."""
    generator = torch.Generator().manual_seed(seed)
    return torch.rand((1, 3, side_px, side_px), generator=generator)

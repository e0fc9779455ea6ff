"""Projected gradient descent in an l2 ball, in pixel space (Madry et al., 2018)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

Logits = Callable[[Tensor], Tensor]
"""Pixels in [0, 1], (N, 3, H, W), to logits, (N, 1000)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """Strength and direction of an attack."""

    eps_l2: float
    """Radius of the ball, pixels in [0, 1], for the picture's own size."""
    steps: int
    """Gradient steps."""
    travel: float = 1.25
    """Length of all steps together, in radii."""
    spread: bool = False
    """Each picture gets a radius of its own, uniform between 0 and `eps_l2`."""
    targeted: bool = False
    """Down the cross-entropy of the labels given, towards them, instead of up."""


def _length(x: Tensor) -> Tensor:
    length: Tensor = torch.linalg.vector_norm(x, dim=(1, 2, 3), keepdim=True)
    return length.clamp_min(1e-12)


def perturb(
    logits: Logits,
    x: Tensor,
    labels: Tensor,
    attack: Attack,
    rng: torch.Generator,
    within: Callable[[Tensor], Tensor] = lambda field: field,
) -> Tensor:
    """Climb the cross-entropy in an l2 ball about `x` from a random point (targeted: descend it).

    Args:
        logits: the network under attack, on pixels.
        x: (N, 3, H, W), pixels in [0, 1].
        labels: (N,) true classes, or the targets.
        attack: radius, steps and step length.
        rng: of the random start.
        within: a linear map to the changes that the attack may make; all of them if left out.

    Returns:
        (N, 3, H, W), pixels in [0, 1], within `attack.eps_l2` of `x`.
    """
    radius = torch.full((len(x), 1, 1, 1), attack.eps_l2)
    if attack.spread:
        radius *= torch.rand(radius.shape, generator=rng)
    direction = -1.0 if attack.targeted else 1.0
    delta = torch.randn(x.shape, generator=rng).contiguous(memory_format=torch.channels_last)
    delta = within(delta)
    delta = delta / _length(delta) * radius * 0.5
    for _ in range(attack.steps):
        point = (x + delta).clamp(0, 1).requires_grad_(True)
        loss = F.cross_entropy(logits(point), labels, reduction="sum")
        gradient = within(*torch.autograd.grad(loss, point))
        pace = direction * attack.travel / attack.steps * radius
        delta = within(point.detach() - x + pace * gradient / _length(gradient))
        delta = delta * (radius / _length(delta)).clamp_max(1.0)
    return (x + delta).clamp(0, 1).detach()

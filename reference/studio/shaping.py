"""Lines in the gradient of a class, so that an attack towards it paints stripes.

Adversarial training alone leaves a network of this size with a lattice of dots: the strided 1 x 1
shortcuts pass the gradient on to every eighth pixel only. So the robust network is trained further:
first to withstand changes that hold no long line, and then also on what its gradient looks like.
The share of the gradient's energy that does not lie in long lines becomes part of the loss (a
penalty on the input gradient, as of Drucker and Le Cun, 1992, on its form instead of its length),
measured along the way of an attack like that of 4(e).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from reference.studio.adversary import Attack, Logits, perturb


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """What the gradient is asked to look like, and where it is looked at."""

    class_id: int
    """The class whose gradient it is."""
    length_px: int
    """Lines stay alike along about this length, and change across it."""
    reach_l2: float
    """Largest radius of the attacks towards the class at 224 px; spread evenly from 0 up."""
    speckled: float
    """Share of each batch that is attacked towards the class by speckles: anything but lines."""
    speckle_px: int
    """Speckles change within this length along both axes."""
    on_the_way: float = 0.0
    """Share of each batch that is attacked towards the class by anything, for the penalty alone."""
    weight: float = 0.0
    """Of the penalty, beside the cross-entropy."""


def towards(logits: Logits, x: Tensor, lines: Lines, steps: int, rng: torch.Generator) -> Tensor:
    """Attack pictures towards the class, each in a ball of its own: (N, 3, H, W), in [0, 1]."""
    return perturb(logits, x, _targets(x, lines), _attack(lines, steps), rng)


def towards_by_speckles(
    logits: Logits, x: Tensor, lines: Lines, steps: int, rng: torch.Generator
) -> Tensor:
    """The same with changes that are no lines, which therefore must not make the class."""
    attack = _attack(lines, steps)
    return perturb(
        logits, x, _targets(x, lines), attack, rng, lambda field: speckles(field, lines.speckle_px)
    )


def _attack(lines: Lines, steps: int) -> Attack:
    return Attack(eps_l2=lines.reach_l2, steps=steps, spread=True, targeted=True)


def _targets(x: Tensor, lines: Lines) -> Tensor:
    return torch.full((len(x),), lines.class_id)


def penalty(model: nn.Module, x: Tensor, lines: Lines) -> Tensor:
    """Return the share of the gradient's energy outside long lines, mean over the pictures.

    The gradient is that of the class's logit against the log-sum-exp of the others': it has the
    direction of the gradient of the log-probability, and does not vanish where that is near 0.

    Args:
        model: the network, in evaluation mode.
        x: (N, 3, H, W), pixels in [0, 1].
        lines: the class and the length of its lines.

    Returns:
        A scalar that can be differentiated by the network's weights; 0 is all lines, 1 none.
    """
    point = x.clone().requires_grad_(True)
    logits = model(point)
    others = torch.ones(logits.shape[1], dtype=torch.bool)
    others[lines.class_id] = False
    margin = logits[:, lines.class_id] - logits[:, others].logsumexp(dim=1)
    (gradient,) = torch.autograd.grad(margin.sum(), point, create_graph=True)
    length = torch.linalg.vector_norm(gradient, dim=(1, 2, 3), keepdim=True)
    unit = gradient / length.clamp_min(1e-9)
    return 1 - along_lines(unit, lines.length_px).square().sum(dim=(1, 2, 3)).mean()


def along_lines(field: Tensor, length_px: int) -> Tensor:
    """Return the part of a field that is smooth along one axis and changes along the other.

    Args:
        field: (N, C, H, W), any unit.
        length_px: length over which it is averaged along an axis.
    """
    along_x, along_y = _smooth(field, (1, length_px)), _smooth(field, (length_px, 1))
    upright = along_y - _smooth(along_y, (1, length_px))
    level = along_x - _smooth(along_x, (length_px, 1))
    return upright + level


def speckles(field: Tensor, length_px: int) -> Tensor:
    """Return the part of a field that changes within a length along both axes."""
    across = field - _smooth(field, (1, length_px))
    return across - _smooth(across, (length_px, 1))


def _smooth(field: Tensor, cell_px: tuple[int, int]) -> Tensor:
    """Average over cells of (height, width) and interpolate linearly between their middles."""
    coarse = F.avg_pool2d(field, cell_px)
    return F.interpolate(coarse, size=field.shape[-2:], mode="bilinear", align_corners=False)

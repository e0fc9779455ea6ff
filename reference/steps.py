r"""One step of the optimisation of the input (Problem 4): scale, move, project.

The functions have the semantics of the course's `StepImage`: with gradient $g$ at $x$, start
$x_0$, step size $\alpha$ and radius $\varepsilon$,

$$x' = \Pi_{box}\bigl(\Pi_{\|x - x_0\|_2 \le \varepsilon}(x + \alpha\,\hat g)\bigr),$$

where $\hat g$ is $g$ over its l2 norm (per image), or over its mean absolute value. All are pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from reference.images import box_bounds
from reference.run_records import Norm, Space, StepConfig

if TYPE_CHECKING:
    from torch import Tensor


def normalise_gradient(g: Tensor, norm: Norm) -> Tensor:
    """Scale a gradient to unit length.

    Args:
        g: Shape (N, ...).
        norm: `L2`: each image's gradient is divided by its l2 norm; `ABS`: the whole tensor is
            divided by its mean absolute value.

    Returns:
        Same shape; zero where the gradient vanishes, since it then points nowhere.
    """
    if norm is Norm.L2:
        scale = g.flatten(1).norm(dim=1).view(-1, *(1,) * (g.ndim - 1))
    else:
        scale = g.abs().mean()
    return torch.where(scale > 0, g / torch.where(scale > 0, scale, 1), 0)


def project_l2_ball(x: Tensor, centre: Tensor, eps_l2: float) -> Tensor:
    """Return the point nearest to `x` in the l2 ball of radius `eps_l2` around `centre`, per image.

    Args:
        x: Shape (N, ...).
        centre: Same shape and space.
        eps_l2: Radius, at least 0, in the space of `x`.
    """
    return centre + (x - centre).renorm(p=2, dim=0, maxnorm=eps_l2)


def clamp_pixel_box(x: Tensor, space: Space) -> Tensor:
    """Return the point nearest to `x`, shape (N, 3, H, W), whose pixels lie in [0, 1]."""
    low, high = box_bounds(space, x)
    return torch.minimum(torch.maximum(x, low), high)


def project(x: Tensor, start: Tensor, config: StepConfig) -> Tensor:
    """Return to the ball (where there is one), then to the pixel box: `StepImage.project`.

    The start lies in the box, so that clamping each coordinate never leaves the ball again, and the
    result satisfies both constraints.
    """
    if config.eps_l2 is not None:
        x = project_l2_ball(x, start, config.eps_l2)
    return clamp_pixel_box(x, config.space)


def step(x: Tensor, g: Tensor, *, start: Tensor, config: StepConfig) -> Tensor:
    """Move `x` along `g`, uphill, and project: `StepImage.step`.

    Args:
        x: Current image, shape (N, 3, H, W), in `config.space`.
        g: Gradient of the objective with respect to `x`, same shape.
        start: The start image, in the pixel box; centre of the ball.
        config: Step size, space, radius, scaling.
    """
    moved = x + config.step_size * normalise_gradient(g, config.norm)
    return project(moved, start, config)

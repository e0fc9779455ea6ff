r"""Several attacks on one network at once, and on a GPU without the host between the steps.

Each image of the batch climbs its own objective, $\log p_{t_b}(x_b)$: a network in evaluation mode
treats the images of a batch apart, so the gradient of the sum is each image's own, and the images
are those of `attack.ascend` up to rounding. On a GPU forward, backward and step are captured once
in a CUDA graph and replayed: a small network's step is bound by the time to launch its kernels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F

from reference.errors import ConfigError
from reference.run_records import Norm
from reference.steps import clamp_pixel_box, project_l2_ball

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from reference.run_records import StepConfig

    NetworkFunction = Callable[[Tensor], Tensor]

WARM_UP = 3
"""Steps on a side stream before a capture, as CUDA graphs want it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Together:
    """The course of several attacks."""

    log_probability: Tensor
    """(n_steps + 1, B): natural logarithm of each target's probability before each step."""
    final: Tensor
    """(B, 3, H, W): last images."""


def ascend_together(
    network: NetworkFunction,
    start: Tensor,
    targets: Tensor,
    config: StepConfig,
    n_steps: int,
) -> Together:
    """Attack `start` towards each of the targets by `n_steps` steps.

    Args:
        network: Images (B, 3, H, W), in `config.space`, to logits (B, C); in evaluation mode.
        start: (1, 3, H, W), in the pixel box; every attack begins here.
        targets: (B,) int64 class ids, on the same device.
        config: Step size, space, ball, scaling; of every attack.
        n_steps: Number of steps, at least 0.

    Raises:
        ConfigError: `n_steps` is negative.
    """
    if n_steps < 0:
        raise ConfigError(f"ascend_together: expected n_steps of at least 0, found {n_steps}.")
    count = len(targets)
    centre = start.detach().expand(count, -1, -1, -1).contiguous()
    image, current = centre.clone(), torch.empty(count, device=start.device)

    def advance() -> None:
        """Note where the images are, and move them; in place, as a graph needs it."""
        leaf = image.detach().requires_grad_(True)
        chosen = F.log_softmax(network(leaf), dim=1).gather(1, targets[:, None])[:, 0]
        (gradient,) = torch.autograd.grad(chosen.sum(), leaf)
        current.copy_(chosen.detach())
        image.copy_(_moved(image, gradient, centre, config))

    repeat = _captured(advance, image, centre) if start.device.type == "cuda" else advance
    trace = torch.empty(n_steps + 1, count, device=start.device)
    for k in range(n_steps):
        repeat()
        trace[k] = current
    with torch.no_grad():
        chosen = F.log_softmax(network(image), dim=1).gather(1, targets[:, None])[:, 0]
        trace[n_steps] = chosen
    return Together(log_probability=trace, final=image.clone())


def _moved(x: Tensor, g: Tensor, centre: Tensor, config: StepConfig) -> Tensor:
    """`steps.step`, but that `Norm.ABS` too scales each image's gradient by itself."""
    flat = g.flatten(1)
    size = flat.norm(dim=1) if config.norm is Norm.L2 else flat.abs().mean(dim=1)
    scale = size.view(-1, 1, 1, 1)
    moved = x + config.step_size * torch.where(scale > 0, g / torch.where(scale > 0, scale, 1), 0)
    if config.eps_l2 is not None:
        moved = project_l2_ball(moved, centre, config.eps_l2)
    return clamp_pixel_box(moved, config.space)


def _captured(advance: Callable[[], None], image: Tensor, centre: Tensor) -> Callable[[], None]:
    """Return a replay of `advance` as a CUDA graph; `image` is back at `centre`."""
    side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(WARM_UP):
            advance()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        advance()
    image.copy_(centre)
    return graph.replay

r"""What Distill's feature visualisation adds to 4(d), as an option (Olah et al., 2017).

Plain ascent on pixels finds noise that excites a layer. Two remedies, each of which may be used
alone:

* *transformations*: before each step the image is shifted, scaled and turned a little at random, so
  that only what survives such changes is worth climbing;
* *decorrelated parameters*: the optimiser does not move pixels but Fourier coefficients, scaled by
  1/frequency as in natural pictures, of colours along axes that are nearly uncorrelated there. The
  steepest direction then is one of broad shapes instead of single pixels.

The image is $\sigma(C\,F^{-1}(a \odot s))$: coefficients $s$, amplitudes $a = 1/f$, inverse Fourier
transform, colour axes $C$, and the logistic function, so that pixels stay in (0, 1).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from reference.attack import NetworkFunction, Objective


@dataclass(frozen=True, slots=True, kw_only=True)
class VisualiseConfig:
    """Settings of one visualisation."""

    n_steps: int = 200
    """Number of steps of Adam."""
    learning_rate: float = 0.02
    """Of Adam, per coefficient (Fourier) or logit of a pixel."""
    fourier: bool = True
    """Whether to optimise decorrelated Fourier coefficients instead of pixels."""
    transforms: bool = True
    """Whether to transform the image at random before each step."""
    jitter_px: float = 8.0
    """Largest shift along each axis, in pixels."""
    scale_span: float = 0.1
    """Largest relative change of size."""
    rotation_deg: float = 8.0
    """Largest rotation, in degrees."""
    side_px: int = 224
    """Height and width of the image."""
    seed: int = 0
    """Of the start and of the transformations."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Visualisation:
    """A finished visualisation."""

    image: Tensor
    """RGB in [0, 1], shape (1, 3, side, side)."""
    objectives: tuple[float, ...]
    """Objective of the untransformed image: n_steps + 1 values, the start first."""


COLOUR_AXES = ((1 / 3, 1 / 3, 1 / 3), (1 / 2, 0.0, -1 / 2), (-1 / 4, 1 / 2, -1 / 4))
"""Brightness, red against blue, green against both: nearly uncorrelated in natural pictures
(Ohta, Kanade, Sakai, 1980). One row per axis, over R, G, B."""

COLOUR_SPREAD = (1.0, 0.3, 0.15)
"""Standard deviation along each axis, relative to brightness: square roots of the eigenvalues
(0.2175, 0.0188, 0.0045) of ImageNet's colour covariance (Krizhevsky et al., 2012), rounded."""


def visualise(
    network: NetworkFunction,
    objective: Objective,
    config: VisualiseConfig,
    on_step: Callable[[int], None] | None = None,
) -> Visualisation:
    """Climb an objective by Adam over a parameterised image.

    Args:
        network: Pixels in [0, 1], shape (1, 3, H, W), on the CPU, to a layer's output (which may
            lie elsewhere).
        objective: What to make large (see `dream`).
        config: Parameterisation, transformations, steps.
        on_step: Called after each step with the number of steps done.
    """
    generator = torch.Generator().manual_seed(config.seed)
    to_image = fourier_image if config.fourier else torch.sigmoid
    parameters = _start(config, generator).requires_grad_(True)
    optimiser = torch.optim.Adam([parameters], lr=config.learning_rate)
    values: list[float] = []
    for k in range(config.n_steps + 1):
        image = to_image(parameters)
        with torch.no_grad():
            values.append(float(objective.function(network(image))))
        if k == config.n_steps:
            break
        seen = random_view(image, config, generator) if config.transforms else image
        (parameters.grad,) = torch.autograd.grad(-objective.function(network(seen)), parameters)
        optimiser.step()
        if on_step is not None:
            on_step(k + 1)
    return Visualisation(image=image.detach(), objectives=tuple(values))


def fourier_image(spectrum: Tensor) -> Tensor:
    """Turn coefficients into an image.

    Args:
        spectrum: Real and imaginary parts of a half plane of frequencies, shape
            (1, 3, side, side // 2 + 1, 2), one plane per colour axis; side is even.

    Returns:
        Pixels in (0, 1), shape (1, 3, side, side).
    """
    side = spectrum.shape[2]
    coefficients = torch.view_as_complex(spectrum) * amplitudes(side).to(spectrum.device)
    planes = torch.fft.irfft2(coefficients, s=(side, side), norm="ortho")
    # the axes are orthogonal: unit vectors times spreads take the planes to R, G, B
    axes = F.normalize(torch.tensor(COLOUR_AXES), dim=1) * torch.tensor(COLOUR_SPREAD)[:, None]
    return torch.sigmoid(torch.einsum("ac,nahw->nchw", axes.to(planes), planes))


def amplitudes(side: int) -> Tensor:
    """Return 1/frequency, shape (side, side // 2 + 1); the mean counts as the lowest frequency."""
    vertical, horizontal = torch.fft.fftfreq(side)[:, None], torch.fft.rfftfreq(side)[None, :]
    frequency = torch.hypot(vertical, horizontal)
    return 1 / frequency.clamp(min=1 / side)


def random_view(image: Tensor, config: VisualiseConfig, generator: torch.Generator) -> Tensor:
    """Shift, scale and turn an image, shape (1, 3, H, W), at random; edges are mirrored."""
    turn, size, right, down = (torch.rand(4, generator=generator) * 2 - 1).tolist()
    angle = math.radians(config.rotation_deg * turn)
    scale = 1 + config.scale_span * size
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    # grid_sample measures in half sides
    shift_x, shift_y = (2 * config.jitter_px * v / image.shape[-1] for v in (right, down))
    affine = torch.tensor([[[cos, -sin, shift_x], [sin, cos, shift_y]]], dtype=image.dtype)
    grid = F.affine_grid(affine, list(image.shape), align_corners=False).to(image.device)
    return F.grid_sample(image, grid, padding_mode="reflection", align_corners=False)


def _start(config: VisualiseConfig, generator: torch.Generator) -> Tensor:
    side = config.side_px
    shape = (1, 3, side, side // 2 + 1, 2) if config.fourier else (1, 3, side, side)
    return 0.01 * torch.randn(shape, generator=generator)

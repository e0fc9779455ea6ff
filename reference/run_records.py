"""What a run of an experiment is set to and what was measured: plain records.

They stand apart from the modules that compute with them, which import torch: whoever only reads
expected outputs starts in a moment.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Space(enum.StrEnum):
    """The space in which an input tensor lives."""

    PIXELS = "pixels"
    NORMALISED = "normalised"


class Norm(enum.StrEnum):
    """How a gradient is scaled before the step: the notebook's `norm_update`."""

    L2 = "l2"
    ABS = "abs"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepConfig:
    """Settings of one experiment's steps, the arguments of the notebook's `StepImage`."""

    step_size: float
    """Length of a step, in `space`: l2 distance (`Norm.L2`) or mean absolute change (`ABS`)."""
    space: Space
    """The space of the image: pixels or normalised."""
    eps_l2: float | None
    """Radius of the l2 ball around the start, in `space`; None: no ball (`renorm=False`)."""
    norm: Norm
    """How the gradient is scaled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceStep:
    """What was measured at one image of the ascent."""

    objective: float
    """Value of the objective."""
    log_probability: float | None
    """Natural logarithm of the target's probability; None: no target."""
    distance_l2: float
    """l2 distance to the start, in the experiment's space."""
    gradient_l2: float
    """l2 norm of the gradient of the objective with respect to the image, before scaling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopClass:
    """One class of a prediction."""

    class_id: int
    """ImageNet class id, 0 to 999."""
    name: str
    """Short name of the class."""
    logit: float
    """The network's output for the class."""
    probability: float
    """Softmax of the logits at the class, in [0, 1]."""

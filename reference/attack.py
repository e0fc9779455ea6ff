r"""Gradient ascent on the input of a frozen network (Problem 4), and the check of its result.

`ascend` runs $x_{k+1} = step(x_k, \nabla_x J(f(x_k)))$ for an objective $J$ of the output $f(x)$.
`verify` believes nothing of a trace: it recomputes everything from the two images.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F

from reference.classify import log_probability
from reference.errors import ConfigError, GraderFault
from reference.images import box_bounds
from reference.run_records import StepConfig, TraceStep
from reference.steps import step

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

    NetworkFunction = Callable[[Tensor], Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """A scalar function of a network's output that `ascend` makes large."""

    name: str
    """What it is, in words for a report."""
    function: Callable[[Tensor], Tensor]
    """Output of the network, shape (1, ...), to a differentiable scalar."""
    target: int | None = None
    """The class whose probability the trace records; None: the output is not logits."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trace:
    """The course of one ascent."""

    steps: tuple[TraceStep, ...]
    """n_steps + 1 entries; entry k describes the image after k steps, entry 0 the start."""
    final: Tensor
    """Last image, shape (1, 3, H, W), in the experiment's space."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Facts about a finished image, recomputed from the start and final image alone."""

    target: int
    """Class id."""
    log_probability_before: float
    """Natural logarithm of the target's probability at the start."""
    log_probability_after: float
    """The same at the final image."""
    distance_l2: float
    """l2 distance between the two, in the experiment's space."""
    ball_excess_l2: float
    """By how much the distance exceeds the radius; 0 where there is no ball."""
    box_excess: float
    """Largest overrun of the pixel box by a value, in the experiment's space."""
    box_violations: int
    """How many values lie outside the pixel box by more than rounding (1e-5)."""

    @property
    def probability_before(self) -> float:
        """Probability of the target at the start."""
        return math.exp(self.log_probability_before)

    @property
    def probability_after(self) -> float:
        """Probability of the target at the final image."""
        return math.exp(self.log_probability_after)

    @property
    def log_gain(self) -> float:
        """Rise of the target's log-probability, in nats."""
        return self.log_probability_after - self.log_probability_before


BOX_ROUNDING = 1e-5
"""Slack for float32 rounding at the box: 2.7, the largest normalised value, has an ulp of 2.4e-7;
a student's way there and back through pixels costs some ten of them."""


def log_probability_of(class_id: int) -> Objective:
    """Return the handout's objective, 4(a), 4(b): the log-probability of a class."""
    return Objective(
        name=f"log-probability of class {class_id}",
        function=lambda logits: log_probability(logits, class_id),
        target=class_id,
    )


def negative_cross_entropy_of(class_id: int) -> Objective:
    """Return minus the cross-entropy to a class: the same value, by the library's loss."""
    return Objective(
        name=f"minus cross-entropy to class {class_id}",
        function=lambda z: -F.cross_entropy(z, torch.tensor([class_id], device=z.device)),
        target=class_id,
    )


def logit_of(class_id: int) -> Objective:
    """Return a class's logit: it may rise while the others rise faster."""
    return Objective(
        name=f"logit of class {class_id}",
        function=lambda logits: logits[0, class_id],
        target=class_id,
    )


def probability_of(class_id: int) -> Objective:
    """Return a class's probability: its gradient vanishes where the probability does."""
    return Objective(
        name=f"probability of class {class_id}",
        function=lambda logits: log_probability(logits, class_id).exp(),
        target=class_id,
    )


def margin_of(class_id: int) -> Objective:
    """Return the class's logit minus the largest other one (Carlini and Wagner, 2017)."""

    def margin(logits: Tensor) -> Tensor:
        others = torch.cat([logits[0, :class_id], logits[0, class_id + 1 :]])
        return logits[0, class_id] - others.max()

    return Objective(name=f"margin of class {class_id}", function=margin, target=class_id)


def away_from(class_id: int) -> Objective:
    """Return the untargeted objective: minus the log-probability of the true class."""
    return Objective(
        name=f"minus log-probability of class {class_id}",
        function=lambda logits: -log_probability(logits, class_id),
        target=class_id,
    )


def ascend(
    network: NetworkFunction,
    start: Tensor,
    objective: Objective,
    config: StepConfig,
    n_steps: int,
    on_step: Callable[[int], None] | None = None,
) -> Trace:
    """Climb the objective from `start` by `n_steps` projected gradient steps.

    Args:
        network: Images of shape (1, 3, H, W), in `config.space`, to outputs; logits of shape
            (1, C) where the objective has a target.
        start: First image, in the pixel box.
        objective: What to make large.
        config: Step size, space, ball, scaling.
        n_steps: Number of steps, at least 0 (the handout's notebook takes 200).
        on_step: Called after each step with the number of steps done, for progress displays.

    Raises:
        ConfigError: `n_steps` is negative.
        GraderFault: The objective or its gradient is not finite.
    """
    if n_steps < 0:
        raise ConfigError(f"ascend: expected n_steps of at least 0, found {n_steps}.")
    x = start.detach()
    steps: list[TraceStep] = []
    for k in range(n_steps + 1):
        measured, gradient = _measure(network, x, start, objective)
        steps.append(measured)
        if k == n_steps:
            break
        x = step(x, gradient, start=start, config=config)
        if on_step is not None:
            on_step(k + 1)
    return Trace(steps=tuple(steps), final=x)


def gradient_at(network: NetworkFunction, x: Tensor, objective: Objective) -> Tensor:
    """Return the gradient of the objective with respect to the image, same shape as `x`."""
    (gradient,) = gradients_at(network, x, (objective,))
    return gradient


def gradients_at(
    network: NetworkFunction, x: Tensor, objectives: Sequence[Objective]
) -> tuple[Tensor, ...]:
    """Return the gradient of each objective at one image; the network runs forward only once."""
    leaf = x.detach().requires_grad_(True)
    output = network(leaf)
    return tuple(
        torch.autograd.grad(objective.function(output), leaf, retain_graph=True)[0]
        for objective in objectives
    )


def verify(
    network: NetworkFunction, start: Tensor, final: Tensor, target: int, config: StepConfig
) -> Verification:
    """Recompute what an attack reached, from its first and last image alone.

    Args:
        network: Trusted network: images in `config.space` to logits.
        start: Start image, shape (1, 3, H, W).
        final: Last image, same shape.
        target: Class id.
        config: The settings the attack had to keep to.

    Raises:
        ConfigError: The shapes differ, or the final image has a value that is not finite.
    """
    if final.shape != start.shape:
        raise ConfigError(
            f"verify: expected a final image of shape {tuple(start.shape)}, like the start, "
            f"found {tuple(final.shape)}."
        )
    if not bool(torch.isfinite(final).all()):
        raise ConfigError("verify: expected finite values, found NaN or infinity in the image.")
    with torch.no_grad():
        before = float(log_probability(network(start), target))
        after = float(log_probability(network(final), target))
        distance = float((final.double() - start.double()).norm())
        low, high = box_bounds(config.space, final)
        excess = torch.maximum(low - final, final - high).clamp(min=0)
    radius = math.inf if config.eps_l2 is None else config.eps_l2
    return Verification(
        target=target,
        log_probability_before=before,
        log_probability_after=after,
        distance_l2=distance,
        ball_excess_l2=max(0.0, distance - radius),
        box_excess=float(excess.max()),
        box_violations=int((excess > BOX_ROUNDING).sum()),
    )


def _measure(
    network: NetworkFunction, x: Tensor, start: Tensor, objective: Objective
) -> tuple[TraceStep, Tensor]:
    leaf = x.detach().requires_grad_(True)
    output = network(leaf)
    value = objective.function(output)
    (gradient,) = torch.autograd.grad(value, leaf)
    measured = TraceStep(
        objective=float(value.detach()),
        log_probability=None
        if objective.target is None
        else float(log_probability(output.detach(), objective.target)),
        distance_l2=float((x - start).norm()),
        gradient_l2=float(gradient.norm()),
    )
    if not (math.isfinite(measured.objective) and math.isfinite(measured.gradient_l2)):
        raise GraderFault(
            f"ascend: the {objective.name} or its gradient is not finite "
            f"({measured.objective}, gradient norm {measured.gradient_l2})."
        )
    return measured, gradient

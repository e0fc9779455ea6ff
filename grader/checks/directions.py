"""Where a run was heading: its first update direction against the gradients of objectives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from grader.checks.attempts import Attempt, images_along
from grader.checks.context import CheckContext
from grader.records import GradientSample
from grader.tolerance import threshold
from reference.attack import (
    Objective,
    away_from,
    gradient_at,
    log_probability_of,
    logit_of,
    margin_of,
)

Heading: TypeAlias = Literal["uphill", "downhill", "partly", "elsewhere", "nowhere", "unknown"]
"""Along the gradient, against it, roughly along it, neither, zero gradient, or not recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """What the recorded direction at the start tells."""

    heading: Heading
    """Against the log-probability of the target."""
    objective: str
    """Key of `credit.OBJECTIVE` where one is recognised; `class <id>` for another class."""
    cosines: tuple[tuple[int, float], ...]
    """(step, cosine with the gradient of the target's log-probability) at each sample."""


def unit(vector: Tensor) -> Tensor:
    """Scale to l2 norm 1 in float64; zero stays zero."""
    flat = vector.double().flatten()
    norm = flat.norm()
    return flat / norm if float(norm) > 0 else flat


def cosine(a: Tensor, b: Tensor) -> float:
    """Return the cosine between two tensors of one size; 0 where one of them is zero."""
    return float(unit(a) @ unit(b)) if a.numel() == b.numel() else 0.0


def effective(context: CheckContext, attempt: Attempt, sample: GradientSample) -> Tensor | None:
    """Return the recorded direction with the sign in which the image moved.

    A notebook may subtract the gradient of a loss; what counts is where the image went.
    None where the direction is not finite or the images' shapes do not fit.
    """
    gradient, image = context.tensor(sample.gradient), context.tensor(sample.image)
    if gradient.shape != image.shape or not bool(torch.isfinite(gradient).all()):
        return None
    after = next((x for step, x in images_along(context, attempt) if step == sample.step + 1), None)
    if after is None or after.shape != image.shape:
        return gradient
    return -gradient if cosine(after - image, gradient) < -threshold("uphill") else gradient


def direction_of(context: CheckContext, attempt: Attempt, network: str, target: int) -> Direction:
    """Compare the recorded directions with trusted gradients at the same images."""
    module = context.networks.network(network)

    def gradient(objective: Objective, image: Tensor) -> Tensor:
        return gradient_at(module, image, objective)

    found: list[tuple[int, Tensor, Tensor]] = []
    for sample in sorted(attempt.run.samples, key=lambda s: s.step):
        moved = effective(context, attempt, sample)
        image = context.tensor(sample.image)
        if moved is not None and bool(torch.isfinite(image).all()):
            found.append((sample.step, image, moved))
    if not found:
        return Direction(heading="unknown", objective="", cosines=())
    wanted = log_probability_of(target)
    cosines = tuple((step, cosine(moved, gradient(wanted, image))) for step, image, moved in found)
    _, image, moved = found[0]
    heading = _heading(moved, cosines[0][1])
    objective = "log_probability"
    if heading != "uphill":
        ends = [image, image if attempt.final is None else attempt.final]
        top, last = (int(context.networks.logits(network, x)[0].argmax()) for x in ends)
        objective = _recognised(image, moved, target, (top, last), gradient)
    return Direction(heading=heading, objective=objective, cosines=cosines)


def _heading(moved: Tensor, value: float) -> Heading:
    same = threshold("same_direction")
    if not bool(moved.any()):
        return "nowhere"
    if value >= same:
        return "uphill"
    if value <= -same:
        return "downhill"
    return "partly" if value >= threshold("uphill") else "elsewhere"


def _recognised(
    image: Tensor,
    moved: Tensor,
    target: int,
    classes: tuple[int, int],
    gradient: Callable[[Objective, Tensor], Tensor],
) -> str:
    """Name the objective whose gradient the direction is; empty where none fits.

    Args:
        image: Where the gradients are taken.
        moved: The direction.
        target: Class asked for.
        classes: Likeliest class at that image and at the final one.
        gradient: Trusted gradient of an objective at an image.
    """
    top, last = classes
    candidates: list[tuple[str, Objective]] = [
        ("logit", logit_of(target)),
        ("margin", margin_of(target)),
        ("untargeted", away_from(top)),
    ]
    if last not in {target, top}:
        candidates.append((f"class {last}", log_probability_of(last)))
    for name, objective in candidates:
        if cosine(moved, gradient(objective, image)) >= threshold("same_direction"):
            return name
    return ""

"""Where a run was heading: its first update direction against the gradients of objectives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

from grader.checks.context import CheckContext
from grader.checks.images.derivatives import derivatives_along
from grader.checks.images.recorded_runs import RecordedRun, images_along
from grader.checks.tolerance import threshold
from grader.model.records import GradientSample
from reference.attack import (
    Objective,
    away_from,
    gradient_at,
    gradients_at,
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
    """`log_probability`, `logit`, `margin`, `untargeted`, or `other_class`: the log-probability of
    another class. Empty where none is recognised."""
    cosines: tuple[tuple[int, float], ...]
    """(step, cosine with the gradient of the target's log-probability) at each sample."""
    other_class: int | None = None
    """That class; None for any other objective."""


_Named: TypeAlias = tuple[str, int | None]
"""An objective as `Direction` names it, and the class where it is that of another one."""

FEW_CLASSES = 10
"""Classes that are tried besides the likeliest ones."""

_CLEARLY = 10.0
"""An objective is named where it is that many times closer than the one asked for."""


def unit(vector: Tensor) -> Tensor:
    """Scale to l2 norm 1 in float64; zero stays zero."""
    flat = vector.double().flatten()
    norm = flat.norm()
    return flat / norm if float(norm) > 0 else flat


def cosine(a: Tensor, b: Tensor) -> float:
    """Return the cosine between two tensors of one size; 0 where one of them is zero."""
    return float(unit(a) @ unit(b)) if a.numel() == b.numel() else 0.0


def effective(
    context: CheckContext, recorded: RecordedRun, sample: GradientSample
) -> Tensor | None:
    """Return the recorded direction with the sign in which the image moved.

    A notebook may subtract the gradient of a loss; what counts is where the image went.
    None where the direction is not finite or the images' shapes do not fit.
    """
    gradient, image = context.tensor(sample.gradient), context.tensor(sample.image)
    if gradient.shape != image.shape or not bool(torch.isfinite(gradient).all()):
        return None
    after = next(
        (x for step, x in images_along(context, recorded) if step == sample.step + 1), None
    )
    if after is None or after.shape != image.shape:
        return gradient
    return -gradient if cosine(after - image, gradient) < -threshold("uphill") else gradient


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sample:
    """A recorded step: where, and which way the image went."""

    step: int
    image: Tensor
    moved: Tensor


def direction_of(
    context: CheckContext, recorded: RecordedRun, network: str, target: int
) -> Direction:
    """Compare the recorded directions with trusted gradients at the same images."""
    module = context.networks.network(network)
    samples = _samples(context, recorded)
    if not samples:
        return Direction(heading="unknown", objective="", cosines=())

    wanted = log_probability_of(target)
    cosines = tuple(
        (s.step, cosine(s.moved, gradient_at(module, s.image, wanted))) for s in samples
    )
    heading = _heading(samples[0].moved, cosines[0][1])
    if heading in {"nowhere", "downhill"}:
        return Direction(heading=heading, objective="log_probability", cosines=cosines)
    telling = [s for s in samples if _telling(context, network, target, s)] or samples[:1]
    furthest = max(1 - dict(cosines)[s.step] for s in telling)
    if furthest <= threshold("other_objective"):
        return Direction(heading=heading, objective="log_probability", cosines=cosines)
    others = _others(context, recorded, network, target, samples[0])
    within = min(furthest / _CLEARLY, 1 - threshold("same_direction"))
    found = _nearest(module, others, telling, within)
    if found is not None:
        name, other_class = found
        return Direction(heading=heading, objective=name, cosines=cosines, other_class=other_class)
    objective = "log_probability" if heading == "uphill" else ""
    return Direction(heading=heading, objective=objective, cosines=cosines)


def _nearest(
    module: nn.Module,
    objectives: list[tuple[_Named, Objective]],
    samples: list[_Sample],
    within: float,
) -> _Named | None:
    """Return the objective whose gradients the steps follow best.

    Args:
        module: The trusted network.
        objectives: (name, objective).
        samples: Steps; the worst of them counts.
        within: Greatest 1 - cosine; None is returned where no objective keeps to it.
    """
    furthest = {name: 0.0 for name, _ in objectives}
    for sample in samples:
        left = [one for one in objectives if one[0] in furthest]
        gradients = gradients_at(module, sample.image, [objective for _, objective in left])
        off = {
            name: 1 - cosine(sample.moved, gradient)
            for (name, _), gradient in zip(left, gradients, strict=True)
        }
        furthest = {n: max(furthest[n], far) for n, far in off.items() if far <= within}
    return min(furthest, key=lambda name: furthest[name], default=None)


def _samples(context: CheckContext, recorded: RecordedRun) -> list[_Sample]:
    found = []
    for sample in sorted(recorded.run.samples, key=lambda s: s.step):
        moved, image = effective(context, recorded, sample), context.tensor(sample.image)
        if moved is not None and bool(torch.isfinite(image).all()):
            found.append(_Sample(step=sample.step, image=image, moved=moved))
    return found


def _telling(context: CheckContext, network: str, target: int, sample: _Sample) -> bool:
    """Whether float32 still resolves the log-probability's gradient there."""
    probabilities = context.networks.logits(network, sample.image).double().softmax(dim=1)
    return 1 - float(probabilities[0, target]) > threshold("telling_doubt")


def _others(
    context: CheckContext, recorded: RecordedRun, network: str, target: int, first: _Sample
) -> list[tuple[_Named, Objective]]:
    """Objectives that are not the one asked for: of the target, of the true class, of others."""
    ends = [first.image] if recorded.final is None else [first.image, recorded.final]
    likeliest = [int(context.networks.logits(network, x)[0].argmax()) for x in ends]
    classes = {*likeliest, *_classes_along(context, network, first)} - {target}
    return [
        (("logit", None), logit_of(target)),
        (("margin", None), margin_of(target)),
        (("untargeted", None), away_from(likeliest[0])),
        *((("other_class", c), log_probability_of(c)) for c in sorted(classes)),
    ]


def _classes_along(context: CheckContext, network: str, sample: _Sample) -> list[int]:
    """The classes whose logits rise most along a step."""
    module = context.networks.network(network)
    along = derivatives_along(module, sample.image, sample.moved.reshape(sample.image.shape))[0]
    return [int(c) for c in along.topk(FEW_CLASSES).indices]


def _heading(moved: Tensor, value: float) -> Heading:
    same = threshold("same_direction")
    if not bool(moved.any()):
        return "nowhere"
    if value >= same:
        return "uphill"
    if value <= -same:
        return "downhill"
    return "partly" if value >= threshold("uphill") else "elsewhere"

"""Where a run was heading: what its loss asked for, against the gradients of known objectives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from torch import nn

from grader.checks.context import CheckContext
from grader.checks.images.derivatives import derivatives_along
from grader.checks.images.logit_objectives import (
    CLEARLY,
    LOG_PROBABILITY,
    LOWERED,
    UNCLEAR,
    Named,
    is_telling,
    named_by_logits,
    others_of,
)
from grader.checks.images.pushes import Push, cosine, not_followed, pushes_of
from grader.checks.images.recorded_runs import RecordedRun
from grader.checks.tolerance import threshold
from reference.attack import Objective, gradient_at, gradients_at, log_probability_of

Heading: TypeAlias = Literal["uphill", "downhill", "partly", "elsewhere", "nowhere", "unknown"]
"""Along the gradient, against it, roughly along it, neither, zero gradient, or not recorded."""

LAST = "fc"
"""The module that gives the logits."""

FEW_CLASSES = 10
"""Classes that are tried besides the likeliest ones."""

FEW_LOWERED = 2
"""Classes that are tried as those which fall."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """What the recorded directions tell."""

    heading: Heading
    """Against the log-probability of the target."""
    objective: str
    """A name of `logit_objectives.Named`. Empty where none is recognised."""
    cosines: tuple[tuple[int, float], ...]
    """(step, cosine with the gradient of the target's log-probability) at each sample."""
    other_class: int | None = None
    """That class, where the objective is that of another one."""
    transformed: bool = False
    """Whether the network was shown the image shifted, resized or otherwise transformed."""


def direction_of(
    context: CheckContext, recorded: RecordedRun, network: str, target: int
) -> Direction:
    """Compare the recorded directions with trusted gradients at the same images."""
    module = context.networks.network(network)
    pushes = pushes_of(context, recorded)
    if not pushes:
        return Direction(heading="unknown", objective="", cosines=())
    cosines = _cosines(module, pushes, target)
    if _which_way_is_unknown(pushes) and cosines[0] < 0:
        pushes = tuple(push.turned for push in pushes)
        cosines = [-value for value in cosines]
    found = Direction(
        heading=_heading(pushes, cosines[0]),
        objective=LOG_PROBABILITY,
        cosines=tuple((p.step, value) for p, value in zip(pushes, cosines, strict=True)),
        transformed=any(push.transformed for push in pushes),
    )
    if found.heading in {"nowhere", "downhill"}:
        return found
    if found.heading == "elsewhere" and not_followed(pushes):
        return replace(found, objective="")
    named = _by_logits(context, pushes, network, target)
    if named is None or named.name in {LOWERED, UNCLEAR}:
        by_image = _by_image(context, recorded, pushes, cosines, network, target)
        # At the logits, rounding may hide the gradient for a class that is all but sure; at the
        # image, different functions of all logits may look alike.
        if named is None or by_image.name in {"other_class", "untargeted"}:
            named = by_image
    return replace(found, objective=named.name, other_class=named.other_class)


def _cosines(module: nn.Module, pushes: Sequence[Push], target: int) -> list[float]:
    wanted = log_probability_of(target)
    return [cosine(p.moved, gradient_at(module, p.image, wanted)) for p in pushes]


def _which_way_is_unknown(pushes: Sequence[Push]) -> bool:
    """Whether the images do not tell: shifted at random before the network saw them, say."""
    return any(push.asked for push in pushes) and all(push.followed is None for push in pushes)


def _heading(pushes: Sequence[Push], value: float) -> Heading:
    same = threshold("same_direction")
    if not bool(pushes[0].moved.any()):
        return "nowhere"
    if not_followed(pushes):
        return "elsewhere"
    if value >= same:
        return "uphill"
    if value <= -same:
        return "downhill"
    return "partly" if value >= threshold("uphill") else "elsewhere"


def _by_logits(
    context: CheckContext, pushes: Sequence[Push], network: str, target: int
) -> Named | None:
    """Name the objective by the gradients at the logits; None where there are none to trust."""
    seen = []
    for push in pushes:
        asked = push.asked
        logits = context.networks.logits(network, push.image)
        if asked is not None and asked.layer == LAST and asked.cotangent.shape == logits.shape:
            seen.append((logits, asked.cotangent))
    if not seen or not _belongs(context.networks.network(network), pushes[0]):
        return None
    return named_by_logits(seen, target)


def _belongs(module: nn.Module, push: Push) -> bool:
    """Whether the gradient at the logits is the one that leads to the gradient at the image."""
    asked = push.asked
    if asked is None:
        return False
    pulled = Objective(name="", function=lambda logits: (logits * asked.cotangent).sum())
    same = threshold("same_direction")
    return cosine(gradient_at(module, push.image, pulled), push.moved) >= same


def _by_image(
    context: CheckContext,
    recorded: RecordedRun,
    pushes: Sequence[Push],
    cosines: Sequence[float],
    network: str,
    target: int,
) -> Named:
    """Name the objective by the gradients at the image: what was handed to the steps."""
    module = context.networks.network(network)
    told = [
        (push, value)
        for push, value in zip(pushes, cosines, strict=True)
        if is_telling(context.networks.logits(network, push.image), target)
    ] or [(pushes[0], cosines[0])]
    furthest = max(1 - value for _, value in told)
    if furthest <= threshold("other_objective"):
        return Named(name=LOG_PROBABILITY)
    ends = [pushes[0].image] if recorded.final is None else [pushes[0].image, recorded.final]
    likeliest = [int(context.networks.logits(network, x)[0].argmax()) for x in ends]
    raised, lowered = _classes_along(module, pushes[0])
    classes = sorted({*likeliest, *raised} - {target})
    others = list(others_of(target, likeliest[0], classes, lowered))
    within = min(furthest / CLEARLY, 1 - threshold("same_direction"))
    found = _nearest(module, others, [push for push, _ in told], within)
    same = cosines[0] >= threshold("same_direction")
    return found or Named(name=LOG_PROBABILITY if same else "")


def _nearest(
    module: nn.Module,
    objectives: list[tuple[Named, Objective]],
    pushes: Sequence[Push],
    within: float,
) -> Named | None:
    """Return the objective whose gradients the steps follow best.

    Args:
        module: The trusted network.
        objectives: (name, objective).
        pushes: Steps; the worst of them counts.
        within: Greatest 1 - cosine; None is returned where no objective keeps to it.
    """
    furthest = dict.fromkeys(range(len(objectives)), 0.0)
    for push in pushes:
        left = list(furthest)
        gradients = gradients_at(module, push.image, [objectives[n][1] for n in left])
        off = {n: 1 - cosine(push.moved, g) for n, g in zip(left, gradients, strict=True)}
        furthest = {n: max(furthest[n], far) for n, far in off.items() if far <= within}
    closest = min(furthest, key=lambda n: furthest[n], default=None)
    return None if closest is None else objectives[closest][0]


def _classes_along(module: nn.Module, push: Push) -> tuple[list[int], list[int]]:
    """The classes whose logits rise most along a step, and those whose logits fall most."""
    along = derivatives_along(module, push.image, push.moved.reshape(push.image.shape))[0]
    rising = along.topk(FEW_CLASSES).indices
    falling = along.topk(FEW_LOWERED, largest=False).indices
    return rising.tolist(), falling.tolist()

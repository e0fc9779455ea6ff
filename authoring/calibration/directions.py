"""Cosines between gradients: of one objective in other arithmetic, and of different objectives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from authoring.calibration.networks import (
    CPU,
    cosines,
    errors_of,
    network_errors,
    outputs_of,
    settings,
    truth_of,
)
from grader.checks.calibration import Separation
from grader.checks.images.logit_objectives import OTHERS
from reference.attack import (
    Objective,
    away_from,
    gradient_at,
    log_probability_of,
    logit_of,
    margin_of,
    probability_of,
)
from reference.dream import layer_norm, random_start
from reference.networks import activations, features
from reference.run_records import Space

OTHER_CLASSES = (145, 340)
"""Classes of 4(f)'s expected examples, as other targets."""

ALL_PROBABILITY = 0.9
"""Probability of the likeliest class above which the margin to it is the log-probability."""
EXACTLY = 1e-9
"""1 - cosine at the logits, in float64, of one and the same direction."""
SMALLEST_HALF = 1e-3
"""Gradients of smaller entries are not stored in half precision, or scaled before."""
RANDOM_DIRECTIONS = 100
RANDOM_STARTS = 5
MOST_PAIRS = 8
"""Pairs of layers that are kept, the closest."""

_LAST_BLOCK = {
    "layer1": "layer1.2",
    "layer2": "layer2.3",
    "layer3": "layer3.5",
    "layer4": "layer4.2",
}
"""A stage is its own last block."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Place:
    """Where an attack starts, and where to."""

    name: str
    """Such as `4a`."""
    network: nn.Module
    """Trusted, float32."""
    image: Tensor
    """The corgi in the attack's space, (1, 3, H, W)."""
    space: Space
    """That space."""
    target: int
    """Class id."""


def same_direction(places: Iterable[Place]) -> Separation:
    """Measure cosines with the gradient of the target's log-probability at the start.

    Right is the same objective in other arithmetic, the probability itself, whose gradient is the
    same times p, and the margin to the next class, which is the log-probability but for a constant
    as long as that class has nearly all the probability. Wrong are other objectives.
    """
    right: list[tuple[str, float]] = []
    wrong: list[tuple[str, float]] = []
    for place in places:
        wanted = _gradient(place, log_probability_of(place.target))
        found = network_errors(place.network, place.image, place.target, settings())
        right += [
            (f"{place.name}, {how}", 1 - error)
            for how, error in found["gradient_direction"].items()
        ]
        for objectives, side in ((_same_objectives, right), (_other_objectives, wrong)):
            for name, objective in objectives(place):
                value = _cosine(_gradient(place, objective), wanted)
                side.append((f"{place.name}, {name}", value))
    return Separation(name="same_direction", right=tuple(right), wrong=tuple(wrong))


def same_arithmetic(places: Iterable[Place]) -> tuple[Separation, Separation]:
    """Measure the same cosines where the margin may be another objective, as on a real network.

    What label smoothing and functions of the probabilities do to the direction is measured by
    `objectives_apart`.

    Returns:
        In float32, and with emulated TF32 (`same_direction_tf32`), which turns gradients of a
        network with thin convolutions by more than those of a ResNet.
    """
    exact: list[tuple[str, float]] = []
    coarse: list[tuple[str, float]] = []
    wrong: list[tuple[str, float]] = []
    rounded = {setting.name for setting in CPU if setting.emulated_tf32}
    for place in places:
        wanted = _gradient(place, log_probability_of(place.target))
        found = network_errors(place.network, place.image, place.target, settings())
        for how, error in found["gradient_direction"].items():
            (coarse if how in rounded else exact).append((f"{place.name}, {how}", 1 - error))
        same = _gradient(place, probability_of(place.target))
        exact.append((f"{place.name}, the probability", _cosine(same, wanted)))
        for name, objective in _wrong_objectives(place):
            wrong.append((f"{place.name}, {name}", _cosine(_gradient(place, objective), wanted)))
    return (
        Separation(name="same_direction", right=tuple(exact), wrong=tuple(wrong)),
        Separation(name="same_direction_tf32", right=tuple(coarse), wrong=tuple(wrong)),
    )


def _wrong_objectives(place: Place) -> Iterator[tuple[str, Objective]]:
    for name, objective in _other_objectives(place):
        if name != f"class {place.target}":
            yield name, objective
    if not _is_certain(place):
        yield "the margin", margin_of(place.target)


def _is_certain(place: Place) -> bool:
    """Whether one class has nearly all the probability at the start."""
    with torch.no_grad():
        probabilities = torch.softmax(place.network(place.image)[0], dim=0)
    return float(probabilities.max()) > ALL_PROBABILITY


def objectives_apart(places: Iterable[Place], images: Iterable[Tensor]) -> Separation:
    """Measure 1 - cosine with the log-probability's gradient, the furthest of some steps.

    Right is the log-probability in other arithmetic: stored in half precision, and in every setting
    but emulated TF32, of which GPUs show less. Wrong are the objectives that the checks name, each
    by the one of its forms that is closest. The margin is left out where the class next to the
    target has all the probability: there it has the direction of the log-probability, as functions
    of the target's probability alone have.

    Args:
        places: Attacks.
        images: For each the images along the way, the start first, (n, 3, H, W).
    """
    right: list[tuple[str, float]] = []
    wrong: list[tuple[str, float]] = []
    for place, all_along in zip(places, images, strict=True):
        seen = list(torch.split(all_along, 1))[:: max(len(all_along) // 4, 1)][:4]
        wanted = [gradient_at(place.network, x, log_probability_of(place.target)) for x in seen]
        usual = tuple(one for one in CPU if not one.emulated_tf32)
        found = network_errors(place.network, place.image, place.target, usual)
        errors = found["gradient_direction"].items()
        right += [(f"{place.name}, {how}", max(error, 0.0)) for how, error in errors]
        half = max(1 - _cosine(g.half().float() if _fits(g) else g, g) for g in wanted)
        right.append((f"{place.name}, stored in half precision", max(half, 0.0)))
        certain = _is_certain(place)
        for name, functions in OTHERS.items():
            if name == "margin" and certain:
                continue
            apart = [
                max(_apart(place, function, x, g) for x, g in zip(seen, wanted, strict=True))
                for function in functions
                if not _of_probability_alone(place, function)
            ]
            if apart:
                wrong.append((f"{place.name}, {name.replace('_', ' ')}", min(apart)))
    return Separation(name="other_objective", right=tuple(right), wrong=tuple(wrong))


def _of_probability_alone(place: Place, function: Callable[[Tensor, int], Tensor]) -> bool:
    """Whether a form has the direction of the log-probability, as the target's probability has."""
    with torch.no_grad():
        logits = place.network(place.image).double()
    objectives = (log_probability_of(place.target).function, lambda z: function(z, place.target))
    pulls = []
    for objective in objectives:
        leaf = logits.clone().requires_grad_(True)
        (pull,) = torch.autograd.grad(objective(leaf), leaf)
        pulls.append(pull)
    return 1 - _cosine(*pulls) < EXACTLY


def _apart(
    place: Place, function: Callable[[Tensor, int], Tensor], image: Tensor, wanted: Tensor
) -> float:
    objective = Objective(name="", function=lambda logits: function(logits, place.target))
    gradient = gradient_at(place.network, image, objective)
    return 1 - _cosine(gradient, wanted) if bool(gradient.any()) else 1.0


def _fits(gradient: Tensor) -> bool:
    """Whether half precision can hold its entries."""
    return SMALLEST_HALF < float(gradient.abs().max()) < torch.finfo(torch.float16).max


def closest_layers(network: nn.Module, side_px: int) -> Separation:
    """Measure cosines between the gradients of the notebook's layers' norms and other layers'.

    Right is the same layer's squared norm. Of the wrong ones the closest pairs are kept, at random
    images.
    """
    closest: dict[str, float] = {}
    for seed in range(RANDOM_STARTS):
        image = random_start(seed, side_px)
        gradients = {
            name: gradient_at(features(network, name), image, layer_norm())
            for name in activations(network, image)
        }
        for stage, block in _LAST_BLOCK.items():
            for name, gradient in gradients.items():
                if name not in {stage, block}:
                    value = abs(_cosine(gradients[stage], gradient))
                    pair = f"{stage} and {name}"
                    closest[pair] = max(value, closest.get(pair, 0.0))
    right = tuple((f"{n}, squared norm", _squared(network, n, side_px)) for n in _LAST_BLOCK)
    wrong = sorted(closest.items(), key=lambda item: -item[1])[:MOST_PAIRS]
    return Separation(name="closest_layer", right=right, wrong=tuple(wrong))


def uphill(places: Iterable[Place]) -> Separation:
    """Measure cosines of odd steps with the gradient, and of random directions."""
    right, wrong = [], []
    for place in places:
        gradient = _gradient(place, log_probability_of(place.target))
        for name, way in _ODD_STEPS.items():
            right.append((f"{place.name}, {name}", _cosine(way(gradient), gradient)))
        found = 0.0
        for seed in range(RANDOM_DIRECTIONS):
            random = torch.randn(gradient.shape, generator=torch.Generator().manual_seed(seed))
            found = max(found, abs(_cosine(random, gradient)))
        wrong.append((f"{place.name}, greatest of {RANDOM_DIRECTIONS} random directions", found))
    return Separation(name="uphill", right=tuple(right), wrong=tuple(wrong))


def telling_doubt(places: Iterable[Place], images: Iterable[Tensor], same: float) -> Separation:
    """Measure 1 - p of images at which float32 blurs the gradient's direction.

    Right are the starts, which is where the checks look first.

    Args:
        places: Attacks.
        images: For each the images along the way, the start first, (n, 3, H, W).
        same: Least cosine of the same direction.
    """
    starts: list[tuple[str, float]] = []
    blurred: list[tuple[str, float]] = []
    for place, along in zip(places, images, strict=True):
        for number, image in enumerate(torch.split(along, 1)):
            truth = truth_of(place.network, image, place.target)
            found = outputs_of(place.network, image, place.target, CPU[0], truth)
            doubt = float(-torch.expm1(truth.log_probabilities[0]))
            if number == 0:
                starts.append((f"{place.name}, the start", doubt))
            if errors_of(found, truth)["gradient_direction"] > 1 - same:
                blurred.append((f"{place.name}, after {number} steps", doubt))
    return Separation(name="telling_doubt", right=tuple(starts), wrong=tuple(blurred))


def _sparse(gradient: Tensor) -> Tensor:
    """The hundredth of the entries that is greatest."""
    count = max(gradient.numel() // 100, 1)
    least = gradient.abs().flatten().topk(count).values[-1]
    return torch.where(gradient.abs() >= least, gradient, 0)


_ODD_STEPS: dict[str, Callable[[Tensor], Tensor]] = {
    "its sign": torch.sign,
    "its greatest hundredth": _sparse,
    "its cube": lambda g: g**3,
}


def _same_objectives(place: Place) -> Iterator[tuple[str, Objective]]:
    yield "the probability", probability_of(place.target)
    yield "the margin", margin_of(place.target)


def _other_objectives(place: Place) -> Iterator[tuple[str, Objective]]:
    with torch.no_grad():
        top = int(place.network(place.image)[0].argmax())
    yield "the logit alone", logit_of(place.target)
    yield "untargeted", away_from(top)
    for other in OTHER_CLASSES:
        yield f"class {other}", log_probability_of(other)


def _squared(network: nn.Module, layer: str, side_px: int) -> float:
    function, image = features(network, layer), random_start(0, side_px)
    squared = Objective(name="", function=lambda out: out.square().sum())
    gradients = (gradient_at(function, image, o) for o in (squared, layer_norm()))
    return _cosine(*gradients)


def _gradient(place: Place, objective: Objective) -> Tensor:
    return gradient_at(place.network, place.image, objective)


def _cosine(a: Tensor, b: Tensor) -> float:
    return float(cosines(a.flatten(1), b.flatten(1))[0])

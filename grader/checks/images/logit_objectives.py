"""Objectives of an attack, as functions of the logits, and which of them a notebook's loss was.

The gradient of a loss with respect to the logits names it: that of the log-probability of class t
is e_t - p, that of its logit e_t. Any function of the target's probability alone, such as the
cross-entropy, the probability itself or a focal loss, has the direction of the log-probability.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from grader.checks.images.pushes import cosine
from grader.checks.tolerance import threshold
from reference.attack import Objective, away_from, log_probability_of, logit_of, margin_of

LOG_PROBABILITY = "log_probability"
"""The objective that is asked for."""

LOWERED = "lowered"
"""A function that falls where the target's logit rises."""

OTHER_LOWERED = "other_lowered"
"""The logit of another class, falling."""

UNCLEAR = "unclear"
"""A function of the logits that is none of those known here."""

CLEARLY = 10.0
"""An objective is named where it is that many times closer than the one asked for."""

_SMOOTHING = (0.05, 0.1, 0.2, 0.3)
_SCALES = (1.0, 10.0, 100.0)
"""Of the one-hot vector that a squared error leads the logits to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """An objective by its name."""

    name: str
    """`log_probability`, one of `OTHERS`, or one of the names below."""
    other_class: int | None = None
    """The class, where it is the log-probability or the logit of another one."""


def _one_hot(logits: Tensor, class_id: int, scale: float = 1.0) -> Tensor:
    wanted = torch.zeros_like(logits)
    wanted[0, class_id] = scale
    return wanted


def _label(logits: Tensor, class_id: int) -> Tensor:
    return torch.tensor([class_id], device=logits.device)


def _centered(logits: Tensor, t: int) -> Tensor:
    return logits[0, t] - logits.mean()


def _softmax_twice(logits: Tensor, t: int) -> Tensor:
    return -F.cross_entropy(logits.softmax(dim=1), _label(logits, t))


def _binary_of_probabilities(logits: Tensor, t: int) -> Tensor:
    return -F.binary_cross_entropy(logits.softmax(dim=1), _one_hot(logits, t))


def _binary_of_logits(logits: Tensor, t: int) -> Tensor:
    return -F.binary_cross_entropy_with_logits(logits, _one_hot(logits, t))


def _squared_of_probabilities(logits: Tensor, t: int) -> Tensor:
    return -F.mse_loss(logits.softmax(dim=1), _one_hot(logits, t))


def _squared_of_logits(scale: float) -> Callable[[Tensor, int], Tensor]:
    return lambda logits, t: -F.mse_loss(logits, _one_hot(logits, t, scale))


def _absolute_of_probabilities(logits: Tensor, t: int) -> Tensor:
    return -F.l1_loss(logits.softmax(dim=1), _one_hot(logits, t))


def _hinge(logits: Tensor, t: int) -> Tensor:
    return -F.multi_margin_loss(logits, _label(logits, t))


def _smoothed(amount: float) -> Callable[[Tensor, int], Tensor]:
    return lambda z, t: -F.cross_entropy(z, _label(z, t), label_smoothing=amount)


OTHERS: Mapping[str, tuple[Callable[[Tensor, int], Tensor], ...]] = {
    "logit": (lambda logits, t: logit_of(t).function(logits),),
    "margin": (lambda logits, t: margin_of(t).function(logits), _hinge),
    "centered_logit": (_centered,),
    "softmax_twice": (_softmax_twice,),
    "binary_cross_entropy": (_binary_of_probabilities, _binary_of_logits),
    "squared_error": (
        _squared_of_probabilities,
        _absolute_of_probabilities,
        *map(_squared_of_logits, _SCALES),
    ),
    "label_smoothing": tuple(map(_smoothed, _SMOOTHING)),
}
"""Objectives that make the target likelier, but are not its log-probability."""


def others_of(
    target: int, likeliest: int, raised: Sequence[int], lowered: Sequence[int]
) -> Iterator[tuple[Named, Objective]]:
    """Yield every objective that is known, but for the one asked for.

    Args:
        target: Class id.
        likeliest: The class that the network sees in the start image.
        raised: Further classes that may have been aimed at.
        lowered: Further classes that the steps may have led away from.
    """
    for name, functions in OTHERS.items():
        for function in functions:
            yield Named(name=name), _at(name, function, target)
    if likeliest != target:
        yield Named(name="margin"), _against(target, likeliest)
        yield Named(name="untargeted"), away_from(likeliest)
        yield Named(name="untargeted"), _lowered(likeliest)
    yield Named(name="untargeted"), _all_classes()
    for other in raised:
        if other != target:
            yield Named(name="other_class", other_class=other), log_probability_of(other)
            yield Named(name="other_class", other_class=other), logit_of(other)
    for other in lowered:
        if other not in {target, likeliest}:
            yield Named(name=OTHER_LOWERED, other_class=other), _lowered(other)


def _at(name: str, function: Callable[[Tensor, int], Tensor], target: int) -> Objective:
    return Objective(name=name, function=lambda logits: function(logits, target), target=target)


def _against(target: int, likeliest: int) -> Objective:
    return Objective(
        name="margin", function=lambda logits: logits[0, target] - logits[0, likeliest]
    )


def _lowered(class_id: int) -> Objective:
    return Objective(name="lowered", function=lambda logits: -logits[0, class_id])


def _all_classes() -> Objective:
    return Objective(name="untargeted", function=lambda z: F.log_softmax(z, dim=1).mean())


def named_by_logits(seen: Sequence[tuple[Tensor, Tensor]], target: int) -> Named:
    """Tell which objective has the gradients that were seen.

    Args:
        seen: (logits, gradient of the objective with respect to them), each (1, C), in order of
            time.
        target: Class id.
    """
    asking = [one for one in seen if bool(one[1].any())]  # a hinge asks for nothing in the end
    telling = [one for one in asking if is_telling(one[0], target)] or asking[:1]
    if not telling:
        return Named(name=UNCLEAR)
    away = _furthest(telling, log_probability_of(target))
    if away <= threshold("other_objective"):
        return Named(name=LOG_PROBABILITY)
    likeliest = int(seen[0][0].argmax())
    raised, lowered = int(seen[0][1].argmax()), int(seen[0][1].argmin())
    tried = [
        (_furthest(telling, objective), number, named)
        for number, (named, objective) in enumerate(
            others_of(target, likeliest, (raised,), (lowered,))
        )
    ]
    closest, _, named = min(tried)
    if closest <= min(away / CLEARLY, 1 - threshold("same_direction")):
        return named
    if away <= 1 - threshold("same_direction"):
        return Named(name=LOG_PROBABILITY)
    falls = all(float(gradient[0, target]) < 0 for _, gradient in telling)
    return Named(name=LOWERED if falls else UNCLEAR)


def is_telling(logits: Tensor, target: int) -> bool:
    """Whether float32 still resolves the log-probability's gradient there."""
    doubt = 1 - float(logits.double().softmax(dim=1)[0, target])
    return doubt > threshold("telling_doubt")


def _furthest(seen: Sequence[tuple[Tensor, Tensor]], objective: Objective) -> float:
    """Greatest 1 - cosine with the objective's gradient."""
    return max(1 - cosine(_gradient(logits, objective), gradient) for logits, gradient in seen)


def _gradient(logits: Tensor, objective: Objective) -> Tensor:
    leaf = logits.detach().double().requires_grad_(True)
    (gradient,) = torch.autograd.grad(objective.function(leaf), leaf)
    return gradient

"""Each objective of an attack is told by its gradient at the logits."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from grader.checks.images.logit_objectives import OTHERS, named_by_logits

TARGET, TRUE, CLASSES = 76, 263, 1000


def images(count: int = 3) -> list[Tensor]:
    """Logits along an attack: first sure of the true class, then torn, then leaning."""
    generator = torch.Generator().manual_seed(4)
    found = []
    for number in range(count):
        logits = 2 * torch.randn((1, CLASSES), generator=generator)
        logits[0, TRUE] = 12 - 3 * number
        logits[0, TARGET] = -3 + 5 * number
        found.append(logits)
    return found


LOW = int((torch.cat(images()) < 0).all(dim=0).nonzero()[0])
"""A class whose logits are all negative."""


def seen(objective: Callable[[Tensor], Tensor]) -> list[tuple[Tensor, Tensor]]:
    """The gradients in float32, as a notebook has them."""
    pairs = []
    for logits in images():
        leaf = logits.clone().requires_grad_(True)
        (gradient,) = torch.autograd.grad(objective(leaf), leaf)
        pairs.append((logits, gradient))
    return pairs


def label() -> Tensor:
    return torch.tensor([TARGET])


def one_hot() -> Tensor:
    return F.one_hot(label(), CLASSES).float()


RIGHT: dict[str, Callable[[Tensor], Tensor]] = {
    "log-probability": lambda z: F.log_softmax(z, dim=1)[0, TARGET],
    "minus the cross-entropy": lambda z: -F.cross_entropy(z, label()),
    "minus the cross-entropy of log-probabilities": lambda z: (
        -F.cross_entropy(F.log_softmax(z, dim=1), label())
    ),
    "minus the negative log-likelihood": lambda z: -F.nll_loss(F.log_softmax(z, dim=1), label()),
    "the probability": lambda z: F.softmax(z, dim=1)[0, TARGET],
    "the logarithm of the probability": lambda z: torch.log(F.softmax(z, dim=1)[0, TARGET] + 1e-9),
    "the logit less the logsumexp": lambda z: z[0, TARGET] - z.logsumexp(dim=1)[0],
    "a focal loss": lambda z: (
        (1 - F.softmax(z, dim=1)[0, TARGET]) ** 2 * F.log_softmax(z, dim=1)[0, TARGET]
    ),
    "the divergence from a one-hot vector": lambda z: (
        -F.kl_div(F.log_softmax(z, dim=1), one_hot(), reduction="batchmean")
    ),
    "the squared error of the probability alone": lambda z: (
        -((1 - F.softmax(z, dim=1)[0, TARGET]) ** 2)
    ),
    "the binary cross-entropy of the probability alone": lambda z: (
        -F.binary_cross_entropy(F.softmax(z, dim=1)[:, TARGET], torch.ones(1))
    ),
}

OTHER: dict[str, tuple[str, Callable[[Tensor], Tensor]]] = {
    "the logit": ("logit", lambda z: z[0, TARGET]),
    "the logit's sigmoid": ("logit", lambda z: F.logsigmoid(z[0, TARGET])),
    "the squared error of the logit alone": ("logit", lambda z: -((z[0, TARGET] - 50) ** 2)),
    "the margin to the next class": (
        "margin",
        lambda z: z[0, TARGET] - z[0, torch.arange(CLASSES) != TARGET].max(),
    ),
    "the margin to the true class": ("margin", lambda z: z[0, TARGET] - z[0, TRUE]),
    "both log-probabilities": (
        "margin",
        lambda z: F.log_softmax(z, dim=1)[0, TARGET] - F.log_softmax(z, dim=1)[0, TRUE],
    ),
    "a hinge": ("margin", lambda z: -F.multi_margin_loss(z, label())),
    "the logit less the mean": ("centered_logit", lambda z: z[0, TARGET] - z.mean()),
    "softmax before cross-entropy": (
        "softmax_twice",
        lambda z: -F.cross_entropy(F.softmax(z, dim=1), label()),
    ),
    "log-softmax of a softmax": (
        "softmax_twice",
        lambda z: F.log_softmax(F.softmax(z, dim=1), dim=1)[0, TARGET],
    ),
    "binary cross-entropy of probabilities": (
        "binary_cross_entropy",
        lambda z: -F.binary_cross_entropy(F.softmax(z, dim=1), one_hot()),
    ),
    "binary cross-entropy of logits": (
        "binary_cross_entropy",
        lambda z: -F.binary_cross_entropy_with_logits(z, one_hot()),
    ),
    "squared error of probabilities": (
        "squared_error",
        lambda z: -F.mse_loss(F.softmax(z, dim=1), one_hot()),
    ),
    "squared error of logits": ("squared_error", lambda z: -F.mse_loss(z, 10 * one_hot())),
    "label smoothing": (
        "label_smoothing",
        lambda z: -F.cross_entropy(z, label(), label_smoothing=0.1),
    ),
    "away from the true class": ("untargeted", lambda z: -F.log_softmax(z, dim=1)[0, TRUE]),
    "the true class's logit lowered": ("untargeted", lambda z: -z[0, TRUE]),
    "another class": ("other_class", lambda z: F.log_softmax(z, dim=1)[0, TARGET + 1]),
    "another class's logit": ("other_class", lambda z: z[0, TARGET + 1]),
    "another class's logit lowered": ("other_lowered", lambda z: -z[0, 130]),
    "the size of another class's negative logit": ("other_lowered", lambda z: z[0, LOW].abs()),
    "the target's logit lowered": ("lowered", lambda z: -z[0, TARGET]),
    "the size of the target's logit, negative at first": ("unclear", lambda z: z[0, TARGET].abs()),
    "the mean over the classes": ("untargeted", lambda z: F.log_softmax(z, dim=1).mean()),
    "negated logits": ("lowered", lambda z: F.log_softmax(-z, dim=1)[0, TARGET]),
    "two classes at once": ("unclear", lambda z: F.log_softmax(z, dim=1)[0, [TARGET, 99]].sum()),
}


@pytest.mark.parametrize("words", RIGHT)
def test_functions_of_the_targets_probability_alone_are_right(words: str) -> None:
    assert named_by_logits(seen(RIGHT[words]), TARGET).name == "log_probability"


@pytest.mark.parametrize("words", OTHER)
def test_every_other_objective_is_named(words: str) -> None:
    wanted, objective = OTHER[words]
    named = named_by_logits(seen(objective), TARGET)
    assert named.name == wanted
    assert (named.other_class is not None) == (wanted in {"other_class", "other_lowered"})


def test_every_name_is_tried() -> None:
    assert set(OTHERS) <= {wanted for wanted, _ in OTHER.values()}


def test_half_precision_names_the_same() -> None:
    coarse = [(z, v.half().float()) for z, v in seen(RIGHT["minus the cross-entropy"])]
    assert named_by_logits(coarse, TARGET).name == "log_probability"
    coarse = [(z, v.half().float()) for z, v in seen(OTHER["the logit less the mean"][1])]
    assert named_by_logits(coarse, TARGET).name == "centered_logit"

"""How good the two networks are: clean and attacked accuracy, and the course's three attacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from reference.attack import ascend, log_probability_of
from reference.images import prepare_image, read_image, to_uint8_rgb
from reference.run_records import Norm, Space, StepConfig
from reference.studio.adversary import Attack, Logits, perturb
from reference.studio.data import Drawings
from reference.studio.files import CORGI_JPEG
from reference.studio.shaping import along_lines
from reference.studio.train import on_pixels

RADII_L2 = (0.5, 1.0, 2.0, 4.0, 6.0)
"""Radii at which both networks are attacked, l2 in pixels of [0, 1] at 224 px."""

ATTACK_STEPS = 20
TRAVEL = 2.5
"""Length of an attack's steps together, in radii: enough to cross the ball."""
ATTACKED_PER_CLASS = 10
"""Held-out drawings of each class that are attacked."""
_BATCH = 50
_SEED = 6869

TARANTULA, CORGI, TIGER_CAT = 76, 263, 282
LINE_PX = 24
"""Length from which a line counts as one, at 224 px."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """Accuracy of one network on held-out drawings."""

    clean: float
    """Share of right answers."""
    attacked: tuple[tuple[float, float], ...]
    """(radius, share of right answers under a 20-step l2 PGD attack of that radius)."""
    by_class: tuple[tuple[int, float], ...]
    """(class id, share of right answers on its clean drawings)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """One of the course's attacks on the corgi."""

    part: str
    """Of the problem set: "4a", "4b", "4e"."""
    target: int
    """Class id."""
    before: float
    """Probability of the target for the corgi as drawn."""
    after: float
    """The same after 200 steps."""
    top: tuple[tuple[int, float], ...]
    """The five likeliest classes after the attack, with probabilities."""
    distance_l2: float
    """l2 distance from the corgi, in the experiment's space."""
    in_lines: float
    """Share of the energy of the change in lines of `LINE_PX`: much in stripes, little in noise."""
    picture: npt.NDArray[np.uint8]
    """(224, 224, 3) RGB."""


def rate(
    model: nn.Module,
    drawings: Drawings,
    *,
    normalised: bool,
    radii_l2: tuple[float, ...] = RADII_L2,
    on_batch: Callable[[], None] = lambda: None,
) -> Rating:
    """Measure accuracy on all `drawings`, and under attack on the first few of each class."""
    logits = on_pixels(model.requires_grad_(False).eval(), normalised=normalised)
    right = _right(logits, drawings, None)
    on_batch()
    classes = sorted(set(drawings.labels.tolist()))
    few = torch.cat([(drawings.labels == c).nonzero()[:ATTACKED_PER_CLASS, 0] for c in classes])
    sample = Drawings(drawings.pixels[few], drawings.labels[few])
    attacked = []
    for radius in radii_l2:
        attack = Attack(eps_l2=radius, steps=ATTACK_STEPS, travel=TRAVEL)
        attacked.append((radius, float(_right(logits, sample, attack).float().mean())))
        on_batch()
    shares = [(c, float(right[drawings.labels == c].float().mean())) for c in classes]
    return Rating(
        clean=float(right.float().mean()), attacked=tuple(attacked), by_class=tuple(shares)
    )


def _right(logits: Logits, drawings: Drawings, attack: Attack | None) -> Tensor:
    rng = torch.Generator().manual_seed(_SEED)
    answers = []
    for k in range(0, len(drawings), _BATCH):
        x = drawings.inputs(slice(k, k + _BATCH))
        labels = drawings.labels[k : k + _BATCH]
        if attack is not None:
            x = perturb(logits, x, labels, attack, rng)
        with torch.no_grad():
            answers.append(logits(x).argmax(dim=1) == labels)
    return torch.cat(answers)


def corgi_input(*, normalised: bool) -> Tensor:
    """Return the corgi as the course's notebook prepares it, (1, 3, 224, 224)."""
    return prepare_image(read_image(CORGI_JPEG), normalised)


def top_classes(model: nn.Module, x: Tensor, count: int = 5) -> tuple[tuple[int, float], ...]:
    """Return the likeliest classes of one input and their probabilities."""
    with torch.no_grad():
        values, ids = model(x).softmax(dim=1)[0].topk(count)
    return tuple(zip(ids.tolist(), values.tolist(), strict=True))


_NORMALISED, _PIXELS = Space.NORMALISED, Space.PIXELS
_FREE = StepConfig(step_size=0.05, space=_NORMALISED, eps_l2=None, norm=Norm.ABS)
_BALL = StepConfig(step_size=3.0, space=_NORMALISED, eps_l2=30.0, norm=Norm.L2)
_BALL_PIXELS = StepConfig(step_size=2.0, space=_PIXELS, eps_l2=30.0, norm=Norm.L2)

COURSE_ATTACKS = {
    "4a": ("standard", TARANTULA, _FREE),
    "4b": ("standard", TIGER_CAT, _BALL),
    "4e": ("robust", TIGER_CAT, _BALL_PIXELS),
}
"""Part to network, target and step of the course's notebook."""


def course_attack(model: nn.Module, part: str, n_steps: int = 200) -> Outcome:
    """Run the attack of a part of Problem 4 on the corgi."""
    _, target, config = COURSE_ATTACKS[part]
    model = model.requires_grad_(False).eval()
    start = corgi_input(normalised=config.space is Space.NORMALISED)
    trace = ascend(model, start, log_probability_of(target), config, n_steps)
    first, last = trace.steps[0].log_probability, trace.steps[-1].log_probability
    return Outcome(
        part=part,
        target=target,
        before=float(np.exp(first)) if first is not None else 0.0,
        after=float(np.exp(last)) if last is not None else 0.0,
        top=top_classes(model, trace.final),
        distance_l2=trace.steps[-1].distance_l2,
        in_lines=_share_in_lines(trace.final - start),
        picture=to_uint8_rgb(trace.final, config.space),
    )


def _share_in_lines(change: Tensor) -> float:
    return float((along_lines(change, LINE_PX).norm() / change.norm()) ** 2)

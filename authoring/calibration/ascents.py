"""What right and wrong attacks reach: gains, and how far they leave the ball."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import torch
from torch import Tensor

from authoring.calibration.directions import OTHER_CLASSES, Place
from authoring.calibration.networks import CPU, Setting, prepared
from grader.checks.calibration import Separation
from reference.attack import (
    BOX_ROUNDING,
    ascend,
    away_from,
    gradient_at,
    log_probability_of,
    verify,
)
from reference.images import box_bounds, from_pixels, to_pixels
from reference.run_records import StepConfig
from reference.steps import step

Direction: TypeAlias = Callable[[Tensor], Tensor]
"""Image to the direction that is handed to the step."""

MOMENTUM = 0.9
STEP_FACTORS = (0.5, 2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One of the handout's attacks."""

    place: Place
    """Where it starts, and where to."""
    config: StepConfig
    """Its steps."""
    n_steps: int
    """How many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """What one attack reached."""

    name: str
    """Attack and way."""
    gain: float
    """Rise of the target's log-probability, in nats."""
    wanted: float
    """The reference's gain in as many steps."""
    bounded: bool
    """Whether a ball bounds it."""


def gains(
    attacks: Iterable[Attack], *, in_float64: bool = False
) -> tuple[list[Reached], list[Reached]]:
    """Run each attack in right ways and in wrong ones; if told so, also in float64."""
    right: list[Reached] = []
    wrong: list[Reached] = []
    for attack in attacks:
        climbing = _climbing(attack)
        wanted = _gain(attack, _final(attack, climbing))
        for name, (direction, config) in _right_ways(attack, climbing).items():
            final = _final(replace(attack, config=config), direction)
            right.append(_reached(attack, name, final, wanted))
        if in_float64:
            final = _final(_exact(attack), _climbing(_exact(attack))).float()
            right.append(_reached(attack, "float64", final, wanted))
        for name, direction in _wrong_ways(attack).items():
            wrong.append(_reached(attack, name, _final(attack, direction), wanted))
    return right, wrong


def gain_separations(right: Sequence[Reached], wrong: Sequence[Reached]) -> tuple[Separation, ...]:
    """Return by how many nats ways fall short of the reference, and their shares of its gain.

    The shares of attacks that no ball bounds are apart: random steps wipe the corgi out then, and a
    network sees something in what is left.
    """

    def short(ways: Sequence[Reached]) -> tuple[tuple[str, float], ...]:
        return tuple((r.name, r.wanted - r.gain) for r in ways)

    def share(ways: Sequence[Reached], *, bounded: bool) -> tuple[tuple[str, float], ...]:
        return tuple((r.name, r.gain / r.wanted) for r in ways if r.bounded is bounded)

    return (
        Separation(name="gain_shortfall", right=short(right), wrong=short(wrong)),
        *(
            Separation(
                name=name, right=share(right, bounded=bounded), wrong=share(wrong, bounded=bounded)
            )
            for name, bounded in (("gain_some", True), ("gain_unbounded", False))
        ),
    )


def bonus_gain(attack: Attack, classes: Sequence[int]) -> Separation:
    """Measure other classes' gains on the robust network, as shares of the gain of 4(e)."""
    wanted = _gain(attack, _final(attack, _climbing(attack)))
    right, wrong = [], []
    for target in classes:
        other = replace(attack, place=replace(attack.place, target=target))
        right.append((f"class {target}", _gain(other, _final(other, _climbing(other))) / wanted))
    walked = _final(attack, random_walk())
    for target in classes:
        other = replace(attack, place=replace(attack.place, target=target))
        wrong.append((f"class {target}, random steps", _gain(other, walked) / wanted))
    return Separation(name="bonus_gain", right=tuple(right), wrong=tuple(wrong))


def box_violations(attack: Attack) -> Separation:
    """Measure shares of values outside of the pixel box, of clamped images and of free ones."""
    climbing, space = _climbing(attack), attack.config.space
    held = _final(attack, climbing)
    back = from_pixels(to_pixels(held, space).clamp(0, 1), space)
    low, high = box_bounds(space, held)
    away = held + 0.01 * (held - attack.place.image).sign()
    images = {
        "the course's step": held,
        "clamped as pixels": back,
        "one step of 0.01 that is not clamped": away,
    }
    shares = {
        name: float(((image < low - BOX_ROUNDING) | (image > high + BOX_ROUNDING)).float().mean())
        for name, image in images.items()
    }
    rows = tuple(shares.items())
    return Separation(name="box_violations", right=rows[:2], wrong=rows[2:])


def least_steps(attacks: Iterable[Attack], share: float) -> Separation:
    """Measure after how many steps the reference has most of its gain; wrong is the handout's."""
    right, wrong = [], []
    for attack in attacks:
        place = attack.place
        aim = log_probability_of(place.target)
        trace = ascend(place.network, place.image, aim, attack.config, attack.n_steps)
        values = [s.objective for s in trace.steps]
        enough = values[0] + share * (values[-1] - values[0])
        needed = next(k for k, value in enumerate(values) if value >= enough)
        right.append((f"{place.name}, {share:.0%} of the gain", float(needed)))
        wrong.append((f"{place.name}, the handout's", float(attack.n_steps)))
    return Separation(name="least_steps", right=tuple(right), wrong=tuple(wrong))


def ball_excess(attack: Attack) -> Separation:
    """Measure by what share of the radius images leave the ball, held to it and not."""
    climbing, start = _climbing(attack), attack.place.image
    radius = attack.config.eps_l2 or 1.0
    held = _final(attack, climbing)
    change = held - start
    images = {
        "the course's step": held,
        "scaled to the radius in float32": start + change * (radius / change.norm()),
        "no ball": _final(_with_radius(attack, None), climbing),
        "a ball of 1.1 times the radius": _final(_with_radius(attack, 1.1 * radius), climbing),
    }
    excess = {
        name: max(float((image.double() - start.double()).norm()) / radius - 1, 0.0)
        for name, image in images.items()
    }
    rows = tuple(excess.items())
    return Separation(name="ball_excess", right=rows[:2], wrong=rows[2:])


def steps_along(start: Tensor, direction: Direction, config: StepConfig, n_steps: int) -> Tensor:
    """Do what a notebook does, `x = step.step(x, direction(x))`, and return the last image."""
    x = start
    for _ in range(n_steps):
        x = step(x, direction(x), start=start, config=config)
    return x


def random_walk(seed: int = 0) -> Direction:
    """Return directions that know nothing of any network."""
    generator = torch.Generator().manual_seed(seed)
    return lambda x: torch.randn(x.shape, generator=generator)


def _climbing(attack: Attack) -> Direction:
    place = attack.place
    return lambda x: gradient_at(place.network, x, log_probability_of(place.target))


def _right_ways(attack: Attack, climbing: Direction) -> Mapping[str, tuple[Direction, StepConfig]]:
    """Other settings, optimisers and arithmetic."""
    config, place = attack.config, attack.place
    coarse = prepared(place.network, next(s for s in CPU if s.emulated_tf32))
    last = prepared(place.network, Setting(name="", channels_last=True))
    other = replace(place, network=coarse), replace(place, network=last)
    ways = {
        f"{factor:g} times the step": (
            climbing,
            replace(config, step_size=factor * config.step_size),
        )
        for factor in STEP_FACTORS
    }
    return {
        **ways,
        "sign steps": (lambda x: climbing(x).sign(), config),
        "momentum": (_with_momentum(climbing), config),
        "TF32": (_climbing(replace(attack, place=other[0])), config),
        "channels last": (_climbing(replace(attack, place=other[1])), config),
    }


def _with_momentum(climbing: Direction) -> Direction:
    velocity: list[Tensor] = []

    def direction(x: Tensor) -> Tensor:
        gradient = climbing(x)
        gradient = gradient / gradient.norm().clamp(min=1e-30)
        before = velocity.pop() if velocity else torch.zeros_like(gradient)
        velocity.append(MOMENTUM * before + gradient)
        return velocity[0]

    return direction


def _wrong_ways(attack: Attack) -> Mapping[str, Direction]:
    place = attack.place
    with torch.no_grad():
        top = int(place.network(place.image)[0].argmax())
    other = log_probability_of(OTHER_CLASSES[0])
    return {
        "random steps": random_walk(),
        "descent": lambda x: -_climbing(attack)(x),
        "untargeted": lambda x: gradient_at(place.network, x, away_from(top)),
        f"class {OTHER_CLASSES[0]}": lambda x: gradient_at(place.network, x, other),
    }


def _final(attack: Attack, direction: Direction) -> Tensor:
    return steps_along(attack.place.image, direction, attack.config, attack.n_steps)


def _exact(attack: Attack) -> Attack:
    """Return the attack in float64."""
    place = attack.place
    network = copy.deepcopy(place.network).double()
    return replace(attack, place=replace(place, network=network, image=place.image.double()))


def _with_radius(attack: Attack, radius: float | None) -> Attack:
    return replace(attack, config=replace(attack.config, eps_l2=radius))


def _reached(attack: Attack, name: str, final: Tensor, wanted: float) -> Reached:
    full = f"{attack.place.name}, {name}"
    bounded = attack.config.eps_l2 is not None
    return Reached(name=full, gain=_gain(attack, final), wanted=wanted, bounded=bounded)


def _gain(attack: Attack, final: Tensor) -> float:
    place = attack.place
    return verify(place.network, place.image, final, place.target, attack.config).log_gain

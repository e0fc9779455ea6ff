"""Distances and likenesses of images: other objectives, other pictures, next year's 4(d)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

import torch
from torch import Tensor, nn

from authoring.calibration.ascents import Attack, Direction, random_walk, steps_along
from authoring.calibration.directions import objectives_apart
from authoring.calibration.dreams import LEVELS_NOT_SEEN
from authoring.calibration.pictures import as_pixels, pictures_apart
from grader.checks.calibration import Separation
from grader.checks.images.recorded_runs import change_rms, smoothness
from reference.attack import gradient_at, log_probability_of
from reference.dream import feature_match, random_start
from reference.images import from_pixels, to_pixels
from reference.networks import features
from reference.run_records import Space, StepConfig
from reference.studio.classes import CLASS_IDS, draw

INVERTED = {"pretrained": ("layer1",), "robust": ("layer2",)}
"""Layers whose features are approached, by network: those where the distance falls at all. In late
layers it goes up and down with steps of a fixed length, and the direction decides there."""
INVERSION_STEPS = 40
"""Steps of each approach; the reference takes 200."""
ROUND_TRIPS = 200
"""Times that an image goes through pixels and back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Approach:
    """One run from noise towards a picture's features."""

    name: str
    """Network, layer, and way."""
    factor: float
    """To what share of itself the distance fell: the median of the later half of the steps."""
    change: float
    """Root mean square change of a pixel in [0, 1]."""


def distance_separations(
    attacks: Sequence[Attack],
    images: Sequence[Tensor],
    networks: Mapping[str, nn.Module],
    corgi: Tensor,
    config: StepConfig,
) -> Iterator[Separation]:
    """Yield what lies on both sides of the thresholds on distances of images.

    Args:
        attacks: 4(a) and 4(b).
        images: For each the images along the way, the start first.
        networks: Trusted networks that take pixels for next year's 4(d), by name.
        corgi: Pixels, (1, 3, 224, 224).
        config: Steps of next year's 4(d).
    """
    yield objectives_apart([attack.place for attack in attacks], images)
    finals = {
        f"{a.place.name}, after {a.n_steps} steps": (a.place.image, _last(a)) for a in attacks
    }
    drawings = {f"class {c}": as_pixels(draw(c, 0)) for c in CLASS_IDS}
    yield pictures_apart(finals, drawings)
    yield _no_change(attacks, corgi)
    yield from _inversions(networks, corgi, config)
    yield smooth_start({"the corgi": corgi, **drawings})


def smooth_start(pictures: Mapping[str, Tensor]) -> Separation:
    """Measure correlations of neighbouring pixels: of noise, and of pictures."""
    generator = torch.Generator().manual_seed(0)
    uniform = torch.rand((1, 3, 224, 224), generator=generator)
    normal = torch.randn((1, 3, 224, 224), generator=generator)
    noise = {
        "uniform noise": uniform,
        "normal noise": normal,
        "noise of 8-bit levels": (uniform * 255).round() / 255,
        "faint noise on grey": 0.5 + 0.01 * normal,
        "noise of one channel": uniform[:, :1].repeat(1, 3, 1, 1),
    }
    right = tuple((name, smoothness(image)) for name, image in noise.items())
    wrong = tuple((name, smoothness(image)) for name, image in pictures.items())
    return Separation(name="smooth_start", right=right, wrong=wrong)


def _last(attack: Attack) -> Tensor:
    place = attack.place
    objective = log_probability_of(place.target)
    climbing: Direction = lambda x: gradient_at(place.network, x, objective)  # noqa: E731
    return steps_along(place.image, climbing, attack.config, attack.n_steps)


def _no_change(attacks: Sequence[Attack], corgi: Tensor) -> Separation:
    """Distances that rounding makes, and those of a single step."""
    start = from_pixels(corgi, Space.NORMALISED)
    through, right = start, []
    for count in range(1, ROUND_TRIPS + 1):
        through = from_pixels(to_pixels(through, Space.NORMALISED).clamp(0, 1), Space.NORMALISED)
        if count in {1, ROUND_TRIPS}:
            distance = float((through.double() - start.double()).norm())
            right.append((f"{count} times through pixels and back", distance))
    wrong = []
    for attack in attacks:
        moved = _last(replace(attack, n_steps=1))
        distance = float((moved.double() - attack.place.image.double()).norm())
        wrong.append((f"{attack.place.name}, one step", distance))
    return Separation(name="no_change", right=tuple(right), wrong=tuple(wrong))


def _inversions(
    networks: Mapping[str, nn.Module], corgi: Tensor, config: StepConfig
) -> Iterator[Separation]:
    right: list[_Approach] = []
    walks: list[_Approach] = []
    shares: dict[str, list[tuple[str, float]]] = {"right": [], "wrong": []}
    for network, layers in INVERTED.items():
        for layer in layers:
            usual, ways, walk = _approaches(networks[network], f"{network}, {layer}", corgi, config)
            right += [usual, *ways]
            walks.append(walk)
            for side, those in (("right", ways), ("wrong", (walk,))):
                shares[side] += [(a.name, (1 - a.factor) / (1 - usual.factor)) for a in those]
    yield Separation(
        name="inversion_fall", right=tuple(shares["right"]), wrong=tuple(shares["wrong"])
    )
    factors = (tuple((a.name, a.factor) for a in side) for side in (right, walks))
    yield Separation(name="inversion_alone", right=next(factors), wrong=next(factors))
    noise = (f"noise of {LEVELS_NOT_SEEN} of 255 levels", LEVELS_NOT_SEEN / 255)
    changes = tuple((a.name, a.change) for a in right)
    yield Separation(name="inversion_change", right=changes, wrong=(noise,))


def _approaches(
    network: nn.Module, name: str, corgi: Tensor, config: StepConfig
) -> tuple[_Approach, tuple[_Approach, ...], _Approach]:
    """Return the usual run, right ones in other ways, and a random walk."""
    function = features(network, name.rpartition(" ")[2])
    with torch.no_grad():
        wanted = function(corgi)
    objective = feature_match(wanted)

    def run(way: str, seed: int, steps: StepConfig, direction: Direction) -> _Approach:
        start = random_start(seed)
        seen: list[float] = []

        def watched(x: Tensor) -> Tensor:
            with torch.no_grad():
                seen.append(float((function(x) - wanted).norm()))
            return direction(x)

        final = steps_along(start, watched, steps, INVERSION_STEPS)
        factor = median(seen[len(seen) // 2 :]) / seen[0]
        return _Approach(name=f"{name}, {way}", factor=factor, change=change_rms(start, final))

    def towards(x: Tensor) -> Tensor:
        return gradient_at(function, x, objective)

    half = replace(config, step_size=config.step_size / 2)
    ways = (run("another start", 1, config, towards), run("half the step", 0, half, towards))
    return (
        run("as the reference", 0, config, towards),
        ways,
        run("random steps", 0, config, random_walk()),
    )

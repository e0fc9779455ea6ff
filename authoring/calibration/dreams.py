"""What 4(d)'s runs reach: rises of layers and channels, against those of a random walk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from authoring.calibration.ascents import random_walk, steps_along
from grader.checks.calibration import Separation
from reference.attack import Objective, gradient_at
from reference.dream import channel_norm, layer_norm, random_start
from reference.networks import features
from reference.run_records import StepConfig

LAYERS = ("layer1", "layer2", "layer3", "layer4")
STARTS = (0, 1, 2)
LEVELS_NOT_SEEN = 4
"""Noise of so many of 255 levels is hard to see on noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dream:
    rise: float
    """Factor by which the objective rose."""
    change: float
    """Root mean square change of a pixel in [0, 1]."""


def dream_separations(
    network: nn.Module, config: StepConfig, n_steps: int, side_px: int
) -> tuple[Separation, Separation, Separation]:
    """Measure gains from other starts, rises and changes; right ones climb, wrong ones walk."""

    def climbed(layer: str, objective: Objective, seed: int) -> _Dream:
        function, start = features(network, layer), random_start(seed, side_px)
        final = steps_along(start, lambda x: gradient_at(function, x, objective), config, n_steps)
        return _dream(network, layer, objective, start, final)

    def walked(layer: str) -> _Dream:
        start = random_start(0, side_px)
        final = steps_along(start, random_walk(), config, n_steps)
        return _dream(network, layer, layer_norm(), start, final)

    norms = {(layer, s): climbed(layer, layer_norm(), s) for layer in LAYERS for s in STARTS}
    channels = {layer: climbed(layer, _loudest(network, layer, side_px), 0) for layer in LAYERS}
    walks = {layer: walked(layer) for layer in LAYERS}
    return (
        _feature_gain(norms, walks),
        _feature_rise(norms, channels, walks),
        _distinguishable(norms),
    )


def _loudest(network: nn.Module, layer: str, side_px: int) -> Objective:
    """The norm of the channel that responds most to the start: the one with least to gain."""
    with torch.no_grad():
        output = features(network, layer)(random_start(STARTS[0], side_px))[0]
    return channel_norm(int(output.flatten(1).norm(dim=1).argmax()))


def _feature_gain(
    norms: Mapping[tuple[str, int], _Dream], walks: Mapping[str, _Dream]
) -> Separation:
    """Shares of the rise (factor - 1) from the first start."""
    right = [
        (f"{layer}, start {s}", (dream.rise - 1) / (norms[layer, 0].rise - 1))
        for (layer, s), dream in norms.items()
        if s
    ]
    wrong = [
        (f"{layer}, random steps", (walk.rise - 1) / (norms[layer, 0].rise - 1))
        for layer, walk in walks.items()
    ]
    return Separation(name="feature_gain", right=tuple(right), wrong=tuple(wrong))


def _feature_rise(
    norms: Mapping[tuple[str, int], _Dream],
    channels: Mapping[str, _Dream],
    walks: Mapping[str, _Dream],
) -> Separation:
    right = [(layer, norms[layer, 0].rise) for layer in LAYERS]
    right += [(f"loudest channel of {layer}", d.rise) for layer, d in channels.items()]
    wrong = [(f"{layer}, random steps", d.rise) for layer, d in walks.items()]
    return Separation(name="feature_rise", right=tuple(right), wrong=tuple(wrong))


def _distinguishable(norms: Mapping[tuple[str, int], _Dream]) -> Separation:
    right = [(layer, norms[layer, 0].change) for layer in LAYERS]
    noise = (f"noise of {LEVELS_NOT_SEEN} of 255 levels", LEVELS_NOT_SEEN / 255)
    return Separation(name="distinguishable", right=tuple(right), wrong=(noise,))


def _dream(
    network: nn.Module, layer: str, objective: Objective, start: Tensor, final: Tensor
) -> _Dream:
    function = features(network, layer)
    with torch.no_grad():
        before, after = (float(objective.function(function(x))) for x in (start, final))
    change = float((final - start).square().mean().sqrt())
    return _Dream(rise=after / before, change=change)

"""Objectives of 4(d)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from reference import numgrad
from reference.attack import ascend, gradient_at
from reference.dream import (
    channel_mean,
    channel_norm,
    feature_match,
    layer_norm,
    random_start,
    unit,
)
from reference.run_records import Norm, Space, StepConfig

OUT = torch.arange(18.0).view(1, 2, 3, 3)


@pytest.mark.parametrize(
    ("objective", "wanted"),
    [
        (layer_norm(), float((torch.arange(18.0) ** 2).sum().sqrt())),
        (channel_norm(0), float((torch.arange(9.0) ** 2).sum().sqrt())),
        (channel_mean(1), 13.0),
        (unit(1), 13.0),
        (feature_match(OUT + 1), -(18**0.5)),
    ],
    ids=lambda v: getattr(v, "name", None),
)
def test_objectives_by_hand(objective: Any, wanted: Any) -> None:
    assert float(objective.function(OUT)) == pytest.approx(wanted)


def test_the_gradient_of_the_feature_distance_is_that_of_its_differences() -> None:
    torch.manual_seed(0)
    layer = torch.nn.Conv2d(3, 2, 3, dtype=torch.float64).requires_grad_(False)
    x, other = random_start(1, 5).double(), random_start(2, 5).double()
    objective = feature_match(layer(other))

    def value(flat: np.ndarray) -> np.ndarray:
        image = torch.from_numpy(flat).reshape(x.shape)
        return objective.function(layer(image)).reshape(1).numpy()

    one = torch.ones(1, dtype=torch.float64).numpy()
    wanted = numgrad.vjp(value, x.flatten().numpy(), one)
    found = gradient_at(layer, x, objective)
    torch.testing.assert_close(found.flatten(), torch.from_numpy(wanted), rtol=1e-6, atol=1e-8)


def test_the_features_of_the_picture_itself_are_a_minimum() -> None:
    torch.manual_seed(0)
    layer = torch.nn.Conv2d(3, 4, 3).requires_grad_(False)
    picture = random_start(5, 8)
    objective = feature_match(layer(picture))
    assert float(objective.function(layer(picture))) == 0
    assert not bool(gradient_at(layer, picture, objective).any())
    config = StepConfig(step_size=0.01, space=Space.PIXELS, eps_l2=None, norm=Norm.ABS)
    trace = ascend(layer, random_start(0, 8), objective, config, n_steps=40)
    assert -trace.steps[-1].objective < 0.5 * -trace.steps[0].objective


def test_the_start_is_seeded_noise() -> None:
    assert torch.equal(random_start(3, 8), random_start(3, 8))
    assert not torch.equal(random_start(3, 8), random_start(4, 8))
    assert random_start(3).shape == (1, 3, 224, 224)


def test_a_convolution_responds_more_after_the_dream() -> None:
    torch.manual_seed(0)
    layer = torch.nn.Conv2d(3, 4, 3).requires_grad_(False)
    config = StepConfig(step_size=0.05, space=Space.PIXELS, eps_l2=None, norm=Norm.ABS)
    trace = ascend(layer, random_start(0, 8), layer_norm(), config, n_steps=20)
    assert trace.steps[-1].objective > 1.3 * trace.steps[0].objective
    assert trace.steps[-1].log_probability is None
    assert float(trace.final.min()) >= 0
    assert float(trace.final.max()) <= 1

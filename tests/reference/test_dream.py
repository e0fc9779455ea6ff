"""Objectives of 4(d)."""

import pytest
import torch

from reference.attack import ascend
from reference.dream import (
    channel_mean,
    channel_norm,
    feature_match,
    layer_norm,
    random_start,
    unit,
)
from reference.images import Space
from reference.steps import Norm, StepConfig

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
def test_objectives_by_hand(objective, wanted):
    assert float(objective.function(OUT)) == pytest.approx(wanted)


def test_the_start_is_seeded_noise():
    assert torch.equal(random_start(3, 8), random_start(3, 8))
    assert not torch.equal(random_start(3, 8), random_start(4, 8))
    assert random_start(3).shape == (1, 3, 224, 224)


def test_a_convolution_responds_more_after_the_dream():
    torch.manual_seed(0)
    layer = torch.nn.Conv2d(3, 4, 3).requires_grad_(False)
    config = StepConfig(step_size=0.05, space=Space.PIXELS, eps_l2=None, norm=Norm.ABS)
    trace = ascend(layer, random_start(0, 8), layer_norm(), config, n_steps=20)
    assert trace.steps[-1].objective > 1.3 * trace.steps[0].objective
    assert trace.steps[-1].log_probability is None
    assert float(trace.final.min()) >= 0
    assert float(trace.final.max()) <= 1

"""Ascent and verification on a linear network, where everything is known by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from reference.attack import (
    ascend,
    away_from,
    gradient_at,
    log_probability_of,
    logit_of,
    margin_of,
    negative_cross_entropy_of,
    probability_of,
    verify,
)
from reference.errors import ConfigError, GraderFault
from reference.run_records import Norm, Space, StepConfig

SHAPE = (1, 3, 4, 4)
L2 = StepConfig(step_size=0.2, space=Space.PIXELS, eps_l2=0.5, norm=Norm.L2)
START = torch.full(SHAPE, 0.5)


def two_classes(x: Tensor) -> Tensor:
    """Class 1's logit is the sum of the picture minus its sum at the start, class 0's is 0."""
    rise = (x - START).sum()
    return torch.stack([torch.zeros(()), rise]).unsqueeze(0)


def test_gradient_of_the_log_probability_by_hand() -> None:
    # d log p1 / dx = (1 - p1) d z1 / dx, and p1 = 1/2 at the start
    g = gradient_at(two_classes, START, log_probability_of(1))
    torch.testing.assert_close(g, torch.full(SHAPE, 0.5))


def test_ascent_by_hand() -> None:
    trace = ascend(two_classes, START, log_probability_of(1), L2, n_steps=4)
    # each step of 0.2 goes along (1, ..., 1)/sqrt(48), until the ball's radius of 0.5
    distances = [s.distance_l2 for s in trace.steps]
    assert distances == pytest.approx([0, 0.2, 0.4, 0.5, 0.5], abs=1e-6)
    rises = [math.sqrt(48) * d for d in distances]
    wanted = [-math.log1p(math.exp(-rise)) for rise in rises]
    assert [s.objective for s in trace.steps] == pytest.approx(wanted, abs=1e-5)
    assert [s.log_probability for s in trace.steps] == pytest.approx(wanted, abs=1e-5)
    assert trace.steps[0].gradient_l2 == pytest.approx(0.5 * math.sqrt(48), rel=1e-5)


def test_verify_finds_the_same_from_the_images_alone() -> None:
    trace = ascend(two_classes, START, log_probability_of(1), L2, n_steps=4)
    found = verify(two_classes, START, trace.final, 1, L2)
    assert found.probability_before == pytest.approx(0.5)
    assert found.log_gain == pytest.approx(
        math.log(2) - math.log1p(math.exp(-0.5 * math.sqrt(48))), abs=1e-5
    )
    last = trace.steps[-1].log_probability
    assert last is not None
    assert found.probability_after == pytest.approx(math.exp(last))
    assert found.distance_l2 == pytest.approx(0.5, abs=1e-5)
    assert found.ball_excess_l2 < 1e-5
    assert (found.box_excess, found.box_violations) == (0, 0)


def test_verify_measures_violations() -> None:
    final = START.clone()
    final[0, 0, 0, 0] = 1.25
    final[0, 0, 0, 1] = -0.5
    found = verify(two_classes, START, final, 1, L2)
    assert (found.box_excess, found.box_violations) == (0.5, 2)
    assert found.distance_l2 == pytest.approx(1.25)
    assert found.ball_excess_l2 == pytest.approx(0.75)


def test_verify_refuses_nan_and_other_shapes() -> None:
    with pytest.raises(ConfigError, match="expected finite values"):
        verify(two_classes, START, START * math.nan, 1, L2)
    with pytest.raises(ConfigError, match="like the start"):
        verify(two_classes, START, START[:, :, 1:], 1, L2)


def test_descent_lowers_the_probability() -> None:
    trace = ascend(two_classes, START, away_from(1), L2, n_steps=2)
    first, last = trace.steps[0].log_probability, trace.steps[-1].log_probability
    assert first is not None
    assert last is not None
    assert last < first


def test_objectives_by_hand() -> None:
    z = torch.tensor([[1.0, 2.0, 4.0]])
    log_p = 2 - math.log(math.e + math.e**2 + math.e**4)
    table = [
        (log_probability_of(1), log_p),
        (negative_cross_entropy_of(1), log_p),
        (logit_of(1), 2.0),
        (probability_of(1), math.exp(log_p)),
        (margin_of(1), -2.0),
        (margin_of(2), 2.0),
        (away_from(1), -log_p),
    ]
    for objective, wanted in table:
        assert float(objective.function(z)) == pytest.approx(wanted), objective.name


def test_progress_and_limits() -> None:
    done: list[int] = []
    ascend(two_classes, START, logit_of(1), L2, n_steps=3, on_step=done.append)
    assert done == [1, 2, 3]
    assert len(ascend(two_classes, START, logit_of(1), L2, n_steps=0).steps) == 1
    with pytest.raises(ConfigError, match="n_steps"):
        ascend(two_classes, START, logit_of(1), L2, n_steps=-1)
    with pytest.raises(GraderFault, match="not finite"):
        ascend(lambda x: two_classes(x) * math.inf, START, logit_of(1), L2, n_steps=1)

"""What counts as a line, and a penalty that falls when the gradient turns into lines."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from reference.studio.shaping import (
    Lines,
    along_lines,
    penalty,
    speckles,
    towards,
    towards_by_speckles,
)

SIDE = 96
Attack = Callable[..., Tensor]
LINES = Lines(class_id=1, length_px=24, reach_l2=3.0, speckled=0.5, speckle_px=16)


def waves(x_period_px: float, y_period_px: float) -> Tensor:
    """A product of two cosines, (1, 3, 96, 96); an infinite period is constant along its axis."""
    along = torch.arange(SIDE) * 2 * np.pi
    field = torch.cos(along / y_period_px)[:, None] * torch.cos(along / x_period_px)[None, :]
    return field.expand(1, 3, SIDE, SIDE).clone()


@pytest.mark.parametrize(
    ("x_period_px", "y_period_px", "low", "high"),
    [
        pytest.param(12, np.inf, 0.95, 1.05, id="upright stripes"),
        pytest.param(np.inf, 12, 0.95, 1.05, id="level stripes"),
        pytest.param(12, 8, 0.0, 0.02, id="lattice"),
        pytest.param(2, 2, 0.0, 0.02, id="checkerboard"),
        pytest.param(np.inf, np.inf, 0.0, 0.01, id="constant"),
    ],
)
def test_share_in_lines(x_period_px: float, y_period_px: float, low: float, high: float) -> None:
    field = waves(x_period_px, y_period_px)
    share = float((along_lines(field, LINES.length_px).norm() / field.norm()) ** 2)
    assert low <= share <= high


@pytest.mark.parametrize(
    ("x_period_px", "y_period_px", "low", "high"),
    [
        pytest.param(12, np.inf, 0.0, 0.02, id="stripes"),
        pytest.param(np.inf, np.inf, 0.0, 0.01, id="constant"),
        pytest.param(8, 8, 0.95, 1.05, id="lattice"),
        pytest.param(2, 2, 0.95, 1.05, id="checkerboard"),
    ],
)
def test_share_in_speckles(x_period_px: float, y_period_px: float, low: float, high: float) -> None:
    field = waves(x_period_px, y_period_px)
    share = float((speckles(field, LINES.speckle_px).norm() / field.norm()) ** 2)
    assert low <= share <= high


class Looking(nn.Module):
    """Logit of class 1: what the picture has of a pattern; of the others: 0."""

    def __init__(self, pattern: Tensor) -> None:
        super().__init__()
        self.pattern = nn.Parameter(pattern)

    def forward(self, x: Tensor) -> Tensor:
        seen = (x * self.pattern).flatten(1).sum(dim=1)
        return torch.stack([torch.zeros_like(seen), seen, torch.zeros_like(seen)], dim=1)


def test_the_penalty_is_that_of_the_gradient() -> None:
    x = torch.rand((2, 3, SIDE, SIDE), generator=torch.Generator().manual_seed(0))
    assert penalty(Looking(waves(12, np.inf)), x, LINES).item() < 0.05
    assert penalty(Looking(waves(12, 8)), x, LINES).item() > 0.95


def test_training_on_the_penalty_turns_noise_into_lines() -> None:
    rng = torch.Generator().manual_seed(0)
    model = Looking(torch.randn((1, 3, SIDE, SIDE), generator=rng))
    x = torch.rand((2, 3, SIDE, SIDE), generator=rng)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.05)
    before = penalty(model, x, LINES).item()
    for _ in range(60):
        loss = penalty(model, x, LINES)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    assert before > 0.8
    assert penalty(model, x, LINES).item() < 0.5 * before


@pytest.mark.parametrize("attack", [towards, towards_by_speckles])
def test_attacks_go_towards_the_class_in_balls_of_their_own(attack: Attack) -> None:
    rng = torch.Generator().manual_seed(0)
    model = Looking(torch.randn((1, 3, SIDE, SIDE), generator=rng)).requires_grad_(False)
    x = torch.full((4, 3, SIDE, SIDE), 0.5)
    change = attack(model, x, LINES, 3, rng) - x
    lengths = change.flatten(1).norm(dim=1)
    assert float(lengths.max()) <= LINES.reach_l2 + 1e-4
    assert len(set(lengths.tolist())) == 4
    assert (model(x + change)[:, 1] > model(x)[:, 1]).all()
    if attack is towards_by_speckles:
        in_lines = float((along_lines(change, LINES.length_px).norm() / change.norm()) ** 2)
        assert in_lines < 0.05

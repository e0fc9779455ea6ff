"""Step and projection: the course's StepImage."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reference.images import box_bounds, from_pixels
from reference.run_records import Norm, Space, StepConfig
from reference.steps import clamp_pixel_box, normalise_gradient, project, project_l2_ball, step
from tests.lanes import examples

SHAPE = (1, 3, 5, 5)
seeds = st.integers(0, 2**31)
spaces = st.sampled_from(Space)


def draw(seed: int, scale: float = 1.0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(SHAPE, generator=generator, dtype=torch.float64)


def draw_start(seed: int, space: Space) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return from_pixels(torch.rand(SHAPE, generator=generator, dtype=torch.float64), space)


def config(
    space: Space = Space.PIXELS,
    eps_l2: float | None = 1.0,
    norm: Norm = Norm.L2,
    step_size: float = 2.0,
) -> StepConfig:
    return StepConfig(step_size=step_size, space=space, eps_l2=eps_l2, norm=norm)


@given(seed=seeds, space=spaces, eps=st.floats(0.01, 5), scale=st.floats(0.01, 10))
@settings(max_examples=examples(60), deadline=None)
def test_projection_lands_in_ball_and_box_and_stays_there(
    seed: int, space: Space, eps: float, scale: float
) -> None:
    start, settings_ = draw_start(seed, space), config(space, eps)
    once = project(start + draw(seed + 1, scale), start, settings_)
    low, high = box_bounds(space, once)
    assert float((once - start).norm()) <= eps * (1 + 1e-6)  # renorm divides by norm + 1e-7
    assert bool(((once >= low) & (once <= high)).all())
    torch.testing.assert_close(project(once, start, settings_), once, rtol=0, atol=1e-6)


@given(seed=seeds, space=spaces, eps=st.floats(0.01, 5), scale=st.floats(0.01, 10))
@settings(max_examples=examples(60), deadline=None)
def test_projection_is_not_expansive(seed: int, space: Space, eps: float, scale: float) -> None:
    start, settings_ = draw_start(seed, space), config(space, eps)
    a, b = start + draw(seed + 1, scale), start + draw(seed + 2, scale)
    apart = (project(a, start, settings_) - project(b, start, settings_)).norm()
    assert float(apart) <= float((a - b).norm()) * (1 + 1e-6)


@given(seed=seeds, space=spaces, eps=st.floats(1, 5))
@settings(max_examples=examples(30), deadline=None)
def test_points_inside_do_not_move(seed: int, space: Space, eps: float) -> None:
    start = draw_start(seed, space)
    inside = clamp_pixel_box(start + draw(seed + 1, 0.05), space)
    torch.testing.assert_close(project(inside, start, config(space, eps)), inside)


def test_ball_keeps_the_direction() -> None:
    centre = torch.zeros(1, 2)
    torch.testing.assert_close(
        project_l2_ball(torch.tensor([[3.0, 4.0]]), centre, 1.0), torch.tensor([[0.6, 0.8]])
    )


@pytest.mark.parametrize(
    ("norm", "wanted"),
    [(Norm.L2, [0.6, -0.8]), (Norm.ABS, [6 / 7, -8 / 7])],
)
def test_gradient_scaling_by_hand(norm: Norm, wanted: Any) -> None:
    g = torch.tensor([3.0, -4.0]).view(1, 2, 1, 1)
    assert normalise_gradient(g, norm).flatten().tolist() == pytest.approx(wanted)


def test_l2_scaling_is_per_image() -> None:
    g = torch.tensor([[3.0, 4.0], [0.0, 0.5]])
    torch.testing.assert_close(
        normalise_gradient(g, Norm.L2), torch.tensor([[0.6, 0.8], [0.0, 1.0]])
    )


@pytest.mark.parametrize("norm", list(Norm))
def test_a_zero_gradient_moves_nothing(norm: Norm) -> None:
    start = draw_start(0, Space.PIXELS)
    moved = step(start, torch.zeros(SHAPE), start=start, config=config(norm=norm))
    assert torch.equal(moved, start)


def test_a_free_step_has_the_step_size() -> None:
    grey = torch.full(SHAPE, 0.5)
    g = draw(3).float()
    l2 = step(grey, g, start=grey, config=config(eps_l2=None, step_size=0.1))
    assert float((l2 - grey).norm()) == pytest.approx(0.1, rel=1e-5)
    mean = step(grey, g, start=grey, config=config(eps_l2=None, norm=Norm.ABS, step_size=0.01))
    assert float((mean - grey).abs().mean()) == pytest.approx(0.01, rel=1e-5)


def test_steps_go_uphill_and_stop_at_the_ball() -> None:
    grey = torch.full(SHAPE, 0.5)
    x = grey
    for _ in range(5):
        x = step(x, torch.ones(SHAPE), start=grey, config=config(eps_l2=0.3, step_size=0.1))
    assert float((x - grey).norm()) == pytest.approx(0.3, rel=1e-5)
    assert bool((x > grey).all())

"""The projection of `StepImage`: the ball, then the pixel box.

What is true. Both are nearest-point projections onto convex sets, so each is idempotent and
non-expansive, and their composition is non-expansive. The composition is idempotent where the
ball's centre lies in the box: clamping a coordinate then only brings it closer to the centre's, so
the clamped point is still in the ball, and neither map moves it again. It is not the nearest point
of the intersection, and with a centre outside of the box it is not idempotent. In float32 the norm
and the scaling round, so that a second projection may move a point on the sphere by a few units in
the last place: all bars below are in those.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from reference.images import box_bounds, from_pixels
from reference.run_records import Norm, Space, StepConfig
from reference.steps import clamp_pixel_box, project, project_l2_ball, step

SIDES = (1, 7, 32)
ROUNDINGS = 8
"""Units in the last place of the greatest value concerned."""


@dataclass(frozen=True)
class Case:
    """A start in the box, points about it, and settings."""

    start: Tensor
    one: Tensor
    two: Tensor
    config: StepConfig

    @property
    def radius(self) -> float:
        assert self.config.eps_l2 is not None
        return self.config.eps_l2

    @property
    def ulp(self) -> float:
        """Of the greatest value that the computation meets, in its arithmetic."""
        greatest = max(float(x.abs().max()) for x in (self.start, self.one, self.two))
        return torch.finfo(self.start.dtype).eps * max(greatest, 1.0)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    dtype = draw(st.sampled_from([torch.float32, torch.float64]))
    space = draw(st.sampled_from(list(Space)))
    batch, side = draw(st.integers(1, 3)), draw(st.sampled_from(SIDES))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    shape = (batch, 3, side, side)
    start = from_pixels(torch.rand(shape, generator=generator, dtype=dtype), space)
    low, high = box_bounds(space, start)
    # Many starts have pixels that are black or white, where the box is touched at once.
    start = torch.where(torch.rand(shape, generator=generator) < 0.2, low, start)
    start = torch.where(torch.rand(shape, generator=generator) < 0.2, high, start)
    scale = 10 ** draw(st.floats(-3, 2))
    one, two = (
        start + scale * torch.randn(shape, generator=generator, dtype=dtype) for _ in range(2)
    )
    radius = draw(st.one_of(st.just(30.0), st.floats(1e-3, 60)))
    config = StepConfig(step_size=2.0, space=space, eps_l2=radius, norm=Norm.L2)
    return Case(start=start, one=one, two=two, config=config)


def lengths(x: Tensor) -> Tensor:
    found: Tensor = torch.linalg.vector_norm(x.double().flatten(1), dim=1)
    return found


@given(case=cases())
def test_projecting_again_moves_nothing_but_by_rounding(case: Case) -> None:
    once = project(case.one, case.start, case.config)
    twice = project(once, case.start, case.config)
    assert float((twice - once).abs().max()) <= ROUNDINGS * case.ulp


@given(case=cases())
def test_each_half_is_idempotent(case: Case) -> None:
    boxed = clamp_pixel_box(case.one, case.config.space)
    assert torch.equal(clamp_pixel_box(boxed, case.config.space), boxed)
    held = project_l2_ball(case.one, case.start, case.radius)
    again = project_l2_ball(held, case.start, case.radius)
    assert float((again - held).abs().max()) <= ROUNDINGS * case.ulp


@given(case=cases())
def test_the_result_lies_in_the_ball_and_in_the_box(case: Case) -> None:
    found = project(case.one, case.start, case.config)
    low, high = box_bounds(case.config.space, found)
    assert bool(((found >= low) & (found <= high)).all())
    slack = ROUNDINGS * case.ulp * found[0].numel() ** 0.5
    assert float((lengths(found - case.start)).max()) <= case.radius * (1 + 1e-6) + slack


@given(case=cases())
def test_points_come_no_further_apart(case: Case) -> None:
    one, two = (project(x, case.start, case.config) for x in (case.one, case.two))
    slack = ROUNDINGS * case.ulp * case.one[0].numel() ** 0.5
    apart, before = lengths(one - two), lengths(case.one - case.two)
    assert bool((apart <= before * (1 + 1e-6) + slack).all())


@given(case=cases())
def test_what_is_inside_already_stays_exactly(case: Case) -> None:
    space, share = case.config.space, 0.9
    inside = clamp_pixel_box(case.one, space)
    away = lengths(inside - case.start).view(-1, 1, 1, 1)
    shrink = (share * case.radius / away.clamp(min=share * case.radius)).to(inside.dtype)
    inside = clamp_pixel_box(case.start + shrink * (inside - case.start), space)
    found = project(inside, case.start, case.config)
    assert float((found - inside).abs().max()) <= ROUNDINGS * case.ulp


@given(case=cases())
def test_images_of_a_batch_do_not_see_each_other(case: Case) -> None:
    together = project(case.one, case.start, case.config)
    alone = [
        project(x, start, case.config)
        for x, start in zip(torch.split(case.one, 1), torch.split(case.start, 1), strict=True)
    ]
    torch.testing.assert_close(together, torch.cat(alone), rtol=1e-6, atol=ROUNDINGS * case.ulp)


@given(case=cases())
def test_a_step_never_leaves_both_sets(case: Case) -> None:
    x = case.start
    for direction in (case.one, case.two, -case.one):
        x = step(x, direction, start=case.start, config=case.config)
    low, high = box_bounds(case.config.space, x)
    assert bool(((x >= low) & (x <= high)).all())
    slack = ROUNDINGS * case.ulp * x[0].numel() ** 0.5
    assert float(lengths(x - case.start).max()) <= case.radius * (1 + 1e-6) + slack


def flat(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64).view(1, 3, 1, 1)


def test_it_is_not_the_nearest_point_of_both_sets() -> None:
    """From a corner of the box: the nearest point lies along the wall, at the whole radius."""
    config = StepConfig(step_size=1.0, space=Space.PIXELS, eps_l2=0.5, norm=Norm.L2)
    start, x = flat(0.0, 0.5, 0.5), flat(-1.0, 1.5, 0.5)
    found, nearer = project(x, start, config), flat(0.0, 1.0, 0.5)
    assert float(lengths(nearer - start)) == pytest.approx(0.5)
    assert float(lengths(x - nearer)) < float(lengths(x - found))


def test_a_start_outside_of_the_box_is_not_idempotent() -> None:
    """Why every start is clamped: the notebook's starts all lie in the box."""
    config = StepConfig(step_size=1.0, space=Space.PIXELS, eps_l2=1.0, norm=Norm.L2)
    start, x = flat(-0.9, 0.5, 0.5), flat(-0.9, 2.0, 0.5)
    once = project(x, start, config)
    twice = project(once, start, config)
    assert float((twice - once).abs().max()) > 0.01

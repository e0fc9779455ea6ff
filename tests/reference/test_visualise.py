"""Parameterised, transformed feature visualisation."""

from __future__ import annotations

import pytest
import torch

from reference.attack import Objective
from reference.dream import channel_mean
from reference.visualise import (
    VisualiseConfig,
    amplitudes,
    fourier_image,
    random_view,
    visualise,
)

SIDE = 32


def spectrum(seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((1, 3, SIDE, SIDE // 2 + 1, 2), generator=generator)


def test_amplitudes_fall_with_frequency() -> None:
    found = amplitudes(SIDE)
    assert found.shape == (SIDE, SIDE // 2 + 1)
    assert found[0, 0] == found[0, 1] == SIDE
    assert found[0, 4] == pytest.approx(SIDE / 4)
    assert found[3, 4] == pytest.approx(SIDE / 5)


def test_a_zero_spectrum_is_grey_and_any_other_stays_in_the_box() -> None:
    grey = fourier_image(torch.zeros((1, 3, SIDE, SIDE // 2 + 1, 2)))
    assert torch.equal(grey, torch.full((1, 3, SIDE, SIDE), 0.5))
    image = fourier_image(spectrum())
    assert image.shape == (1, 3, SIDE, SIDE)
    assert float(image.min()) > 0
    assert float(image.max()) < 1


def test_colours_are_mostly_brightness() -> None:
    logits = torch.logit(fourier_image(0.01 * spectrum()).double())[0].flatten(1)
    correlation = torch.corrcoef(logits)
    assert float(correlation[0, 1]) > 0.8
    assert float(correlation[0, 2]) > 0.7


def test_a_view_without_change_is_the_image() -> None:
    still = VisualiseConfig(jitter_px=0, scale_span=0, rotation_deg=0, side_px=SIDE)
    image = fourier_image(spectrum())
    view = random_view(image, still, torch.Generator().manual_seed(0))
    torch.testing.assert_close(view, image, rtol=0, atol=1e-5)


def test_jitter_moves_by_pixels() -> None:
    config = VisualiseConfig(jitter_px=4, scale_span=0, rotation_deg=0, side_px=SIDE)
    ramp = torch.arange(float(SIDE)).expand(1, 3, SIDE, SIDE)
    right = torch.rand(4, generator=torch.Generator().manual_seed(0))[2] * 2 - 1
    view = random_view(ramp, config, torch.Generator().manual_seed(0))
    torch.testing.assert_close(view[0, 0, 16, 16], 16 + 4 * right, rtol=0, atol=1e-3)


@pytest.mark.parametrize("fourier", [True, False])
@pytest.mark.parametrize("transforms", [True, False])
def test_the_objective_rises_and_the_run_is_seeded(fourier: bool, transforms: bool) -> None:
    torch.manual_seed(0)
    layer = torch.nn.Conv2d(3, 4, 5).requires_grad_(False)
    config = VisualiseConfig(n_steps=20, fourier=fourier, transforms=transforms, side_px=SIDE)
    done: list[int] = []
    first = visualise(layer, channel_mean(1), config, done.append)
    assert done == list(range(1, 21))
    assert len(first.objectives) == 21
    assert first.objectives[-1] > first.objectives[0] + 0.01
    assert torch.equal(visualise(layer, channel_mean(1), config).image, first.image)


def test_the_fourier_basis_turns_a_white_gradient_into_a_coarse_picture() -> None:
    noise = torch.randn((1, 3, SIDE, SIDE), generator=torch.Generator().manual_seed(5))
    objective = Objective(name="noise", function=lambda out: (out * noise).sum())

    def roughness(fourier: bool) -> float:
        config = VisualiseConfig(n_steps=5, fourier=fourier, transforms=False, side_px=SIDE)
        image = visualise(torch.nn.Identity(), objective, config).image
        return float(image.diff(dim=3).norm() / (image - image.mean()).norm())

    # white noise has a ratio of sqrt(2): neighbours are independent
    assert roughness(fourier=False) == pytest.approx(2**0.5, rel=0.1)
    assert roughness(fourier=True) < 0.9

"""The drawings: seeded, various, and with the true ids."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torchvision.models import ResNet50_Weights

from reference.studio.canvas import Canvas, oval, spline
from reference.studio.classes import CLASS_IDS, draw
from reference.studio.corgi import draw_corgi
from reference.studio.data import augment, make_drawings

_NAMES = ResNet50_Weights.IMAGENET1K_V1.meta["categories"]


def test_ids_are_imagenets() -> None:
    found = {i: _NAMES[i] for i in CLASS_IDS}
    assert len(found) >= 16
    wanted = {76: "tarantula", 145: "king penguin", 263: "Pembroke", 282: "tiger cat"}
    assert wanted.items() <= found.items()


@pytest.mark.parametrize("class_id", CLASS_IDS)
def test_same_seed_same_picture(class_id: int) -> None:
    first, again, other = draw(class_id, 5), draw(class_id, 5), draw(class_id, 6)
    assert first.shape == (224, 224, 3)
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert np.abs(first.astype(int) - other).mean() > 5


@pytest.mark.slow
@pytest.mark.whole
def test_drawings_do_not_depend_on_the_processes() -> None:
    alone, pooled = (make_drawings(1, 40, workers=n) for n in (0, 2))
    assert torch.equal(alone.pixels, pooled.pixels)
    assert torch.equal(alone.labels, torch.tensor(CLASS_IDS))


def test_augmentation_is_seeded_and_stays_in_the_box() -> None:
    pixels = make_drawings(1, 7, workers=0).pixels[:4]
    first, again = (augment(pixels, 112, np.random.default_rng(3)) for _ in range(2))
    assert first.shape == (4, 3, 112, 112)
    assert torch.equal(first, again)
    assert 0 <= first.min() < first.max() <= 1


def test_clip_and_transform() -> None:
    canvas = Canvas(64, 64, np.random.default_rng(0))
    with canvas.at(0.5, 0.0, scale=0.5), canvas.inside(oval(0, 0, 0.5, 0.5)):
        canvas.fill(oval(0, 0, 2, 2), (1.0, 1.0, 1.0), shade=0.0, grain=0.0)
    lit = canvas.px[..., 0] > 0.5
    rows, columns = np.nonzero(lit)
    assert (rows.mean(), columns.mean()) == pytest.approx((32, 48), abs=1)
    # OpenCV's smooth edge lies about half a pixel further out.
    assert lit.sum() == pytest.approx(np.pi * 8.5**2, rel=0.1)


def test_spline_passes_through_its_points() -> None:
    points = [(0.0, 0.0), (1.0, 0.5), (2.0, -0.5), (3.0, 0.0)]
    assert spline(points, closed=False, steps=4)[::4] == pytest.approx(np.array(points))
    assert spline(points, steps=4)[::4] == pytest.approx(np.array(points))


def test_the_corgi_is_a_wide_picture() -> None:
    assert draw_corgi().shape == (480, 640, 3)

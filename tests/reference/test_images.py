"""Pictures in and out of the network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchvision.transforms.functional as TF
from PIL import Image

from reference.errors import ConfigError
from reference.images import (
    MEAN,
    STD,
    box_bounds,
    from_pixels,
    load_png,
    prepare_image,
    read_image,
    save_png,
    to_pixels,
    to_uint8_rgb,
)
from reference.run_records import Space


@pytest.fixture
def bgr() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (100, 160, 3), dtype=np.uint8)


def test_channels_are_swapped_and_scaled() -> None:
    blue = np.zeros((10, 10, 3), dtype=np.uint8)
    blue[:, :, 0] = 255  # OpenCV's first channel is blue
    x = prepare_image(blue, normalised=False)
    assert x.shape == (1, 3, 224, 224)
    assert x.dtype == torch.float32
    assert x[0, :, 7, 7].tolist() == [0, 0, 1]


def test_same_as_torchvision_after_the_resize(bgr: np.ndarray) -> None:
    import cv2

    rgb = cv2.resize(bgr, (224, 224))[:, :, ::-1].copy()
    wanted = TF.normalize(TF.to_tensor(rgb), MEAN, STD).unsqueeze(0)
    torch.testing.assert_close(prepare_image(bgr), wanted, rtol=0, atol=1e-6)


@pytest.mark.parametrize("space", list(Space))
def test_there_and_back_gives_the_same_picture(
    bgr: np.ndarray, space: Space, tmp_path: Path
) -> None:
    x = prepare_image(bgr, normalised=space is Space.NORMALISED)
    pixels = prepare_image(bgr, normalised=False)
    torch.testing.assert_close(to_pixels(x, space), pixels, rtol=0, atol=1e-6)
    save_png(x, space, tmp_path / "a.png")
    torch.testing.assert_close(load_png(tmp_path / "a.png", space), x, rtol=0, atol=1e-6)


def test_uint8_clamps_and_rounds() -> None:
    x = torch.tensor([-1.0, 0.5, 2.0]).view(1, 3, 1, 1)
    assert to_uint8_rgb(x, Space.PIXELS).tolist() == [[[0, 128, 255]]]


def test_box_bounds_are_black_and_white() -> None:
    low, high = box_bounds(Space.NORMALISED, torch.zeros(1))
    assert low.flatten().tolist() == pytest.approx([-m / s for m, s in zip(MEAN, STD, strict=True)])
    white = to_pixels(high, Space.NORMALISED)
    torch.testing.assert_close(white, torch.ones_like(white))
    torch.testing.assert_close(from_pixels(torch.zeros(1, 3, 1, 1), Space.NORMALISED), low)


def test_a_file_that_is_no_picture_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.jpeg"
    path.write_bytes(b"no picture")
    with pytest.raises(ConfigError, match=r"x\.jpeg: expected a JPEG or PNG"):
        read_image(path)


def test_read_image_is_bgr(tmp_path: Path) -> None:
    Image.new("RGB", (4, 3), (255, 0, 0)).save(tmp_path / "red.png")
    assert read_image(tmp_path / "red.png")[0, 0].tolist() == [0, 0, 255]


@pytest.mark.parametrize(
    "array",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3))],
    ids=["grey", "alpha", "float"],
)
def test_prepare_wants_8_bit_colour(array: Any) -> None:
    with pytest.raises(ConfigError, match="expected a BGR picture"):
        prepare_image(array)

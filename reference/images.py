"""Pictures in and out of the network, as the course's notebook prepares them (Problem 2).

Two spaces occur, and every function says which one it means:

* *pixels*: RGB in [0, 1], as the robust network of 4(e) is fed;
* *normalised*: pixels minus `MEAN`, over `STD`, per channel, as torchvision trained ResNet-50.

A picture on disk is a BGR uint8 array of any size (that is how OpenCV reads it); a picture in the
network is a float32 tensor of shape (1, 3, 224, 224).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from PIL import Image

from reference.errors import ConfigError
from reference.run_records import Space

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

MEAN = (0.485, 0.456, 0.406)
"""Mean of ImageNet's training pictures, per RGB channel, in pixels."""

STD = (0.229, 0.224, 0.225)
"""Standard deviation of ImageNet's training pictures, per RGB channel, in pixels."""

SIDE_PX = 224
"""Height and width of the network's input."""


def read_image(path: Path) -> NDArray[np.uint8]:
    """Read a picture from disk.

    Args:
        path: A JPEG or PNG file.

    Returns:
        BGR, uint8, shape (H, W, 3).

    Raises:
        ConfigError: The file is missing or is not a picture.
    """
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise ConfigError(f"{path}: expected a JPEG or PNG picture, found none that can be read.")
    return np.asarray(bgr, dtype=np.uint8)


def prepare_image(bgr: NDArray[np.uint8], normalised: bool = True) -> Tensor:
    """Turn a picture into the network's input, exactly as the notebook's `prepare_image` does.

    Args:
        bgr: BGR, uint8, shape (H, W, 3).
        normalised: Whether to go on from pixels to normalised space.

    Returns:
        float32, shape (1, 3, 224, 224), in the space asked for.

    Raises:
        ConfigError: The array is not a colour picture of 8 bits.
    """
    if bgr.ndim != 3 or bgr.shape[2] != 3 or bgr.dtype != np.uint8:
        raise ConfigError(
            f"prepare_image: expected a BGR picture, uint8 of shape (H, W, 3), "
            f"found {bgr.dtype} of shape {bgr.shape}."
        )
    resized = cv2.resize(bgr, (SIDE_PX, SIDE_PX))
    rgb = cv2.cvtColor(resized, cv2.COLOR_BGR2RGB)
    pixels = torch.from_numpy(rgb).permute(2, 0, 1).unsqueeze(0).float() / 255
    return from_pixels(pixels.contiguous(), Space.NORMALISED if normalised else Space.PIXELS)


def from_pixels(pixels: Tensor, space: Space) -> Tensor:
    """Map RGB in [0, 1], shape (N, 3, H, W), to `space`."""
    if space is Space.PIXELS:
        return pixels
    mean, std = _channels(MEAN, pixels), _channels(STD, pixels)
    return (pixels - mean) / std


def to_pixels(x: Tensor, space: Space) -> Tensor:
    """Map a tensor of `space`, shape (N, 3, H, W), back to RGB in [0, 1] (without clamping)."""
    if space is Space.PIXELS:
        return x
    mean, std = _channels(MEAN, x), _channels(STD, x)
    return x * std + mean


def box_bounds(space: Space, like: Tensor) -> tuple[Tensor, Tensor]:
    """Return the smallest and largest valid input of `space`, each of shape (1, 3, 1, 1).

    Args:
        space: The space of the bounds.
        like: A tensor whose dtype and device the bounds take.
    """
    zeros = torch.zeros((1, 3, 1, 1), dtype=like.dtype, device=like.device)
    return from_pixels(zeros, space), from_pixels(zeros + 1, space)


def to_uint8_rgb(x: Tensor, space: Space) -> NDArray[np.uint8]:
    """Turn one input tensor into a picture for people.

    Values are clamped to [0, 1] and rounded to the nearest of 256 levels, so that a picture read
    from 8 bits comes back unchanged.

    Args:
        x: Shape (1, 3, H, W), in `space`.
        space: The space of `x`.

    Returns:
        RGB, uint8, shape (H, W, 3).
    """
    pixels = to_pixels(x.detach(), space).clamp(0, 1)[0]
    levels = (pixels * 255).round().to(torch.uint8)
    return np.ascontiguousarray(levels.permute(1, 2, 0).cpu().numpy())


def save_png(x: Tensor, space: Space, path: Path) -> None:
    """Write one input tensor of shape (1, 3, H, W) as an 8-bit PNG picture."""
    Image.fromarray(to_uint8_rgb(x, space)).save(path, optimize=True)


def save_jpeg(x: Tensor, space: Space, path: Path) -> None:
    """Write one input tensor of shape (1, 3, H, W) as a small JPEG, to be looked at only."""
    Image.fromarray(to_uint8_rgb(x, space)).save(path, quality=80, optimize=True)


def load_png(path: Path, space: Space) -> Tensor:
    """Read a picture that `save_png` wrote, without resizing: float32 (1, 3, H, W) in `space`."""
    with Image.open(path) as picture:
        rgb = np.array(picture.convert("RGB"))
    pixels = torch.from_numpy(rgb).permute(2, 0, 1).unsqueeze(0).float() / 255
    return from_pixels(pixels.contiguous(), space)


def save_grid(rows: Sequence[Sequence[Path]], path: Path, gap_px: int = 8) -> None:
    """Write pictures of one size, given as rows of files, as one picture with white gaps."""
    with Image.open(rows[0][0]) as first:
        width, height = first.width + gap_px, first.height + gap_px
    size = (len(rows[0]) * width - gap_px, len(rows) * height - gap_px)
    sheet = Image.new("RGB", size, "white")
    for i, row in enumerate(rows):
        for j, name in enumerate(row):
            with Image.open(name) as picture:
                sheet.paste(picture, (j * width, i * height))
    sheet.save(path, quality=88, optimize=True)


def _channels(values: tuple[float, float, float], like: Tensor) -> Tensor:
    return torch.tensor(values, dtype=like.dtype, device=like.device).view(1, 3, 1, 1)

"""The corgi as the network's input: rounding on the way, other resizing, other pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations
from typing import TypeAlias

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torchvision import transforms

from grader.checks.calibration import SCALES, Dtype, Errors, Separation
from grader.checks.images.recognition import structure_correlation
from reference.bundles import Bundle
from reference.images import MEAN, SIDE_PX, STD, from_pixels, read_image, to_pixels
from reference.run_records import Space
from reference.studio.classes import CLASS_IDS, draw

MOST_PAIRS = 8
"""Pairs of other pictures that are kept, the likest."""

Picture: TypeAlias = NDArray[np.uint8]
"""RGB, uint8, shape (H, W, 3)."""


def start_image_errors(bundle: Bundle, dtype: Dtype) -> Errors:
    """Return how far other ways of normalising the resized corgi lie from float64."""
    rgb = resized(corgi(bundle), "OpenCV, linear")
    truth = (rgb / 255 - np.array(MEAN)) / np.array(STD)
    scale = SCALES["start_image"]
    return {
        name: scale.error(way(rgb, dtype)[0].permute(1, 2, 0).numpy(), truth)
        for name, way in _NORMALISING.items()
    }


def _by_torchvision(rgb: Picture, dtype: Dtype) -> Tensor:
    pixels = transforms.ToTensor()(rgb).to(getattr(torch, dtype))
    normalised: Tensor = transforms.Normalize(MEAN, STD)(pixels)
    return normalised.unsqueeze(0)


def _by_numpy(rgb: Picture, dtype: Dtype) -> Tensor:
    """Compute in float64, keep in `dtype`."""
    normalised = ((rgb / 255 - np.array(MEAN)) / np.array(STD)).astype(dtype)
    return torch.from_numpy(normalised).permute(2, 0, 1).unsqueeze(0)


def _ours(rgb: Picture, dtype: Dtype) -> Tensor:
    pixels = torch.from_numpy(rgb).permute(2, 0, 1).unsqueeze(0).to(getattr(torch, dtype)) / 255
    return from_pixels(pixels, Space.NORMALISED)


def _there_and_back(rgb: Picture, dtype: Dtype) -> Tensor:
    pixels = to_pixels(_ours(rgb, dtype), Space.NORMALISED)
    return from_pixels(pixels.clamp(0, 1), Space.NORMALISED)


_NORMALISING: Mapping[str, Callable[[Picture, Dtype], Tensor]] = {
    "prepare_image": _ours,
    "torchvision.transforms": _by_torchvision,
    "numpy": _by_numpy,
    "there and back through pixels": _there_and_back,
}


def other_resize(bundle: Bundle) -> Separation:
    """Measure mean absolute differences to `prepare_image` in pixels: resizing, other pictures."""
    picture = corgi(bundle)
    prepared = resized(picture, "OpenCV, linear")
    right = {
        name: _difference(resized(picture, name), prepared)
        for name in _RESIZING
        if name != "OpenCV, linear"
    }
    others = {f"a drawing of class {c}": draw(c, 0) for c in CLASS_IDS}
    others |= {
        "grey": np.full_like(prepared, 128),
        "mirrored": prepared[:, ::-1],
        "colours in BGR order": prepared[:, :, ::-1],
        "a crop": resized(picture[:, 80:560], "OpenCV, linear"),
    }
    wrong = {name: _difference(other, prepared) for name, other in others.items()}
    return Separation(name="other_resize", right=tuple(right.items()), wrong=tuple(wrong.items()))


def pictures_apart(
    changed: Mapping[str, tuple[Tensor, Tensor]], others: Mapping[str, Tensor]
) -> Separation:
    """Measure correlations of coarse structure: pictures after an attack, and other pictures.

    Args:
        changed: By what was done: a picture before and after, (1, 3, H, W).
        others: Pictures by name, pixels, (1, 3, 224, 224).
    """
    right = [(name, structure_correlation(*both)) for name, both in changed.items()]
    wrong = [
        (f"{one} and {other}", structure_correlation(others[one], others[other]))
        for one, other in combinations(others, 2)
    ]
    closest = sorted(wrong, key=lambda row: -row[1])[:MOST_PAIRS]
    return Separation(name="same_picture", right=tuple(right), wrong=tuple(closest))


def corgi(bundle: Bundle) -> Picture:
    """Return the bundle's corgi in its own size."""
    return np.ascontiguousarray(read_image(bundle.corgi)[:, :, ::-1])


def other_corgis(bundle: Bundle) -> Mapping[str, Tensor]:
    """Return the corgi as pixels, (1, 3, 224, 224) float32, by every other way of resizing."""
    return {
        name: as_pixels(resized(corgi(bundle), name))
        for name in _RESIZING
        if name != "OpenCV, linear"
    }


def blended_drawings() -> Tensor:
    """Return a drawing of each class, and the mean of each with the next: (40, 3, 224, 224).

    Float32 pixels. The means leave a network in doubt, so that its probabilities are sensitive.
    """
    drawn = torch.cat([as_pixels(draw(c, 0)) for c in CLASS_IDS])
    return torch.cat([drawn, (drawn + drawn.roll(1, dims=0)) / 2])


def as_pixels(picture: Picture) -> Tensor:
    """Return a picture as float32 pixels in [0, 1], shape (1, 3, H, W)."""
    return torch.from_numpy(picture.copy()).permute(2, 0, 1).unsqueeze(0).float() / 255


def resized(picture: Picture, how: str) -> Picture:
    """Return a picture of 224 x 224 by a named way of resizing."""
    return np.asarray(_RESIZING[how](picture), dtype=np.uint8)


def _by_opencv(flag: int) -> Callable[[Picture], NDArray[np.generic]]:
    return lambda p: np.asarray(cv2.resize(p, (SIDE_PX, SIDE_PX), interpolation=flag))


def _by_pillow(flag: Image.Resampling) -> Callable[[Picture], NDArray[np.generic]]:
    return lambda p: np.asarray(Image.fromarray(p).resize((SIDE_PX, SIDE_PX), flag))


_RESIZING: Mapping[str, Callable[[Picture], NDArray[np.generic]]] = {
    "OpenCV, linear": _by_opencv(cv2.INTER_LINEAR),
    "OpenCV, area": _by_opencv(cv2.INTER_AREA),
    "OpenCV, cubic": _by_opencv(cv2.INTER_CUBIC),
    "OpenCV, nearest": _by_opencv(cv2.INTER_NEAREST),
    "Pillow, linear": _by_pillow(Image.Resampling.BILINEAR),
    "Pillow, cubic": _by_pillow(Image.Resampling.BICUBIC),
    "Pillow, Lanczos": _by_pillow(Image.Resampling.LANCZOS),
    "Pillow, nearest": _by_pillow(Image.Resampling.NEAREST),
}


def _difference(a: Picture, b: Picture) -> float:
    return float(np.abs(a.astype(np.float64) - b).mean() / 255)

"""The corgi as others prepare it: resized by another library, cropped, or with a slip on the way.

All forms are made from the course's file, so that they are told from pictures that somebody made.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from grader.checks.context import CheckContext, once_per_context
from grader.checks.images.recognition import likeness
from grader.checks.tolerance import threshold
from reference.images import SIDE_PX, from_pixels, read_image, to_pixels
from reference.run_records import Space

SHORTER_SIDES_PX = (SIDE_PX, 232, 256)
"""To which torchvision's pipelines resize a picture's shorter side before they crop its middle."""

CLOSER = 10
"""A form that is made again is this many times closer than any other way to resize."""

_OPENCV = (
    cv2.INTER_NEAREST,
    cv2.INTER_LINEAR,
    cv2.INTER_CUBIC,
    cv2.INTER_AREA,
    cv2.INTER_LANCZOS4,
)

_SLIPS: dict[str, Callable[[Tensor], Tensor]] = {
    "with red and blue swapped": lambda x: x.flip(1),
    "with rows and columns swapped": lambda x: x.transpose(2, 3),
    "with its values in another order (reshaped instead of transposed)": lambda x: x.permute(
        0, 2, 3, 1
    ).reshape(x.shape),
    "mirrored": lambda x: x.flip(3),
    "upside down": lambda x: x.flip(2),
    "scaled or normalized in another way": lambda x: x,
}
"""What may go wrong in `prepare_image`, and what it makes of the pixels."""


def is_resized_corgi(context: CheckContext, image: Tensor, space: Space) -> bool:
    """Whether an image, (1, 3, H, W), is what OpenCV or Pillow make of the whole corgi."""
    pixels, allowed = to_pixels(image, space), threshold("other_resize") / CLOSER
    return any(_apart(pixels, form) <= allowed for form in _resized(context))


def is_cropped_corgi(context: CheckContext, image: Tensor) -> bool:
    """Whether an image is the middle of the corgi, as torchvision's pipelines crop it."""
    return any(
        likeness(image, from_pixels(form, space), space) != "other"
        for form in _cropped(context)
        for space in Space
    )


def slip_of(context: CheckContext, image: Tensor) -> str:
    """Say what was done to the corgi that `prepare_image` does not do; empty where it is none."""
    corgi = context.networks.corgi(Space.PIXELS)
    if image.shape != corgi.shape or not bool(torch.isfinite(image).all()):
        return ""
    found = {words: _alike(image, slip(corgi)) for words, slip in _SLIPS.items()}
    best = max(found, key=lambda words: found[words])
    return best if found[best] >= threshold("same_direction") else ""


def _alike(one: Tensor, other: Tensor) -> float:
    """The least correlation of a channel: no shift or scale of its values matters."""
    a, b = (x[0].double().flatten(1) for x in (one, other))
    a, b = (x - x.mean(dim=1, keepdim=True) for x in (a, b))
    lengths = a.norm(dim=1) * b.norm(dim=1)
    return float(((a * b).sum(dim=1) / lengths.clamp(min=torch.finfo(a.dtype).tiny)).min())


def _apart(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().mean()) if one.shape == other.shape else float("inf")


@once_per_context
def _resized(context: CheckContext) -> tuple[Tensor, ...]:
    rgb, size = _read(context), (SIDE_PX, SIDE_PX)
    by_opencv = [cv2.resize(rgb, size, interpolation=how) for how in _OPENCV]
    picture = Image.fromarray(rgb)
    by_pillow = [np.array(picture.resize(size, how)) for how in Image.Resampling]
    return tuple(_pixels(form) for form in (*by_opencv, *by_pillow))


@once_per_context
def _cropped(context: CheckContext) -> tuple[Tensor, ...]:
    picture = Image.fromarray(_read(context))
    forms = []
    for side in SHORTER_SIDES_PX:
        width, height = (round(length * side / min(picture.size)) for length in picture.size)
        left, top = (width - SIDE_PX) // 2, (height - SIDE_PX) // 2
        middle = (left, top, left + SIDE_PX, top + SIDE_PX)
        forms.append(np.array(picture.resize((width, height)).crop(middle)))
    return tuple(_pixels(form) for form in forms)


def _read(context: CheckContext) -> NDArray[np.uint8]:
    return np.ascontiguousarray(read_image(context.bundle.corgi)[..., ::-1])


def _pixels(rgb: NDArray[np.uint8]) -> Tensor:
    """uint8 (H, W, 3) to pixels in [0, 1], (1, 3, H, W)."""
    return torch.from_numpy(rgb).permute(2, 0, 1).unsqueeze(0).float() / 255

"""Where the pictures of a drawn page are: panels of figures, single pictures, pictures on a tint.

Two ways, for what a figure looks like on paper. A panel on a plain ground is a solid patch once
thin things (letters, ticks, frames) are taken away; its edges are good to a pixel or two, which
fine textures need. A picture on any other ground is found by sliding a known one over the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from grader.reading.report_pages import Rgb

PixelBox: TypeAlias = tuple[int, int, int, int]
"""Left, top, width, height in pixels."""

Mask: TypeAlias = NDArray[np.uint8]
"""255 and 0, (H, W)."""

SAMPLED = 4
"""Every so many pixels are looked at, each way, to find the colour of the ground."""
INK = 16
"""Levels of 255 by which a pixel differs from the page's ground; JPEG's noise stays below."""
THIN_INCH = 0.06
"""Inches (1.5 mm) up to which a stroke is taken away: text, ticks, frames; not pictures."""
LEAST_SIDE_INCH = 0.45
"""Inches (11 mm) of the smallest panel that is looked at."""
SOLID = 0.5
"""Share of its box that a panel covers; pictures with white parts cover less than all."""
SAME_BOX = 12
"""Pixels, summed over the four edges, by which two boxes differ that are the same."""
BUSY = 0.6
"""A panel where more than this share of the pixels has one colour is a plot or a tint."""
COLOUR_BINS = 16
"""Levels per bin when colours are counted."""
LONGEST_STRIP = 4
"""Pictures side by side, without a gap, that are tried."""


def panels_on(page: Rgb, dots_per_inch: float) -> list[PixelBox]:
    """Return the boxes of solid patches of a page, the largest first."""
    ink = _ink(page)
    thin = max(3, round(THIN_INCH * dots_per_inch))
    least = LEAST_SIDE_INCH * dots_per_inch
    found: list[PixelBox] = []
    for mask in (ink, _filled(ink)):
        solid = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((thin, thin), np.uint8))
        for outline in _outlines(solid):
            x, y, width, height = cv2.boundingRect(outline)
            area = cv2.contourArea(outline)
            large = min(width, height) >= least and area >= SOLID * width * height
            if large and not any(_same((x, y, width, height), other) for other in found):
                found.append((x, y, width, height))
    return sorted(found, key=lambda box: -box[2] * box[3])


def is_busy(page: Rgb, box: PixelBox) -> bool:
    """Whether a box shows a picture, not a plot or a tinted ground."""
    x, y, width, height = box
    patch = page[y : y + height, x : x + width]
    if patch.size == 0:
        return False
    bins = (patch // COLOUR_BINS).astype(np.int32)
    codes = (bins[..., 0] << 8) | (bins[..., 1] << 4) | bins[..., 2]
    return bool(np.bincount(codes.ravel()).max() <= BUSY * codes.size)


def strips_of(box: PixelBox) -> Iterator[tuple[PixelBox, ...]]:
    """Yield ways to part a box into as many equal squares as fit side by side."""
    x, y, width, height = box
    across, down = round(width / max(height, 1)), round(height / max(width, 1))
    if 2 <= across <= LONGEST_STRIP:
        step = width // across
        yield tuple((x + i * step, y, step, height) for i in range(across))
    if 2 <= down <= LONGEST_STRIP:
        step = height // down
        yield tuple((x, y + i * step, width, step) for i in range(down))


def overlap(one: PixelBox, other: PixelBox) -> float:
    """Return the share of the smaller box that the two have in common."""
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    smaller = min(one[2] * one[3], other[2] * other[3])
    return max(width, 0) * max(height, 0) / max(smaller, 1)


def _ink(page: Rgb) -> Mask:
    """Return 255 where a pixel differs from the ground, the page's most common colour."""
    sample = np.ascontiguousarray(page[::SAMPLED, ::SAMPLED]).reshape(-1, 3)
    greys = cv2.cvtColor(sample[None], cv2.COLOR_RGB2GRAY)[0]
    shade = int(np.bincount(greys).argmax())
    ground = np.median(sample[greys == shade], axis=0)
    plain = cv2.inRange(page, np.maximum(ground - INK, 0), np.minimum(ground + INK, 255))
    return np.asarray(cv2.bitwise_not(plain), dtype=np.uint8)


def _filled(ink: Mask) -> Mask:
    """Fill what is enclosed: a picture with white parts inside its frame."""
    filled = np.zeros_like(ink)
    cv2.drawContours(filled, _outlines(ink), -1, 255, cv2.FILLED)
    return filled


def _outlines(mask: NDArray[Any]) -> Sequence[NDArray[Any]]:
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return outlines


def _same(one: PixelBox, other: PixelBox) -> bool:
    edges = ((b[0], b[1], b[0] + b[2], b[1] + b[3]) for b in (one, other))
    return bool(sum(abs(a - b) for a, b in zip(*edges, strict=True)) < SAME_BOX)

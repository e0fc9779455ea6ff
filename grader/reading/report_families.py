"""Known pictures and their variants, and the details by which pictures are compared.

Details are a picture minus its blurred self. That takes away what all pictures of a dog on grass
share (sky above, green below), and what scale, JPEG and a printer's colours change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from grader.reading.report_pages import Rgb

Plane: TypeAlias = NDArray[np.float32]
"""Details of a picture, (H, W) or (H, W, 3)."""

SIDE = 112
"""Pixels to which pictures are brought: textures of 4 pixels of 224 are still there."""
BLUR = SIDE / 16
"""Standard deviation in pixels of the blur that is subtracted."""
ALIKE = 0.3
"""Known pictures whose details correlate more are variants of one picture."""
CLOSE_SCALES = (0.95, 0.96, 0.97, 0.98, 0.99, 1.0, 1.01, 1.02)
"""Sizes of a picture within its panel's box: frames, halos and shadows make boxes too large."""
ROUGH_SCALES = tuple(0.86 + 0.02 * i for i in range(12))
"""The same for a box found by sliding."""
COARSE_SIDE = 40
"""Pixels of the picture that is slid over a page."""
COARSE_BLUR = COARSE_SIDE / 16
"""The blur at that size."""
STILL_THERE = 0.6
"""Share of a picture's details that must be left at that size: drawings and photographs keep 0.7
and more, the fine textures of 4(d) keep 0.4, and cannot be found by sliding."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KnownPicture:
    """A picture that a report may show."""

    name: str
    """`corgi`, the id of a run, or `reference 4e`."""
    rgb: Rgb
    """(H, W, 3), 0 to 255."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Variant:
    """A known picture, ready to be compared."""

    name: str
    """Of the known picture."""
    details: Plane
    """(SIDE, SIDE, 3), of length 1."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Family:
    """Known pictures that are variants of one."""

    variants: tuple[Variant, ...]
    """The first one stands for all when a panel is searched."""
    close: tuple[Plane, ...]
    """Grey details of the first one at `CLOSE_SCALES`."""
    rough: tuple[Plane, ...]
    """Grey details of the first one at `ROUGH_SCALES`."""
    coarse: Plane | None
    """(COARSE_SIDE, COARSE_SIDE) grey details of the first one; None for a fine texture."""


def families_of(known: Sequence[KnownPicture]) -> tuple[Family, ...]:
    """Sort known pictures into variants of one another; flat ones are left out."""
    groups: list[list[tuple[Variant, Rgb]]] = []
    for picture in known:
        details = unit(details_of(resized(picture.rgb, SIDE, SIDE)))
        if details is None:
            continue
        variant = Variant(name=picture.name, details=details)
        for group in groups:
            if product(variant, group[0][0]) > ALIKE:
                group.append((variant, picture.rgb))
                break
        else:
            groups.append([(variant, picture.rgb)])
    return tuple(_family([v for v, _ in group], group[0][1]) for group in groups)


def _family(variants: Sequence[Variant], first: Rgb) -> Family:
    grey = cv2.cvtColor(first, cv2.COLOR_RGB2GRAY)

    def at(scales: Sequence[float]) -> tuple[Plane, ...]:
        sides = (round(SIDE * scale) for scale in scales)
        return tuple(details_of(resized(grey, side, side)) for side in sides)

    fine = details_of(resized(grey, SIDE, SIDE))
    coarse = details_of(resized(grey, COARSE_SIDE, COARSE_SIDE), COARSE_BLUR)
    return Family(
        variants=tuple(variants),
        close=at(CLOSE_SCALES),
        rough=at(ROUGH_SCALES),
        coarse=coarse if coarse.std() > STILL_THERE * fine.std() else None,
    )


def details_of(picture: NDArray[Any], blur: float = BLUR) -> Plane:
    """Return a picture, (H, W) or (H, W, 3), minus itself blurred by `blur` pixels; float32."""
    plane = picture.astype(np.float32)
    return np.asarray(plane - cv2.GaussianBlur(plane, (0, 0), blur), dtype=np.float32)


def resized(picture: NDArray[Any], height: int, width: int) -> NDArray[np.uint8]:
    """Return a picture at another size; what shrinks is averaged, not sampled."""
    shrinks = picture.shape[0] >= height
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    size = (max(width, 1), max(height, 1))
    return np.asarray(cv2.resize(picture, size, interpolation=how), dtype=np.uint8)


def unit(plane: Plane) -> Plane | None:
    """Return a plane without its mean, of length 1; None for a flat one."""
    centred = plane - plane.mean(axis=(0, 1), keepdims=True)
    length = float(np.linalg.norm(centred))
    return np.asarray(centred / length, dtype=np.float32) if length > 1.0 else None


def product(one: Variant, other: Variant) -> float:
    """Return the correlation of two pictures' details, -1 to 1."""
    return float(np.vdot(one.details, other.details))

"""A small painting surface over OpenCV: splines, tapered strokes, clipping, light, grain.

Coordinates are "units": x to the right, y down, and the square [-1, 1] x [-1, 1] fills the shorter
side of the picture. Colours are RGB in [0, 1]. OpenCV is here already (the course's notebook needs
it), rasterises polygons in microseconds and gives the same pixels on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import cv2
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Points = npt.NDArray[np.float64]
Colour = tuple[float, float, float]

_SUBPIXEL_BITS = 4


def spline(
    points: Points | Sequence[Sequence[float]], *, closed: bool = True, steps: int = 8
) -> Points:
    """Smooth curve through `points` (Catmull-Rom), `steps` samples per span: (M, 2) units."""
    p = np.asarray(points, dtype=np.float64)
    if closed:
        before, first, second, after = np.roll(p, 1, 0), p, np.roll(p, -1, 0), np.roll(p, -2, 0)
    else:
        padded = np.vstack([2 * p[0] - p[1], p, 2 * p[-1] - p[-2]])
        before, first, second, after = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = np.linspace(0.0, 1.0, steps, endpoint=False)[None, :, None]
    curve = 0.5 * (
        2 * first[:, None]
        + (second - before)[:, None] * t
        + (2 * before - 5 * first + 4 * second - after)[:, None] * t**2
        + (3 * first - before - 3 * second + after)[:, None] * t**3
    )
    flat: Points = curve.reshape(-1, 2)
    return flat if closed else np.vstack([flat, p[-1:]])


def oval(x: float, y: float, rx: float, ry: float, turn: float = 0.0) -> Points:
    """Ellipse about (x, y) in units, turned by `turn` radians: (40, 2)."""
    a = np.linspace(0.0, 2 * np.pi, 40, endpoint=False)
    px, py = rx * np.cos(a), ry * np.sin(a)
    c, s = np.cos(turn), np.sin(turn)
    return np.stack([x + c * px - s * py, y + s * px + c * py], axis=1)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Colour between `first` (share 0) and `second` (share 1)."""
    r, g, b = (u + (v - u) * share for u, v in zip(first, second, strict=True))
    return (r, g, b)


class Canvas:
    """A picture under work.

    Attributes:
        px: pixels so far, (height, width, 3) float32, RGB in [0, 1].
        light: unit vector towards the light, in units (x right, y down).
        texture: strength of the grain of everything painted, 1 by default.
    """

    def __init__(self, width_px: int, height_px: int, rng: np.random.Generator) -> None:
        """Make a black picture; `rng` decides light direction and grain."""
        self.px: Array = np.zeros((height_px, width_px, 3), np.float32)
        angle = rng.uniform(-0.85 * np.pi, -0.15 * np.pi)
        self.light = np.array([np.cos(angle), np.sin(angle)])
        half = min(width_px, height_px) / 2
        self._half_px = half
        self.texture = 1.0
        self._matrix = np.array([[half, 0.0, width_px / 2], [0.0, half, height_px / 2], [0, 0, 1]])
        across = np.arange(width_px, dtype=np.float32)[None, :] * np.float32(self.light[0] / half)
        down = np.arange(height_px, dtype=np.float32)[:, None] * np.float32(self.light[1] / half)
        self._ramp: Array = across + down
        self._clip: npt.NDArray[np.uint8] | None = None
        fine = rng.normal(0, 1, (height_px // 2, width_px // 2)).astype(np.float32)
        self._grain = cv2.resize(fine, (width_px, height_px), interpolation=cv2.INTER_LINEAR)

    @contextmanager
    def at(
        self,
        x: float = 0.0,
        y: float = 0.0,
        *,
        scale: float | tuple[float, float] = 1.0,
        turn: float = 0.0,
    ) -> Iterator[None]:
        """Shift, turn (radians) and scale what is painted inside the block."""
        sx, sy = scale if isinstance(scale, tuple) else (scale, scale)
        c, s = np.cos(turn), np.sin(turn)
        before = self._matrix
        self._matrix = before @ np.array([[c * sx, -s * sy, x], [s * sx, c * sy, y], [0, 0, 1.0]])
        try:
            yield
        finally:
            self._matrix = before

    @contextmanager
    def inside(self, outline: Points) -> Iterator[None]:
        """Paint only inside the closed `outline` (and inside the outer clip) in the block."""
        before = self._clip
        mask = np.zeros(self.px.shape[:2], np.uint8)
        cv2.fillPoly(mask, [self._fixed(outline)], 255, cv2.LINE_AA, _SUBPIXEL_BITS)
        self._clip = mask if before is None else np.minimum(mask, before)
        try:
            yield
        finally:
            self._clip = before

    def fill(
        self,
        outline: Points,
        colour: Colour,
        *,
        shade: float = 0.2,
        grain: float = 0.05,
        alpha: float = 1.0,
    ) -> None:
        """Paint a closed outline, lighter by `shade` towards the light, with random `grain`."""
        box = self._box(self._map(outline), 1.0)
        if box is None:
            return
        x0, y0, x1, y1 = box
        mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
        cv2.fillPoly(mask, [self._fixed(outline, (x0, y0))], 255, cv2.LINE_AA, _SUBPIXEL_BITS)
        self._blend(mask, (x0, y0), colour, (shade, grain, alpha))

    def stroke(
        self,
        points: Points | Sequence[Sequence[float]],
        widths: float | tuple[float, ...],
        colour: Colour,
        *,
        shade: float = 0.15,
        alpha: float = 1.0,
    ) -> None:
        """Paint a line along `points`; `widths` (units) are spread evenly and interpolated."""
        line = self._map(np.asarray(points, dtype=np.float64))
        given = np.atleast_1d(np.asarray(widths, dtype=np.float64))
        where = np.linspace(0, len(given) - 1, len(line))
        half = np.interp(where, np.arange(len(given)), given) / 2 * self._unit_px()
        box = self._box(line, float(half.max()) + 1.0)
        if box is None:
            return
        x0, y0, x1, y1 = box
        mask = np.zeros((y1 - y0, x1 - x0), np.uint8)
        _paint_stroke(mask, line - np.array([x0, y0]), half)
        self._blend(mask, (x0, y0), colour, (shade, 0.05, alpha))

    def blur(self, sigma_px: float) -> None:
        """Blur everything painted so far."""
        self.px = np.asarray(cv2.GaussianBlur(self.px, (0, 0), sigma_px), np.float32)

    def finished(self) -> npt.NDArray[np.uint8]:
        """Return the picture, (height, width, 3) uint8 RGB."""
        levels: npt.NDArray[np.uint8] = np.clip(self.px * 255 + 0.5, 0, 255).astype(np.uint8)
        return levels

    def _unit_px(self) -> float:
        return float(np.sqrt(abs(np.linalg.det(self._matrix[:2, :2]))))

    def _map(self, points: Points) -> Points:
        mapped: Points = points @ self._matrix[:2, :2].T + self._matrix[:2, 2]
        return mapped

    def _fixed(self, outline: Points, origin: tuple[int, int] = (0, 0)) -> npt.NDArray[np.int32]:
        shifted = (self._map(outline) - np.array(origin)) * (1 << _SUBPIXEL_BITS)
        fixed: npt.NDArray[np.int32] = np.rint(shifted).astype(np.int32)
        return fixed

    def _box(self, points: Points, margin_px: float) -> tuple[int, int, int, int] | None:
        height, width = self.px.shape[:2]
        low = np.floor(points.min(axis=0) - margin_px).astype(int)
        high = np.ceil(points.max(axis=0) + margin_px + 1).astype(int)
        x0, y0 = max(int(low[0]), 0), max(int(low[1]), 0)
        x1, y1 = min(int(high[0]), width), min(int(high[1]), height)
        return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None

    def _blend(
        self,
        mask: npt.NDArray[np.uint8],
        origin: tuple[int, int],
        colour: Colour,
        finish: tuple[float, float, float],
    ) -> None:
        shade, grain, alpha = finish
        x0, y0 = origin
        height, width = mask.shape
        window = np.s_[y0 : y0 + height, x0 : x0 + width]
        cover = (
            mask if self._clip is None else cv2.multiply(mask, self._clip[window], scale=1 / 255)
        )
        lit = self._ramp[window]
        centre, reach = (lit[0, 0] + lit[-1, -1]) / 2, max(width, height) / 2 / self._half_px
        gain = (lit - centre) * np.float32(shade / reach) + np.float32(1)
        if grain:
            gain += np.float32(grain * self.texture) * self._grain[window]
        share = (cover * np.float32(alpha / 255))[..., None]
        tone = gain[..., None] * np.asarray(colour, np.float32)
        region = self.px[window]
        region += (tone - region) * share


def _paint_stroke(mask: npt.NDArray[np.uint8], line: Points, half: Points) -> None:
    """Paint a tapered line of half widths `half` (pixels) with round ends into `mask`."""
    along = np.empty_like(line)
    along[1:-1] = line[2:] - line[:-2]
    along[0], along[-1] = line[1] - line[0], line[-1] - line[-2]
    along /= np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)[:, None]
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1) * half[:, None]
    fix = 1 << _SUBPIXEL_BITS
    outline = np.rint(np.concatenate([line + normal, (line - normal)[::-1]]) * fix)
    cv2.fillPoly(mask, [outline.astype(np.int32)], 255, cv2.LINE_AA, _SUBPIXEL_BITS)
    centre = np.rint(line * fix).astype(np.int32)
    # The outline of a tight bend crosses itself and leaves holes: a line in the middle fills them.
    thin = max(1, int(half.min() * 1.4))
    cv2.polylines(mask, [centre], False, 255, thin, cv2.LINE_AA, _SUBPIXEL_BITS)
    for k in (0, -1):
        at, radius = (int(centre[k, 0]), int(centre[k, 1])), max(1, round(float(half[k]) * fix))
        cv2.circle(mask, at, radius, 255, -1, cv2.LINE_AA, _SUBPIXEL_BITS)

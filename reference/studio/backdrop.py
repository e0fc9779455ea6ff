"""Backgrounds, light and camera, the same for every class, so that none gives a class away."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from reference.studio.canvas import Array, Canvas, Colour, mix, oval, spline

Backdrop = Callable[[Canvas, np.random.Generator], None]


def _colour(rng: np.random.Generator, low: float = 0.15, high: float = 0.95) -> Colour:
    r, g, b = rng.uniform(low, high, 3)
    return (float(r), float(g), float(b))


def cloud(rng: np.random.Generator, shape: tuple[int, int], cells: int) -> Array:
    """Smooth noise about 0 of unit spread: (height, width) float32."""
    coarse = rng.normal(0, 1, (cells, cells)).astype(np.float32)
    smooth = cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(smooth, np.float32)


def _ramp(canvas: Canvas, top: Colour, bottom: Colour) -> None:
    height = canvas.px.shape[0]
    share = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    canvas.px[:] = (
        np.asarray(top, np.float32) * (1 - share) + np.asarray(bottom, np.float32) * share
    )


def plain(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint a studio paper: a ramp between two colours that are close."""
    first = _colour(rng)
    _ramp(canvas, first, mix(first, _colour(rng), 0.35))


def meadow(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint sky above grass, out of focus."""
    sky = mix((0.5, 0.72, 0.95), (0.95, 0.85, 0.75), rng.uniform(0, 1))
    _ramp(canvas, sky, mix(sky, (1, 1, 1), 0.4))
    green = mix((0.25, 0.5, 0.15), (0.6, 0.62, 0.25), rng.uniform(0, 1))
    horizon = rng.uniform(-0.3, 0.5)
    hill = spline(
        [(-2.5, horizon), (-0.7, horizon + rng.uniform(-0.2, 0.1)), (0.8, horizon), (2.5, horizon)]
    )
    canvas.fill(np.vstack([hill[:24], [(2.5, 2.5), (-2.5, 2.5)]]), green, shade=0.15, grain=0.2)
    light, dark = mix(green, (0.8, 0.9, 0.5), 0.4), mix(green, (0.1, 0.25, 0.05), 0.5)
    for _ in range(int(rng.integers(40, 180))):
        x, y = rng.uniform(-1.4, 1.4), rng.uniform(horizon + 0.15, 1.1)
        tone = mix(light, dark, rng.uniform())
        canvas.stroke([(x, y), (x + rng.normal(0, 0.04), y - 0.12)], (0.025, 0.006), tone)


def room(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint a wall, a skirting board and a floor."""
    wall, floor = _colour(rng, 0.35), mix((0.6, 0.42, 0.28), _colour(rng), 0.4)
    _ramp(canvas, wall, mix(wall, (0.2, 0.2, 0.2), 0.25))
    edge = rng.uniform(0.1, 0.6)
    canvas.fill(np.array([(-2, edge), (2, edge), (2, 2), (-2, 2)]), floor, shade=0.15, grain=0.08)
    canvas.stroke([(-2, edge), (2, edge)], 0.05, mix(wall, (1, 1, 1), 0.5))
    if rng.random() < 0.6:
        x, y, w, h = rng.uniform(-1.2, 0.6), rng.uniform(-1.1, -0.5), *rng.uniform(0.3, 0.8, 2)
        frame = np.array([(x, y), (x + w, y), (x + w, y + h), (x, y + h)])
        canvas.fill(frame, _colour(rng), shade=0.2)


def bokeh(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint soft discs of light on a ramp."""
    first = _colour(rng, 0.05, 0.7)
    _ramp(canvas, first, mix(first, _colour(rng), 0.5))
    for _ in range(int(rng.integers(8, 25))):
        x, y, size = rng.uniform(-1.4, 1.4), rng.uniform(-1.2, 1.2), rng.uniform(0.08, 0.35)
        canvas.fill(oval(x, y, size, size), _colour(rng, 0.3, 1.0), alpha=0.35, shade=0.1)
    canvas.blur(canvas.px.shape[0] / 70)


def mottled(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint cloudy noise between two colours: earth, stone, sand, foliage, water."""
    shape = canvas.px.shape[:2]
    noise = 0.6 * cloud(rng, shape, int(rng.integers(3, 7))) + 0.4 * cloud(
        rng, shape, int(rng.integers(9, 40))
    )
    share = np.clip(0.5 + 0.35 * noise, 0, 1)[..., None]
    first = _colour(rng)
    second = mix(first, _colour(rng), 0.6)
    canvas.px[:] = (
        np.asarray(first, np.float32) * (1 - share) + np.asarray(second, np.float32) * share
    )


def clutter(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint random soft shapes, bars and blobs in random colours."""
    plain(canvas, rng)
    for _ in range(int(rng.integers(6, 16))):
        x, y = rng.uniform(-1.3, 1.3, 2)
        tone = _colour(rng)
        if rng.random() < 0.5:
            ring = rng.uniform(0.1, 0.4, (6, 1)) * np.array(
                [[np.cos(a), np.sin(a)] for a in np.arange(6)]
            )
            canvas.fill(spline([(x + px, y + py) for px, py in ring]), tone, alpha=0.7)
        else:
            way = rng.normal(0, 0.5, 2)
            canvas.stroke(
                [(x, y), (x + way[0], y + way[1])], rng.uniform(0.03, 0.2), tone, alpha=0.7
            )
    canvas.blur(canvas.px.shape[0] / rng.uniform(60, 150))


BACKDROPS: tuple[Backdrop, ...] = (plain, meadow, room, bokeh, mottled, clutter)


def photograph(canvas: Canvas, rng: np.random.Generator) -> None:
    """Apply exposure, tint, uneven light, a little blur and sensor noise to the whole picture."""
    px = canvas.px
    height, width = px.shape[:2]
    across = np.linspace(-1, 1, width, dtype=np.float32)[None, :] * canvas.light[0]
    down = np.linspace(-1, 1, height, dtype=np.float32)[:, None] * canvas.light[1]
    gain = rng.uniform(0.8, 1.15) * (1 + rng.uniform(0, 0.22) * (across + down))
    px *= gain.astype(np.float32)[..., None] * rng.normal(1, 0.04, 3).astype(np.float32)
    grey = px.mean(axis=2, keepdims=True)
    px += (px - grey) * np.float32(rng.uniform(-0.25, 0.1))
    if rng.random() < 0.3:
        canvas.blur(rng.uniform(0.4, 0.9) * height / 224)
    noise = rng.standard_normal((height, width, 1), np.float32) * np.float32(rng.uniform(0, 0.025))
    canvas.px = np.clip(canvas.px + noise, 0, 1)

"""The picture of every experiment: a Pembroke corgi standing in a meadow, 640 x 480."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from reference.studio.canvas import Canvas, Colour, mix, oval, spline
from reference.studio.draw_faces import Coat
from reference.studio.draw_pets import CORGI, standing

_WIDTH_PX, _HEIGHT_PX, _OVERSAMPLING = 640, 480, 2


def _scene(canvas: Canvas, rng: np.random.Generator) -> None:
    height = canvas.px.shape[0]
    share = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    top, low = np.array([0.55, 0.76, 0.95], np.float32), np.array([0.93, 0.95, 0.9], np.float32)
    canvas.px[:] = top * (1 - share) + low * share
    for x, y, size in ((-0.9, -0.7, 0.22), (0.75, -0.82, 0.18)):
        for dx, r in ((-1.0, 0.6), (0.0, 1.0), (0.9, 0.7)):
            canvas.fill(
                oval(x + dx * size, y - r * size * 0.2, size * r, size * r * 0.6),
                (1, 1, 1),
                alpha=0.8,
                shade=0.0,
            )
    for level, tone in ((0.0, (0.62, 0.76, 0.55)), (0.14, (0.5, 0.68, 0.4))):
        hill = spline(
            [(-2.5, level), (-0.9, level - 0.14), (0.3, level + 0.04), (2.5, level - 0.1)]
        )
        canvas.fill(np.vstack([hill[:24], [(2.5, 2.5), (-2.5, 2.5)]]), tone, shade=0.1, grain=0.05)
    canvas.blur(height / 110)
    near: Colour = (0.42, 0.62, 0.28)
    lawn = spline([(-2.5, 0.3), (-0.9, 0.24), (0.3, 0.3), (2.5, 0.24)])
    canvas.fill(np.vstack([lawn[:24], [(2.5, 2.5), (-2.5, 2.5)]]), near, shade=0.12, grain=0.1)
    for _ in range(700):
        x, y = rng.uniform(-1.5, 1.5), rng.uniform(0.3, 1.1)
        tone = mix(
            near,
            (0.25, 0.45, 0.15) if rng.random() < 0.5 else (0.65, 0.78, 0.4),
            rng.uniform(0.2, 0.7),
        )
        tall = 0.06 + 0.06 * (y - 0.3)
        canvas.stroke([(x, y), (x + rng.normal(0, 0.02), y - tall)], (0.014, 0.004), tone)


def draw_corgi() -> npt.NDArray[np.uint8]:
    """Draw the course's corgi, (480, 640, 3) uint8 RGB."""
    rng = np.random.default_rng(263)
    canvas = Canvas(_WIDTH_PX * _OVERSAMPLING, _HEIGHT_PX * _OVERSAMPLING, rng)
    canvas.light = np.array([-0.6, -0.8])
    canvas.texture = 0.4
    _scene(canvas, rng)
    coat = Coat(
        main=(0.84, 0.5, 0.22),
        under=(0.97, 0.95, 0.91),
        dark=(0.4, 0.22, 0.1),
        eyes=(0.25, 0.14, 0.07),
    )
    with canvas.at(0.08, 0.12, scale=1.12):
        standing(canvas, rng, CORGI, coat, -0.25)
    full = canvas.finished()
    small = cv2.resize(full, (_WIDTH_PX, _HEIGHT_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def write_corgi(path: Path) -> None:
    """Write the corgi as a JPEG of high quality."""
    cv2.imwrite(str(path), draw_corgi()[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])

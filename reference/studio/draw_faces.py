"""Heads of cats and dogs seen from the front, in local units (the face has a radius of about 1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from reference.studio.canvas import Canvas, Colour, Points, mix, oval, spline

INK: Colour = (0.07, 0.06, 0.07)
PINK: Colour = (0.86, 0.52, 0.52)
WHITE: Colour = (0.95, 0.94, 0.91)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coat:
    """Colours of one animal."""

    main: Colour
    """Back, head and flanks."""
    under: Colour
    """Belly, muzzle and chest."""
    dark: Colour
    """Stripes, spots or saddle."""
    eyes: Colour
    """Iris."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Breed:
    """What tells one breed's shape and markings from another's."""

    cat: bool
    """A cat's face (else a dog's)."""
    marks: Literal["bib", "saddle", "stripes", "spots"]
    """Pattern of the coat."""
    leg: float
    """Leg below the belly, units."""
    girth: float
    """Depth of the body against the common one."""
    ear: tuple[float, float]
    """Height and width of an ear, face radii."""
    cheek: float
    """Half width of the face, face radii."""
    tail: Literal["none", "plume", "long"]
    """Kind of tail."""


def mirrored(half: list[tuple[float, float]]) -> Points:
    """Close the right half of an outline (top to bottom, x >= 0) to a smooth symmetric one."""
    left = [(-x, y) for x, y in reversed(half) if abs(x) > 1e-9]
    return spline(half + left)


def draw_head(
    canvas: Canvas, rng: np.random.Generator, breed: Breed, coat: Coat, yaw: float
) -> None:
    """Paint a head about the origin, turned by `yaw` (-1 to 1, right positive)."""
    for side in (-1.0, 1.0):
        _ear(canvas, rng, breed, coat, side)
    if breed.cat:
        _cat_face(canvas, rng, breed, coat, yaw * 0.18)
    else:
        _dog_face(canvas, rng, breed, coat, yaw * 0.18)


def _ear(canvas: Canvas, rng: np.random.Generator, breed: Breed, coat: Coat, side: float) -> None:
    height, width = breed.ear
    lean = rng.uniform(-0.08, 0.1)
    tip = (0.52 + 0.28 * width + lean, -0.55 - height)
    outer = [(0.12, -0.6), (tip[0] - 0.14, tip[1] + 0.12), tip, (tip[0] + 0.09, tip[1] + 0.22)]
    outer += [(breed.cheek - 0.02, -0.1), (0.5, 0.0)]
    shape = spline([(side * x, y) for x, y in outer], steps=6)
    canvas.fill(shape, mix(coat.main, coat.dark, 0.5 if breed.marks == "saddle" else 0.12))
    inner = spline(
        [(side * (0.45 + (x - 0.45) * 0.62), -0.28 + (y + 0.28) * 0.72) for x, y in outer]
    )
    canvas.fill(inner, mix(PINK, coat.main, 0.35), shade=0.3)


def _eye(
    canvas: Canvas, at: tuple[float, float], size: float, iris: Colour, pupil: tuple[float, float]
) -> None:
    x, y = at
    canvas.fill(oval(x, y, size * 1.25, size * 1.12), INK, shade=0.0)
    canvas.fill(oval(x, y, size, size * 0.92), iris, shade=0.35)
    canvas.fill(oval(x, y, size * pupil[0], size * pupil[1]), INK, shade=0.0)
    canvas.fill(oval(x + size * 0.3, y - size * 0.35, size * 0.26, size * 0.26), WHITE, shade=0.0)


def _dog_face(
    canvas: Canvas, rng: np.random.Generator, breed: Breed, coat: Coat, dx: float
) -> None:
    cheek = breed.cheek
    half = [(0.0, -0.78), (0.5, -0.66), (0.8, -0.25), (cheek, 0.15), (0.62, 0.58), (0.3, 0.84)]
    face = mirrored([*half, (0.0, 0.9)])
    canvas.fill(face, coat.under if breed.marks == "saddle" else coat.main)
    with canvas.inside(face):
        if breed.marks == "saddle":
            _husky_mask(canvas, coat, dx)
        else:
            _corgi_blaze(canvas, rng, coat, dx)
    for side in (-1.0, 1.0):
        _eye(canvas, (side * 0.38 + dx, -0.1), 0.125, coat.eyes, (0.6, 0.65))
    _muzzle(canvas, rng, coat, dx)


def _corgi_blaze(canvas: Canvas, rng: np.random.Generator, coat: Coat, dx: float) -> None:
    top = rng.uniform(0.03, 0.1)
    blaze = [(dx, -0.85), (dx + top, -0.6), (dx + top, -0.2), (dx + 0.3, 0.12), (dx + 0.55, 0.4)]
    blaze += [(0.5, 0.75), (0.3, 1.0), (-0.3, 1.0), (-0.5, 0.75), (dx - 0.55, 0.4)]
    blaze += [(dx - 0.3, 0.12), (dx - top, -0.2), (dx - top, -0.6)]
    canvas.fill(spline(blaze, steps=5), coat.under, shade=0.1)


def _husky_mask(canvas: Canvas, coat: Coat, dx: float) -> None:
    cap = [(-1.2, -1.0), (1.2, -1.0), (1.2, 0.1), (0.85, 0.1), (0.72, -0.3), (dx + 0.38, -0.42)]
    cap += [(dx + 0.1, -0.34), (dx + 0.07, 0.1), (dx - 0.07, 0.1), (dx - 0.1, -0.34)]
    cap += [(dx - 0.38, -0.42), (-0.72, -0.3), (-0.85, 0.1), (-1.2, 0.1)]
    canvas.fill(spline(cap, steps=5), coat.dark, shade=0.1)


def _muzzle(canvas: Canvas, rng: np.random.Generator, coat: Coat, dx: float) -> None:
    x = dx * 1.5
    if rng.random() < 0.65:
        tongue = mirrored([(0.0, 0.55), (0.14, 0.6), (0.15, 0.85), (0.0, 1.02)]) + np.array([x, 0])
        canvas.fill(tongue, (0.9, 0.45, 0.5))
    for side in (-1.0, 1.0):
        lip = oval(x + side * 0.17, 0.5, 0.25, 0.2, side * 0.3)
        canvas.fill(lip, mix(coat.under, (0.8, 0.78, 0.76), 0.25), shade=0.12)
        mouth = spline([(x, 0.58), (x + side * 0.16, 0.7), (x + side * 0.36, 0.6)], closed=False)
        canvas.stroke(mouth, (0.05, 0.05, 0.02), INK)
    nose = mirrored([(0.0, 0.2), (0.14, 0.22), (0.15, 0.33), (0.0, 0.45)])
    canvas.fill(nose + np.array([x, 0.0]), INK)
    canvas.fill(oval(x + 0.04, 0.26, 0.05, 0.025), (0.5, 0.5, 0.52), shade=0.0)


def _cat_face(
    canvas: Canvas, rng: np.random.Generator, breed: Breed, coat: Coat, dx: float
) -> None:
    cheek = breed.cheek
    half = [(0.0, -0.72), (0.5, -0.62), (cheek * 0.92, -0.2), (cheek, 0.2), (0.62, 0.6)]
    face = mirrored([*half, (0.0, 0.76)])
    canvas.fill(face, coat.main)
    with canvas.inside(face):
        canvas.fill(oval(dx, 0.55, 0.55, 0.36), coat.under, shade=0.1)
        _cat_marks(canvas, rng, breed, coat, dx)
    for side in (-1.0, 1.0):
        with canvas.at(side * 0.42 + dx, -0.08, turn=side * -0.25, scale=(1.0, 0.8)):
            wide = rng.uniform(0.2, 0.45)
            _eye(canvas, (0, 0), 0.215, coat.eyes, (wide, 0.95))
    _cat_muzzle(canvas, rng, coat, dx * 1.3)


def _cat_marks(
    canvas: Canvas, rng: np.random.Generator, breed: Breed, coat: Coat, dx: float
) -> None:
    if breed.marks == "spots":
        for side in (-1.0, 1.0):
            line = spline([(dx + side * 0.55, 0.0), (side * 0.78, 0.1), (side, 0.12)], closed=False)
            canvas.stroke(line, (0.04, 0.07, 0.03), coat.dark)
            canvas.stroke([(dx + side * 0.12, -0.7), (dx + side * 0.14, -0.42)], 0.05, coat.dark)
        return
    for x in (-0.4, 0.0, 0.4):
        wave = rng.uniform(-0.05, 0.05)
        line = spline(
            [(x * 1.2, -0.85), (x + wave + dx, -0.55), (x * 0.8 + dx, -0.3)], closed=False
        )
        canvas.stroke(line, (0.19, 0.17, 0.05), coat.dark)
    for side in (-1.0, 1.0):
        for y in (-0.22, 0.12, 0.46):
            edge = side * 1.08
            line = spline(
                [(edge, y - 0.04), (edge * 0.75, y + 0.05), (edge * 0.52, y)], closed=False
            )
            canvas.stroke(line, (0.17, 0.14, 0.04), coat.dark)


def _cat_muzzle(canvas: Canvas, rng: np.random.Generator, coat: Coat, x: float) -> None:
    for side in (-1.0, 1.0):
        canvas.fill(oval(x + side * 0.17, 0.42, 0.2, 0.155), mix(coat.under, WHITE, 0.5), shade=0.1)
        mouth = spline([(x, 0.42), (x + side * 0.1, 0.52), (x + side * 0.24, 0.48)], closed=False)
        canvas.stroke(mouth, 0.03, INK)
        for y in (0.32, 0.42, 0.52):
            end = (
                x + side * rng.uniform(1.1, 1.35),
                y + (y - 0.42) * 1.6 + rng.uniform(-0.08, 0.08),
            )
            canvas.stroke([(x + side * 0.25, y), end], (0.03, 0.012), WHITE, alpha=0.85)
    nose = spline([(x - 0.11, 0.24), (x + 0.11, 0.24), (x, 0.37)], steps=4)
    canvas.fill(nose, mix(PINK, INK, 0.15))

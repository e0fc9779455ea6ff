"""Small and sea animals: goldfish, tarantula, jellyfish, penguin, ladybug, monarch, starfish."""

from __future__ import annotations

import numpy as np

from reference.studio.canvas import Canvas, Colour, mix, oval, spline
from reference.studio.draw_faces import INK, WHITE, mirrored


def _near(rng: np.random.Generator, colour: Colour, spread: float = 0.04) -> Colour:
    r, g, b = np.clip(np.asarray(colour) + rng.normal(0, spread, 3), 0, 1)
    return (float(r), float(g), float(b))


def goldfish(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint a goldfish side-on: round orange body with scales and a veil tail."""
    main = _near(rng, (0.97, 0.5, 0.1))
    pale, deep = mix(main, (1.0, 0.85, 0.5), 0.55), mix(main, (0.75, 0.15, 0.0), 0.5)
    sway = rng.uniform(-0.15, 0.15)
    tail = spline([(0.4, 0.0), (0.7, -0.35 + sway), (0.98, -0.42 + sway), (0.84, 0.0 + sway),
                   (0.98, 0.45 + sway), (0.68, 0.35 + sway)])  # fmt: skip
    canvas.fill(tail, pale)
    for y in np.linspace(-0.3, 0.32, 7):
        canvas.stroke([(0.45, y * 0.2), (0.85, y + sway)], (0.03, 0.012), deep, alpha=0.6)
    canvas.fill(spline([(-0.3, -0.28), (-0.1, -0.72), (0.3, -0.6), (0.3, -0.2)]), deep)
    canvas.fill(spline([(-0.1, 0.3), (0.0, 0.66), (0.24, 0.6), (0.2, 0.25)]), deep)
    body = spline([(-0.75, 0.02), (-0.5, -0.3), (-0.05, -0.42), (0.35, -0.2), (0.48, 0.0),
                   (0.35, 0.2), (-0.05, 0.42), (-0.5, 0.32)])  # fmt: skip
    canvas.fill(body, main, shade=0.35)
    with canvas.inside(body):
        canvas.fill(oval(-0.15, 0.38, 0.5, 0.2), pale, shade=0.1, alpha=0.8)
        for row in range(7):
            for column in range(6):
                x, y = -0.3 + 0.12 * row, -0.38 + 0.15 * column + 0.075 * (row % 2)
                arc = spline([(x, y - 0.07), (x + 0.07, y), (x, y + 0.07)], closed=False, steps=3)
                canvas.stroke(arc, 0.018, deep, alpha=0.7)
        gill = spline([(-0.42, -0.25), (-0.34, 0.0), (-0.42, 0.25)], closed=False)
        canvas.stroke(gill, 0.035, deep)
    canvas.fill(spline([(-0.25, 0.12), (0.02, 0.2), (0.05, 0.36), (-0.18, 0.26)]), pale)
    canvas.fill(oval(-0.55, -0.08, 0.09, 0.09), WHITE, shade=0.0)
    canvas.fill(oval(-0.56, -0.08, 0.055, 0.055), INK, shade=0.0)


def tarantula(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint a tarantula from above: eight thick hairy banded legs, furry abdomen."""
    dark = _near(rng, (0.13, 0.09, 0.08), 0.02)
    band = _near(rng, ((0.75, 0.36, 0.16), (0.5, 0.32, 0.22))[int(rng.integers(2))])
    for side in (-1.0, 1.0):
        for k, spread in enumerate((-1.05, -0.4, 0.3, 1.0)):
            _spider_leg(canvas, rng, side, (k, spread + rng.uniform(-0.12, 0.12)), (dark, band))
    for x in (-0.07, 0.07):
        canvas.stroke([(x, -0.25), (x * 1.6, -0.5)], (0.1, 0.07), mix(dark, band, 0.2))
    abdomen = oval(0, 0.42, 0.3, 0.36)
    _hairs(canvas, rng, (0.0, 0.42), (0.3, 0.36), mix(dark, band, 0.35))
    canvas.fill(abdomen, dark, shade=0.5, grain=0.2)
    _hairs(canvas, rng, (0.0, 0.42), (0.17, 0.22), mix(dark, band, 0.3))
    canvas.fill(oval(0, -0.06, 0.22, 0.25), mix(dark, band, 0.3), shade=0.4, grain=0.15)
    for x in (-0.06, 0.06):
        canvas.fill(oval(x, -0.2, 0.025, 0.025), WHITE, shade=0.0)


def _spider_leg(
    canvas: Canvas,
    rng: np.random.Generator,
    side: float,
    pose: tuple[int, float],
    colours: tuple[Colour, Colour],
) -> None:
    index, spread = pose
    dark, band = colours
    knee = np.array([side * 0.55, spread * 0.5 - 0.1])
    foot = np.array([side * (0.92 - 0.12 * abs(spread)), spread * 0.88 + 0.06])
    hip = np.array([side * 0.12, -0.14 + 0.06 * index])
    way = spline(np.stack([hip, knee, foot]), closed=False, steps=10)
    canvas.stroke(way, (0.12, 0.13, 0.11, 0.09, 0.06), dark, shade=0.3)
    for at in (9, 15):
        canvas.stroke(way[at : at + 2], 0.115, band)
    for x, y in way[3::1]:
        for _ in range(2):
            tip = (x + rng.normal(0, 0.07), y + rng.normal(0, 0.07))
            canvas.stroke([(x, y), tip], 0.012, mix(dark, band, 0.4), alpha=0.7)


def _hairs(
    canvas: Canvas,
    rng: np.random.Generator,
    at: tuple[float, float],
    radii: tuple[float, float],
    colour: Colour,
) -> None:
    for angle in np.linspace(0, 2 * np.pi, 48, endpoint=False):
        way = np.array([np.cos(angle) * radii[0], np.sin(angle) * radii[1]])
        tip = way * rng.uniform(1.1, 1.35) + rng.normal(0, 0.02, 2)
        canvas.stroke(np.stack([way * 0.9 + at, tip + at]), (0.025, 0.01), colour)


def jellyfish(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint a jellyfish: translucent bell with a scalloped rim, frilly arms, thin tentacles."""
    hues = ((0.95, 0.55, 0.7), (0.95, 0.7, 0.45), (0.75, 0.65, 0.98), (0.85, 0.92, 0.98))
    main = _near(rng, hues[int(rng.integers(4))])
    for x in np.linspace(-0.5, 0.5, 11):
        a, b = rng.uniform(-0.12, 0.12, 2)
        end = rng.uniform(0.6, 0.98)
        way = spline([(x, -0.1), (x + a, 0.25), (x * 0.9 + b, 0.6), (x + a, end)], closed=False)
        canvas.stroke(way, (0.035, 0.015), mix(main, WHITE, 0.3), alpha=0.85)
    for x in (-0.18, 0.0, 0.18):
        a = rng.uniform(-0.1, 0.1)
        way = spline([(x, -0.1), (x + a, 0.2), (x - a, 0.45), (x + a, 0.75)], closed=False)
        canvas.stroke(way, (0.16, 0.13, 0.09, 0.02), mix(main, WHITE, 0.45), alpha=0.75)
    rim = [(0.62 - 0.155 * k, -0.08 + 0.07 * (k % 2)) for k in range(9)]
    bell = spline([(-0.6, -0.35), (-0.35, -0.7), (0.0, -0.8), (0.35, -0.7), (0.6, -0.35), *rim])
    canvas.fill(bell, main, shade=0.4, alpha=0.95)
    with canvas.inside(bell):
        for x in np.linspace(-0.9, 0.9, 9):
            way = spline([(0, -0.85), (x * 0.5, -0.6), (x * 0.7, -0.05)], closed=False)
            canvas.stroke(way, (0.01, 0.035), mix(main, (0.5, 0.2, 0.3), 0.4), alpha=0.6)
        canvas.fill(oval(-0.15, -0.6, 0.22, 0.1, -0.4), WHITE, alpha=0.5, shade=0.0)


def king_penguin(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint a king penguin: black head, orange ear patch and throat, white belly, grey back."""
    grey, orange = _near(rng, (0.28, 0.32, 0.38), 0.03), _near(rng, (0.98, 0.6, 0.08), 0.03)
    turn = rng.choice((-1.0, 1.0))
    canvas.fill(oval(0, 0.93, 0.36, 0.06), INK, alpha=0.3, shade=0.0)
    for side in (-1.0, 1.0):
        canvas.fill(oval(side * 0.14, 0.9, 0.13, 0.055), (0.15, 0.14, 0.15))
        flap = rng.uniform(0.0, 0.22)
        wing = [(side * 0.24, -0.3), (side * 0.44, -0.02), (side * (0.46 + flap), 0.38)]
        canvas.fill(spline([*wing, (side * 0.32, 0.3), (side * 0.22, 0.0)]), mix(grey, INK, 0.3))
    body = mirrored(
        [(0.0, -0.5), (0.2, -0.42), (0.36, -0.05), (0.38, 0.45), (0.22, 0.86), (0.0, 0.9)]
    )
    canvas.fill(body, grey, shade=0.25)
    with canvas.inside(body):
        belly = mirrored(
            [(0, -0.5), (0.14, -0.4), (0.29, 0.0), (0.31, 0.5), (0.16, 0.87), (0, 0.88)]
        )
        canvas.fill(belly, WHITE, shade=0.2)
        canvas.fill(oval(0, -0.42, 0.18, 0.22), orange, shade=0.1, alpha=0.9)
        canvas.fill(oval(0, -0.22, 0.2, 0.14), mix(orange, WHITE, 0.6), shade=0.1, alpha=0.7)
    head = spline(
        [(-0.19, -0.42), (-0.2, -0.66), (0.0, -0.83), (0.2, -0.66), (0.19, -0.42), (0, -0.46)]
    )
    canvas.fill(head, (0.09, 0.09, 0.1), shade=0.5)
    patch = spline(
        [(turn * 0.02, -0.62), (turn * 0.14, -0.64), (turn * 0.17, -0.4), (turn * 0.07, -0.42)]
    )
    canvas.fill(patch - np.array([turn * 0.16, 0.0]), orange)
    bill = spline([(turn * 0.12, -0.68), (turn * 0.44, -0.66), (turn * 0.14, -0.6)], steps=4)
    canvas.fill(bill, INK)
    canvas.stroke([(turn * 0.16, -0.61), (turn * 0.36, -0.64)], 0.035, orange)
    canvas.fill(oval(turn * 0.08, -0.7, 0.028, 0.028), WHITE, shade=0.0)
    canvas.fill(oval(turn * 0.085, -0.7, 0.017, 0.017), INK, shade=0.0)


def ladybug(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint a ladybug from above: red wing cases with black spots, black head."""
    red = _near(rng, (0.85, 0.12, 0.08))
    for side in (-1.0, 1.0):
        for y, drop in ((-0.3, -0.25), (0.05, 0.05), (0.4, 0.3)):
            way = spline(
                [(side * 0.4, y), (side * 0.78, y + drop * 0.4), (side * 0.9, y + drop)],
                closed=False,
            )
            canvas.stroke(way, (0.09, 0.05), INK)
        way = spline([(side * 0.1, -0.75), (side * 0.2, -0.92), (side * 0.34, -0.97)], closed=False)
        canvas.stroke(way, 0.035, INK)
    canvas.fill(oval(0, -0.62, 0.3, 0.22), INK, shade=0.4)
    canvas.fill(oval(0, -0.47, 0.45, 0.2), INK, shade=0.4)
    for side in (-1.0, 1.0):
        canvas.fill(oval(side * 0.3, -0.5, 0.1, 0.08), WHITE)
    shell = oval(0, 0.14, 0.64, 0.7)
    canvas.fill(shell, red, shade=0.4)
    with canvas.inside(shell):
        canvas.stroke([(0, -0.6), (0, 0.9)], 0.035, INK)
        canvas.fill(oval(0, -0.46, 0.14, 0.14), INK)
        for side in (-1.0, 1.0):
            for x, y, r in ((0.3, -0.22, 0.13), (0.4, 0.2, 0.13), (0.2, 0.5, 0.12)):
                size = r * rng.uniform(0.85, 1.15)
                canvas.fill(oval(side * x, y, size, size), INK)
        canvas.fill(oval(-0.2, -0.2, 0.12, 0.2, 0.4), WHITE, alpha=0.45, shade=0.0)


def monarch(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint a monarch butterfly: orange wings, black veins, black rim with white dots."""
    orange = _near(rng, (0.96, 0.5, 0.08))
    fold = rng.uniform(0.6, 1.0)
    upper = [(0.05, -0.1), (0.35, -0.6), (0.85, -0.85), (1.0, -0.6), (0.8, -0.15), (0.4, 0.08)]
    lower = [(0.05, 0.02), (0.45, 0.02), (0.8, 0.2), (0.75, 0.6), (0.4, 0.75), (0.12, 0.4)]
    for side in (-1.0, 1.0):
        with canvas.at(scale=(side * fold, 1.0)):
            for wing in (lower, upper):
                _monarch_wing(canvas, wing, orange)
    canvas.fill(oval(0, 0.05, 0.07, 0.4), INK, shade=0.4)
    canvas.fill(oval(0, -0.38, 0.075, 0.08), INK)
    for side in (-1.0, 1.0):
        way = spline([(0, -0.4), (side * 0.1, -0.65), (side * 0.22, -0.8)], closed=False)
        canvas.stroke(way, 0.022, INK)


def _monarch_wing(canvas: Canvas, wing: list[tuple[float, float]], orange: Colour) -> None:
    outline = spline(wing)
    root = np.array([0.05, 0.0])
    centre = outline.mean(axis=0)
    canvas.fill(outline, INK, shade=0.0)
    canvas.fill(centre + (outline - centre) * 0.76, orange, shade=0.25)
    with canvas.inside(outline):
        for tip in outline[6:42:5]:
            canvas.stroke(np.stack([root + (centre - root) * 0.3, tip]), (0.03, 0.035), INK)
        rim = centre + (outline - centre) * 0.88
        for x, y in rim[8:40:2]:
            canvas.fill(oval(x, y, 0.026, 0.026), WHITE, shade=0.0)


def starfish(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint a starfish: five tapered arms with rows of bumps."""
    hues = ((0.92, 0.36, 0.16), (0.85, 0.2, 0.25), (0.95, 0.5, 0.15), (0.6, 0.2, 0.55))
    main = _near(rng, hues[int(rng.integers(4))])
    pale = mix(main, (1.0, 0.9, 0.75), 0.6)
    slim = rng.uniform(0.28, 0.4)
    arms = np.arange(5) * 2 * np.pi / 5 - np.pi / 2 + rng.normal(0, 0.07, 5)
    outline: list[tuple[float, float]] = []
    for a in arms:
        reach = rng.uniform(0.84, 0.96)
        for turn, radius in ((-0.1, reach * 0.95), (0.1, reach * 0.95), (2 * np.pi / 10, slim)):
            outline.append((radius * np.cos(a + turn), radius * np.sin(a + turn)))
    canvas.fill(spline(outline) + np.array([0.03, 0.05]), INK, alpha=0.35, shade=0.0)
    canvas.fill(spline(outline), main, shade=0.3, grain=0.12)
    for a in arms:
        for r in np.arange(0.08, 0.82, 0.085):
            for off in (-0.5, 0.0, 0.5):
                wide = off * 0.3 * (1 - r)
                x, y = r * np.cos(a) - wide * np.sin(a), r * np.sin(a) + wide * np.cos(a)
                size = 0.03 * (1.15 - r) + 0.008
                canvas.fill(oval(x, y, size, size), pale, shade=0.4)

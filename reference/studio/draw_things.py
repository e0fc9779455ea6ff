"""Objects and food: bus, ball, traffic light, strawberry, lemon, pizza, daisy, agaric."""

from __future__ import annotations

import numpy as np

from reference.studio.canvas import Canvas, Colour, Points, mix, oval, spline
from reference.studio.draw_faces import INK, WHITE, mirrored


def _near(rng: np.random.Generator, colour: Colour, spread: float = 0.04) -> Colour:
    r, g, b = np.clip(np.asarray(colour) + rng.normal(0, spread, 3), 0, 1)
    return (float(r), float(g), float(b))


def _box(x0: float, y0: float, x1: float, y1: float) -> Points:
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])


def school_bus(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint a yellow school bus side-on: hood, row of windows, black stripes, wheels."""
    yellow = _near(rng, (0.97, 0.72, 0.06), 0.03)
    glass = _near(rng, (0.45, 0.6, 0.7))
    canvas.fill(oval(0, 0.52, 1.0, 0.07), INK, alpha=0.35, shade=0.0)
    body = spline([(-0.55, -0.5), (0.9, -0.52), (0.97, -0.4), (0.97, 0.38), (-0.92, 0.4),
                   (-0.97, 0.1), (-0.9, 0.0), (-0.62, -0.03), (-0.6, -0.45)], steps=3)  # fmt: skip
    canvas.fill(body, yellow, shade=0.2)
    count = int(rng.integers(5, 8))
    wide = 1.36 / count
    for k in range(count):
        x = -0.5 + k * wide
        canvas.fill(_box(x, -0.38, x + wide * 0.8, -0.1), INK, shade=0.0)
        canvas.fill(_box(x + 0.015, -0.365, x + wide * 0.8 - 0.015, -0.115), glass, shade=0.5)
    for y in (0.02, 0.17):
        canvas.stroke([(-0.6, y), (0.96, y)], 0.035, INK)
    canvas.stroke([(-0.92, 0.38), (0.97, 0.38)], 0.05, (0.2, 0.2, 0.2))
    canvas.fill(oval(-0.93, 0.14, 0.035, 0.06), WHITE)
    canvas.fill(oval(0.94, -0.46, 0.03, 0.03), (0.9, 0.1, 0.1))
    for x in (-0.6, 0.55):
        canvas.fill(oval(x, 0.36, 0.19, 0.19), (0.1, 0.1, 0.1), shade=0.2)
        canvas.fill(oval(x, 0.36, 0.09, 0.09), (0.6, 0.6, 0.62), shade=0.4)


def soccer_ball(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint a soccer ball: white sphere with black pentagons and seams, seen from any side."""
    canvas.fill(oval(0.03, 0.86, 0.6, 0.09), INK, alpha=0.35, shade=0.0)
    ball = oval(0, 0, 0.86, 0.86)
    canvas.fill(ball, _near(rng, (0.92, 0.92, 0.91), 0.015), shade=0.25)
    golden = (1 + 5**0.5) / 2
    base = [(0, s, t * golden) for s in (-1, 1) for t in (-1, 1)]
    corners = np.array(base + [p[1:] + p[:1] for p in base] + [p[2:] + p[:2] for p in base])
    corners /= np.linalg.norm(corners, axis=1, keepdims=True)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    corners = corners @ turn.T
    with canvas.inside(ball):
        for centre in corners:
            near = corners[np.argsort(-(corners @ centre))[1:6]]
            if centre[2] > -0.25:
                _panel(canvas, centre, near)
        canvas.fill(oval(-0.3, -0.36, 0.2, 0.14, -0.7), WHITE, alpha=0.5, shade=0.0)


def _panel(canvas: Canvas, centre: Points, near: Points) -> None:
    """Paint one black pentagon and the seams from its corners towards the neighbours."""
    up = near[0] - centre * float(near[0] @ centre)
    up /= np.linalg.norm(up)
    angle = np.arctan2(near @ np.cross(centre, up), near @ up)
    ring = near[np.argsort(angle)]
    seams = (ring + np.roll(ring, -1, 0) + centre) / 3
    points = centre + (seams - centre) * 0.62
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    seams /= np.linalg.norm(seams, axis=1, keepdims=True)
    for start, end in zip(points, seams, strict=True):
        if end[2] > -0.1:
            canvas.stroke(np.stack([start[:2], end[:2]]) * 0.86, 0.028, (0.35, 0.35, 0.36))
    if np.all(points[:, 2] > -0.12):
        canvas.fill(points[:, :2] * 0.86, INK, shade=0.5)


def traffic_light(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint a traffic light: dark housing, three round lamps, one of them lit."""
    case = _near(
        rng, ((0.13, 0.14, 0.14), (0.85, 0.66, 0.1), (0.12, 0.25, 0.18))[int(rng.integers(3))]
    )
    canvas.stroke([(0, 0.7), (0, 1.6)], 0.12, (0.35, 0.36, 0.38))
    canvas.fill(_box(-0.36, -0.96, 0.36, 0.86), INK, shade=0.1)
    canvas.fill(_box(-0.31, -0.92, 0.31, 0.82), case, shade=0.3)
    lit = int(rng.integers(3))
    lamps: tuple[Colour, ...] = ((0.98, 0.12, 0.08), (1.0, 0.75, 0.1), (0.1, 0.95, 0.4))
    for k, colour in enumerate(lamps):
        y = -0.62 + 0.57 * k
        if k == lit:
            canvas.fill(oval(0, y, 0.34, 0.34), colour, alpha=0.35, shade=0.0)
        canvas.fill(oval(0, y, 0.25, 0.25), INK, shade=0.0)
        canvas.fill(
            oval(0, y, 0.22, 0.22), colour if k == lit else mix(colour, INK, 0.78), shade=0.3
        )
        if k == lit:
            canvas.fill(oval(0, y, 0.11, 0.11), mix(colour, WHITE, 0.7), alpha=0.8, shade=0.0)
        hood = spline(
            [
                (-0.25, y - 0.02),
                (-0.18, y - 0.22),
                (0, y - 0.28),
                (0.18, y - 0.22),
                (0.25, y - 0.02),
            ],
            closed=False,
        )
        canvas.stroke(hood, (0.03, 0.09, 0.03), mix(case, INK, 0.4))


def strawberry(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint a strawberry: red cone with yellow seeds and a leafy crown."""
    red = _near(rng, (0.87, 0.1, 0.12))
    plump = rng.uniform(0.9, 1.1)
    half = [(0.0, -0.55), (0.45 * plump, -0.6), (0.68 * plump, -0.25), (0.45 * plump, 0.4)]
    body = mirrored([*half, (0.14, 0.82), (0.0, 0.88)])
    canvas.fill(body + np.array([0.04, 0.06]), INK, alpha=0.3, shade=0.0)
    canvas.fill(body, red, shade=0.35)
    with canvas.inside(body):
        for row in range(9):
            for column in range(-4, 5):
                x = (column + 0.5 * (row % 2)) * 0.19 * (1 - 0.03 * row)
                y = -0.5 + row * 0.16 + abs(x) * -0.12
                with canvas.at(x + rng.normal(0, 0.012), y):
                    canvas.fill(oval(0, 0.01, 0.035, 0.05), mix(red, INK, 0.4), shade=0.0)
                    canvas.fill(oval(0, 0, 0.024, 0.038), (0.97, 0.85, 0.4), shade=0.0)
        canvas.fill(oval(-0.28, -0.25, 0.1, 0.2, 0.4), WHITE, alpha=0.3, shade=0.0)
    green = _near(rng, (0.28, 0.6, 0.18))
    canvas.stroke(spline([(0, -0.6), (0.03, -0.8), (0.12, -0.95)], closed=False), 0.07, green)
    for a in np.linspace(-1.35, 1.35, 7) + rng.normal(0, 0.08, 7):
        tip = (0.5 * np.sin(a), -0.6 + 0.1 + 0.18 * np.cos(a * 1.2))
        canvas.fill(
            spline([(0.1 * np.cos(a), -0.62), tip, (-0.1 * np.cos(a), -0.6)], steps=5),
            green,
            shade=0.4,
        )


def lemon(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint a lemon, or a lemon with a cut half showing its segments."""
    yellow = _near(rng, (0.98, 0.86, 0.16), 0.025)
    both = rng.random() < 0.55
    with canvas.at(-0.2 if both else 0.0, -0.15 if both else 0.0, turn=rng.uniform(-0.5, 0.5)):
        canvas.fill(oval(0.05, 0.12, 0.75, 0.52), INK, alpha=0.25, shade=0.0)
        rind = spline([(-0.88, 0.0), (-0.74, -0.13), (-0.45, -0.45), (0.0, -0.55), (0.45, -0.45),
                       (0.74, -0.13), (0.92, 0.0), (0.74, 0.13), (0.45, 0.45), (0.0, 0.55),
                       (-0.45, 0.45), (-0.74, 0.13)])  # fmt: skip
        canvas.fill(rind, yellow, shade=0.3)
        with canvas.inside(rind):
            for _ in range(70):
                x, y = rng.uniform(-0.8, 0.8), rng.uniform(-0.5, 0.5)
                canvas.fill(oval(x, y, 0.018, 0.016), mix(yellow, (0.7, 0.5, 0.0), 0.4), shade=0.0)
            canvas.fill(oval(-0.2, -0.28, 0.25, 0.1, -0.3), WHITE, alpha=0.4, shade=0.0)
        canvas.fill(oval(-0.88, 0.0, 0.05, 0.07), (0.45, 0.5, 0.15))
    if both:
        _lemon_half(canvas, rng, yellow)


def _lemon_half(canvas: Canvas, rng: np.random.Generator, yellow: Colour) -> None:
    with canvas.at(0.38, 0.36, scale=(0.5, 0.46), turn=rng.uniform(0, 1)):
        canvas.fill(oval(0, 0, 1, 1), yellow, shade=0.1)
        canvas.fill(oval(0, 0, 0.9, 0.9), (0.98, 0.96, 0.82), shade=0.0)
        for a in np.linspace(0, 2 * np.pi, 9, endpoint=False):
            left, right = a + 0.08, a + 2 * np.pi / 9 - 0.08
            middle = (left + right) / 2
            wedge = [(0.12 * np.cos(middle), 0.12 * np.sin(middle))]
            wedge += [(0.8 * np.cos(t), 0.8 * np.sin(t)) for t in np.linspace(left, right, 5)]
            canvas.fill(np.array(wedge), mix(yellow, (1.0, 0.95, 0.5), 0.45), shade=0.25)


def pizza(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint a pizza from above: crust, cheese, pepperoni, basil, and cuts."""
    crust = _near(rng, (0.82, 0.58, 0.3))
    wobble = rng.normal(0, 0.012, 14)
    ring = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    outline = [
        ((0.92 + w) * np.cos(a), (0.92 + w) * np.sin(a)) for a, w in zip(ring, wobble, strict=True)
    ]
    disc = spline(outline)
    canvas.fill(disc * 1.02 + np.array([0.02, 0.05]), INK, alpha=0.35, shade=0.0)
    canvas.fill(disc, crust, shade=0.25, grain=0.12)
    canvas.fill(disc * 0.87, (0.75, 0.2, 0.08), shade=0.1, grain=0.1)
    canvas.fill(disc * 0.83, _near(rng, (0.96, 0.8, 0.42)), shade=0.1, grain=0.15)
    for _ in range(14):
        at = rng.normal(0, 0.4, 2)
        canvas.fill(oval(*at, *rng.uniform(0.05, 0.14, 2)), (0.99, 0.9, 0.62), alpha=0.6, shade=0.0)
    count = int(rng.integers(8, 13))
    for k in range(count):
        radius = 0.62 * np.sqrt((k + 0.4) / count)
        a = k * 2.4 + rng.normal(0, 0.15)
        x, y = radius * np.cos(a), radius * np.sin(a)
        canvas.fill(oval(x, y, 0.14, 0.14), (0.6, 0.1, 0.06), shade=0.1)
        canvas.fill(oval(x, y, 0.115, 0.115), (0.8, 0.2, 0.12), shade=0.3, grain=0.2)
    for _ in range(int(rng.integers(5, 10))):
        x, y = rng.normal(0, 0.36, 2)
        leaf = oval(x, y, 0.1, 0.05, rng.uniform(0, 3))
        canvas.fill(leaf, (0.2, 0.48, 0.15), shade=0.4)
    start = rng.uniform(0, 1)
    for k in range(4):
        a = start + k * np.pi / 4
        edge = 0.92 * np.array([np.cos(a), np.sin(a)])
        canvas.stroke(np.stack([-edge, edge]), 0.022, mix(crust, INK, 0.5), alpha=0.8)


def daisy(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint a daisy: many white petals around a yellow disc, stem and leaves."""
    green = _near(rng, (0.3, 0.55, 0.2))
    bend = rng.uniform(-0.3, 0.3)
    canvas.stroke(spline([(0, 0), (bend * 0.3, 0.7), (bend, 1.7)], closed=False), 0.07, green)
    leaf = spline([(bend * 0.3, 0.85), (0.3, 0.62), (0.55, 0.7), (0.28, 0.86)])
    canvas.fill(leaf, green, shade=0.3)
    count = int(rng.integers(16, 23))
    white = _near(rng, (0.96, 0.96, 0.94), 0.012)
    for ring, reach in ((0, 0.9), (1, 0.8)):
        for k in range(count):
            a = (k + 0.5 * ring) * 2 * np.pi / count + rng.normal(0, 0.04)
            size = reach * rng.uniform(0.92, 1.05)
            tone = white if ring else mix(white, (0.6, 0.62, 0.72), 0.35)
            with canvas.at(0, -0.1, turn=a):
                petal = spline(
                    [(0.1, 0), (0.4, -0.07), (0.72, -0.085), (size, 0), (0.72, 0.085), (0.4, 0.07)]
                )
                canvas.fill(petal * np.array([size / 0.9, 1]), tone, shade=0.12)
                canvas.stroke([(0.25, 0), (size * 0.85, 0)], 0.012, (0.75, 0.76, 0.82), alpha=0.7)
    canvas.fill(oval(0, -0.1, 0.26, 0.26), _near(rng, (0.97, 0.75, 0.1)), shade=0.3)
    for k in range(60):
        r, a = 0.24 * np.sqrt((k + 0.5) / 60), k * 2.399963
        canvas.fill(
            oval(r * np.cos(a), -0.1 + r * np.sin(a), 0.018, 0.018), (0.75, 0.48, 0.05), shade=0.0
        )


def agaric(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint a fly agaric: red cap with white warts, white stem with a ring."""
    red = _near(rng, (0.86, 0.13, 0.08))
    dome = rng.uniform(0.55, 0.85)
    canvas.fill(oval(0, 0.92, 0.42, 0.06), INK, alpha=0.3, shade=0.0)
    stem = mirrored([(0, -0.3), (0.14, -0.25), (0.15, 0.5), (0.24, 0.82), (0.14, 0.95), (0, 0.97)])
    canvas.fill(stem, (0.93, 0.9, 0.82), shade=0.3)
    skirt = mirrored([(0, 0.02), (0.16, 0.0), (0.27, 0.2), (0.12, 0.17), (0, 0.21)])
    canvas.fill(skirt, (0.97, 0.95, 0.88), shade=0.3)
    canvas.fill(oval(0, -0.1, 0.8, 0.17), (0.88, 0.82, 0.7), shade=0.2)
    cap = mirrored(
        [
            (0, -0.12 - dome),
            (0.42, -0.1 - dome * 0.88),
            (0.8, -0.2 - dome * 0.3),
            (0.9, -0.06),
            (0.5, 0.02),
            (0, 0.05),
        ]
    )
    canvas.fill(cap, red, shade=0.35)
    with canvas.inside(cap):
        for _ in range(int(rng.integers(16, 26))):
            x, y = rng.uniform(-0.85, 0.85), rng.uniform(-0.1 - dome, 0.0)
            size = rng.uniform(0.04, 0.1) * (1 - 0.35 * abs(x))
            ring = oval(0, 0, size, 0.8 * size)[::6] * rng.uniform(0.8, 1.2, (7, 1))
            canvas.fill(spline(ring + np.array([x, y]), steps=4), WHITE, shade=0.25)

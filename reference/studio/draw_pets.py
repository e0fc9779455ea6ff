"""Four-legged animals: Pembroke corgi, husky, tiger cat, Egyptian cat and zebra."""

from __future__ import annotations

import numpy as np

from reference.studio.canvas import Canvas, Colour, Points, mix, oval, spline
from reference.studio.draw_faces import INK, WHITE, Breed, Coat, draw_head, mirrored

CORGI = Breed(cat=False, marks="bib", leg=0.2, girth=1.08, ear=(0.85, 1.0), cheek=0.92, tail="none")
HUSKY = Breed(
    cat=False, marks="saddle", leg=0.46, girth=1.05, ear=(0.55, 0.75), cheek=0.95, tail="plume"
)
TIGER_CAT = Breed(
    cat=True, marks="stripes", leg=0.36, girth=1.15, ear=(0.55, 0.95), cheek=1.0, tail="long"
)
EGYPTIAN = Breed(
    cat=True, marks="spots", leg=0.46, girth=0.78, ear=(0.85, 1.15), cheek=0.82, tail="long"
)

_CORGI_COATS: tuple[Colour, ...] = ((0.85, 0.52, 0.24), (0.78, 0.42, 0.17), (0.9, 0.63, 0.36))
_TIGER_COATS: tuple[Colour, ...] = ((0.84, 0.54, 0.27), (0.68, 0.5, 0.34), (0.88, 0.62, 0.36))
_HUSKY_COATS: tuple[Colour, ...] = ((0.2, 0.2, 0.23), (0.38, 0.39, 0.43), (0.3, 0.25, 0.23))
_EGYPTIAN_COATS: tuple[Colour, ...] = ((0.72, 0.69, 0.64), (0.7, 0.55, 0.38), (0.82, 0.58, 0.33))


def _near(rng: np.random.Generator, colour: Colour, spread: float = 0.05) -> Colour:
    r, g, b = np.clip(
        np.asarray(colour) + rng.normal(0, spread, 3) * 0.6 + rng.normal(0, spread), 0, 1
    )
    return (float(r), float(g), float(b))


def _pick(rng: np.random.Generator, colours: tuple[Colour, ...]) -> Colour:
    return _near(rng, colours[int(rng.integers(len(colours)))], 0.03)


def corgi(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint a Pembroke corgi: long body, short legs, big ears, white bib and blaze, no tail."""
    main = _pick(rng, _CORGI_COATS)
    coat = Coat(
        main=main, under=_near(rng, WHITE, 0.02), dark=mix(main, INK, 0.4), eyes=(0.25, 0.14, 0.07)
    )
    _pet(canvas, rng, CORGI, coat)


def husky(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint a Siberian husky: dark saddle and cap, white face and legs, blue eyes, plumed tail."""
    dark = _pick(rng, _HUSKY_COATS)
    coat = Coat(main=dark, under=_near(rng, WHITE, 0.02), dark=dark, eyes=(0.35, 0.65, 0.95))
    _pet(canvas, rng, HUSKY, coat)


def tiger_cat(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint a tiger cat: bold dark stripes on orange or brown."""
    main = _pick(rng, _TIGER_COATS)
    coat = Coat(
        main=main,
        under=mix(main, WHITE, rng.uniform(0.3, 0.8)),
        dark=mix((0.32, 0.16, 0.07), INK, rng.uniform(0.0, 0.7)),
        eyes=_near(rng, (0.6, 0.75, 0.25), 0.06),
    )
    _pet(canvas, rng, TIGER_CAT, coat)


def egyptian_cat(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint an Egyptian cat: slim and spotted, silver or bronze, large ears, green eyes."""
    main = _pick(rng, _EGYPTIAN_COATS)
    coat = Coat(
        main=main,
        under=mix(main, WHITE, 0.35),
        dark=mix(main, INK, rng.uniform(0.65, 0.85)),
        eyes=_near(rng, (0.55, 0.85, 0.45), 0.04),
    )
    _pet(canvas, rng, EGYPTIAN, coat)


def _pet(canvas: Canvas, rng: np.random.Generator, breed: Breed, coat: Coat) -> None:
    pose = rng.choice(3, p=(0.5, 0.28, 0.22))
    yaw = rng.uniform(-1, 1)
    if pose == 0:
        standing(canvas, rng, breed, coat, yaw)
    elif pose == 1:
        sitting(canvas, rng, breed, coat, yaw)
    else:
        portrait(canvas, rng, breed, coat, yaw)


def standing(
    canvas: Canvas, rng: np.random.Generator, breed: Breed, coat: Coat, yaw: float
) -> None:
    """Paint the animal side-on, its head to the left and towards the viewer."""
    g = breed.girth
    low = 0.22 * g
    ground = low + breed.leg
    with canvas.at(0.12, 0.28 - ground / 2):
        _shadow(canvas, ground)
        _tail(canvas, rng, breed, coat)
        gait = rng.uniform(-0.1, 0.1)
        for x, sway in ((-0.3, -gait), (0.4, gait)):
            _leg(canvas, breed, coat, (x, low * 0.4), (x + sway, ground - 0.03), far=True)
        body = _body_outline(g)
        canvas.fill(body, coat.main, shade=0.25)
        with canvas.inside(body):
            _flank(canvas, rng, breed, coat)
        for x, sway in ((-0.43, gait), (0.5, -gait)):
            _leg(canvas, breed, coat, (x, low * 0.3), (x + sway, ground), far=False)
        if not breed.cat:
            canvas.fill(oval(0.46, 0.02, 0.18, 0.2 * g, 0.2), coat.main, shade=0.25)
        nod = rng.uniform(-0.08, 0.05)
        _neck(canvas, breed, coat, nod)
        with canvas.at(-0.6, -0.5 + nod, scale=0.34, turn=rng.uniform(-0.12, 0.12)):
            draw_head(canvas, rng, breed, coat, yaw)


def sitting(canvas: Canvas, rng: np.random.Generator, breed: Breed, coat: Coat, yaw: float) -> None:
    """Paint the animal sitting and facing the viewer."""
    g = breed.girth
    with canvas.at(0, 0.08):
        canvas.fill(oval(0, 0.78, 0.6, 0.08), INK, alpha=0.3, shade=0.0)
        if breed.tail != "none":
            side = 1.0 if rng.random() < 0.5 else -1.0
            way = spline([(side * 0.25, 0.65), (side * 0.6, 0.6), (side * 0.68, 0.3)], closed=False)
            wide = 0.2 if breed.tail == "plume" else 0.1
            _banded(canvas, breed, coat, way, (wide * 0.7, wide, wide * 0.6))
        half = [(0.0, -0.35), (0.22 * g, -0.2), (0.3 * g, 0.15), (0.46 * g, 0.5), (0.4 * g, 0.76)]
        body = mirrored([*half, (0.0, 0.78)])
        canvas.fill(body, coat.main, shade=0.25)
        with canvas.inside(body):
            _chest(canvas, rng, breed, coat)
        for side in (-1.0, 1.0):
            sock = coat.main if breed.cat else coat.under
            canvas.fill(oval(side * 0.34 * g, 0.74, 0.15, 0.08), sock)
            _leg(canvas, breed, coat, (side * 0.13, 0.25), (side * 0.13, 0.78), far=False)
        with canvas.at(yaw * 0.05, -0.42, scale=0.44, turn=rng.uniform(-0.15, 0.15)):
            draw_head(canvas, rng, breed, coat, yaw)


def portrait(
    canvas: Canvas, rng: np.random.Generator, breed: Breed, coat: Coat, yaw: float
) -> None:
    """Paint head and shoulders."""
    body = mirrored([(0.0, 0.1), (0.4, 0.2), (0.68, 0.7), (0.75, 1.5), (0.0, 1.6)])
    canvas.fill(body, coat.main, shade=0.25)
    with canvas.inside(body), canvas.at(0, 0.35, scale=1.4):
        _chest(canvas, rng, breed, coat)
    with canvas.at(0, 0.0, scale=0.68, turn=rng.uniform(-0.15, 0.15)):
        draw_head(canvas, rng, breed, coat, yaw)


def _shadow(canvas: Canvas, ground: float) -> None:
    canvas.fill(oval(0.0, ground + 0.02, 0.72, 0.08), INK, alpha=0.3, shade=0.0, grain=0.0)


def _body_outline(g: float) -> Points:
    outline = [(-0.62, 0.02), (-0.52, -0.26 * g), (-0.1, -0.24 * g), (0.4, -0.27 * g)]
    outline += [
        (0.62, -0.1 * g),
        (0.6, 0.16 * g),
        (0.3, 0.22 * g),
        (-0.1, 0.2 * g),
        (-0.46, 0.27 * g),
    ]
    return spline(outline)


def _neck(canvas: Canvas, breed: Breed, coat: Coat, nod: float) -> None:
    wide = 0.4 * breed.girth
    way = [(-0.42, -0.02), (-0.57, -0.4 + nod)]
    canvas.stroke(way, (wide, wide * 0.9), coat.main)
    if not breed.cat:
        bib = spline(
            [(-0.66, -0.35 + nod), (-0.42, -0.22), (-0.4, 0.1), (-0.5, 0.22), (-0.63, 0.05)]
        )
        canvas.fill(bib, coat.under, shade=0.15)


def _leg(
    canvas: Canvas,
    breed: Breed,
    coat: Coat,
    top: tuple[float, float],
    foot: tuple[float, float],
    *,
    far: bool,
) -> None:
    colour = coat.main if breed.cat else mix(coat.under, coat.main, 0.12)
    colour = mix(colour, INK, 0.3) if far else colour
    middle = ((top[0] * 0.45 + foot[0] * 0.55), (top[1] * 0.45 + foot[1] * 0.55))
    way = spline([top, middle, (foot[0], foot[1] - 0.03)], closed=False)
    thick = 0.15 if breed.cat else 0.18
    canvas.stroke(way, (thick * 1.5, thick, thick * 0.8), colour)
    canvas.fill(oval(foot[0] - 0.03, foot[1] - 0.02, thick * 0.62, 0.055), mix(colour, WHITE, 0.2))
    if breed.marks == "stripes":
        for k in (0.25, 0.6):
            x, y = top[0] + (foot[0] - top[0]) * k, top[1] + (foot[1] - top[1]) * k
            reach = thick * 0.5
            dark = mix(coat.dark, INK, 0.3) if far else coat.dark
            canvas.stroke([(x - reach, y), (x, y + 0.02), (x + reach, y)], 0.1, dark)


def _tail(canvas: Canvas, rng: np.random.Generator, breed: Breed, coat: Coat) -> None:
    if breed.tail == "none":
        canvas.fill(oval(0.62, -0.12, 0.07, 0.08), coat.main)
    elif breed.tail == "plume":
        way = spline([(0.55, -0.15), (0.82, -0.3), (0.78, -0.58), (0.55, -0.56)], closed=False)
        canvas.stroke(way, (0.14, 0.24, 0.2, 0.1), coat.dark)
        canvas.stroke(way[10:], (0.05, 0.1, 0.06), coat.under, alpha=0.8)
    else:
        lift = rng.uniform(-0.7, 0.1)
        way = spline([(0.55, -0.12), (0.8, -0.1), (0.9, lift * 0.6), (0.82, lift)], closed=False)
        _banded(canvas, breed, coat, way, (0.11, 0.1, 0.07))


def _banded(
    canvas: Canvas, breed: Breed, coat: Coat, way: Points, widths: tuple[float, ...]
) -> None:
    """Paint a tail along `way`, with rings for a cat."""
    canvas.stroke(way, widths, coat.main)
    if breed.cat:
        for k in range(2, len(way) - 2, 6):
            canvas.stroke(way[k : k + 3], widths[1] * 0.95, coat.dark)


def _flank(canvas: Canvas, rng: np.random.Generator, breed: Breed, coat: Coat) -> None:
    if breed.marks in ("bib", "saddle"):
        belly = spline(
            [(-0.7, 0.16), (-0.2, 0.13), (0.2, 0.16), (0.35, 0.3), (-0.2, 0.4), (-0.7, 0.4)]
        )
        canvas.fill(belly, coat.under, shade=0.1)
        return
    canvas.fill(oval(-0.05, 0.25, 0.5, 0.09), coat.under, shade=0.05, alpha=0.8)
    if breed.marks == "stripes":
        lean = rng.uniform(-0.12, 0.12)
        for x in np.linspace(-0.46, 0.52, int(rng.integers(4, 6))):
            bend = rng.uniform(-0.05, 0.05)
            line = spline(
                [(x, -0.4), (x + bend, -0.05), (x + lean, rng.uniform(0.24, 0.36))], closed=False
            )
            canvas.stroke(line, (0.16, 0.17, 0.11), coat.dark)
        return
    for _ in range(45):
        x, y = rng.uniform(-0.58, 0.6), rng.uniform(-0.25, 0.18)
        _dash(canvas, rng, coat, (x, y))


def _chest(canvas: Canvas, rng: np.random.Generator, breed: Breed, coat: Coat) -> None:
    if not breed.cat:
        bib = mirrored([(0.0, -0.4), (0.16, -0.2), (0.2, 0.2), (0.12, 0.5), (0.0, 0.55)])
        canvas.fill(bib, coat.under, shade=0.1)
        return
    canvas.fill(oval(0, 0.15, 0.12, 0.25), coat.under, shade=0.1, alpha=0.8)
    if breed.marks == "stripes":
        for side in (-1.0, 1.0):
            for y in np.arange(-0.2, 0.75, 0.3):
                tilt = rng.uniform(0.0, 0.1)
                line = [
                    (side * 0.55, y - 0.04),
                    (side * 0.3, y + tilt * 0.5),
                    (side * 0.03, y + tilt),
                ]
                canvas.stroke(spline(line, closed=False), (0.16, 0.15, 0.08), coat.dark)
        return
    for _ in range(40):
        _dash(canvas, rng, coat, (rng.uniform(-0.45, 0.45), rng.uniform(-0.2, 0.75)))


def _dash(canvas: Canvas, rng: np.random.Generator, coat: Coat, at: tuple[float, float]) -> None:
    """Paint one spot of an Egyptian cat: round to long, any way up."""
    long, turn = rng.uniform(0.02, 0.06), rng.choice((0.0, np.pi / 2)) + rng.normal(0, 0.3)
    canvas.fill(oval(*at, long, rng.uniform(0.016, 0.028), turn), coat.dark)


def zebra(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint a zebra side-on: black and white stripes, mane, long face."""
    white, black = _near(rng, (0.93, 0.92, 0.88), 0.02), _near(rng, (0.1, 0.09, 0.1), 0.02)
    with canvas.at(0.1, 0.0, scale=0.95):
        canvas.fill(oval(0.05, 0.83, 0.7, 0.07), INK, alpha=0.3, shade=0.0)
        tail = spline([(0.58, -0.1), (0.72, 0.1), (0.7, 0.35)], closed=False)
        canvas.stroke(tail, (0.06, 0.04, 0.1), black)
        for x, far in ((-0.25, True), (0.42, True), (-0.4, False), (0.52, False)):
            foot = x + rng.uniform(-0.09, 0.09)
            _zebra_leg(canvas, (x, foot), mix(white, INK, 0.25) if far else white, black)
        graze = rng.uniform(-0.15, 0.1)
        neck = spline([(-0.45, 0.0), (-0.58, -0.35), (-0.7, -0.55 + graze)], closed=False)
        mane = neck + np.array([0.1, -0.05])
        canvas.stroke(mane, (0.16, 0.18, 0.12), black)
        canvas.stroke(neck, (0.42, 0.3, 0.22), white)
        body = _body_outline(1.15)
        canvas.fill(body, white, shade=0.25)
        _zebra_stripes(canvas, rng, body, neck, black)
        _zebra_head(canvas, (-0.74, -0.55 + graze), white, black)


def _zebra_leg(canvas: Canvas, ends: tuple[float, float], white: Colour, black: Colour) -> None:
    top, foot = ends
    way = spline([(top, 0.1), ((top + foot) / 2, 0.45), (foot, 0.8)], closed=False)
    canvas.stroke(way, (0.2, 0.11, 0.07), white)
    for k in range(3, len(way) - 1, 3):
        x, y = way[k]
        canvas.stroke([(x - 0.06, y), (x + 0.06, y + 0.015)], 0.032, black)
    canvas.fill(oval(foot, 0.82, 0.06, 0.04), black)


def _zebra_stripes(
    canvas: Canvas, rng: np.random.Generator, body: Points, neck: Points, black: Colour
) -> None:
    with canvas.inside(body):
        for x in np.linspace(-0.6, 0.62, int(rng.integers(11, 15))):
            bend = rng.uniform(-0.06, 0.06) + 0.12 * x
            line = spline([(x, -0.36), (x + bend, -0.05), (x + bend * 1.5, 0.3)], closed=False)
            canvas.stroke(line, (0.045, 0.055, 0.02), black)
    for k in range(2, len(neck) - 1, 3):
        x, y = neck[k]
        reach = 0.19 - 0.004 * k
        canvas.stroke([(x - reach, y + 0.05), (x + reach, y - 0.05)], 0.04, black)


def _zebra_head(canvas: Canvas, at: tuple[float, float], white: Colour, black: Colour) -> None:
    with canvas.at(*at, turn=-0.55):
        for x in (0.05, 0.14):
            canvas.fill(spline([(x - 0.04, -0.08), (x + 0.04, -0.27), (x + 0.07, -0.06)]), white)
        head = spline(
            [(0.17, -0.12), (0.18, 0.12), (-0.1, 0.12), (-0.34, 0.1), (-0.38, -0.02), (-0.1, -0.12)]
        )
        canvas.fill(head, white)
        with canvas.inside(head):
            for x in (-0.17, -0.08, 0.01, 0.1):
                canvas.stroke([(x, -0.2), (x + 0.05, 0.2)], 0.035, black)
            canvas.fill(oval(-0.34, 0.03, 0.12, 0.16), mix(black, (0.4, 0.35, 0.33), 0.3))
        canvas.fill(oval(0.02, -0.03, 0.035, 0.03), INK, shade=0.0)

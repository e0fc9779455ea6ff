"""The ImageNet classes that the studio draws, with their true ids, and one drawing of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reference.studio import draw_pets, draw_things, draw_wild
from reference.studio.backdrop import BACKDROPS, photograph
from reference.studio.canvas import Canvas

Painter = Callable[[Canvas, np.random.Generator], None]

SIDE_PX = 224


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """How one class is placed in the picture."""

    paint: Painter
    """Draws the thing about the origin, about one unit in radius."""
    max_turn: float
    """Largest turn either way, radians: small for what stands on the ground."""


PAINTERS: Mapping[int, Drawn] = {
    1: Drawn(paint=draw_wild.goldfish, max_turn=0.5),
    76: Drawn(paint=draw_wild.tarantula, max_turn=np.pi),
    107: Drawn(paint=draw_wild.jellyfish, max_turn=0.7),
    145: Drawn(paint=draw_wild.king_penguin, max_turn=0.15),
    250: Drawn(paint=draw_pets.husky, max_turn=0.15),
    263: Drawn(paint=draw_pets.corgi, max_turn=0.15),
    282: Drawn(paint=draw_pets.tiger_cat, max_turn=0.15),
    285: Drawn(paint=draw_pets.egyptian_cat, max_turn=0.15),
    301: Drawn(paint=draw_wild.ladybug, max_turn=np.pi),
    323: Drawn(paint=draw_wild.monarch, max_turn=np.pi),
    327: Drawn(paint=draw_wild.starfish, max_turn=np.pi),
    340: Drawn(paint=draw_pets.zebra, max_turn=0.15),
    779: Drawn(paint=draw_things.school_bus, max_turn=0.15),
    805: Drawn(paint=draw_things.soccer_ball, max_turn=0.2),
    920: Drawn(paint=draw_things.traffic_light, max_turn=0.15),
    949: Drawn(paint=draw_things.strawberry, max_turn=0.8),
    951: Drawn(paint=draw_things.lemon, max_turn=0.8),
    963: Drawn(paint=draw_things.pizza, max_turn=np.pi),
    985: Drawn(paint=draw_things.daisy, max_turn=0.6),
    992: Drawn(paint=draw_things.agaric, max_turn=0.25),
}
"""ImageNet class id to drawing."""

CLASS_IDS: tuple[int, ...] = tuple(PAINTERS)


def draw(class_id: int, seed: int, side_px: int = SIDE_PX) -> npt.NDArray[np.uint8]:
    """Draw one picture of a class.

    Args:
        class_id: an ImageNet id among `CLASS_IDS`.
        seed: any non-negative number; the same one gives the same picture.
        side_px: width and height in pixels.

    Returns:
        (side_px, side_px, 3) uint8, RGB.

    Raises:
        KeyError: the class is not drawn.
    """
    drawn = PAINTERS[class_id]
    rng = np.random.default_rng((class_id, seed))
    canvas = Canvas(side_px, side_px, rng)
    BACKDROPS[int(rng.integers(len(BACKDROPS)))](canvas, rng)
    size = rng.uniform(0.55, 0.98)
    stretch = rng.uniform(0.85, 1.15)
    flip = -1.0 if rng.random() < 0.5 else 1.0
    x, y = rng.uniform(-1, 1, 2) * (1.05 - size) * 0.8
    turn = rng.uniform(-drawn.max_turn, drawn.max_turn)
    with canvas.at(x, y, scale=(flip * size * stretch, size / stretch), turn=turn):
        drawn.paint(canvas, rng)
    photograph(canvas, rng)
    return canvas.finished()

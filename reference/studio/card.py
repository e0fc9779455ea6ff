"""The model card: what was drawn, how the networks were trained, how good they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from jinja2 import Environment, StrictUndefined
from torchvision.models import ResNet50_Weights

from reference.images import to_uint8_rgb
from reference.run_records import Space
from reference.studio.classes import CLASS_IDS, draw
from reference.studio.data import HELD_OUT_SEED
from reference.studio.rating import (
    ATTACK_STEPS,
    ATTACKED_PER_CLASS,
    COURSE_ATTACKS,
    LINE_PX,
    TRAVEL,
    Outcome,
    Rating,
    corgi_input,
)
from reference.studio.train import AVERAGE_DECAY, Recipe

Picture = npt.NDArray[np.uint8]

_AMPLIFICATION = 5
_TEMPLATE = Path(__file__).with_name("card.md.j2")
_NAMES: tuple[str, ...] = tuple(ResNet50_Weights.IMAGENET1K_V1.meta["categories"])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Card:
    """All figures and pictures of one `make zoo`."""

    recipes: tuple[Recipe, ...]
    """How each network was trained."""
    train_per_class: int
    """Training drawings of each class."""
    held_out_per_class: int
    """Held-out drawings of each class."""
    ratings: Mapping[str, Rating]
    """By network."""
    corgi: Mapping[str, tuple[tuple[int, float], ...]]
    """Top classes of the corgi, by network."""
    outcomes: tuple[Outcome, ...]
    """The course's attacks."""
    retrained: bool
    """The weights were trained in this run (else they were there)."""
    minutes: float
    """Wall time of everything, minutes."""


def as_json(card: Card) -> dict[str, object]:
    """Return the figures as JSON values (wall time left out: it differs from run to run)."""
    outcomes = []
    for outcome in card.outcomes:
        fields = {name: getattr(outcome, name) for name in ("part", "target", "before", "after")}
        more = {name: getattr(outcome, name) for name in ("top", "distance_l2", "in_lines")}
        outcomes.append({**fields, **more})
    return {
        "classes": {str(i): _NAMES[i] for i in CLASS_IDS},
        "train_per_class": card.train_per_class,
        "held_out_per_class": card.held_out_per_class,
        "recipes": [asdict(recipe) for recipe in card.recipes],
        "ratings": {name: asdict(rating) for name, rating in card.ratings.items()},
        "corgi": dict(card.corgi),
        "attacks": outcomes,
    }


def pictures(card: Card) -> dict[str, Picture]:
    """Return the card's pictures by name, each (H, W, 3) RGB."""
    original = to_uint8_rgb(corgi_input(normalised=False), Space.PIXELS)
    drawn = [np.hstack([_small(draw(c, HELD_OUT_SEED + k)) for k in range(5)]) for c in CLASS_IDS]
    half = (len(drawn) + 1) // 2
    columns = [np.vstack(drawn[:half]), np.vstack(drawn[half:])]
    result = {"corgi": original, "classes": np.hstack(columns)}
    for outcome in card.outcomes:
        result[f"attack-{outcome.part}"] = outcome.picture
        change = outcome.picture.astype(np.float32) - original
        result[f"difference-{outcome.part}"] = np.clip(
            127.5 + _AMPLIFICATION * change, 0, 255
        ).astype(np.uint8)
    return result


def _small(picture: Picture) -> Picture:
    return np.asarray(cv2.resize(picture, (112, 112), interpolation=cv2.INTER_AREA), np.uint8)


def plot_robustness(card: Card, path: Path) -> None:
    """Plot accuracy against the radius of the attack, both networks."""
    mpl.use("agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 3.2), layout="constrained")
    for name, rating in card.ratings.items():
        points = [(0.0, rating.clean), *rating.attacked]
        axes.plot(*zip(*points, strict=True), marker="o", label=name)
    axes.set(xlabel="radius of the l2 attack, pixels in [0, 1], 224 px", ylabel="accuracy")
    axes.set_ylim(-0.02, 1.02)
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)


def as_markdown(card: Card) -> str:
    """Return the text of `docs/model-card.md`."""
    # The result is Markdown, not HTML, and every value in it is our own.
    environment = Environment(undefined=StrictUndefined, autoescape=False, trim_blocks=True)  # noqa: S701
    environment.filters |= {
        "named": lambda class_id: f"{_NAMES[class_id]} ({class_id})",
        "percent": lambda share: f"{share:.1%}",
        "ranking": lambda top: ", ".join(f"{_NAMES[i]} {p:.3f}" for i, p in top),
        "title": lambda part: f"4({part[1]}) {COURSE_ATTACKS[part][0]}",
    }
    template = environment.from_string(_TEMPLATE.read_text("utf-8"), {"card": card})
    ratings = card.ratings.items()
    return template.render(
        classes=CLASS_IDS,
        radii=[radius for radius, _ in next(iter(card.ratings.values())).attacked],
        attack_steps=ATTACK_STEPS,
        travel=TRAVEL,
        attacked_per_class=ATTACKED_PER_CLASS,
        amplification=_AMPLIFICATION,
        average=AVERAGE_DECAY,
        line_px=LINE_PX,
        worst={name: min(r.by_class, key=lambda pair: pair[1]) for name, r in ratings},
    )

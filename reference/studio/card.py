"""The model card: what was drawn, how the networks were trained, how good they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from torchvision.models import ResNet50_Weights

from reference.images import Space, to_uint8_rgb
from reference.studio.classes import CLASS_IDS, draw
from reference.studio.data import HELD_OUT_SEED
from reference.studio.rating import Outcome, Rating, corgi_input
from reference.studio.train import Recipe

Picture = npt.NDArray[np.uint8]

_AMPLIFICATION = 5
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
    minutes: float
    """Wall time of everything, minutes."""


def as_json(card: Card) -> dict[str, object]:
    """Return the figures as JSON values (wall time left out: it differs from run to run)."""
    outcomes = []
    for outcome in card.outcomes:
        fields = {name: getattr(outcome, name) for name in ("part", "target", "before", "after")}
        outcomes.append({**fields, "top": outcome.top, "distance_l2": outcome.distance_l2})
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
    return "\n".join(
        [
            *_opening(card),
            *_accuracy(card),
            *_attacks(card),
            *_recipe(card),
            *_limits(card),
            "",
        ]
    )


def _opening(card: Card) -> list[str]:
    names = ", ".join(f"{_NAMES[i]} ({i})" for i in CLASS_IDS)
    return [
        "# Model card: the studio networks",
        "",
        "Two ResNet-50s of an eighth of the width (0.63 M parameters), one trained plainly and one",
        "adversarially, on pictures that this project draws itself. Padded with zeros to full size",
        "they stand in for torchvision's ResNet-50 and for `imagenet_l2_3_0.pt`, so that the course's",
        "notebook runs with no network connection. They know "
        f"{len(CLASS_IDS)} of the 1,000 classes, and only",
        "as drawings: they say nothing about photographs.",
        "",
        "`make zoo` wrote this page, the weights and the pictures. Do not edit it by hand.",
        "",
        "## Data",
        "",
        f"{len(CLASS_IDS)} ImageNet classes under their true ids: {names}.",
        f"{card.train_per_class} drawings of each for training and {card.held_out_per_class} held out, "
        "224 x 224 px, with random pose,",
        "colours, light, background and camera, one seed per drawing. Held-out drawings:",
        "",
        "![Five drawings of every class](images/studio-classes.png)",
        "",
    ]


def _accuracy(card: Card) -> list[str]:
    radii = [radius for radius, _ in next(iter(card.ratings.values())).attacked]
    lines = [
        "## Accuracy on held-out drawings",
        "",
        "Clean on all of them; attacked on 15 of each class by 20 steps of l2 PGD in pixel space",
        "(untargeted, random start, step 2.5 radii / 20), at 224 px:",
        "",
        "| network | clean | " + " | ".join(f"radius {radius:g}" for radius in radii) + " |",
        "|---|" + "---:|" * (1 + len(radii)),
    ]
    for name, rating in card.ratings.items():
        shares = " | ".join(f"{share:.1%}" for _, share in rating.attacked)
        lines.append(f"| {name} | {rating.clean:.1%} | {shares} |")
    lines += ["", "![Accuracy against radius](images/studio-robustness.png)", ""]
    worst = {n: min(r.by_class, key=lambda pair: pair[1]) for n, r in card.ratings.items()}
    for name, (class_id, share) in worst.items():
        lines.append(f"- Worst class of the {name} network: {_NAMES[class_id]}, {share:.0%}.")
    return [*lines, ""]


def _attacks(card: Card) -> list[str]:
    lines = ["## The course's corgi and attacks", "", "The corgi as drawn:", ""]
    for name, top in card.corgi.items():
        lines.append(f"- {name}: {_ranking(top)}")
    lines += [
        "",
        "After 200 steps of the notebook's `StepImage` (4(a): mean absolute step 0.05, no ball;",
        "4(b): l2 step 3 in a ball of 30, normalised; 4(e): l2 step 2 in a ball of 30, pixels):",
        "",
        "| | probability before | after | l2 distance | top classes after |",
        "|---|---:|---:|---:|---|",
    ]
    for o in card.outcomes:
        lines.append(
            f"| {o.part[0]}({o.part[1]}) {_NAMES[o.target]} | {o.before:.2g} | {o.after:.4f} "
            f"| {o.distance_l2:.1f} | {_ranking(o.top)} |"
        )
    parts = [o.part for o in card.outcomes]
    titles = {"4a": "4(a) standard", "4b": "4(b) standard", "4e": "4(e) robust"}
    lines += [
        "",
        "| corgi | " + " | ".join(titles[part] for part in parts) + " |",
        "|---|" + "---|" * len(parts),
        "| ![corgi](images/studio-corgi.png) | "
        + " | ".join(f"![{part}](images/studio-attack-{part}.png)" for part in parts)
        + " |",
        f"| change, x {_AMPLIFICATION} | "
        + " | ".join(f"![{part}](images/studio-difference-{part}.png)" for part in parts)
        + " |",
        "",
        "On the standard network the tiger cat of 4(b) is noise; on the robust one the same attack of",
        "4(e) draws what a person, too, sees as a tiger cat's stripes.",
        "",
    ]
    return lines


def _ranking(top: tuple[tuple[int, float], ...]) -> str:
    return ", ".join(f"{_NAMES[i]} {p:.3f}" for i, p in top)


def _recipe(card: Card) -> list[str]:
    lines = [
        "## Recipe",
        "",
        "AdamW, one-cycle learning rate, cross-entropy over all 1,000 classes, running average of the",
        "weights (0.98 per step), augmentation by mirroring, cropping, stretching, turning, relighting",
        "and noise. The robust network is trained on l2 PGD pictures in pixel space, its input is not",
        "normalised; at a smaller picture size the radius shrinks alike.",
        "",
        "| network | input | phases (size: pictures, attack steps) | radius at 224 px | batch | rate | decay | seed |",
        "|---|---|---|---:|---:|---:|---:|---:|",
    ]
    for r in card.recipes:
        phases = "; ".join(f"{p.side_px} px: {p.pictures}, {p.attack_steps}" for p in r.phases)
        space = "normalised" if r.normalised else "pixels in [0, 1]"
        lines.append(
            f"| {r.name} | {space} | {phases} | {r.eps_l2:g} | {r.batch} | {r.peak_rate:g} "
            f"| {r.decay:g} | {r.seed} |"
        )
    return [*lines, "", f"This run took {card.minutes:.0f} minutes in all.", ""]


def _limits(card: Card) -> list[str]:
    return [
        "## Use and limits",
        "",
        "For teaching, tests and grading on the course's own drawn corgi. Not for photographs, and not",
        "a measure of what real robust networks do: for those take `BUNDLE=imagenet`. The other",
        f"{1000 - len(CLASS_IDS)} classes have been trained away and keep probabilities near zero.",
    ]

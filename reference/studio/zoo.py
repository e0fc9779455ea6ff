"""`make zoo`: from nothing to weights, corgi, figures and model card."""

from __future__ import annotations

import dataclasses
import json
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import torch
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from reference.studio import card
from reference.studio.classes import CLASS_IDS
from reference.studio.corgi import write_corgi
from reference.studio.data import HELD_OUT_SEED, Drawings, make_drawings
from reference.studio.files import CORGI_JPEG, DATA, NETWORKS
from reference.studio.narrow import NarrowResNet, narrow_resnet50
from reference.studio.rating import (
    CORGI,
    COURSE_ATTACKS,
    RADII_L2,
    Rating,
    corgi_input,
    course_attack,
    rate,
    top_classes,
)
from reference.studio.train import (
    ROBUST,
    ROBUST_FAR,
    ROBUST_START,
    ROBUST_UNSPECKLED,
    STANDARD,
    Recipe,
    train,
)
from reference.studio.weights import load_weights, rounded, save_weights

RECIPES: tuple[Recipe, ...] = (STANDARD, ROBUST_START, ROBUST_FAR, ROBUST_UNSPECKLED, ROBUST)
"""In the order of training."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one `make zoo` does, and where it writes."""

    docs: Path = Path("docs")
    """Folder of `model-card.md` and its `images`."""
    data: Path = DATA
    """Folder of the weights, the corgi and `card.json`."""
    threads: int = 2
    """Threads of torch, and processes that draw."""
    retrain: bool = True
    """False rates the weights that are there."""
    recipes: tuple[Recipe, ...] = RECIPES
    """In the order of training."""
    train_per_class: int = 300
    """Training drawings of each class."""
    held_out_per_class: int = 50
    """Held-out drawings of each class."""
    radii_l2: tuple[float, ...] = RADII_L2
    """Radii at which accuracy is measured, l2 in pixels of [0, 1]."""
    course_steps: int = 200
    """Steps of the course's attacks."""


def make_zoo(plan: Plan) -> card.Card:
    """Draw, train, rate and write everything of the studio.

    The figures and pictures of the card come from the weights as they lie on disk.
    """
    torch.set_num_threads(plan.threads)
    began = time.monotonic()
    plan.data.mkdir(parents=True, exist_ok=True)
    write_corgi(plan.data / CORGI_JPEG.name)
    normalised = {recipe.name: recipe.normalised for recipe in plan.recipes}
    with _progress() as progress:
        if plan.retrain:
            _train_all(progress, plan)
        held_out = _drawn(
            progress, "Draw held-out pictures", (plan.held_out_per_class, HELD_OUT_SEED), plan
        )
        models = {name: _loaded(name, plan.data) for name in NETWORKS}
        ratings = {
            name: _rated(progress, model, (name, normalised[name]), (held_out, plan.radii_l2))
            for name, model in models.items()
        }
        outcomes = []
        task = progress.add_task("Attack the corgi", total=len(COURSE_ATTACKS), note="")
        for part, (name, _, _) in COURSE_ATTACKS.items():
            outcomes.append(course_attack(models[name], part, plan.course_steps))
            progress.advance(task)
    result = card.Card(
        recipes=plan.recipes,
        train_per_class=plan.train_per_class,
        held_out_per_class=plan.held_out_per_class,
        ratings=ratings,
        corgi={
            name: top_classes(model, corgi_input(normalised=normalised[name]))
            for name, model in models.items()
        },
        outcomes=tuple(outcomes),
        retrained=plan.retrain,
        minutes=(time.monotonic() - began) / 60,
    )
    _write(result, plan)
    return result


def _train_all(progress: Progress, plan: Plan) -> None:
    """Train every network and write the weights of those that the bundle holds."""
    drawings = _drawn(progress, "Draw training pictures", (plan.train_per_class, 0), plan)
    trained: dict[str, NarrowResNet] = {}
    for recipe in plan.recipes:
        start = trained.get(recipe.starts_from)
        trained[recipe.name] = _train(progress, recipe, drawings, start)
    for name in NETWORKS:
        save_weights(name, rounded(trained[name].state_dict()), plan.data)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description:<24}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )


def _drawn(progress: Progress, title: str, amount: tuple[int, int], plan: Plan) -> Drawings:
    per_class, first_seed = amount
    task = progress.add_task(title, total=per_class * len(CLASS_IDS), note="")
    return make_drawings(
        per_class, first_seed, workers=plan.threads, on_done=lambda n: progress.advance(task, n)
    )


def _train(
    progress: Progress, recipe: Recipe, drawings: Drawings, start: NarrowResNet | None
) -> NarrowResNet:
    total = sum(p.pictures // recipe.batch * recipe.batch for p in recipe.phases)
    task = progress.add_task(f"Train {recipe.name}", total=total, note="")

    def show(pictures: int, loss: float) -> None:
        progress.update(task, advance=pictures, note=f"loss {loss:.3f}")

    return train(recipe, drawings, show, None if start is None else start.state_dict())


def _loaded(name: str, folder: Path) -> NarrowResNet:
    model = narrow_resnet50()
    model.load_state_dict(load_weights(name, folder))
    model.eval()
    return model


def _rated(
    progress: Progress,
    model: NarrowResNet,
    kind: tuple[str, bool],
    test: tuple[Drawings, tuple[float, ...]],
) -> Rating:
    (name, normalised), (held_out, radii) = kind, test
    task: TaskID = progress.add_task(f"Rate {name}", total=1 + len(radii), note="")
    return rate(
        model,
        held_out,
        normalised=normalised,
        radii_l2=radii,
        on_batch=lambda: progress.advance(task),
    )


def _write(result: card.Card, plan: Plan) -> None:
    images = plan.docs / "images"
    images.mkdir(parents=True, exist_ok=True)
    for name, picture in card.pictures(result).items():
        cv2.imwrite(str(images / f"studio-{name}.png"), picture[..., ::-1])
    card.plot_robustness(result, images / "studio-robustness.png")
    (plan.docs / "model-card.md").write_text(card.as_markdown(result), encoding="utf-8")
    (plan.data / "card.json").write_text(json.dumps(card.as_json(result), indent=1) + "\n", "utf-8")
    _show(result)


def _show(result: card.Card) -> None:
    radii = [radius for radius, _ in next(iter(result.ratings.values())).attacked]
    table = Table("network", "clean", *(f"PGD {radius:g}" for radius in radii), "corgi")
    for name, rating in result.ratings.items():
        attacked = (f"{share:.1%}" for _, share in rating.attacked)
        table.add_row(
            name,
            f"{rating.clean:.1%}",
            *attacked,
            f"{dict(result.corgi[name]).get(CORGI, 0.0):.3f}",
        )
    console = Console()
    console.print(table)
    for outcome in result.outcomes:
        fields = {k: v for k, v in dataclasses.asdict(outcome).items() if k != "picture"}
        console.print(fields)
    console.print(f"Took {result.minutes:.1f} minutes.")

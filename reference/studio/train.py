"""Training of both networks from nothing: plain, and adversarial in pixel space."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from reference.studio.adversary import Attack, Logits, perturb
from reference.studio.data import Drawings, augment
from reference.studio.narrow import NarrowResNet, narrow_resnet50
from reference.studio.shaping import Lines, penalty, towards, towards_by_speckles

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
FULL_SIDE_PX = 224
AVERAGE_DECAY = 0.98
"""Share of the running average of the weights that survives a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A stretch of training at one picture size."""

    side_px: int
    """Width and height of the pictures."""
    pictures: int
    """How many pictures the network sees, with repetition."""
    attack_steps: int = 0
    """Steps of the attack on every batch; 0 trains plainly."""
    eps_share: tuple[float, float] = (1.0, 1.0)
    """Share of the recipe's radius at the start and at the end of the phase, linear between."""
    spread: bool = False
    """Each picture gets a radius of its own, uniform from 0 up."""
    lines: Lines | None = None
    """What towards one class is withstood, and what its gradient is trained to look like: in that
    case the batch statistics stand still."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """All that decides a training run."""

    name: str
    """"standard", "robust", or what "robust" starts from."""
    starts_from: str = ""
    """Name of the recipe whose network this one trains on; empty: random weights."""
    normalised: bool
    """The network takes ImageNet-normalised pictures (else pixels in [0, 1])."""
    phases: tuple[Phase, ...]
    """In order; the learning rate falls over all of them."""
    eps_l2: float = 0.0
    """Radius of the training attack at 224 px; smaller pictures get the same change per pixel."""
    batch: int = 64
    """Pictures per step."""
    peak_rate: float = 4e-3
    """Highest learning rate of AdamW."""
    decay: float = 0.05
    """Weight decay."""
    seed: int = 6819
    """Of the first weights, order, augmentation and attacks."""


STANDARD = Recipe(
    name="standard",
    normalised=True,
    phases=(Phase(side_px=112, pictures=30_000), Phase(side_px=224, pictures=24_000)),
)
ROBUST_START = Recipe(
    name="robust-start",
    normalised=False,
    eps_l2=4.0,
    phases=(
        Phase(side_px=112, pictures=10_000),
        Phase(side_px=112, pictures=20_000, attack_steps=2, eps_share=(0.1, 1.0)),
        Phase(side_px=112, pictures=20_000, attack_steps=2),
        Phase(side_px=224, pictures=9_000, attack_steps=2),
    ),
)
ROBUST_FAR = Recipe(
    name="robust-far",
    starts_from="robust-start",
    normalised=False,
    eps_l2=12.0,
    peak_rate=2e-3,
    phases=(
        Phase(side_px=112, pictures=20_000, attack_steps=3, eps_share=(0.3, 1.0), spread=True),
        Phase(side_px=224, pictures=6_000, attack_steps=3, spread=True),
    ),
)
_STRIPES = Lines(class_id=282, length_px=24, reach_l2=30.0, speckled=0.5, speckle_px=16)
ROBUST_UNSPECKLED = Recipe(
    name="robust-unspeckled",
    starts_from="robust-far",
    normalised=False,
    eps_l2=8.0,
    peak_rate=3e-3,
    phases=(
        Phase(side_px=112, pictures=14_000, attack_steps=3, spread=True, lines=_STRIPES),
        Phase(side_px=224, pictures=4_000, attack_steps=3, spread=True, lines=_STRIPES),
    ),
)
ROBUST = Recipe(
    name="robust",
    starts_from="robust-unspeckled",
    normalised=False,
    eps_l2=8.0,
    batch=32,
    peak_rate=1e-3,
    phases=(
        Phase(
            side_px=224,
            pictures=13_600,
            attack_steps=3,
            spread=True,
            lines=replace(_STRIPES, speckled=0.125, on_the_way=0.3125, weight=2.0),
        ),
    ),
)


def on_pixels(model: nn.Module, *, normalised: bool) -> Logits:
    """Return the network as a function of pixels in [0, 1]."""
    if not normalised:
        return model
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (MEAN, STD))
    return lambda x: model((x - mean) / std)


def _economical(logits: Logits) -> Logits:
    """Compute in bfloat16 where the processor does so: half the memory traffic, the bottleneck."""
    able = torch.cpu.get_capabilities()
    if not (able.get("avx512_bf16") or able.get("amx_bf16")):
        return logits

    def mixed(x: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return logits(x).float()

    return mixed


def train(
    recipe: Recipe,
    drawings: Drawings,
    on_batch: Callable[[int, float], None] = lambda _n, _l: None,
    start: Mapping[str, Tensor] | None = None,
) -> NarrowResNet:
    """Train a narrow ResNet-50.

    Args:
        recipe: sizes, rates, radius and seed.
        drawings: the training pictures.
        on_batch: called after each step with the pictures seen in it and its loss.
        start: state dict to start from; None: random weights.

    Returns:
        The running average of the weights, in evaluation mode.
    """
    torch.manual_seed(recipe.seed)
    rng, camera = torch.Generator().manual_seed(recipe.seed), np.random.default_rng(recipe.seed)
    model = narrow_resnet50().to(memory_format=torch.channels_last)
    if start is not None:
        model.load_state_dict(start)
    logits = _economical(on_pixels(model, normalised=recipe.normalised))
    steps = sum(phase.pictures // recipe.batch for phase in recipe.phases)
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=recipe.peak_rate, weight_decay=recipe.decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, recipe.peak_rate, total_steps=steps + 1, pct_start=0.15
    )
    average = _running_average(model)
    for phase in recipe.phases:
        length = phase.pictures // recipe.batch
        for k in range(length):
            index = torch.randint(len(drawings), (recipe.batch,), generator=rng)
            labels = drawings.labels[index]
            x = augment(drawings.pixels[index], phase.side_px, camera)
            goal = _Goal(phase=phase, attack=_attack(recipe, phase, k / length))
            loss = _step(model, optimiser, _objective(model, logits, goal, (x, labels), rng))
            schedule.step()
            average.update_parameters(model)
            on_batch(recipe.batch, loss)
    trained = narrow_resnet50()
    trained.load_state_dict(average.module.state_dict())
    trained.eval()
    return trained


def _running_average(model: nn.Module) -> AveragedModel:
    decayed = get_ema_multi_avg_fn(AVERAGE_DECAY)  # type: ignore[no-untyped-call]
    return AveragedModel(model, multi_avg_fn=decayed, use_buffers=True)


def _attack(recipe: Recipe, phase: Phase, progress: float) -> Attack:
    """Return the attack at a point of the phase (0 to 1), its radius scaled to the picture size."""
    start, end = phase.eps_share
    share = start + (end - start) * progress
    return Attack(
        eps_l2=recipe.eps_l2 * share * phase.side_px / FULL_SIDE_PX,
        steps=phase.attack_steps,
        spread=phase.spread,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Goal:
    """What one step trains for."""

    phase: Phase
    attack: Attack


def _objective(
    model: nn.Module,
    logits: Logits,
    goal: _Goal,
    batch: tuple[Tensor, Tensor],
    rng: torch.Generator,
) -> Tensor:
    """Return the loss of a batch: cross-entropy under attack, and the form of the gradient."""
    (x, labels), phase = batch, goal.phase
    model.eval()
    shape = torch.zeros(())
    lines = None if phase.lines is None else _at_size(phase.lines, phase.side_px)
    speckled = x[:0]
    if lines is not None:
        seen, few = (round(share * len(x)) for share in (lines.on_the_way, lines.speckled))
        if seen:
            way = towards(logits, x[:seen], lines, phase.attack_steps, rng)
            shape = lines.weight * penalty(model, way, lines)
        x, labels = x[seen:], labels[seen:]
        speckled = towards_by_speckles(logits, x[:few], lines, phase.attack_steps, rng)
    if phase.attack_steps:
        rest = slice(len(speckled), None)
        x = torch.cat([speckled, perturb(logits, x[rest], labels[rest], goal.attack, rng)])
    # Statistics that follow the batches would differ from those that the gradient was taken with.
    model.train(lines is None or not lines.on_the_way)
    return F.cross_entropy(logits(x), labels) + shape


def _at_size(lines: Lines, side_px: int) -> Lines:
    """Scale lengths and radius to the picture size."""
    share = side_px / FULL_SIDE_PX
    return replace(
        lines,
        length_px=max(2, round(lines.length_px * share)),
        speckle_px=max(2, round(lines.speckle_px * share)),
        reach_l2=lines.reach_l2 * share,
    )


def _step(model: nn.Module, optimiser: torch.optim.Optimizer, loss: Tensor) -> float:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
    return float(loss.detach())

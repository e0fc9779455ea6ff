"""Evidence of whole submissions, right, half right and wrong: what is damaged in the properties."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from grader.checks import CheckContext
from grader.model.records import AttackRun, Evidence, ModelState, Prediction
from grader.testing import cell_run
from reference import conv, pool
from reference.attack import Objective, away_from, log_probability_of, logit_of
from reference.conv import Convention
from reference.run_records import Space
from tests.grader.checks.damage import remembered
from tests.grader.checks.memory import Memory
from tests.grader.checks.support import FREE, PIXEL_BALL, Lab


@dataclass(frozen=True, eq=False)
class Base:
    """One submission's evidence; its arrays are in memory."""

    name: str
    context: CheckContext
    memory: Memory

    def __repr__(self) -> str:
        return self.name

    def damaged(self, evidence: Evidence) -> CheckContext:
        """The same submission with other evidence."""
        return replace(self.context, evidence=evidence)


def all_bases(lab: Lab) -> tuple[Base, ...]:
    """Make every submission."""
    made = []
    for name, functions, runs, seen in (
        ("right", _right_functions(), _right_runs(lab), _right_looks(lab)),
        ("half right", _half_functions(), _half_runs(lab), _half_looks(lab)),
        ("wrong", _wrong_functions(), _wrong_runs(lab), _wrong_looks(lab)),
        ("at odds", _odd_functions(), _odd_runs(lab), ((), ())),
    ):
        memory = Memory()
        models, predictions = seen
        sources = [f"def {f}(*args):\n    ..." for f in functions]
        context = lab.context(
            sources=[*sources, "model.fc"] if name != "half right" else sources,
            runs=tuple(replace(r, run_id=f"run{i}") for i, r in enumerate(runs)),
            models=models,
            predictions=predictions,
            cells=tuple(cell_run(i) for i in range(len(sources) + 1)),
        )
        evidence = remembered(context.evidence, context.arrays, memory)
        evidence = replace(evidence, replies=memory.ask(functions))
        made.append(Base(name, replace(context, evidence=evidence, arrays=memory), memory))
    return tuple(made)


Functions = Mapping[str, Callable[..., Any]]
Looks = tuple[tuple[ModelState, ...], tuple[Prediction, ...]]


def _functions(
    convention: Convention, backward: Convention, **others: Callable[..., Any]
) -> Functions:
    def pass_back(x: Any, w: Any, g: Any) -> Any:
        return conv.grad_input(g, w, backward), conv.grad_kernel(x, g, len(w), backward)

    return {
        "conv1d_forward": lambda x, w: conv.forward(x, w, convention),
        "conv1d_backward": pass_back,
        "conv1d_update": conv.update,
        "maxpool1d_forward": lambda x, k: pool.forward(x, k)[0],
        "maxpool1d_backward": pool.grad_input,
        "output2prob": lambda z: F.softmax(z, dim=1),
        **others,
    }


ZERO, EDGE = Convention(), Convention(boundary="edge")
TURNED = Convention(operation="convolution")


def _right_functions() -> Functions:
    return _functions(ZERO, ZERO)


def _half_functions() -> Functions:
    """Other boundary in the backward pass, the update uphill, ties wrong, softmax overflows."""

    def ties_to_all(x: Any, k: Any, g: Any) -> Any:
        line, grad = np.asarray(x), np.zeros(len(x))
        for i in range(len(g)):
            grad[i : i + k] += np.asarray(g)[i] * (line[i : i + k] == line[i : i + k].max())
        return grad

    return _functions(
        EDGE,
        ZERO,
        conv1d_update=lambda w, g, lr: w + lr * g,
        maxpool1d_backward=ties_to_all,
        output2prob=lambda z: z.exp() / z.exp().sum(dim=1, keepdim=True),
    )


def _wrong_functions() -> Functions:
    """Padding off by one, kernel not turned round, maximum from zero, overwritten, temperature."""

    def off_by_one(x: Any, w: Any) -> Any:
        return np.roll(conv.forward(x, w), 1)

    def not_turned(x: Any, w: Any, g: Any) -> Any:
        return conv.forward(g, w), -conv.grad_kernel(x, g, len(w))

    def overwritten(x: Any, k: Any, g: Any) -> Any:
        grad = np.zeros(len(x))
        grad[pool.forward(x, k)[1]] = np.asarray(g)
        return grad

    return _functions(
        ZERO,
        ZERO,
        conv1d_forward=off_by_one,
        conv1d_backward=not_turned,
        conv1d_update=lambda w, g, lr: w - g,
        maxpool1d_forward=lambda x, k: np.maximum(pool.forward(x, k)[0], 0),
        maxpool1d_backward=overwritten,
        output2prob=lambda z: F.softmax(z / 2, dim=1),
    )


def _odd_functions() -> Functions:
    """Each half right on its own: a convolution's forward, a cross-correlation's backward."""

    def in_place(x: Any, w: Any) -> Any:
        out = conv.forward(x, w, TURNED)
        x[0] = 0.0
        return out

    return _functions(
        TURNED,
        ZERO,
        conv1d_forward=in_place,
        output2prob=lambda z: F.softmax(z[:1], dim=1).expand(z.shape),
    )


def _right_runs(lab: Lab) -> tuple[AttackRun, ...]:
    return (
        lab.attack("4a"),
        lab.attack("4b"),
        lab.attack("4e"),
        *(lab.dream(layer) for layer in ("layer1", "layer2", "layer3")),
        lab.attack("4e", log_probability_of(340), class_id=340),
        lab.attack("4e", log_probability_of(145), class_id=145),
    )


def _half_runs(lab: Lab) -> tuple[AttackRun, ...]:
    """The logit alone, no ball, a ball that is too large, one layer of three and a descent."""
    wide = replace(PIXEL_BALL, eps_l2=60.0, step_size=8.0)
    down = Objective(name="", function=lambda out: -out.norm())
    return (
        lab.attack("4a", logit_of(76)),
        lab.attack("4b", config=FREE),
        lab.attack("4e", config=wide),
        lab.dream("layer1"),
        lab.dream("layer2", down),
    )


def _wrong_runs(lab: Lab) -> tuple[AttackRun, ...]:
    """Descent, random steps, descent, a further class left, hardly any step."""
    generator = torch.Generator().manual_seed(1)

    def walk(x: Tensor) -> Tensor:
        return torch.randn(x.shape, generator=generator)

    return (
        lab.attack("4a", away_from(76)),
        lab.attack("4b", direction=walk),
        lab.attack("4e", away_from(282)),
        lab.attack("4e", away_from(340), class_id=340),
        *(lab.dream(layer, n_steps=1) for layer in ("layer1", "layer2", "layer3")),
    )


def _odd_runs(lab: Lab) -> tuple[AttackRun, ...]:
    """A logit in the ball, another class, and an image that never moved."""
    still = lab.attack("4e", n_steps=1)
    return (
        lab.attack("4a", log_probability_of(340)),
        lab.attack("4b", logit_of(282)),
        replace(still, final=still.start),
    )


def _right_looks(lab: Lab) -> Looks:
    corgi = lab.corgi[Space.NORMALISED]
    return (
        (lab.model("random"), lab.model("pretrained"), lab.model("robust")),
        (lab.prediction("random", corgi), lab.prediction("pretrained", corgi)),
    )


def _half_looks(lab: Lab) -> Looks:
    """Pixels instead of the normalised corgi, and noise through the untrained network."""
    return (
        (lab.model("random", in_features=512), lab.model("pretrained")),
        (
            lab.prediction("random", lab.noise(1)),
            lab.prediction("pretrained", lab.corgi[Space.PIXELS]),
        ),
    )


def _wrong_looks(lab: Lab) -> Looks:
    """The trained network alone, in training mode."""
    corgi = lab.corgi[Space.NORMALISED]
    generator = torch.Generator().manual_seed(2)
    logits = lab.store(torch.randn((1, 1000), generator=generator))
    return (
        (lab.model("pretrained"),),
        (replace(lab.prediction("pretrained", corgi), training=True, logits=logits),),
    )

"""Which experiments there are: the problem set of 2021, and what other offerings add.

An id names an experiment and its files. What another offering adds has the offering's name and a
slash before it, and lies in a folder of that name: a *group*, which can be run alone and put beside
the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from reference.run_records import Norm, Space, StepConfig

N_STEPS = 200
"""Steps of every experiment, as the notebook's `n_iter`."""

STAGE = "layer{}"
"""torchvision's name of the last layer that the notebook's `model_layer` runs, by its id plus 1."""

FREE = StepConfig(step_size=0.05, space=Space.NORMALISED, eps_l2=None, norm=Norm.ABS)
"""4(a): no ball, mean absolute step."""

NEAR = StepConfig(step_size=3, space=Space.NORMALISED, eps_l2=30, norm=Norm.L2)
"""4(b): an l2 ball of 30 in normalised space."""

NEAR_PIXELS = StepConfig(step_size=2, space=Space.PIXELS, eps_l2=30, norm=Norm.L2)
"""4(e) and 4(f): an l2 ball of 30 in pixels."""

DREAM = StepConfig(step_size=0.05, space=Space.PIXELS, eps_l2=None, norm=Norm.ABS)
"""4(d): no ball, mean absolute step, fed with pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackSpec:
    """One attack to run."""

    id: str
    """Part of the handout, with the target for 4(f); after the group, if it is of one."""
    network: str
    """Key of `networks.NETWORKS`."""
    target: int
    """Class id."""
    step: StepConfig
    """The notebook's settings of this part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DreamSpec:
    """One dream to run."""

    id: str
    """`4d-` and what is maximized."""
    layer: str
    """torchvision's name."""
    by_channel: bool = False
    """Whether one channel is climbed, the one that varies most over the corgi; else the layer."""
    distill: bool = False
    """Whether with `visualise` instead of plain steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InversionSpec:
    """One approach of a random image to the corgi's features."""

    id: str
    """The group, `inversion-`, the network and the layer."""
    network: str
    """Key of `networks.NETWORKS`."""
    layer: str
    """torchvision's name."""
    step: StepConfig
    """Settings of the steps; the corgi is fed in their space."""


Spec: TypeAlias = AttackSpec | DreamSpec | InversionSpec
"""Any experiment of Problem 4."""

ATTACKS = (
    AttackSpec(id="4a", network="pretrained", target=76, step=FREE),
    AttackSpec(id="4b", network="pretrained", target=282, step=NEAR),
    AttackSpec(id="4e", network="robust", target=282, step=NEAR_PIXELS),
    AttackSpec(id="4f-145", network="robust", target=145, step=NEAR_PIXELS),
    AttackSpec(id="4f-340", network="robust", target=340, step=NEAR_PIXELS),
    AttackSpec(id="sp22/4a", network="pretrained", target=76, step=NEAR),
)
"""Tarantula 76, tiger cat 282, king penguin 145, zebra 340; in 2022 the tarantula in the ball."""

DREAMS = (
    *(DreamSpec(id=f"4d-layer{i}", layer=f"layer{i}") for i in range(1, 5)),
    *(DreamSpec(id=f"4d-layer{i}-channel", layer=f"layer{i}", by_channel=True) for i in (2, 3)),
    *(DreamSpec(id=f"4d-layer{i}-distill", layer=f"layer{i}", distill=True) for i in (2, 3)),
    *(
        DreamSpec(
            id=f"4d-layer{i}-channel-distill", layer=f"layer{i}", by_channel=True, distill=True
        )
        for i in (2, 3)
    ),
)
"""All four stages, a channel of two, and Distill's way beside the plain one."""

INVERSIONS = tuple(
    InversionSpec(
        id=f"sp22/inversion-{network}-layer{i}", network=network, layer=f"layer{i}", step=DREAM
    )
    for network in ("pretrained", "robust")
    for i in range(1, 5)
)
"""What 2022 asks instead of a dream: all four stages of both networks."""

SPECS: tuple[Spec, ...] = (*ATTACKS, *DREAMS, *INVERSIONS)
"""Every experiment of Problem 4, in the order in which they run."""


def experiment_ids() -> tuple[str, ...]:
    """Return the ids of Problem 4's experiments, in the order in which they run."""
    return tuple(spec.id for spec in SPECS)


def group_of(experiment_id: str) -> str:
    """Return the group of an experiment; empty for those of 2021."""
    group, slash, _ = experiment_id.partition("/")
    return group if slash else ""


def group_names() -> tuple[str, ...]:
    """Return the groups, sorted."""
    return tuple(sorted({group_of(i) for i in experiment_ids()} - {""}))

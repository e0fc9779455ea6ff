"""Issue 15, section 4: what the sentence of a fault says is what was seen, for each code of images.

A code is earned by wrong evidence; the numbers of its remarks are computed again from the recorded
images, and the fault that it names is looked for in them without the checks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from grader.checks import CHECKS
from grader.model.catalogue import load_catalogue
from grader.model.records import AttackRun, Finding, Look, Outcome, PartAsked
from grader.testing import cell_run
from reference.attack import Objective, away_from, gradient_at, log_probability_of
from reference.dream import channel_mean, channel_norm
from reference.networks import features
from reference.run_records import Space
from tests.grader.checks.images import test_feature_inversion
from tests.grader.checks.images.test_attacks import drawing, out_of_the_box, part_of_the_way
from tests.grader.checks.support import DREAM, NETWORKS, SIDE_PX, TARGETS, Lab

pytestmark = pytest.mark.slow

TARGET, TRUE, OTHER = 282, 263, 130
CLEARLY = 10
"""An objective is named where its gradient is that many times closer than the one asked for."""

NO_FAULT = re.compile(
    r"\w+\.(right|accepted|gain|change|short|accumulated|longer_steps|gradient_reused|reduced|unclear\w*|unknown_network|shown"
    r"|transformed|training_mode_moved|cropped|stated_otherwise|ran_\w+|\w+_unseen|unseen|shows_\w+|other_start|start_is_result|start_unlike|other_target|note_\w+|runs"
    r"|fewer|unrecognized|one_image|written|not_made_again|in_report|contradictory|not_shown)$"
    r"|features\.(from_corgi|classes)|attack_bonus\.none"
)
"""Codes that are no fault: right ones, held ones, and remarks beside a verdict."""


class Seen(NamedTuple):
    """What a fault is looked for in."""

    lab: Lab
    part: str
    run: AttackRun
    finding: Finding

    def tensor(self, reference: Any) -> Tensor:
        return self.lab.context().tensor(reference)

    @property
    def start(self) -> Tensor:
        return self.tensor(self.run.start)

    @property
    def final(self) -> Tensor:
        return self.tensor(self.run.final)

    @property
    def moved(self) -> Tensor:
        return self.final - self.start

    def log_p(self, image: Tensor, class_id: int | None = None) -> float:
        logits = self.lab.networks.logits(NETWORKS[self.part], image)
        wanted = TARGETS[self.part] if class_id is None else class_id
        return float(F.log_softmax(logits.double(), dim=1)[0, wanted])

    @property
    def values(self) -> dict[str, Any]:
        return {k: v for remark in self.finding.remarks for k, v in remark.values}


class Fault(NamedTuple):
    part: str
    make: Callable[[Lab], AttackRun]
    shows: Callable[[Seen], bool]
    evidence: Mapping[str, Any] = {}


# -- attacks --------------------------------------------------------------------------------------


_RIGHT: dict[int, AttackRun] = {}


def right(lab: Lab) -> AttackRun:
    """A run of few steps that reaches its target; made once."""
    if id(lab) not in _RIGHT:
        _RIGHT[id(lab)] = lab.attack("4b", n_steps=8)
    return _RIGHT[id(lab)]


def nudged(lab: Lab, part: str = "4b", **changes: Any) -> AttackRun:
    """An image that has moved a little, to nowhere."""
    run = lab.attack(part, n_steps=1)
    context = lab.context()
    start = context.tensor(run.start)  # type: ignore[arg-type]
    noise = torch.randn(start.shape, generator=torch.Generator().manual_seed(3))
    final = lab.store(start + 5 * noise / noise.norm())
    return replace(run, final=final, **changes)


def asking(objective: Callable[[Tensor], Tensor]) -> Callable[[Lab], AttackRun]:
    """A run whose loss was another one, and that reaches the target."""

    def make(lab: Lab) -> AttackRun:
        reached = replace(following(objective)(lab), final=right(lab).final, steps=8)
        return looked(lab, reached, objective)

    return make


def following(objective: Callable[[Tensor], Tensor]) -> Callable[[Lab], AttackRun]:
    """A run of a few steps along another objective."""

    def make(lab: Lab) -> AttackRun:
        run = lab.attack("4b", Objective(name="", function=objective), n_steps=4)
        return looked(lab, run, objective)

    return make


def looked(lab: Lab, run: AttackRun, objective: Callable[[Tensor], Tensor]) -> AttackRun:
    network, context = lab.networks.network("pretrained"), lab.context()
    start, final = context.tensor(run.start), context.tensor(run.final)  # type: ignore[arg-type]
    looks = []
    for step, share in ((0, 0.0), (2, 0.4), (5, 0.6)):
        image = start + share * (final - start)
        leaf = lab.networks.logits("pretrained", image).clone().requires_grad_(True)
        (cotangent,) = torch.autograd.grad(objective(leaf), leaf)
        named = Objective(name="", function=objective)
        looks.append(
            Look(
                step=step,
                image=lab.store(image),
                gradient=lab.store(gradient_at(network, image, named)),
                layer="fc",
                call=1,
                own=True,
                cotangent=lab.store(cotangent),
            )
        )
    return replace(run, looks=tuple(looks), samples=())


def is_of(objective: Callable[[Tensor], Tensor]) -> Callable[[Seen], bool]:
    """Whether that function's gradient was asked at the logits, and not the log-probability's."""

    def shows(seen: Seen) -> bool:
        near: list[float] = []
        far: list[float] = []
        for look in seen.run.looks:
            logits = seen.lab.networks.logits("pretrained", seen.tensor(look.image))
            asked = seen.tensor(look.cotangent).flatten().double()
            for function, found in ((objective, near), (log_probability, far)):
                leaf = logits.double().requires_grad_(True)
                (gradient,) = torch.autograd.grad(function(leaf), leaf)
                found.append(1 - abs(float(F.cosine_similarity(asked, gradient.flatten(), dim=0))))
        return CLEARLY * max(near) < max(far)

    return shows


def log_probability(z: Tensor) -> Tensor:
    return F.log_softmax(z, dim=1)[0, TARGET]


def label() -> Tensor:
    return torch.tensor([TARGET])


def one_hot(z: Tensor) -> Tensor:
    return F.one_hot(label(), z.shape[1]).to(z)


def to_next(z: Tensor) -> Tensor:
    return z[0, TARGET] - z[0, torch.arange(z.shape[1]) != TARGET].max()


NAMED: Mapping[str, Callable[[Tensor], Tensor]] = {
    "attack.logit": lambda z: z[0, TARGET],
    "attack.margin": to_next,
    "attack.centered_logit": lambda z: z[0, TARGET] - z.mean(),
    "attack.softmax_twice": lambda z: -F.cross_entropy(z.softmax(1), label()),
    "attack.binary_cross_entropy": lambda z: -F.binary_cross_entropy(z.softmax(1), one_hot(z)),
    "attack.squared_error": lambda z: -F.mse_loss(z.softmax(1), one_hot(z)),
    "attack.label_smoothing": lambda z: -F.cross_entropy(z, label(), label_smoothing=0.1),
    "attack.untargeted": lambda z: -F.log_softmax(z, dim=1)[0, TRUE],
}
"""Objectives of runs that reach the target."""

ASTRAY: Mapping[str, Callable[[Tensor], Tensor]] = {
    "attack.lowered": lambda z: F.log_softmax(-z, dim=1)[0, TARGET],
    "attack.other_class": lambda z: F.log_softmax(z, dim=1)[0, OTHER],
    "attack.other_lowered": lambda z: -z[0, OTHER],
}
"""Objectives of runs that do not."""


def of_another_size(lab: Lab) -> AttackRun:
    small = lab.store(F.avg_pool2d(lab.corgi[Space.NORMALISED], 2))
    return replace(right(lab), start=small, final=small)


def outside_the_ball(lab: Lab) -> AttackRun:
    run = right(lab)
    start, final = (lab.context().tensor(x) for x in (run.start, run.final))  # type: ignore[arg-type]
    scaled = start + 40 * (final - start) / (final - start).norm()
    return replace(run, final=lab.store(scaled))


def failed_with(name: str) -> Callable[[Lab], AttackRun]:
    return lambda lab: replace(nudged(lab), final=None, error_name=name, error_message="no loss")


ATTACKS: Mapping[str, Fault] = {
    **{code: Fault("4b", asking(one), is_of(one)) for code, one in NAMED.items()},
    **{code: Fault("4b", following(one), is_of(one)) for code, one in ASTRAY.items()},
    "attack.weak_gain": Fault(
        "4a", part_of_the_way, lambda s: 0 < s.values["gain"] < s.values["wanted"] - 1
    ),
    "attack.untrained": Fault(
        "4b",
        lambda lab: nudged(lab, fingerprint=lab.fingerprint("random"), untrained=True),
        lambda s: s.run.untrained and s.values["after"] < s.values["before"] + 1,
    ),
    "attack.training_mode": Fault(
        "4b", lambda lab: nudged(lab, training=True), lambda s: s.run.training
    ),
    "attack.downhill": Fault(
        "4b",
        lambda lab: lab.attack("4b", away_from(TARGET), n_steps=3),
        lambda s: s.values["after"] < s.values["before"],
    ),
    "attack.zero_gradient": Fault(
        "4b",
        lambda lab: lab.attack("4b", direction=torch.zeros_like, n_steps=1),
        lambda s: not any(bool(s.tensor(x.gradient).any()) for x in s.run.samples),
    ),
    "attack.unchanged": Fault(
        "4b",
        lambda lab: replace((run := lab.attack("4b", n_steps=1)), final=run.start),
        lambda s: torch.equal(s.start, s.final),
    ),
    "attack.no_gain": Fault(
        "4b",
        lambda lab: lab.attack("4b", direction=torch.ones_like, n_steps=2),
        lambda s: s.values["after"] < s.values["before"] + s.values["wanted"] / 2,
    ),
    "attack.ball": Fault(
        "4b", outside_the_ball, lambda s: bool(s.moved.norm() > s.values["radius"])
    ),
    "attack.box": Fault("4a", out_of_the_box, lambda s: s.values["count"] > 0),
    "attack.another_picture": Fault(
        "4a",
        lambda lab: replace(lab.attack("4a", n_steps=1), final=lab.store(drawing(lab)), images=()),
        lambda s: torch.equal(s.final, drawing(s.lab)),
    ),
    "attack.no_image": Fault(
        "4b",
        lambda lab: replace(nudged(lab), final=None),
        lambda s: s.run.final is None,
    ),
    "attack.other_shape": Fault(
        "4b", of_another_size, lambda s: s.final.shape != s.lab.corgi[Space.NORMALISED].shape
    ),
    "attack.other_network": Fault(
        "4e",
        lambda lab: lab.attack("4e", network="pretrained", n_steps=1),
        lambda s: s.values["network"] == "pretrained" and s.values["wanted"] == "robust",
    ),
    "attack.not_finished": Fault(
        "4b",
        lambda lab: replace(nudged(lab), final=None),
        lambda s: s.finding.outcome is Outcome.TIMEOUT,
        {"cells": (cell_run(0, Outcome.TIMEOUT),)},
    ),
    "attack.stub": Fault("4b", failed_with("NotImplementedError"), lambda s: s.run.final is None),
    "attack.exception": Fault(
        "4b", failed_with("TypeError"), lambda s: s.values["error"] == "TypeError: no loss"
    ),
    "attack_bonus.weak": Fault(
        "4f",
        lambda lab: lab.attack("4e", away_from(340), class_id=340, n_steps=2),
        lambda s: s.run.class_id == 340,
    ),
    "attack_bonus.own_class": Fault(
        "4f",
        lambda lab: lab.attack("4e", log_probability_of(TRUE), class_id=TRUE, n_steps=1),
        lambda s: "Pembroke" in s.values["target"],
    ),
}


# -- features -------------------------------------------------------------------------------------


def norm_of_layer1(seen: Seen, image: Tensor) -> float:
    network = seen.lab.networks.network("pretrained")
    outputs: list[Tensor] = []
    handle = network.get_submodule("layer1").register_forward_hook(
        lambda _m, _g, out: outputs.append(out)
    )
    with torch.no_grad():
        network(image)
    handle.remove()
    return float(outputs[0].norm())


def factor(seen: Seen) -> bool:
    """Whether the factor that is told is that of the images."""
    found = norm_of_layer1(seen, seen.final) / norm_of_layer1(seen, seen.start)
    return bool(seen.values["factor"] == pytest.approx(found, rel=0.02))


def down() -> Objective:
    return Objective(name="", function=lambda out: -out.norm())


def overshooting(lab: Lab) -> AttackRun:
    return replace(lab.dream("layer1", n_steps=2), final=lab.dream("layer1", down()).final)


def changing(lab: Lab) -> AttackRun:
    parts = tuple(
        PartAsked(layer="layer2", call=1, channel=channel, place=-1, times=2)
        for channel in range(12)
    )
    return replace(lab.dream("layer2", channel_norm(5), n_steps=3), parts=parts)


def walking(lab: Lab) -> AttackRun:
    generator = torch.Generator().manual_seed(1)
    walk = lambda x: torch.randn(x.shape, generator=generator)  # noqa: E731
    return lab.dream("layer1", direction=walk, n_steps=3)


def faintly(lab: Lab) -> AttackRun:
    """The faintest channel rises by far, while the image hardly changes."""
    with torch.no_grad():
        means = features(lab.networks.network("pretrained"), "layer3")(lab.noise(3))[0].mean((1, 2))
    faintest = int(means.where(means > 0, torch.inf).argmin())
    tiny = replace(DREAM, step_size=0.005)
    return lab.dream("layer3", channel_mean(faintest), n_steps=4, config=tiny)


FEATURES: Mapping[str, Fault] = {
    "features.no_response": Fault("4d", walking, lambda s: s.values == s.values | {"wanted": 200}),
    "features.not_random": Fault(
        "4d",
        lambda lab: lab.dream("layer1", start=torch.full((1, 3, SIDE_PX, SIDE_PX), 0.5), n_steps=3),
        lambda s: float(s.start.std()) == 0,
    ),
    "features.changes": Fault("4d", changing, lambda s: len({p.channel for p in s.run.parts}) > 1),
    "features.overshoots": Fault(
        "4d", overshooting, lambda s: factor(s) and s.values["factor"] < 1
    ),
    "features.stuck": Fault(
        "4d",
        lambda lab: lab.dream("layer1", config=replace(DREAM, step_size=0), n_steps=3),
        lambda s: torch.equal(s.start, s.final) and bool(s.tensor(s.run.samples[0].gradient).any()),
    ),
    "features.zero_gradient": Fault(
        "4d",
        lambda lab: lab.dream("layer1", direction=torch.zeros_like, n_steps=3),
        lambda s: not bool(s.tensor(s.run.samples[0].gradient).any()),
    ),
    "features.downhill": Fault(
        "4d",
        lambda lab: lab.dream("layer1", down(), n_steps=3),
        lambda s: factor(s) and s.values["factor"] < 1,
    ),
    "features.weak": Fault(
        "4d",
        lambda lab: lab.dream("layer1", n_steps=1),
        lambda s: factor(s) and s.values["factor"] < s.values["wanted"],
    ),
    "features.hardly_changed": Fault(
        "4d", faintly, lambda s: float(s.moved.square().mean().sqrt()) < 0.05
    ),
}

FAULTS = {**ATTACKS, **FEATURES}

CHECK_OF = {"attack": "targeted_attack", "attack_bonus": "attack_bonus"}
CHECK_OF |= {"features": "feature_visualisation"}


def test_every_fault_code_of_images_has_evidence_that_earns_it() -> None:
    prefixes = ("attack.", "attack_bonus.", "features.")
    codes = {c for c in load_catalogue("grader.checks") if c.startswith(prefixes)}
    assert {c for c in codes if not NO_FAULT.match(c)} == set(FAULTS)


def test_every_fault_code_of_inversions_is_earned_in_their_tests() -> None:
    cases = test_feature_inversion.CASES
    earned = {code for case in cases for code in (case.code, case.also)}
    earned |= {"inversion.other_network"}  # of another part: a test of its own
    codes = {c for c in load_catalogue("grader.checks") if c.startswith("inversion.")}
    assert {c for c in codes if not NO_FAULT.match(c)} <= earned


@pytest.mark.parametrize("code", sorted(FAULTS))
def test_the_evidence_shows_the_fault(lab: Lab, code: str) -> None:
    fault = FAULTS[code]
    run = fault.make(lab)
    context = lab.context(runs=(run,), **fault.evidence)
    finding = CHECKS[CHECK_OF[code.partition(".")[0]]](context, fault.part)
    assert code in [remark.code for remark in finding.remarks], finding.message
    assert finding.credit < 1
    seen = Seen(lab, fault.part, run, finding)
    assert fault.shows(seen), finding.message
    if fault.part in NETWORKS and run.final is not None and code != "attack.other_shape":
        said = {
            "before": lambda: seen.log_p(seen.start),
            "after": lambda: seen.log_p(seen.final),
            "gain": lambda: seen.log_p(seen.final) - seen.log_p(seen.start),
            "distance": lambda: float(seen.moved.norm()),
        }
        for name, value in seen.values.items():
            if name in said:
                assert value == pytest.approx(said[name](), abs=0.05), name

"""Which objective each run climbed, and the verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from grader.checks import CHECKS
from grader.checks.images.asked_objectives import recognise_asked
from grader.checks.images.dreams import dreams_of
from grader.checks.images.feature_objectives import Climbed, recognise
from grader.checks.images.features import _verdict
from grader.checks.images.pushes import Asked, Push
from grader.model.records import AttackRun, Finding, Outcome, PartAsked
from grader.testing import cell_run
from reference.attack import Objective, gradient_at
from reference.dream import channel_mean, channel_norm, layer_norm, unit
from reference.networks import features
from tests.grader.checks.support import DREAM, SIDE_PX, Lab

pytestmark = pytest.mark.slow


def judged(lab: Lab, *runs: AttackRun) -> Finding:
    return CHECKS["feature_visualisation"](lab.context(runs=runs), "4d")


def squared() -> Objective:
    return Objective(name="squared norm", function=lambda out: (out**2).mean())


@pytest.mark.parametrize(
    ("layer", "objective", "words"),
    [
        ("layer1", layer_norm(), "l2 norm of the layer (layer1)"),
        ("layer4", squared(), "l2 norm of the layer (layer4)"),
        ("conv1", layer_norm(), "l2 norm of the layer (conv1)"),
        ("maxpool", layer_norm(), "l2 norm of the layer (maxpool)"),
        ("layer3.2", layer_norm(), "l2 norm of the layer (layer3.2)"),
        ("layer2", Objective(name="", function=lambda o: o.sum()), "mean of the layer (layer2)"),
        ("layer2", channel_norm(5), "l2 norm of channel 5 (layer2)"),
        ("layer3", channel_mean(11), "mean of channel 11 (layer3)"),
        ("layer3", unit(7), "channel 7 (layer3)"),
    ],
)
def test_objectives_are_recognised(lab: Lab, layer: str, objective: Objective, words: str) -> None:
    network = lab.networks.network("pretrained")
    image = lab.noise(1)
    gradient = gradient_at(features(network, layer), image, objective)
    assert bool(gradient.any())
    found = recognise(network, image, 3 * gradient)
    assert found is not None
    assert words in found.words
    assert not found.downhill
    down = recognise(network, image, -gradient)
    assert down is not None
    assert down.downhill


def test_noise_is_no_objective(lab: Lab) -> None:
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn((1, 3, SIDE_PX, SIDE_PX), generator=generator)
    assert recognise(lab.networks.network("pretrained"), lab.noise(1), noise) is None


def three(lab: Lab) -> tuple[AttackRun, ...]:
    return tuple(
        lab.dream(layer, run_id=f"run{i}") for i, layer in enumerate(("layer1", "layer2", "layer3"))
    )


def test_three_different_layers(lab: Lab) -> None:
    finding = judged(lab, *three(lab))
    assert finding.outcome is Outcome.PASS, finding.message
    assert finding.code == "features.right"
    assert "layer1" in finding.message
    assert "layer3" in finding.message


@pytest.mark.parametrize(("classes", "outcome"), [(0, Outcome.PASS), (1, Outcome.NEEDS_HUMAN)])
def test_classes_are_no_intermediate_layers(lab: Lab, classes: int, outcome: Outcome) -> None:
    context = lab.context(runs=three(lab))
    dreams = dreams_of(context)
    for number in range(classes):
        climbed = dreams[number].climbed
        assert climbed is not None
        dreams[number] = replace(dreams[number], climbed=replace(climbed, layer="fc"))
    good = {d.climbed.words: d for d in dreams if d.climbed is not None}
    assert len(good) == 3
    verdict = _verdict(context, "4d", dreams, good)
    assert verdict.outcome is outcome
    assert (verdict.remarks[0].code == "features.classes") == bool(classes)


def test_fewer_in_the_notebook_are_for_a_person(lab: Lab) -> None:
    one = judged(lab, lab.dream("layer2"))
    assert one.outcome is Outcome.NEEDS_HUMAN
    assert one.code == "features.fewer"
    assert dict(one.remarks[0].values)["count"] == 1
    twice = judged(lab, *three(lab)[:2], lab.dream("layer1", run_id="run9"))
    assert dict(twice.remarks[0].values)["count"] == 2


def test_descent(lab: Lab) -> None:
    down = Objective(name="", function=lambda out: -out.norm())
    finding = judged(lab, *(lab.dream(layer, down) for layer in ("layer1", "layer2", "layer3")))
    assert finding.outcome is Outcome.FAIL
    assert finding.code == "features.downhill"


def test_hardly_changed(lab: Lab) -> None:
    finding = judged(lab, *(lab.dream(layer, n_steps=1) for layer in ("layer1", "layer2")))
    assert finding.outcome is Outcome.FAIL


def codes(finding: Finding) -> list[str]:
    return [remark.code for remark in finding.remarks]


def test_a_gradient_of_zero_is_not_blamed_on_the_steps(lab: Lab) -> None:
    dead = lab.dream("layer1", direction=torch.zeros_like, n_steps=3)
    finding = judged(lab, dead)
    assert (finding.outcome, finding.code) == (Outcome.FAIL, "features.zero_gradient")
    still = lab.dream("layer1", config=replace(DREAM, step_size=0), n_steps=3)
    assert judged(lab, still).code == "features.stuck"


def test_fewer_steps_than_asked_are_said_where_the_rise_is_too_small(lab: Lab) -> None:
    short = lab.dream("layer1", n_steps=1)
    finding = judged(lab, short, lab.dream("layer2", run_id="run2"))
    assert "This part asks for 200 steps: run1 took 1." in finding.message
    assert "features.short" not in codes(judged(lab, *three(lab)))


def climbed_at_the_logits(lab: Lab, objective: Objective) -> Climbed:
    network, image = lab.networks.network("pretrained"), lab.noise(3)
    logits = lab.networks.logits("pretrained", image)
    leaf = logits.clone().requires_grad_(True)
    (cotangent,) = torch.autograd.grad(objective.function(leaf), leaf)
    push = Push(
        step=0,
        image=image,
        moved=gradient_at(network, image, objective),
        asked=Asked(layer="fc", call=1, cotangent=cotangent),
    )
    found = recognise_asked(network, push)
    assert found is not None
    return found


def test_classes_are_told_by_what_becomes_of_them(lab: Lab) -> None:
    """`-logit[130]` and `|logit|` ascend no other class."""
    logits = lab.networks.logits("pretrained", lab.noise(3))[0]
    low, high = int(logits.argmin()), int(logits.argmax())
    for words, downhill, negative, objective in (
        (f"class {high} (fc)", False, False, lambda z: z[0, high]),
        (f"class {high} (fc)", True, False, lambda z: -z[0, high]),
        (f"class {low} (fc), negative and led further down", True, True, lambda z: -z[0, low]),
        (f"class {low} (fc), negative and led further down", True, True, lambda z: z[0, low].abs()),
        (f"log-probability of class {low} (fc)", False, False, lambda z: z.log_softmax(1)[0, low]),
        (f"log-probability of class {low} (fc)", True, False, lambda z: -z.log_softmax(1)[0, low]),
        ("l2 norm of the layer (fc)", False, False, lambda z: z.norm()),
    ):
        found = climbed_at_the_logits(lab, Objective(name="", function=objective))
        assert (found.words, found.downhill, found.negative) == (words, downhill, negative)


def test_a_start_that_is_not_random_is_for_a_person(lab: Lab) -> None:
    grey = torch.full((1, 3, SIDE_PX, SIDE_PX), 0.5)
    finding = judged(lab, lab.dream("layer1", start=grey))
    assert finding.outcome is Outcome.NEEDS_HUMAN
    assert {"features.not_random", "features.runs"} <= set(codes(finding))
    assert "an image that is not random" in finding.message


def test_an_ascent_that_overshoots_is_no_descent(lab: Lab) -> None:
    run = lab.dream("layer1", n_steps=2)
    below = lab.dream("layer1", Objective(name="", function=lambda out: -out.norm()))
    finding = judged(lab, replace(run, final=below.final))
    assert finding.outcome is Outcome.NEEDS_HUMAN
    assert "features.overshoots" in codes(finding)
    assert "features.downhill" not in codes(finding)


def test_another_channel_at_each_step_is_no_objective(lab: Lab) -> None:
    run = lab.dream("layer2", channel_norm(5))
    parts = tuple(
        PartAsked(layer="layer2", call=1, channel=channel, place=-1, times=2)
        for channel in range(12)
    )
    finding = judged(lab, replace(run, parts=parts))
    assert (finding.outcome, finding.code) == (Outcome.FAIL, "features.changes")


def test_one_image_for_three_objectives_is_for_a_person(lab: Lab) -> None:
    norm = lab.dream("layer1")
    block = lab.dream("layer1.1", n_steps=1)
    deeper = lab.dream("layer2", run_id="run3")
    finding = judged(lab, norm, replace(block, run_id="run2", final=norm.final), deeper)
    assert (finding.outcome, finding.code) == (Outcome.NEEDS_HUMAN, "features.one_image")


def test_runs_without_steps_are_for_a_person_and_told_to_staff(lab: Lab) -> None:
    """Issue 16: an image handed in as three runs with no step taken."""
    runs = three(lab)
    no_way = judged(lab, *(replace(run, images=()) for run in runs))
    still = tuple((step, runs[0].images[0][1]) for step, _ in runs[0].images)
    leaps = judged(lab, *(replace(run, images=still) for run in runs))
    assert no_way.outcome is Outcome.NEEDS_HUMAN, no_way.message
    assert "features.note_way_unseen" in codes(no_way)
    assert (leaps.outcome, leaps.code) == (Outcome.FAIL, "features.stuck")


def test_an_objective_that_rises_at_the_very_end_only_is_for_a_person(lab: Lab) -> None:
    runs = three(lab)
    early = tuple(
        replace(run, images=(*run.images[:3], *((step, run.images[2][1]) for step in (5, 10, 20))))
        for run in runs
    )
    near = tuple(
        replace(run, images=(*run.images[:2], *((n, run.images[0][1]) for n in (2, 5, 10, 20))))
        for run in runs
    )
    for changed in (early, near):
        finding = judged(lab, *changed)
        held = finding.outcome is Outcome.NEEDS_HUMAN
        assert held == ("features.note_way_unseen" in codes(finding)), finding.message
    assert held


@pytest.mark.parametrize("amount", [0.0, 0.02])
def test_one_image_with_a_little_noise_is_still_one(lab: Lab, amount: float) -> None:
    first, *others = three(lab)
    assert first.final is not None
    image = lab.context(runs=(first,)).tensor(first.final)
    generator = torch.Generator().manual_seed(0)
    noisy = (image + amount * torch.randn(image.shape, generator=generator)).clamp(0, 1)
    same = (replace(run, final=lab.store(noisy)) for run in others)
    finding = judged(lab, first, *same)
    assert finding.outcome is Outcome.NEEDS_HUMAN, finding.message


def test_random_steps(lab: Lab) -> None:
    generator = torch.Generator().manual_seed(1)

    def walk(x: Tensor) -> Tensor:
        return torch.randn(x.shape, generator=generator)

    finding = judged(lab, lab.dream("layer1", direction=walk))
    assert finding.outcome is Outcome.FAIL
    assert finding.code == "features.no_response"


def test_an_objective_that_is_not_known_is_for_a_person(lab: Lab) -> None:
    network = lab.networks.network("pretrained")
    ends = [features(network, layer) for layer in ("layer1", "layer4")]

    def both(x: Tensor) -> Tensor:
        gradients = [gradient_at(end, x, layer_norm()) for end in ends]
        return sum((g / g.norm() for g in gradients), torch.zeros_like(x))

    finding = judged(lab, lab.dream("layer1", direction=both))
    assert finding.outcome is Outcome.NEEDS_HUMAN
    assert finding.code == "features.unrecognized"


def test_attacks_are_no_dreams(lab: Lab) -> None:
    assert judged(lab, lab.attack("4a")).outcome is Outcome.NEEDS_HUMAN
    cells = (cell_run(0, Outcome.STUDENT_ERROR, "NameError", "name 'loss' is not defined"),)
    own: dict[str, Any] = {"sources": ["loss.backward()"], "parts": {0: "4d"}}
    context = lab.context(cells=cells, **own)
    broken = CHECKS["feature_visualisation"](context, "4d")
    assert broken.outcome is Outcome.STUDENT_ERROR
    stub = (cell_run(0, Outcome.STUDENT_ERROR, "NotImplementedError", ""),)
    context = lab.context(cells=stub, **own)
    assert CHECKS["feature_visualisation"](context, "4d").outcome is Outcome.NOT_ATTEMPTED

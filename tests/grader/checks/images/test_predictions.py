"""Problem 2 and the written answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F
from torchvision import transforms

from grader.checks import CHECKS
from grader.checks.images.made_again import gives_the_prediction
from grader.checks.images.stated_features import shows_last_layer
from grader.model.records import ArrayRef, Outcome
from reference.images import from_pixels
from reference.networks import network_made_at
from reference.run_records import Space
from tests.grader.checks.support import Lab

R, P, W, H = Outcome.PASS, Outcome.PARTIAL, Outcome.FAIL, Outcome.NEEDS_HUMAN


def stable(z: Tensor) -> Tensor:
    e = torch.exp(z - z.max(dim=1, keepdim=True).values)
    return e / e.sum(dim=1, keepdim=True)


def naive(z: Tensor) -> Tensor:
    return torch.exp(z) / torch.exp(z).sum(dim=1, keepdim=True)


def by_numpy(z: Tensor) -> np.ndarray:
    e: np.ndarray = np.exp(z.numpy() - z.numpy().max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


def raising(z: Tensor) -> Tensor:
    raise RuntimeError("no softmax today")


def self_checked(softmax: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    def output2prob(z: Tensor) -> Tensor:
        prob = softmax(z)
        assert torch.allclose(prob.sum(), torch.ones(1)), "they must add up to one"
        return prob

    return output2prob


def together(z: Tensor) -> Tensor:
    return torch.exp(z - z.max()) / torch.exp(z - z.max()).sum()


def stub(z: Tensor) -> Tensor:
    raise NotImplementedError


SOFTMAX = (
    ("torch", lambda z: F.softmax(z, dim=1), R, "softmax over the classes"),
    ("last dim", lambda z: F.softmax(z, dim=-1), R, ""),
    ("by hand", stable, R, ""),
    ("numpy", by_numpy, R, ""),
    ("exp of log", lambda z: F.log_softmax(z, 1).exp(), R, ""),
    ("float64", lambda z: F.softmax(z.double(), dim=1), R, ""),
    ("overflows", naive, P, "very large"),
    ("one row only", lambda z: stable(z[:1]).expand(z.shape), P, "batch"),
    ("rows together", together, P, "batch"),
    ("self-check", self_checked(stable), R, "they must add up to one"),
    ("self-check overflows", self_checked(naive), P, "very large"),
    ("self-check together", self_checked(together), P, "worth 50%"),
    ("wrong dimension", lambda z: F.softmax(z, dim=0), W, "wrong dimension"),
    ("no exponential", lambda z: z / z.sum(dim=1, keepdim=True), W, "without the exponential"),
    ("not normalised", torch.exp, W, "not divided by its sum"),
    ("temperature", lambda z: F.softmax(z / 2, dim=1), W, "times 0.5"),
    ("logarithm", lambda z: F.log_softmax(z, dim=1), W, "logarithm"),
    ("sigmoid", torch.sigmoid, W, "sigmoid"),
    ("unchanged", lambda z: z, W, "unchanged"),
    ("first class only", lambda z: F.softmax(z, dim=1)[:, :1], W, "shape"),
    ("rounded", lambda z: F.softmax(z, dim=1).round(decimals=2), W, "digits"),
    ("nan", lambda z: z * torch.nan, W, "NaN"),
    ("raises", raising, Outcome.STUDENT_ERROR, "no softmax today"),
    ("stub", stub, Outcome.NOT_ATTEMPTED, "stub"),
)


@pytest.mark.parametrize(
    ("name", "function", "outcome", "says"), SOFTMAX, ids=lambda v: str(v)[:20]
)
def test_output2prob(
    lab: Lab, name: str, function: Callable[[Tensor], Tensor], outcome: Outcome, says: str
) -> None:
    finding = CHECKS["output2prob"](lab.ask({"output2prob": function}), "2c")
    assert finding.outcome is outcome, (finding.message, finding.measurements)
    assert says in finding.message


def test_what_a_single_row_is_worth_is_the_offerings_rule_and_said(lab: Lab) -> None:
    """Issue 15, section 4: `softmax(output[0], 0)` in the course's form, which has no batch."""
    context = lab.ask({"output2prob": lambda z: F.softmax(z[0], dim=0)})
    found = CHECKS["output2prob"](context, "2c")
    assert (found.outcome, found.credit) == (Outcome.PARTIAL, 0.5)
    assert "worth 50%" in found.message
    credit = {**context.assignment.credit, "output2prob": {"batch": 1.0}}
    lenient = replace(context, assignment=replace(context.assignment, credit=credit))
    found = CHECKS["output2prob"](lenient, "2c")
    assert (found.outcome, found.credit) == (Outcome.PASS, 1.0)


def test_output2prob_not_there(lab: Lab) -> None:
    assert CHECKS["output2prob"](lab.context(), "2c").outcome is H


def test_in_features(lab: Lab) -> None:
    check = CHECKS["in_features"]
    states = (lab.model("random"), lab.model("pretrained"))
    shown = lab.context(models=states, sources=("model.fc",))
    assert check(shown, "2a").code == "in_features.shown"
    assert check(shown, "2a").outcome is R
    assert check(lab.context(models=states), "2a").code == "in_features.not_shown"
    assert check(lab.context(models=states), "2a").outcome is H
    assert check(lab.context(models=states, answers=(("2a", "2048 of them"),)), "2a").outcome is R
    assert check(lab.context(models=states, answers=(("2a", "there are 1000"),)), "2a").outcome is W
    assert check(lab.context(), "2a").outcome is H
    other = (lab.model("random", in_features=512, made=None),)
    assert check(lab.context(models=other, sources=("model.fc",)), "2a").outcome is W


def forged(lab: Lab) -> ArrayRef:
    return lab.store(torch.randn(1, 1000, generator=torch.Generator().manual_seed(1)))


@pytest.mark.parametrize("how", ["no state", "noise", "another state", "no such state", "floats"])
def test_what_an_untrained_network_is_said_to_give_is_not_believed(lab: Lab, how: str) -> None:
    """Issue 16: 2(a) and 2(b) by two messages and a comment, or a module that returns noise."""
    state = torch.Generator().manual_seed(77).get_state()
    kinds: dict[str, dict[str, ArrayRef | None]] = {
        "no state": {"made": None},
        "noise": {},
        "another state": {"made": lab.store(state)},
        "no such state": {"made": lab.store(state[:100])},
        "floats": {"made": lab.store(state.float())},
    }
    changes: dict[str, Any] = kinds[how]
    fake = forged(lab) if how != "another state" else None
    corgi = lab.corgi[Space.NORMALISED]
    model = lab.model("random", **changes, **({"fingerprint": fake} if fake else {}))
    seen = lab.prediction("random", corgi, **changes, **({"logits": fake} if fake else {}))
    context = lab.context(models=(model,), predictions=(seen,), sources=("model.fc",))
    for check, part, code in (
        ("in_features", "2a", "in_features.not_made_again"),
        ("random_network", "2b", "random_network.not_made_again"),
    ):
        found = CHECKS[check](context, part)
        assert (found.outcome, found.code, found.credit) == (H, code, 0.0)


def test_a_prediction_in_training_mode_is_repeated_in_it(lab: Lab) -> None:
    network = network_made_at(torch.Generator().manual_seed(5).get_state(), 8).train()
    corgi = lab.corgi[Space.NORMALISED]
    with torch.no_grad():
        logits = lab.store(network(corgi))
    seen = lab.prediction("random", corgi, training=True, logits=logits)
    for _ in range(2):
        context = lab.context(models=(lab.model("random"),), predictions=(seen,))
        assert CHECKS["random_network"](context, "2b").outcome is R


def test_a_small_picture_has_no_training_mode(lab: Lab) -> None:
    seen = lab.prediction("random", torch.zeros(1, 3, 8, 8), logits=forged(lab))
    assert not gives_the_prediction(lab.context(predictions=(seen,)), seen)


def test_another_network_of_torchvision_is_made_again_too(lab: Lab) -> None:
    network = network_made_at(torch.Generator().manual_seed(5).get_state(), 8, "resnet18")
    corgi = lab.corgi[Space.NORMALISED]
    with torch.no_grad():
        logits, fingerprint = (network(x) for x in (corgi, lab.networks.probe_image()))
    seen = lab.prediction("random", corgi, logits=lab.store(logits))
    model = lab.model("random", fingerprint=lab.store(fingerprint))
    context = lab.context(models=(model,), predictions=(seen,), sources=("model.fc",))
    assert CHECKS["random_network"](context, "2b").outcome is R
    found = CHECKS["in_features"](context, "2a")
    assert (found.outcome, found.code) == (W, "in_features.not_resnet")


def test_the_number_of_inputs_is_that_of_the_network_made_again(lab: Lab) -> None:
    claimed = lab.context(models=(lab.model("random", in_features=512),), sources=("model.fc",))
    found = CHECKS["in_features"](claimed, "2a")
    assert (found.outcome, found.measurements[0].measured) == (R, "256")


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("model.fc", True),
        ("%matplotlib inline\nprint(model)", True),
        ("n = getattr(model, 'fc')", True),
        ("model", True),
        ("# model.fc", False),
        ("x = 1  # print(model)", False),
        ("'model.fc'", False),
        ("model.fc = torch.nn.Linear(256, 1000)", False),
        ("model.fc.in_features", True),
        ("%%foo\nprint(model", False),
        ("(", False),
    ],
)
def test_a_comment_shows_no_layer(source: str, shown: bool) -> None:
    assert shows_last_layer([source]) is shown


def test_random_network(lab: Lab) -> None:
    check = CHECKS["random_network"]
    corgi = lab.corgi[Space.NORMALISED]
    models = (lab.model("random"), lab.model("pretrained"))
    right = lab.context(models=models, predictions=(lab.prediction("random", corgi),))
    assert check(right, "2b").outcome is R
    unknown = lab.context(predictions=(lab.prediction("random", corgi),))
    assert check(unknown, "2b").outcome is R
    trained = lab.context(models=models, predictions=(lab.prediction("pretrained", corgi),))
    assert check(trained, "2b").outcome is H
    elsewhere = lab.context(models=models, predictions=(lab.prediction("random", lab.noise(1)),))
    assert check(elsewhere, "2b").code == "predictions.other_picture"
    assert check(elsewhere, "2b").outcome is W


def test_top_predictions(lab: Lab) -> None:
    check = CHECKS["top_predictions"]
    corgi, models = lab.corgi[Space.NORMALISED], (lab.model("pretrained"),)
    right = lab.prediction("pretrained", corgi)
    assert check(lab.context(models=models, predictions=(right,)), "2c").outcome is R
    assert check(lab.context(predictions=(right,)), "2c").outcome is R
    nudged = lab.prediction("pretrained", corgi + 1e-6)
    assert check(lab.context(models=models, predictions=(nudged,)), "2c").outcome is R
    training = replace(right, training=True, logits=lab.store(torch.randn(1, 1000)))
    found = check(lab.context(models=models, predictions=(training,)), "2c")
    assert found.outcome is W
    assert found.code == "top_predictions.training_mode"
    pixels = lab.prediction("pretrained", lab.corgi[Space.PIXELS])
    fed = check(lab.context(models=models, predictions=(pixels,)), "2c")
    assert fed.outcome is W
    assert fed.code == "top_predictions.pixels"
    noise = lab.prediction("pretrained", lab.noise(1))
    assert check(lab.context(models=models, predictions=(noise,)), "2c").outcome is W
    assert check(lab.context(), "2c").outcome is H


def test_the_corgi_among_other_pictures_of_a_batch_is_the_corgi(lab: Lab) -> None:
    """Issue 15, section 4: a batch of several; each picture is looked at by itself."""
    corgi = lab.corgi[Space.NORMALISED]
    for batch in (torch.cat([corgi, corgi.flip(3)]), torch.cat([lab.noise(1), corgi])):
        for network, check, part in (
            ("random", "random_network", "2b"),
            ("pretrained", "top_predictions", "2c"),
        ):
            seen = lab.prediction(network, batch)
            context = lab.context(models=(lab.model(network),), predictions=(seen,))
            found = CHECKS[check](context, part)
            assert (found.outcome, found.credit) == (R, 1), found.message


SLIPS: dict[str, Callable[[Tensor], Tensor]] = {
    "red and blue swapped": lambda x: x.flip(1),
    "rows and columns swapped": lambda x: x.transpose(2, 3),
    "in another order": lambda x: x.permute(0, 2, 3, 1).reshape(x.shape),
    "mirrored": lambda x: x.flip(3),
    "upside down": lambda x: x.flip(2),
    "scaled or normalized": lambda x: 255 * x,
}


@pytest.mark.parametrize("words", SLIPS)
def test_a_changed_prepare_image_is_told_by_what_it_did(lab: Lab, words: str) -> None:
    """Issue 15, section 4: "not what prepare_image returns" was false of a changed one."""
    image = from_pixels(SLIPS[words](lab.corgi[Space.PIXELS]), Space.NORMALISED)
    context = lab.context(
        models=(lab.model("pretrained"),), predictions=(lab.prediction("pretrained", image),)
    )
    found = CHECKS["top_predictions"](context, "2c")
    assert (found.outcome, found.code) == (W, "predictions.other_form")
    assert f"the corgi {words}" in found.message or words in found.message


def test_the_middle_of_the_corgi_waits_for_a_person(lab: Lab) -> None:
    """Issue 15, section 4: Resize(256) and CenterCrop(224), as torchvision's weights have it."""
    picture = Image.open(lab.bundle.corgi).convert("RGB")
    for side in (224, 232, 256):
        steps = [transforms.Resize(side), transforms.CenterCrop(224), transforms.ToTensor()]
        pixels = transforms.Compose(steps)(picture).unsqueeze(0)
        image = from_pixels(pixels, Space.NORMALISED)
        context = lab.context(
            models=(lab.model("random"), lab.model("pretrained")),
            predictions=(lab.prediction("random", image), lab.prediction("pretrained", image)),
        )
        for check, part in (("random_network", "2b"), ("top_predictions", "2c")):
            found = CHECKS[check](context, part)
            assert (found.outcome, found.code) == (H, "predictions.cropped"), found.message


def test_not_finite_logits_are_no_evidence(lab: Lab) -> None:
    corgi = lab.corgi[Space.NORMALISED]
    broken = replace(
        lab.prediction("pretrained", corgi), logits=lab.store(torch.full((1, 1000), torch.nan))
    )
    context = lab.context(models=(lab.model("pretrained"),), predictions=(broken,))
    assert CHECKS["top_predictions"](context, "2c").outcome is not R


@pytest.mark.parametrize("part", ["3c", "3e", "4c"])
def test_prose_is_for_a_person(lab: Lab, part: str) -> None:
    told = lab.context(answers=((part, "Because of the ball."),))
    finding = CHECKS["prose"](told, part)
    assert finding.outcome is H
    assert "Because of the ball." in finding.staff_detail
    assert finding.code == "prose.needs_grading"
    assert CHECKS["prose"](lab.context(), part).code == "prose.in_report"
    assert CHECKS["prose"](lab.context(), part).outcome is H
    assert CHECKS["prose"](lab.context(report_pages=0), part).outcome is Outcome.NOT_ATTEMPTED


def test_prose_knows_the_convention(lab: Lab) -> None:
    context = lab.ask({"conv1d_forward": lambda x, w: np.convolve(x, w, "same")})
    assert "zero-padded convolution" in CHECKS["prose"](context, "3c").staff_detail


def test_prose_shows_the_offerings_notes(lab: Lab) -> None:
    detail = CHECKS["prose"](lab.context(), "3e").staff_detail
    assert lab.context().assignment.part("3e").notes in detail
    assert "minus infinity" in detail


def test_prose_compares_the_two_attacks(lab: Lab) -> None:
    runs = (lab.attack("4a"), lab.attack("4b"), lab.attack("4e"))
    detail = CHECKS["prose"](lab.context(runs=runs), "4c").staff_detail
    wanted = {a.id: a.distance_l2 for a in lab.expected.attacks}
    for part in ("4a", "4b"):
        moved = f"{wanted[part]:.1f} in l2 distance (reference: {wanted[part]:.1f})"
        assert f"The attack of {part} moved the image by {moved}" in detail
    none = CHECKS["prose"](lab.context(), "4c")
    assert [r.code for r in none.remarks].count("prose.distance_reference") == 2

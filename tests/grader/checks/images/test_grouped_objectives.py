"""4(d): groups of channels, crops, and the greatest of several units."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from grader.checks.images.asked_objectives import recognise_asked
from grader.checks.images.feature_objectives import Climbed
from grader.checks.images.greatest_units import greatest_of_several
from grader.checks.images.pushes import Asked, Push
from grader.model.records import PartAsked
from reference.networks import features
from tests.grader.checks.support import Lab

pytestmark = pytest.mark.slow

LAYER = "layer2"
N_STEPS = 4

Loss = Callable[[Tensor, int], Tensor]
"""Of the layer's output and the step."""


def ascent(lab: Lab, loss: Loss) -> tuple[tuple[Push, ...], tuple[PartAsked, ...]]:
    """A few steps up a loss of one layer, as the recorder tells of them."""
    function = features(lab.networks.network("pretrained"), LAYER)
    image, pushes = lab.noise(3), []
    times: Counter[tuple[int, int]] = Counter()
    for step in range(N_STEPS):
        leaf = image.requires_grad_(True)
        output = function(leaf)
        value = loss(output, step)
        cotangent, moved = torch.autograd.grad(value, (output, leaf))
        asked = Asked(layer=LAYER, call=1, cotangent=cotangent) if step == 0 else None
        pushes.append(Push(step=step, image=leaf.detach(), moved=moved, asked=asked))
        image = (leaf.detach() + moved / moved.abs().mean() / 20).clamp(0, 1)
        used = cotangent[0].flatten(1) != 0
        channels, places = used.any(dim=1).nonzero().flatten(), used.any(dim=0).nonzero().flatten()
        channel = int(channels[0]) if len(channels) == 1 else -1
        times[channel, int(places[0]) if channel >= 0 and len(places) == 1 else -1] += 1
    parts = (
        PartAsked(layer=LAYER, call=1, channel=channel, place=place, times=count)
        for (channel, place), count in times.items()
    )
    return tuple(pushes), tuple(parts)


def recognised(lab: Lab, loss: Loss) -> Climbed:
    pushes, _ = ascent(lab, loss)
    found = recognise_asked(lab.networks.network("pretrained"), pushes[0], pushes[1:])
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("words", "loss"),
    [
        ("l2 norm of channels 10 to 19", lambda a, _: a[:, 10:20].norm()),
        ("l2 norm of channels 10 to 19", lambda a, _: a[:, 10:20].pow(2).mean()),
        ("l2 norm of channels 1, 5, 9, 13", lambda a, _: a[:, [1, 5, 9, 13]].norm()),
        ("l2 norm of channels 0, 2, …, 62", lambda a, _: a[:, ::2].norm()),
        ("mean of channels 8 to 15", lambda a, _: a[:, 8:16].mean()),
        (
            "l2 norm of rows 2 to 4, columns 2 to 4 in all channels",
            lambda a, _: a[..., 2:5, 2:5].norm(),
        ),
        ("l2 norm of row 3, column 3 in all channels", lambda a, _: a[..., 3, 3].norm()),
        ("mean of rows 1 to 3, columns 0 to 5 in channel 3", lambda a, _: a[0, 3, 1:4, :6].sum()),
        ("weighted sum of channels 3, 5", lambda a, _: a[0, 3].mean() - a[0, 5].mean()),
        ("l3 norm of the layer", lambda a, _: a.norm(3)),
        (
            "mean of the 50 greatest units of the layer",
            lambda a, _: a.flatten().topk(50).values.sum(),
        ),
    ],
)
def test_groups_of_channels_and_places_are_recognised(lab: Lab, words: str, loss: Loss) -> None:
    found = recognised(lab, loss)
    assert (found.objective.name, found.known, found.downhill) == (words, True, False)


def test_a_group_is_measured_by_its_own_function(lab: Lab) -> None:
    found = recognised(lab, lambda a, _: a[:, 10:20].norm())
    output = features(lab.networks.network("pretrained"), LAYER)(lab.noise(4))
    assert torch.allclose(found.objective.function(output), output[:, 10:20].norm())
    assert found.objective.function(output[..., 1:]).isnan()


def test_a_group_that_is_descended_is_said_to_fall(lab: Lab) -> None:
    assert recognised(lab, lambda a, _: -a[:, 10:20].norm()).downhill


@pytest.mark.parametrize(
    "loss",
    [
        lambda a, step: a[:, 10 * step : 10 * step + 10].norm(),
        lambda a, _: (a[:, ::3].exp() * torch.arange(a.shape[3])).sum(),
    ],
    ids=["another group at each step", "no usual function"],
)
def test_what_no_known_function_explains_is_not_known(lab: Lab, loss: Loss) -> None:
    assert not recognised(lab, loss).known


def chosen(lab: Lab, loss: Loss) -> Climbed | None:
    pushes, parts = ascent(lab, loss)
    network = lab.networks.network("pretrained")
    first = recognise_asked(network, pushes[0], pushes[1:])
    assert first is not None
    assert len(parts) > 1
    return greatest_of_several(network, first, pushes, parts)


@pytest.mark.parametrize(
    ("words", "known", "loss"),
    [
        ("greatest unit of channel 3", True, lambda a, _: a[0, 3].max()),
        ("greatest unit of the layer", True, lambda a, _: a.max()),
        ("greatest of 2 units", False, lambda a, _: a[..., 2:7, 2:7].max()),
    ],
)
def test_the_greatest_unit_is_one_objective(lab: Lab, words: str, known: bool, loss: Loss) -> None:
    found = chosen(lab, loss)
    assert found is not None
    assert (found.objective.name, found.known) == (words, known)


def test_another_unit_at_each_step_is_none(lab: Lab) -> None:
    def least(a: Tensor, step: int) -> Tensor:
        """Each time the one that responds least of those that respond."""
        values = a[0, 5 + step]
        return values[values > 0].min()

    assert chosen(lab, least) is None


def test_the_same_layer_by_another_function_is_no_other_one(lab: Lab) -> None:
    losses: tuple[Loss, ...] = (
        lambda a, _: a[:, 10:20].norm(),
        lambda a, _: a[:, 10:20].mean(),
        lambda a, _: a[:, 20:30].mean(),
    )
    assert len({recognised(lab, loss).target for loss in losses}) == 2

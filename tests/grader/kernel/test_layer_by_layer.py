"""What is recorded of networks that are not called as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from torch import Tensor, fx, nn
from torchvision.models.feature_extraction import create_feature_extractor
from torchvision.models.resnet import ResNet

from grader.kernel import layer_by_layer
from grader.kernel.channel import Channel
from grader.kernel.predictions import network_bound, watch_predictions
from grader.kernel.state import remember
from reference.studio.narrow import narrow_resnet50
from tests.grader.kernel.test_looks import Inbox, image


@pytest.fixture(scope="module")
def network() -> nn.Module:
    torch.manual_seed(0)
    made: nn.Module = narrow_resnet50().eval().requires_grad_(requires_grad=False)
    return made


@pytest.fixture
def names(network: nn.Module) -> dict[str, Any]:
    return {"model": network}


@pytest.fixture
def inbox(names: dict[str, Any]) -> Iterator[Inbox]:
    box, forward = Inbox(), ResNet.forward
    remember(cast("Channel", box), SimpleNamespace(user_ns=names), 0)
    watch_predictions()
    layer_by_layer.watch_layers()
    yield box
    ResNet.forward = forward
    for handle in layer_by_layer._installed:
        handle.remove()
    layer_by_layer._installed.clear()
    assert [body for body, _ in box.of("note")] == []


def by_children(network: Any, x: Tensor) -> Tensor:
    body = nn.Sequential(*list(network.children())[:-1])
    return cast("Tensor", network.fc(torch.flatten(body(x), 1)))


def traced(network: Any, x: Tensor) -> Tensor:
    return cast("Tensor", fx.symbolic_trace(network)(x))


def extracted(network: Any, x: Tensor) -> Tensor:
    return cast("Tensor", create_feature_extractor(network, ["fc"])(x)["fc"])


WAYS = (by_children, traced, extracted, lambda network, x: network(x))


@pytest.mark.parametrize("way", WAYS)
def test_a_prediction_is_recorded_once_however_the_layers_are_called(
    inbox: Inbox, network: nn.Module, way: Callable[[Any, Tensor], Tensor]
) -> None:
    with torch.no_grad():
        given = way(network, image())
    ((_, arrays),) = inbox.of("prediction")
    assert torch.equal(torch.from_numpy(arrays["input"]), image())
    assert torch.equal(torch.from_numpy(arrays["logits"]), given)


def test_layers_of_two_networks_make_no_prediction(
    inbox: Inbox, network: Any, names: dict[str, Any]
) -> None:
    names["other"] = other = narrow_resnet50().eval()
    with torch.no_grad():
        body = nn.Sequential(*list(network.children())[:-1])
        other.fc(torch.flatten(body(image()), 1))
    assert inbox.of("prediction") == []


def test_steps_of_an_optimization_make_none(inbox: Inbox, network: nn.Module) -> None:
    from grader.kernel.state import state_of

    state_of().first = cast("Any", object())
    loss = by_children(network, image().requires_grad_()).sum()
    loss.backward()  # type: ignore[no-untyped-call]
    assert inbox.of("prediction") == []


class Wrapped(nn.Module):
    """Normalizes in front of the network, as some do."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        return cast("Tensor", self.network(x - 1))


def test_of_a_module_around_a_network_the_network_is_looked_at(
    inbox: Inbox, network: nn.Module, names: dict[str, Any]
) -> None:
    for around in (Wrapped(network), nn.Sequential(nn.Identity(), network)):
        names["model"] = around
        assert network_bound() is network
    names["model"] = nn.Linear(2, 3)
    assert network_bound() is names["model"]
    assert inbox.of("model") == []

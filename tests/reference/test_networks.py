"""Layers by name, and the registry over small bundles."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torchvision.models import ResNet
from torchvision.models.resnet import Bottleneck

from reference import networks
from reference.bundles import Bundle
from reference.errors import ConfigError
from reference.networks import (
    NETWORKS,
    activations,
    feature_layers,
    features,
    last_in_features,
    load_network,
    network_from,
)


@pytest.fixture(scope="module")
def small() -> ResNet:
    torch.manual_seed(0)
    return ResNet(Bottleneck, [2, 1, 1, 1], num_classes=10).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def x() -> torch.Tensor:
    return torch.rand((1, 3, 32, 32), generator=torch.Generator().manual_seed(0))


def test_the_walk_ends_at_the_networks_own_output(small: ResNet, x: torch.Tensor) -> None:
    found = activations(small, x)
    torch.testing.assert_close(found["fc"], small(x))
    assert list(found) == [
        *("conv1", "bn1", "relu", "maxpool", "layer1.0", "layer1.1", "layer1"),
        *("layer2.0", "layer2", "layer3.0", "layer3", "layer4.0", "layer4", "avgpool", "fc"),
    ]


def test_bn1_is_kept_before_the_relu(small: ResNet, x: torch.Tensor) -> None:
    found = activations(small, x)
    assert float(found["bn1"].min()) < 0
    assert torch.equal(found["relu"], found["bn1"].clamp(min=0))


@pytest.mark.parametrize("layer_id", range(4))
def test_model_layer_is_the_notebooks_prefix(small: ResNet, x: torch.Tensor, layer_id: int) -> None:
    prefix = torch.nn.Sequential(*list(small.children())[: 5 + layer_id])
    torch.testing.assert_close(feature_layers(small, layer_id)(x), prefix(x))


def test_gradients_flow_through_every_layer(small: ResNet, x: torch.Tensor) -> None:
    for name in activations(small, x):
        leaf = x.clone().requires_grad_(True)
        (gradient,) = torch.autograd.grad(features(small, name)(leaf).norm(), leaf)
        assert float(gradient.norm()) > 0, name


def test_unknown_layers_are_refused(small: ResNet, x: torch.Tensor) -> None:
    with pytest.raises(ConfigError, match="no layer 'layer9'"):
        features(small, "layer9")(x)
    with pytest.raises(ConfigError, match="expected layer_id 0 to 3, got 4"):
        feature_layers(small, 4)


@pytest.fixture
def full_bundle(tmp_path: Path) -> Bundle:
    return Bundle(name="imagenet", root=tmp_path, in_features=2048, width_divisor=1)


def test_the_random_network_is_seeded_frozen_and_leaves_the_global_generator_alone(
    full_bundle: Bundle,
) -> None:
    before = torch.random.get_rng_state()
    first = load_network("random", full_bundle, seed=1)
    again = load_network("random", full_bundle, seed=1)
    other = load_network("random", full_bundle, seed=2)
    assert torch.equal(torch.random.get_rng_state(), before)
    weight = first.state_dict()["fc.weight"]
    assert torch.equal(weight, again.state_dict()["fc.weight"])
    assert not torch.equal(weight, other.state_dict()["fc.weight"])
    assert not first.training
    assert not any(p.requires_grad for p in first.parameters())
    assert last_in_features(first) == 2048


def test_weights_go_where_the_notebook_puts_them(
    full_bundle: Bundle, monkeypatch: pytest.MonkeyPatch, small: ResNet
) -> None:
    monkeypatch.setattr(networks, "_blank", lambda divisor: ResNet(Bottleneck, [2, 1, 1, 1], 10))
    weights = small.state_dict()
    full_bundle.checkpoint.parent.mkdir(parents=True)
    torch.save(weights, full_bundle.checkpoint)
    full_bundle.robust_checkpoint.parent.mkdir()
    twins = {
        f"module.{infix}model.{k}": v for k, v in weights.items() for infix in ("", "attacker.")
    }
    mean = {"module.normalizer.new_mean": torch.zeros(3, 1, 1)}
    torch.save({"model": {**mean, **twins}, "epoch": 1}, full_bundle.robust_checkpoint)
    for name in ("pretrained", "robust"):
        loaded = load_network(name, full_bundle)
        assert torch.equal(loaded.state_dict()["conv1.weight"], weights["conv1.weight"])
        assert not loaded.training


def test_wrong_names_and_weights_are_refused(
    full_bundle: Bundle, small: ResNet, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="expected one of random, pretrained, robust"):
        load_network("vgg", full_bundle)
    with pytest.raises(ConfigError, match=r"w\.pth: the weights do not match ResNet-50"):
        network_from(small.state_dict(), tmp_path / "w.pth")


def test_every_network_is_listed_under_its_name() -> None:
    assert all(name == spec.name for name, spec in NETWORKS.items())

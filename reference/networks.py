"""The three networks of the problem set: random, pretrained, robust (Problems 2 and 4).

All are ResNet-50 (He et al., 2016) with 1,000 classes, in evaluation mode, with frozen parameters:
what is optimised here is the input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from reference.bundles import get_bundle
from reference.checkpoints import load_state_dict_file, robust_state_dict
from reference.errors import ConfigError
from reference.light_torchvision import torchvision
from reference.run_records import Space

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reference.bundles import Bundle

NetworkFunction = Callable[[Tensor], Tensor]
"""Images, shape (N, 3, H, W), to logits, shape (N, 1000), or to a layer's output."""

Width = Literal["full", "narrow"]
"""The bundle's own width, or the trusted narrow network with the same logits."""

N_STAGES = 4
"""ResNet-50's stages `layer1` to `layer4`, the notebook's `layer_id` 0 to 3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSpec:
    """One of the networks of the problem set."""

    name: str
    """`random`, `pretrained` or `robust`."""
    space: Space
    """The space in which the notebook feeds it."""
    description: str
    """What it is, in words for a report."""


NETWORKS: Mapping[str, NetworkSpec] = {
    "random": NetworkSpec(
        name="random",
        space=Space.NORMALISED,
        description="ResNet-50 with random weights",
    ),
    "pretrained": NetworkSpec(
        name="pretrained",
        space=Space.NORMALISED,
        description="ResNet-50 trained on ImageNet's classes",
    ),
    "robust": NetworkSpec(
        name="robust",
        space=Space.PIXELS,
        description="ResNet-50 trained adversarially in an l2 ball of 3",
    ),
}
"""Every network, by name."""


def load_network(
    name: str,
    bundle: Bundle,
    *,
    device: torch.device | str = "cpu",
    seed: int = 0,
    width: Width = "full",
) -> nn.Module:
    """Build a network of the problem set from a bundle's files.

    Args:
        name: A key of `NETWORKS`.
        bundle: Where the weights are; its width decides the network's.
        device: Where to put the network.
        seed: Of the random network's weights.
        width: `narrow`: of the `studio` bundle, take the narrow network that the full-size one was
            padded from: the same logits within 1e-4, more than ten times as fast. For other
            bundles, and for random weights, it makes no difference.

    Returns:
        In evaluation mode, parameters frozen.

    Raises:
        ConfigError: Unknown name, or weights that do not match ResNet-50.
    """
    if name not in NETWORKS:
        raise ConfigError(f"network: expected one of {', '.join(NETWORKS)}, found {name!r}.")
    if name == "random":
        return _finish(_random_network(bundle.width_divisor, seed), device)
    if width == "narrow" and bundle.name == "studio":
        bundle = get_bundle("studio-narrow")
    if name == "pretrained":
        path, weights = bundle.checkpoint, load_state_dict_file(bundle.checkpoint)
    else:
        path = bundle.robust_checkpoint
        weights = robust_state_dict(load_state_dict_file(path))
    return _finish(network_from(weights, path, bundle.width_divisor), device)


def network_from(weights: Mapping[str, Tensor], path: Path, width_divisor: int = 1) -> nn.Module:
    """Build a ResNet-50 with the given weights.

    Args:
        weights: A state dict.
        path: Where it came from, for the message of an error.
        width_divisor: By what the widths are divided.

    Raises:
        ConfigError: Names or shapes do not match.
    """
    network = _blank(width_divisor)
    try:
        network.load_state_dict(dict(weights))
    except RuntimeError as error:
        raise ConfigError(
            f"{path}: the weights do not match ResNet-50; fetch or install the bundle again."
        ) from error
    return network


def walk(network: nn.Module, x: Tensor) -> Iterator[tuple[str, Tensor]]:
    """Run a ResNet and yield each intermediate output by name, in order.

    The names are torchvision's: `conv1`, `bn1`, `relu`, `maxpool`, each block (`layer3.2`) and
    stage (`layer3`), `avgpool`, `fc`. The first ReLU is taken out of place (in place it would
    overwrite `bn1`'s output); the values are the same.

    Args:
        network: A torchvision ResNet.
        x: Shape (N, 3, H, W).
    """
    part = dict(network.named_children())
    for name in ("conv1", "bn1", "relu", "maxpool"):
        x = F.relu(x) if name == "relu" else part[name](x)
        yield name, x
    for stage in (f"layer{i + 1}" for i in range(N_STAGES)):
        for number, block in enumerate(cast("nn.Sequential", part[stage])):
            x = block(x)
            yield f"{stage}.{number}", x
        yield stage, x
    x = part["avgpool"](x)
    yield "avgpool", x
    yield "fc", part["fc"](x.flatten(1))


def activations(network: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """Return every intermediate output of one forward pass, by name (see `walk`)."""
    return dict(walk(network, x))


def features(network: nn.Module, layer: str) -> NetworkFunction:
    """Return the function from the image to one layer's output; later layers are not run.

    Args:
        network: A torchvision ResNet.
        layer: A name that `walk` yields.
    """

    def forward(x: Tensor) -> Tensor:
        for name, output in walk(network, x):
            if name == layer:
                return output
        raise ConfigError(f"features: ResNet-50 has no layer {layer!r}; try layer1 to layer4.")

    return forward


def feature_layers(network: nn.Module, layer_id: int) -> NetworkFunction:
    """Return the notebook's `model_layer(model, layer_id)`: conv1 up to `layer{layer_id + 1}`.

    Raises:
        ConfigError: `layer_id` is not 0, 1, 2 or 3.
    """
    if layer_id not in range(N_STAGES):
        raise ConfigError(f"feature_layers: expected layer_id 0 to {N_STAGES - 1}, got {layer_id}.")
    return features(network, f"layer{layer_id + 1}")


def last_in_features(network: nn.Module) -> int:
    """Return the number of inputs of the last layer, 2(a)."""
    return cast("nn.Linear", network.get_submodule("fc")).in_features


def _random_network(width_divisor: int, seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _blank(width_divisor)


LAYOUTS = ("resnet50", "resnet18", "resnet34")
"""Networks of torchvision that somebody may take, the problem set's own first."""


def network_made_at(
    state: Tensor,
    width_divisor: int,
    layout: str = LAYOUTS[0],
    dtype: torch.dtype = torch.float32,
) -> nn.Module:
    """Build the random network that torchvision gives where torch's generator stands like this.

    Args:
        state: As `torch.get_rng_state()` returns it.
        width_divisor: By what the widths of a ResNet-50 are divided.
        layout: One of `LAYOUTS`.
        dtype: torch's default one when it is made: float64 draws other weights.

    Returns:
        In evaluation mode, parameters frozen, float32, on the CPU.

    Raises:
        ValueError: It is no state of the generator.
    """
    with torch.random.fork_rng(devices=[]):
        try:
            torch.set_rng_state(state)
        except (RuntimeError, TypeError) as error:
            raise ValueError(f"no state of torch's generator: {error}") from error
        before = torch.get_default_dtype()
        torch.set_default_dtype(dtype)
        try:
            if layout == LAYOUTS[0]:
                network = _blank(width_divisor)
            else:
                network = torchvision.models.get_model(layout, weights=None)
        finally:
            torch.set_default_dtype(before)
        return _finish(network.float(), "cpu")


def _blank(width_divisor: int) -> nn.Module:
    if width_divisor == 1:
        return cast("nn.Module", torchvision.models.resnet50(weights=None))
    from reference.studio.narrow import narrow_resnet50

    return narrow_resnet50(width_divisor)


def _finish(network: nn.Module, device: torch.device | str) -> nn.Module:
    return network.eval().requires_grad_(False).to(device)

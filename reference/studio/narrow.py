"""ResNet-50 with every width divided, and its exact embedding in the full-size network.

A channel that is always zero, and that no later filter reads, changes nothing: a narrow network's
tensors in the leading corner of full-size ones, zeros elsewhere, give the same logits. So a network
that two CPU cores train in minutes can stand where the course's notebook expects a real ResNet-50.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torchvision.models.resnet import Bottleneck, ResNet, resnet50

LAYERS: tuple[int, int, int, int] = (3, 4, 6, 3)
"""Bottleneck blocks per stage of ResNet-50 (He et al., 2015, table 1)."""

_STEM_WIDTH = 64


class NarrowResNet(ResNet):  # type: ignore[misc]  # torchvision has no types
    """ResNet-50 whose every layer has 1/`divisor` of the channels; same names as torchvision's."""

    def __init__(self, divisor: int = 8, num_classes: int = 1000) -> None:
        """Build the network with random weights.

        Raises:
            ValueError: `divisor` does not divide the stem's 64 channels.
        """
        if divisor < 1 or _STEM_WIDTH % divisor:
            raise ValueError(
                f"divisor must divide {_STEM_WIDTH}, got {divisor}: use 1, 2, 4, 8, ..."
            )
        # The base class fixes the stem at 64 channels: build the smallest form, replace the parts.
        super().__init__(Bottleneck, [1, 1, 1, 1], num_classes=1)
        width = _STEM_WIDTH // divisor
        self.inplanes = width
        self.conv1 = nn.Conv2d(3, width, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        for stage, blocks in enumerate(LAYERS):
            stride = 1 if stage == 0 else 2
            layer = self._make_layer(Bottleneck, width << stage, blocks, stride=stride)
            setattr(self, f"layer{stage + 1}", layer)
        self.fc = nn.Linear(8 * width * Bottleneck.expansion, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")


def narrow_resnet50(divisor: int = 8, num_classes: int = 1000) -> NarrowResNet:
    """Build a randomly initialised narrow ResNet-50; `divisor` 1 has torchvision's very shapes."""
    return NarrowResNet(divisor, num_classes)


def widen(state_dict: Mapping[str, Tensor], divisor: int = 8) -> dict[str, Tensor]:
    """Pad a narrow network's state dict with zeros to a full-size ResNet-50's.

    Added channels have zero filters, zero gamma and beta, mean 0 and variance 1, so that in
    evaluation mode they stay 0 and the logits are those of the narrow network.

    Args:
        state_dict: of `narrow_resnet50(divisor)`.
        divisor: the divisor it was built with.

    Returns:
        A state dict that `torchvision.models.resnet50()` loads with no missing or unexpected keys.

    Raises:
        ValueError: a name or shape does not fit the divisor.
    """
    full = {name: (value.shape, value.dtype) for name, value in _full_shapes().items()}
    if full.keys() != state_dict.keys():
        odd = sorted(full.keys() ^ state_dict.keys())
        raise ValueError(f"not a ResNet-50 state dict: {odd[0]!r} is missing or unexpected")
    return {
        name: _padded(name, state_dict[name], shape, divisor) for name, (shape, _) in full.items()
    }


def _full_shapes() -> dict[str, Tensor]:
    with torch.device("meta"):
        names: dict[str, Tensor] = resnet50().state_dict()
    return names


def _padded(name: str, value: Tensor, shape: torch.Size, divisor: int) -> Tensor:
    fits = all(
        have in (want, want // divisor) for have, want in zip(value.shape, shape, strict=True)
    )
    if value.dim() != len(shape) or not fits:
        raise ValueError(
            f"{name}: shape {tuple(value.shape)} is not {tuple(shape)} divided by {divisor}"
        )
    wide = torch.ones if name.endswith("running_var") else torch.zeros
    padded = wide(shape, dtype=value.dtype)
    padded[tuple(slice(0, n) for n in value.shape)] = value
    return padded

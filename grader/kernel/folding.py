"""A bottleneck block in evaluation mode with its normalizations folded in, and its adjoint.

In evaluation mode a batch normalization is a fixed scale and shift of each channel, so it is folded
into the convolution before it (Jacob et al., 2018, section 3.2). Weights are laid out for the
processor once, not at every call, and images channels-last. The gradient to a convolution's input
is its adjoint, which for steps of one pixel is a convolution with the transposed, turned kernels.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

Pair = tuple[nn.Conv2d, nn.BatchNorm2d]
"""A convolution and the normalization behind it."""


@dataclass(frozen=True, slots=True, eq=False)
class _Convolution:
    """A convolution with the normalization behind it folded in, laid out for the processor."""

    weight: torch.Tensor
    """Laid out for the forward pass."""
    bias: torch.Tensor
    stride: list[int]
    padding: list[int]
    back: torch.Tensor | None
    """Of the adjoint, laid out; None where torch's own is used."""
    back_padding: list[int]
    plain: torch.Tensor | None
    """Channels-last, for torch's own adjoint."""

    def __call__(self, image: torch.Tensor, then: str) -> torch.Tensor:
        """Convolve; `then` is `relu` or `none`."""
        return _convolve(image, self.weight, self.bias, self.padding, self.stride, then)

    def adjoint(self, cotangent: torch.Tensor, shape: torch.Size) -> torch.Tensor:
        """The gradient to the input, of this shape."""
        if self.back is None:
            return _torch_adjoint(cotangent, shape, self)
        reduced = _convolve(cotangent, self.back, None, self.back_padding, [1, 1], "none")
        if self.stride == [1, 1]:
            return reduced
        whole = reduced.new_zeros(shape).contiguous(memory_format=torch.channels_last)
        whole[:, :, :: self.stride[0], :: self.stride[1]] = reduced
        return whole


def _convolve(
    image: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    padding: list[int],
    stride: list[int],
    then: str,
) -> torch.Tensor:
    operator = torch.ops.mkldnn._convolution_pointwise
    result: torch.Tensor = operator(image, weight, bias, padding, stride, [1, 1], 1, then, [], "")
    return result


def _torch_adjoint(
    cotangent: torch.Tensor, shape: torch.Size, convolution: _Convolution
) -> torch.Tensor:
    image = cotangent.new_empty(shape).contiguous(memory_format=torch.channels_last)
    found: tuple[torch.Tensor, ...] = torch.ops.aten.convolution_backward(
        cotangent,
        image,
        convolution.plain,
        None,
        convolution.stride,
        convolution.padding,
        [1, 1],
        False,
        [0, 0],
        1,
        [True, False, False],
    )
    return found[0]


def _laid_out(
    weight: torch.Tensor, padding: list[int], stride: list[int], size: list[int]
) -> torch.Tensor:
    lay: Any = torch._C._nn.mkldnn_reorder_conv2d_weight
    opaque: Any = weight.contiguous()
    result: torch.Tensor = lay(opaque.to_mkldnn(), padding, stride, [1, 1], 1, size)
    return result


def _doubled(tensor: torch.Tensor | None) -> torch.Tensor:
    if tensor is None:
        raise ValueError("expected a normalization with weights and statistics")
    return tensor.detach().double()


def _fold(convolution: nn.Conv2d, norm: nn.BatchNorm2d, height: int, width: int) -> _Convolution:
    """Fold a normalization into the convolution before it, for images of about this size."""
    gain, shift, mean, variance = map(
        _doubled, (norm.weight, norm.bias, norm.running_mean, norm.running_var)
    )
    scale = gain / torch.sqrt(variance + norm.eps)
    weight = (_doubled(convolution.weight) * scale[:, None, None, None]).float()
    bias = (shift - mean * scale).float()
    stride, padding = list(convolution.stride), list(map(int, convolution.padding))
    filters, channels, kernel, _ = weight.shape
    back, back_padding, plain = None, [0, 0], None
    if (stride == [1, 1] and max(padding) < kernel) or (kernel == 1 and padding == [0, 0]):
        turned = weight.transpose(0, 1).flip(2, 3)
        back_padding = [kernel - 1 - padding[0], kernel - 1 - padding[1]]
        size = [1, filters, height // stride[0], width // stride[1]]
        back = _laid_out(turned, back_padding, [1, 1], size)
    else:
        plain = weight.contiguous(memory_format=torch.channels_last)
    size = [1, channels, height, width]
    return _Convolution(
        weight=_laid_out(weight, padding, stride, size),
        bias=bias,
        stride=stride,
        padding=padding,
        back=back,
        back_padding=back_padding,
        plain=plain,
    )


@dataclass(frozen=True, slots=True, eq=False)
class FoldedBlock:
    """The convolutions of a block, ready."""

    first: _Convolution
    second: _Convolution
    third: _Convolution
    shortcut: _Convolution | None

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The block's output of a channels-last image, and the two images inside it."""
        inner = self.first(image, "relu")
        middle = self.second(inner, "relu")
        beside = image if self.shortcut is None else self.shortcut(image, "none")
        return self.third(middle, "none").add_(beside).relu_(), inner, middle

    def adjoint(
        self,
        cotangent: torch.Tensor,
        output: torch.Tensor,
        inner: torch.Tensor,
        middle: torch.Tensor,
        shape: torch.Size,
    ) -> torch.Tensor:
        """The gradient to the block's input, of this shape."""
        behind = torch.ops.aten.threshold_backward
        cotangent = behind(cotangent, output, 0)
        inside = behind(self.third.adjoint(cotangent, middle.shape), middle, 0)
        inside = behind(self.second.adjoint(inside, inner.shape), inner, 0)
        beside = cotangent
        if self.shortcut is not None:
            beside = self.shortcut.adjoint(cotangent, shape)
        return self.first.adjoint(inside, shape).add_(beside)


def fold_block(pairs: tuple[Pair, ...], height: int, width: int) -> FoldedBlock:
    """Fold a block's three convolutions, and its shortcut's if it has one.

    Args:
        pairs: In the order of the block.
        height: Of its images; others can be given, too.
        width: As `height`.
    """
    stride = int(pairs[1][0].stride[0])
    inside = (height // stride, width // stride)
    sizes = ((height, width), (height, width), inside, (height, width))
    made = [_fold(*pair, *size) for pair, size in zip(pairs, sizes, strict=False)]
    return FoldedBlock(made[0], made[1], made[2], made[3] if made[3:] else None)


def channels_last(image: torch.Tensor) -> torch.Tensor:
    """The image in the layout that is computed in."""
    return image.contiguous(memory_format=torch.channels_last)


@functools.cache
def _ramp(count: int) -> torch.Tensor:
    return torch.linspace(1.0, 2.0, count)


def total_of(tensors: list[torch.Tensor]) -> float:
    """A sum that changes with any number, and with their order."""
    return sum(float(torch.dot(one.flatten(), _ramp(one.numel()))) for one in tensors)

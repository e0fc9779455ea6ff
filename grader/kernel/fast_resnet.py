"""Shim `fast-resnet`: a ResNet's blocks in evaluation mode, the same function in less time.

Only where nobody can tell it from the plain path but by the last digits: float32 on the CPU,
torchvision's own modules, no hooks inside a block. Gradients of weights, where they are asked for,
are computed the plain way, and the block stays with it from then on.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import nn
from torch.autograd import forward_ad
from torch.nn.modules import module as module_hooks
from torchvision.models.resnet import Bottleneck, ResNet

from . import owed_gradients
from .folded_autograd import Call, FastBlock, Weights, plain_forward
from .folding import FoldedBlock, Pair, channels_last, fold_block, total_of
from .owed_gradients import (
    WEIGHTS_ASKED,
    BlockNumbers,
    Chain,
    Link,
    are_usable,
    numbers_of,
    weights_of,
)

FEWEST_CHANNELS = 64
"""Of a block's first convolution; narrower blocks gain nothing."""
SAMPLED = 64
"""Numbers of each tensor that are compared at every call, at least."""
_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
_HOOKS_ON_ALL = tuple(f"_global{name}" for name in _HOOKS)


@dataclass
class _Kernel:
    """What holds for the whole kernel."""

    report: Callable[[], None]
    """Told when the shim takes effect."""
    hooks: tuple[int, ...]
    """Numbers of hooks on all modules that are ours."""
    modes: int
    """Number of modes for torch functions that are ours."""
    cell: int = 0
    """Goes up with every cell."""
    within: int = 0
    """Depth of calls whose inner images nobody sees: they may stay channels-last."""
    chain: Chain | None = None
    """The blocks so far of the network that is being called; None outside, or without gradients."""


@dataclass(slots=True, eq=False)
class _Known:
    """A block that is ready, and what its weights were."""

    block: FoldedBlock
    key: tuple[Any, ...]
    sample: torch.Tensor
    total: float
    cell: int
    copy: BlockNumbers | None = None
    """The same numbers, once gradients may have to be computed by them later."""


_kernel: list[_Kernel] = []
_known: WeakKeyDictionary[nn.Module, _Known] = WeakKeyDictionary()


def _fast_forward(block: Bottleneck, image: torch.Tensor) -> torch.Tensor | None:
    """The block's output; None where the plain path is to be taken."""
    with torch._C.DisableTorchFunction():
        pairs = _pairs(block)
        if not _is_usual(image) or not _is_plain(block, pairs) or block in WEIGHTS_ASKED:
            return None
        tensors = _tensors(pairs)
        weights = weights_of(pairs)
        if any(one.dtype is not torch.float32 for one in tensors) or not are_usable(weights):
            return None
        known, kernel = _ready(block, pairs, tensors, image), _kernel[0]
        folded = known.block
        kernel.report()
        if torch.is_grad_enabled():
            asked = any(one.requires_grad for one in weights)
            call = Call(block, pairs, _link(block, pairs, known, image) if asked else None)
            stand_in = _apply(Weights, call, *weights) if asked else None
            output = _apply(FastBlock, image, stand_in, folded, call)
            if kernel.chain is not None:  # without a link it ends here
                kernel.chain.last = output if call.link is not None else None
        else:
            output = folded.forward(channels_last(image))[0]
        return output if kernel.within else output.contiguous()


def _link(
    block: Bottleneck, pairs: tuple[Pair, ...], known: _Known, image: torch.Tensor
) -> Link | None:
    """The block's place behind those that were called before it; None where it is not there."""
    chain = _kernel[0].chain
    if chain is None or (chain.links and chain.last is not image) or chain.has(block):
        return None
    if not chain.links:
        chain.first = image

    def copy() -> BlockNumbers | None:
        tensors = _tensors(pairs)
        if _known.get(block) is not known or not _is_same(known, tensors):
            return None
        if known.copy is None:
            known.copy = numbers_of(pairs, copy=True)
        return known.copy

    return chain.link(block, copy)


def _apply(function: type[torch.autograd.Function], *given: Any) -> torch.Tensor:
    apply: Any = function.apply
    result: torch.Tensor = apply(*given)
    return result


# -- when it can be told from the plain path ------------------------------------------------------


def _is_usual(image: Any) -> bool:
    """Whether nothing but plain float32 arithmetic on the CPU is asked for."""
    kernel = _kernel[0]
    return (
        not torch._C._is_tracing()  # else sizes are tensors
        and type(image) is torch.Tensor
        and image.dtype is torch.float32
        and image.device.type == "cpu"
        and image.layout is torch.strided
        and image.dim() == 4
        and image.numel() > 0
        and not torch._C._functorch.is_functorch_wrapped_tensor(image)
        and forward_ad._current_level < 0
        and torch._C._get_mkldnn_enabled()
        and not torch.is_autocast_enabled("cpu")
        and not torch.compiler.is_compiling()
        and torch._C._len_torch_dispatch_stack() == 0
        and torch._C._len_torch_function_stack() == kernel.modes
        and _hooks_on_all() == kernel.hooks
    )


def _hooks_on_all() -> tuple[int, ...]:
    return tuple(len(getattr(module_hooks, name)) for name in _HOOKS_ON_ALL)


def _pairs(block: Bottleneck) -> tuple[Pair, ...]:
    """Convolutions and the normalizations behind them; empty where the block has another form."""
    pairs = [(block.conv1, block.bn1), (block.conv2, block.bn2), (block.conv3, block.bn3)]
    beside = block.downsample
    if beside is not None:
        if type(beside) is not nn.Sequential or len(beside) != 2:
            return ()
        pairs.append((beside[0], beside[1]))
    return tuple(pairs)


def _is_plain(block: Bottleneck, pairs: tuple[Pair, ...]) -> bool:
    """Whether a block is as torchvision makes it, in evaluation mode, with nobody looking in."""
    inner = list(block.modules())[1:]
    others = 1 + (block.downsample is not None)  # the ReLU, and what holds the shortcut
    return (
        type(block) is Bottleneck
        and not block.training
        and bool(pairs)
        and type(block.relu) is nn.ReLU
        and len(inner) == 2 * len(pairs) + others
        and all(_is_unwatched(one) for one in inner)
        and all(_is_foldable(*pair) for pair in pairs)
        and block.conv1.out_channels >= FEWEST_CHANNELS
    )


def _is_unwatched(module: nn.Module) -> bool:
    kept = module.__dict__
    return "forward" not in kept and not any(kept[name] for name in _HOOKS)


def _is_foldable(convolution: nn.Module, norm: nn.Module) -> bool:
    return (
        type(convolution) is nn.Conv2d
        and type(norm) is nn.BatchNorm2d
        and not norm.training
        and norm.weight is not None
        and norm.running_mean is not None
        and convolution.bias is None
        and convolution.groups == 1
        and convolution.dilation == (1, 1)
        and convolution.padding_mode == "zeros"
        and not isinstance(convolution.padding, str)
        and convolution.stride[0] == convolution.stride[1]
    )


# -- blocks that are ready ------------------------------------------------------------------------


def _tensors(pairs: tuple[Pair, ...]) -> list[torch.Tensor]:
    return [
        tensor
        for convolution, norm in pairs
        for tensor in (
            convolution.weight,
            norm.weight,
            norm.bias,
            norm.running_mean,
            norm.running_var,
        )
        if tensor is not None
    ]


def _ready(
    block: Bottleneck,
    pairs: tuple[Pair, ...],
    tensors: list[torch.Tensor],
    image: torch.Tensor,
) -> _Known:
    """Return the block as it is ready, made anew where any weight is another one.

    A version of a tensor does not tell what is written by `weight.data`: some numbers of each are
    compared at every call, and all of them at the first call of a cell.
    """
    cell, known = _kernel[0].cell, _known.get(block)
    with torch.no_grad():
        if known is not None and _is_same(known, tensors):
            if known.cell == cell:
                return known
            if known.total == total_of(tensors):
                known.cell = cell
                return known
        folded = fold_block(pairs, image.shape[2], image.shape[3])
        made = _Known(folded, _key(tensors), _sample(tensors), total_of(tensors), cell)
    _known[block] = made
    return made


def _key(tensors: list[torch.Tensor]) -> tuple[Any, ...]:
    return tuple((id(one), one._version, one.data_ptr()) for one in tensors)


def _sample(tensors: list[torch.Tensor]) -> torch.Tensor:
    with torch.no_grad():
        return torch.cat([one.flatten()[:: max(1, one.numel() // SAMPLED)] for one in tensors])


def _is_same(known: _Known, tensors: list[torch.Tensor]) -> bool:
    return known.key == _key(tensors) and torch.equal(known.sample, _sample(tensors))


# -- installing -----------------------------------------------------------------------------------


def install(report: Callable[[], None]) -> None:
    """Compute the blocks of torchvision's ResNets faster from now on, where this machine can.

    Args:
        report: Called whenever that takes effect.
    """
    _kernel[:] = [_Kernel(report, _hooks_on_all(), torch._C._len_torch_function_stack())]
    if _works():
        _forward_of_blocks()
        _forward_of_layers()
        _forward_of_networks()
        owed_gradients.install()


def installed_all() -> None:
    """Take the hooks and modes that are there now for ours."""
    if _kernel:
        _kernel[0].hooks = _hooks_on_all()
        _kernel[0].modes = torch._C._len_torch_function_stack()


def new_cell(*_: Any) -> None:
    """Another cell begins: weights are looked at as a whole when they are next used."""
    if _kernel:
        _kernel[0].cell += 1


def _works() -> bool:
    """Whether this machine has the operators, and they compute what they are to compute."""
    if not torch._C._has_mkldnn:
        return False
    with torch.random.fork_rng(devices=[]), torch._C.DisableTorchFunction():
        beside = nn.Sequential(nn.Conv2d(8, 16, 1, 2, bias=False), nn.BatchNorm2d(16))
        block = Bottleneck(8, 4, 2, beside).eval()
        image = torch.rand(1, 8, 6, 6, requires_grad=True)
        try:
            with torch.no_grad():
                folded = fold_block(_pairs(block), 6, 6)
            found = _apply(FastBlock, image, None, folded, Call(block, _pairs(block)))
            (gradient,) = torch.autograd.grad(found.sum(), image)
        except (RuntimeError, NotImplementedError, AttributeError):
            return False
        plain = plain_forward(block, image)
        (right,) = torch.autograd.grad(plain.sum(), image)
        return torch.allclose(found, plain, atol=1e-5) and torch.allclose(
            gradient, right, atol=1e-5
        )


@contextmanager
def _within() -> Iterator[None]:
    """What goes on inside is seen by nobody else."""
    _kernel[0].within += 1
    try:
        yield
    finally:
        _kernel[0].within -= 1


@contextmanager
def _chained() -> Iterator[None]:
    """What is called inside hands its images on, and to nobody else."""
    chain = Chain() if torch.is_grad_enabled() else None
    before, _kernel[0].chain = _kernel[0].chain, chain
    try:
        yield
    finally:
        _kernel[0].chain = before
        if chain is not None:
            chain.last = None


def _unwatched(modules: Iterable[nn.Module]) -> bool:
    return all(_is_unwatched(one) for one in modules)


def _forward_of_blocks() -> None:
    @functools.wraps(plain_forward)
    def forward(self: Bottleneck, x: torch.Tensor) -> torch.Tensor:
        output = _fast_forward(self, x)
        return plain_forward(self, _laid_as_ever(x)) if output is None else output

    Bottleneck.forward = forward


def _laid_as_ever(image: Any) -> Any:
    """What the plain path is given, for its gradients are laid out as its images are."""
    return image.contiguous() if _kernel[0].within and type(image) is torch.Tensor else image


def _forward_of_layers() -> None:
    """Images stay channels-last from block to block of a layer."""
    plain: Any = nn.Sequential.forward

    @functools.wraps(plain)
    def forward(self: nn.Sequential, input: Any) -> Any:  # noqa: A002 -- torch's name
        modules = self._modules.values()
        if type(next(iter(modules), None)) is not Bottleneck or not _unwatched(modules):
            return plain(self, input)
        with _within():
            output = plain(self, input)
        return output if _kernel[0].within else output.contiguous()

    nn.Sequential.forward = forward  # type: ignore[method-assign]


def _forward_of_networks() -> None:
    """And from the first convolution to the end of a network."""
    plain: Any = ResNet._forward_impl

    @functools.wraps(plain)
    def forward(self: ResNet, x: torch.Tensor) -> Any:
        if not _unwatched(one for one in self.modules() if one is not self):
            return plain(self, x)
        with _within():
            # As torchvision's, but for the layout of the images.
            x = self.maxpool(self.relu(self.bn1(_laid_last(self.conv1(x)))))
            with _chained():
                x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
            return self.fc(torch.flatten(self.avgpool(x), 1))

    ResNet._forward_impl = forward


def _laid_last(image: Any) -> Any:
    """What leaves the first convolution, in the layout that the blocks compute in."""
    with torch._C.DisableTorchFunction():
        return channels_last(image) if _is_usual(image) else image

"""Gradients of weights that `.backward()` asks for and hardly anybody reads: computed when read.

A run of 200 steps with `loss.backward()` adds 200 gradients of 25 million weights to `param.grad`,
in more time than all the rest, where `torch.autograd.grad` would not. A whole network's blocks
therefore only note what their weights' gradients follow from: the image that came to the first
block, and the gradient that came back to the last. Whoever reads `param.grad` finds it computed;
whoever sets it, or calls `zero_grad`, has no more to wait for.

Nothing is put off where it could be told: hooks on weights, derivatives of gradients, weights that
changed since, named inputs, a network that is called piece by piece. Where images would take more
than `MOST_BYTES`, gradients are computed at once from then on.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary, ref

import torch
from torch import nn
from torch.nn import functional
from torch.utils.weak import TensorWeakRef, WeakTensorKeyDictionary

MOST_BYTES = 512 * 2**20
"""Of images that are kept for gradients that nobody has read yet: some 640 steps at 224 pixels."""
WEIGHTS_ASKED: WeakKeyDictionary[nn.Module, bool] = WeakKeyDictionary()
"""Blocks whose weights' gradients were read; the plain path gives them in less time."""
_GRAD: Any = torch.Tensor.grad
"""Torch's own way to a gradient."""
_ENGINE = "_engine_run_backward"
"""Of `torch.autograd`: where `backward` and `grad` meet."""
_Place = tuple[int, int]
"""Of a weight: which block of its network, and which of the block's weights."""


@dataclass(frozen=True, slots=True, eq=False)
class BlockNumbers:
    """What a block computes by."""

    pairs: tuple[tuple[torch.Tensor, ...], ...]
    """Of each convolution: its weights, then weight, bias, mean and variance behind it."""
    forms: tuple[tuple[Any, Any, float], ...]
    """Of each: stride, padding, and the normalization's epsilon."""

    @property
    def weights(self) -> tuple[torch.Tensor, ...]:
        """Its weights, in the order of `weights_of`."""
        return tuple(one for pair in self.pairs for one in pair[:3])

    def __call__(self, image: torch.Tensor) -> torch.Tensor:
        """Compute as torchvision's block does, in evaluation mode."""
        inner = functional.relu(self._one(0, image))
        inner = self._one(2, functional.relu(self._one(1, inner)))
        return functional.relu(inner + (self._one(3, image) if self.pairs[3:] else image))

    def _one(self, number: int, image: torch.Tensor) -> torch.Tensor:
        weight, gain, shift, mean, variance = self.pairs[number]
        stride, padding, epsilon = self.forms[number]
        found = functional.conv2d(image, weight, None, stride, padding)
        return functional.batch_norm(found, mean, variance, gain, shift, eps=epsilon)


def numbers_of(pairs: Iterable[tuple[nn.Conv2d, nn.BatchNorm2d]], *, copy: bool) -> BlockNumbers:
    """A block's numbers: a copy that stays as it is, or themselves, apart from all graphs."""
    tensors, forms = [], []
    for convolution, norm in pairs:
        own = (convolution.weight, norm.weight, norm.bias, norm.running_mean, norm.running_var)
        apart = (one.detach() for one in own if one is not None)
        tensors.append(tuple(one.clone() if copy else one for one in apart))
        forms.append((convolution.stride, convolution.padding, norm.eps))
    return BlockNumbers(tuple(tensors), tuple(forms))


def gradients_of(
    blocks: Sequence[BlockNumbers],
    image: torch.Tensor,
    cotangent: torch.Tensor,
    places: Sequence[_Place],
) -> tuple[torch.Tensor, ...]:
    """The gradients of some weights of blocks that follow each other.

    Args:
        blocks: The first is given the image.
        image: As it was given.
        cotangent: That came back to the output of the last.
        places: Of the weights.
    """
    with torch.inference_mode(False), torch.enable_grad(), torch._C.DisableTorchFunction():
        leaves: list[list[torch.Tensor]] = [
            [one.requires_grad_() for one in block.weights] for block in blocks
        ]
        output = image.detach().contiguous()
        for block in blocks:
            output = block(output)
        asked = [leaves[block][index] for block, index in places]
        return torch.autograd.grad(output, asked, cotangent.contiguous())


def weights_of(pairs: Iterable[tuple[nn.Conv2d, nn.BatchNorm2d]]) -> list[torch.Tensor]:
    """A block's weights, in the order of its convolutions."""
    return [one for c, norm in pairs for one in (c.weight, norm.weight, norm.bias)]


@dataclass(slots=True, eq=False)
class Link:
    """A block's place in the call of a whole network."""

    chain: Chain
    place: int
    block: ref[nn.Module]
    copy: Callable[[], BlockNumbers | None]
    """Gives its numbers as they were in the call; None where they have changed since."""


@dataclass(slots=True, eq=False)
class Chain:
    """The blocks of one call of a whole network: each is given what the one before it made."""

    first: torch.Tensor | None = None
    """What the first block was given."""
    last: torch.Tensor | None = None
    """What the last one made, during the call."""
    links: list[Link] = field(default_factory=list)
    owed: _Owed | None = None
    """What the backward pass that goes on, or went last, leaves to be computed."""

    def has(self, block: nn.Module) -> bool:
        """Whether a block was called before."""
        return any(link.block() is block for link in self.links)

    def link(self, block: nn.Module, copy: Callable[[], BlockNumbers | None]) -> Link:
        """Add a block."""
        made = Link(self, len(self.links), ref(block), copy)
        self.links.append(made)
        return made


@dataclass(slots=True, eq=False)
class _Owed:
    """What one backward pass leaves to be computed."""

    image: torch.Tensor
    cotangent: torch.Tensor
    """Of the last block's output; one number of a channel where it is the same all over."""
    shape: torch.Size
    """Of that output."""
    copies: tuple[BlockNumbers, ...]
    blocks: tuple[ref[nn.Module], ...]
    weights: dict[_Place, TensorWeakRef] = field(default_factory=dict)
    """Who waits."""

    @property
    def size(self) -> int:
        """Bytes that it keeps, but for the copies, which many share."""
        return self.image.nbytes + self.cotangent.nbytes

    def is_awaited(self) -> bool:
        """Whether any of those who wait is still there."""
        return any(kept() is not None for kept in self.weights.values())

    def pay(self) -> None:
        """Compute the gradients, and add each to its weight's."""
        living = [(place, w) for place, kept in self.weights.items() if (w := kept()) is not None]
        if not living:
            return
        places = [place for place, _ in living]
        cotangent = self.cotangent.expand(self.shape)
        found = gradients_of(self.copies, self.image, cotangent, places)
        for (_, weight), gradient in zip(living, found, strict=True):
            _add(weight, gradient)
        for block in self.blocks:
            if (there := block()) is not None:
                WEIGHTS_ASKED[there] = True


def _add(weight: torch.Tensor, gradient: torch.Tensor) -> None:
    there, data = _GRAD.__get__(weight), weight.data
    with torch.no_grad():
        if there is not None:
            there += gradient
            return
        if gradient.stride() != weight.stride():  # laid out as its weight, as torch does it
            gradient = torch.empty_like(weight, dtype=gradient.dtype).copy_(gradient)
        weight.data = gradient  # the weight may be of another kind by now, which `grad` refuses
        _GRAD.__set__(weight, gradient)
        weight.data = data


class _Pass(threading.local):
    """The backward pass that goes on in a thread."""

    adds = False
    """Whether it is a plain `.backward()`, which adds to all leaves and returns nothing."""


_pass = _Pass()
_owed: list[_Owed] = []
_waiting: Any = WeakTensorKeyDictionary()
"""What each weight waits for: what is owed, and the weight's place in it."""


# -- putting off ----------------------------------------------------------------------------------


def came_back(link: Link | None, cotangent: torch.Tensor) -> None:
    """A backward pass has come to a block: the last of its network comes first."""
    if link is None or link.place != len(link.chain.links) - 1:
        return
    chain = link.chain
    chain.owed = None
    if _pass.adds and chain.first is not None:
        chain.owed = _note(chain, chain.first, cotangent)


def _note(chain: Chain, image: torch.Tensor, cotangent: torch.Tensor) -> _Owed | None:
    _owed[:] = [one for one in _owed if one.is_awaited()]
    copies = tuple(copy for link in chain.links if (copy := link.copy()) is not None)
    corner = cotangent[:, :, :1, :1]
    kept = corner if torch.equal(corner.expand_as(cotangent), cotangent) else cotangent
    blocks = tuple(link.block for link in chain.links)
    made = _Owed(image.detach(), kept.detach().clone(), cotangent.shape, copies, blocks)
    too_many = sum(one.size for one in _owed) + made.size > MOST_BYTES
    return None if too_many or len(copies) < len(blocks) else made


def put_off(link: Link | None, weights: Sequence[torch.Tensor]) -> bool:
    """Whether a block's gradients need not be computed now, because they are noted."""
    owed = link.chain.owed if link is not None and _pass.adds else None
    if link is None or owed is None or not all(map(_is_quiet, weights)):
        return False
    for index, weight in enumerate(weights):
        if weight.requires_grad:
            place = (link.place, index)
            owed.weights[place] = TensorWeakRef(weight)
            _waiting.setdefault(weight, []).append((owed, place))
    if _owed[-1:] != [owed]:
        _owed.append(owed)
    return True


def _is_quiet(weight: torch.Tensor) -> bool:
    """Whether nobody is told when a gradient comes to a weight."""
    return (
        type(weight) is nn.Parameter
        and not weight._backward_hooks
        and not weight._post_accumulate_grad_hooks
    )


def are_usable(weights: list[torch.Tensor]) -> bool:
    """Whether they are all others, and nobody is told of their gradients."""
    return len(set(map(id, weights))) == len(weights) and all(map(_is_quiet, weights))


# -- reading, setting, forgetting -----------------------------------------------------------------


def _pay_all(weight: torch.Tensor) -> None:
    """Compute all that is owed, if a weight waits for some of it."""
    with torch._C.DisableTorchFunction():
        if not _owed or weight not in _waiting:
            return
        waiting = tuple(_owed)
        _owed.clear()
        _waiting.clear()
        for one in waiting:
            one.pay()


def _forget(weights: Iterable[torch.Tensor]) -> None:
    """These wait for nothing more."""
    if not _owed:
        return
    with torch._C.DisableTorchFunction():
        for weight in weights:
            for owed, place in _waiting.pop(weight, ()):
                owed.weights.pop(place, None)
    _owed[:] = [one for one in _owed if one.weights]


def _read(weight: torch.Tensor) -> torch.Tensor | None:
    _pay_all(weight)
    found: torch.Tensor | None = _GRAD.__get__(weight)
    return found


def _write(weight: torch.Tensor, gradient: torch.Tensor | None) -> None:
    _GRAD.__set__(weight, gradient)
    _forget([weight])


def _delete(weight: torch.Tensor) -> None:
    _GRAD.__delete__(weight)
    _forget([weight])


# -- installing -----------------------------------------------------------------------------------


def install() -> None:
    """Let gradients of weights be put off from now on, where torch lets them be asked for."""
    engine: Any = getattr(torch.autograd, _ENGINE, None)
    if engine is None:  # another torch: nothing is put off
        return
    _passes(engine)
    for name in ("grad", "_grad"):
        setattr(nn.Parameter, name, property(_read, _write, _delete, _GRAD.__doc__))
    _zeroed(nn.Module, lambda network: network.parameters())
    _zeroed(
        torch.optim.Optimizer,
        lambda optimizer: (one for group in optimizer.param_groups for one in group["params"]),
    )


def _passes(engine: Any) -> None:
    """See which kind of backward pass goes on."""

    @functools.wraps(engine)
    def run(outputs: Any, gradients: Any, keep: Any, create: Any, inputs: Any, *more: Any,
            **named: Any) -> Any:  # fmt: skip
        before = _pass.adds
        _pass.adds = bool(named.get("accumulate_grad")) and not create and not inputs
        try:
            return engine(outputs, gradients, keep, create, inputs, *more, **named)
        finally:
            _pass.adds = before

    setattr(torch.autograd, _ENGINE, run)


def _zeroed(kind: Any, weights: Callable[[Any], Iterable[torch.Tensor]]) -> None:
    """Who sets all gradients to None waits for none."""
    plain = kind.zero_grad

    @functools.wraps(plain)
    def zero_grad(self: Any, set_to_none: bool = True) -> None:
        if set_to_none:
            _forget(weights(self))
        plain(self, set_to_none)

    kind.zero_grad = zero_grad

"""Autograd of a folded block: gradients to its input, and to its weights if they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torchvision.models.resnet import Bottleneck

from .folding import FoldedBlock, Pair, channels_last
from .owed_gradients import WEIGHTS_ASKED, Link, came_back, gradients_of, numbers_of, put_off

plain_forward: Any = Bottleneck.forward
"""Torchvision's."""


@dataclass(slots=True, eq=False)
class Call:
    """One call of a block: what its weights' gradients would need."""

    block: Bottleneck
    pairs: tuple[Pair, ...]
    link: Link | None = None
    """Its place in the call of a whole network; None where it was called alone."""
    image: torch.Tensor | None = None
    cotangent: torch.Tensor | None = None


class Weights(torch.autograd.Function):
    """Stands for a block's weights; autograd comes here only where it needs their gradients."""

    @staticmethod
    def forward(ctx: Any, call: Call, *weights: torch.Tensor) -> torch.Tensor:
        """Return a number that depends on the weights as far as autograd can tell."""
        ctx.call, ctx.weights = call, weights
        return weights[0].new_zeros(())

    @staticmethod
    def backward(ctx: Any, *_: Any) -> Any:
        """Compute the weights' gradients the plain way, of what `FastBlock` was given."""
        call: Call = ctx.call
        if put_off(call.link, ctx.weights):
            return None, *(None for _ in ctx.weights)
        WEIGHTS_ASKED[call.block] = True
        asked = [index for index, one in enumerate(ctx.weights) if one.requires_grad]
        if torch.is_grad_enabled():  # derivatives of the gradients are asked for
            with torch.enable_grad():
                output = plain_forward(call.block, call.image)
                needed = [ctx.weights[index] for index in asked]
                found = torch.autograd.grad(output, needed, call.cotangent, create_graph=True)
        else:  # by numbers of their own, so that no hook is told twice
            image, cotangent = call.image, call.cotangent
            if image is None or cotangent is None:
                raise RuntimeError("expected the block's own backward pass before that of weights")
            numbers = numbers_of(call.pairs, copy=False)
            found = gradients_of([numbers], image, cotangent, [(0, index) for index in asked])
        by_index = dict(zip(asked, found, strict=True))
        return None, *(by_index.get(index) for index in range(len(ctx.weights)))


class FastBlock(torch.autograd.Function):
    """A block; the gradient to its input, and a call of `Weights` for those of its weights."""

    @staticmethod
    def forward(
        ctx: Any, image: torch.Tensor, _: torch.Tensor | None, folded: FoldedBlock, call: Call
    ) -> torch.Tensor:
        """Return the output of the block, channels-last."""
        output, inner, middle = folded.forward(channels_last(image))
        ctx.save_for_backward(image, output, inner, middle)
        ctx.folded, ctx.call = folded, call
        return output

    @staticmethod
    def backward(ctx: Any, *cotangents: torch.Tensor) -> Any:
        """Return the gradient to the image; keep what `Weights` may need."""
        image, output, inner, middle = ctx.saved_tensors
        call: Call = ctx.call
        (cotangent,) = cotangents
        call.image, call.cotangent = image, cotangent
        came_back(call.link, cotangent)
        none = cotangent.new_zeros(()) if ctx.needs_input_grad[1] else None
        if not ctx.needs_input_grad[0]:
            return None, none, None, None
        if torch.is_grad_enabled():  # derivatives of the gradient are asked for
            with torch.enable_grad():
                plain = plain_forward(call.block, image)
                (found,) = torch.autograd.grad(plain, image, cotangent, create_graph=True)
            return found, none, None, None
        with torch._C.DisableTorchFunction():
            there = channels_last(cotangent)
            found = ctx.folded.adjoint(there, output, inner, middle, image.shape)
        return found, none, None, None

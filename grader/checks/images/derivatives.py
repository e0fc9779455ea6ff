"""Derivatives of a network's output along directions of its input."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def derivatives_along(
    function: Callable[[Tensor], Tensor], image: Tensor, directions: Tensor
) -> Tensor:
    """Return J v for each direction v (V, 3, H, W): one row of the function's output shape each.

    J'u is linear in u; the derivative of its product with v with respect to u is J v.
    """
    leaf = image.detach().repeat(len(directions), 1, 1, 1).requires_grad_(True)
    output = function(leaf)
    cotangent = torch.zeros_like(output).requires_grad_(True)
    (pulled,) = torch.autograd.grad(output, leaf, cotangent, create_graph=True)
    (along,) = torch.autograd.grad(pulled, cotangent, directions)
    return along.detach()

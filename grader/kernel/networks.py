"""A look at the notebook's network: digest of its tensors, logits on the hidden probe image."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from .surroundings import PLAIN

_digests: dict[int, tuple[tuple[Any, ...], str]] = {}


def to_numpy(tensor: torch.Tensor, dtype: torch.dtype = torch.float32) -> np.ndarray:
    """Return a copy of the tensor on the CPU as an array of `dtype`."""
    return tensor.detach().to(device="cpu", dtype=dtype).numpy().copy()


def _state_key(model: torch.nn.Module) -> tuple[Any, ...]:
    """Cheap value that changes whenever a tensor of the network is replaced or written to."""
    return tuple((id(t), t.data_ptr(), t._version) for _, t in model.named_parameters())


def weights_sha256(model: torch.nn.Module) -> str:
    """Digest of all parameters in the order of their names (cached by version).

    Buffers stay out: in training mode a forward pass writes new statistics into them, and it is
    the same network still.
    """
    key = _state_key(model)
    cached = _digests.get(id(model))
    if cached is not None and cached[0] == key:
        return cached[1]
    digest = hashlib.sha256()
    for name, tensor in sorted(model.named_parameters()):
        digest.update(name.encode())
        digest.update(to_numpy(tensor).tobytes())
    _digests[id(model)] = (key, digest.hexdigest())
    return digest.hexdigest()


def untrained(model: torch.nn.Module) -> bool:
    """Whether every batch normalization is as it was made: no data has been seen."""
    layers = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    return bool(layers) and all(_as_made(layer) for layer in layers)


def _as_made(layer: torch.nn.BatchNorm2d) -> bool:
    values = ((layer.weight, 1), (layer.bias, 0))
    return all(tensor is None or bool((tensor == value).all()) for tensor, value in values)


def probe_image(seed: int) -> torch.Tensor:
    """The hidden probe image, (1, 3, 224, 224), standard normal; the host draws the same."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((1, 3, 224, 224), generator=generator, dtype=torch.float32)


def fingerprint(model: torch.nn.Module, seed: int) -> np.ndarray:
    """Logits of the network in evaluation mode on the probe image; its mode is restored.

    The notebook's own hooks, which may collect what passes them, do not see it.
    """
    modes = [(module, module.training) for module in model.modules()]
    first = next(model.parameters())
    model.eval()
    try:
        with PLAIN.put_up(), torch.no_grad(), _without_hooks(model):
            return to_numpy(model(probe_image(seed).to(first.device, first.dtype)))
    finally:
        for module, training in modes:
            module.training = training


@contextmanager
def _without_hooks(model: torch.nn.Module) -> Iterator[None]:
    names = ("_forward_hooks", "_forward_pre_hooks")
    kept = [(m, name, getattr(m, name)) for m in model.modules() for name in names]
    try:
        for module, name, _ in kept:
            setattr(module, name, OrderedDict())
        yield
    finally:
        for module, name, hooks in kept:
            setattr(module, name, hooks)

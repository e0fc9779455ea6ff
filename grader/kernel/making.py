"""Recorder of how a random network was made: where torch's generator stood.

The weights of an untrained ResNet-50 follow from it, so that the host can make the same network
again, and what the notebook's network gave need not be believed.
"""

from __future__ import annotations

import functools
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torchvision.models.resnet import ResNet

_made: WeakKeyDictionary[torch.nn.Module, np.ndarray] = WeakKeyDictionary()
_by_weights: dict[str, np.ndarray] = {}
"""By digest: a copy of a network was made as the network was."""


def _state_now() -> np.ndarray:
    with torch._C.DisableTorchFunction():
        return torch.get_rng_state().numpy().copy()


def how_made(network: torch.nn.Module, weights: str) -> dict[str, np.ndarray]:
    """Return the generator's state at a network's making as an array to send; empty if not known.

    Args:
        network: An untrained one.
        weights: Its digest.
    """
    state = _made.get(network)
    if state is None:
        state = _by_weights.get(weights)
    if state is None:
        return {}
    _by_weights[weights] = state
    return {"made": state}


def watch_making() -> None:
    """Note where the generator stands whenever a ResNet is made, of any class of them."""
    init = ResNet.__init__
    if hasattr(init, "__pset4_original__"):
        return

    @functools.wraps(init)
    def recorded(self: torch.nn.Module, *args: Any, **kwargs: Any) -> None:
        state = _state_now()
        init(self, *args, **kwargs)
        _made[self] = state

    recorded.__pset4_original__ = init  # type: ignore[attr-defined]
    ResNet.__init__ = recorded

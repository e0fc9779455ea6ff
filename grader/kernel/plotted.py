"""Recorder of what the notebook shows as the values of the classes, by the course's helper."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import torch

from .bounds import MAX_CLASSES, MAX_PLOTTED
from .state import shielded, state_of


@shielded
def _note(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    state = state_of()
    given = (*args, *kwargs.values())
    if not given or state.plotted >= MAX_PLOTTED:
        return
    values = given[0]
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu().double().numpy()
    array = np.asarray(values)
    if array.dtype.kind not in "fiu" or not 1 < array.size <= MAX_CLASSES:
        return
    state.plotted += 1
    row = array.astype(np.float64).reshape(1, -1).copy()
    state.channel.send("plotted", {}, {"values": row})


def wrap_plot(function: Any) -> Any:
    """Return the notebook's helper with the values of each call recorded."""

    @functools.wraps(function)
    def recorded(*args: Any, **kwargs: Any) -> Any:
        if not state_of().inside_recorder:
            _note(args, kwargs)
        return function(*args, **kwargs)

    recorded.__pset4_original__ = function  # type: ignore[attr-defined]
    return recorded

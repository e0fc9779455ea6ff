"""What the recorders remember, and the shield that all of them act under."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from .bounds import COLOURS, MAX_ELEMENTS
from .channel import Channel


@dataclass(eq=False)
class Look:
    """An image that a network was shown, and what a loss asked of it."""

    image: torch.Tensor
    """A copy of what entered the network, (N, 3, H, W)."""
    base: torch.Tensor
    """A copy of what the notebook optimizes: the image, or what the image was made of."""
    leaf: torch.Tensor | None
    """That tensor itself."""
    own: bool
    """Whether it is the very tensor that entered the network."""
    owner: torch.nn.Module | None
    """The network."""
    training: bool = False
    """Whether it was in training mode."""
    reduced: bool = False
    """Whether it computed in less than float32's precision."""
    carried: bool = False
    """Whether its gradient was added to that of an earlier step."""
    gradient: torch.Tensor | None = None
    """Of the loss with respect to the image; None until it comes."""
    layer: str = ""
    """Module of whose output the loss was taken."""
    call: int = 0
    """Which call of that module, from 1."""
    cotangent: torch.Tensor | None = None
    """Gradient of the loss with respect to that output."""


@dataclass
class Run:
    """An optimisation under way."""

    name: str
    function: str
    class_id: int | None
    total: int | None
    stepper: Any = None
    steps: int = 0
    last: Any = None
    opened: bool = False
    moved: bool = False
    model_fn: Any = None
    network: Any = None
    looks: int = 0
    carried: int = 0
    """Looks whose gradient was added to that of an earlier step."""
    first: Look | None = None
    latest: Look | None = None
    parts: dict[tuple[str, int, int, int], int] = field(default_factory=dict)
    """Layer, call, channel and place that a loss was taken of, and how often."""
    started: float = field(default_factory=time.perf_counter)


@dataclass
class RecorderState:
    """All that the recorder remembers; one per kernel."""

    channel: Channel
    shell: Any
    seed: int
    run: Run | None = None
    runs: int = 0
    predictions: int = 0
    predictions_of_cell: int = 0
    plotted: int = 0
    inside_recorder: bool = False
    inside_network: bool = False
    """Whether a whole ResNet is at work: what its layers do is its own."""
    entered: tuple[torch.nn.Module, Any] | None = None
    """The first convolution that was called by itself, and what with."""
    last_model: str = ""
    model_seen: Any = None
    settings: dict[int, dict[str, Any]] = field(default_factory=dict)
    problems: set[str] = field(default_factory=set)
    calls: list[Any] = field(default_factory=list)
    weights_kept: dict[str, list[torch.Tensor]] = field(default_factory=dict)
    repeats: str = ""
    look: Look | None = None
    """The one that waits for what follows it."""
    first: Look | None = None
    """The one that may begin a loop."""
    owner: torch.nn.Module | None = None
    """The network that was shown an image last."""
    called: torch.nn.Module | None = None
    """The whole network that was called last."""
    wanted: tuple[str, ...] = ()
    found: dict[str, Any] = field(default_factory=dict)
    home: str = field(default_factory=lambda: os.path.realpath("."))


_states: list[RecorderState] = []


def state_of() -> RecorderState:
    """Return what this kernel remembers."""
    return _states[0]


def shielded(function: Callable[..., None]) -> Callable[..., None]:
    """Run a recorder's action; a failure is told to staff once and never reaches the notebook."""

    @functools.wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> None:
        state = state_of()
        nested, state.inside_recorder = state.inside_recorder, True
        try:
            function(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 -- see the docstring
            text = f"{function.__name__}: {type(error).__name__}: {error}"[:300]
            if text not in state.problems and len(state.problems) < 20:
                state.problems.add(text)
                state.channel.send("note", {"message": text})
        finally:
            state.inside_recorder = nested

    return guarded


def recordable(value: Any) -> bool:
    """Whether a value is a batch of colour pictures of a size that is recorded."""
    return (
        isinstance(value, torch.Tensor)
        and value.dim() == 4
        and value.shape[1] == COLOURS
        and value.is_floating_point()
        and 0 < value.numel() <= MAX_ELEMENTS
    )


def remember(channel: Channel, shell: Any, seed: int, wanted: Sequence[str] = ()) -> None:
    """Begin anew; `wanted` are the names that probes ask for."""
    _states[:] = [RecorderState(channel=channel, shell=shell, seed=seed, wanted=tuple(wanted))]

"""Recorder of the notebook's networks and of what they predict."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import torch
from torchvision.models.resnet import ResNet

from . import networks
from .bounds import GREATEST_NUMBER, MAX_PREDICTIONS, MAX_PREDICTIONS_PER_CELL, MAX_SCORES
from .making import how_made
from .state import recordable, shielded, state_of

MODEL = "model"


def describe_model(model: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Facts about a network: digest, size of the last layer's input, fingerprint, its making."""
    if not isinstance(model, torch.nn.Module):
        return {"weights": "", "in_features": None, "untrained": False}, {}
    last, weights = getattr(model, "fc", None), networks.weights_sha256(model)
    facts = {
        "weights": weights,
        "in_features": _count(getattr(last, "in_features", None)),
        "untrained": networks.untrained(model),
    }
    made = how_made(model, weights) if facts["untrained"] else {}
    try:
        return facts, {"fingerprint": networks.fingerprint(model, state_of().seed), **made}
    except Exception:  # noqa: BLE001 -- a network of another form has no fingerprint
        return facts, made


def _count(value: Any) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 <= value <= GREATEST_NUMBER else None


def network_bound() -> Any:
    """Return the notebook's network: `model`, else the ResNet that was bound last.

    Of a module around a ResNet, the ResNet. None where there is none.
    """
    namespace = state_of().shell.user_ns
    model = namespace.get(MODEL)
    if isinstance(model, torch.nn.Module):
        return _resnet_in(model)
    names = (name for name in reversed(list(namespace)) if not name.startswith("_"))
    return next((namespace[n] for n in names if isinstance(namespace[n], ResNet)), None)


def _resnet_in(model: torch.nn.Module) -> torch.nn.Module:
    """The ResNet that a module wraps, with a normalization in front of it, say; else itself."""
    if isinstance(model, ResNet) or hasattr(model, "fc"):
        return model
    return next((module for module in model.modules() if isinstance(module, ResNet)), model)


def network_in_use() -> Any:
    """Return the network that code without a network of its own is taken to use."""
    model = state_of().shell.user_ns.get(MODEL)
    return model if isinstance(model, torch.nn.Module) else state_of().called or network_bound()


@shielded
def note_model() -> None:
    """Tell the host when the notebook's network is another one than before."""
    state = state_of()
    model = network_bound()
    if model is None:
        return
    digest = networks.weights_sha256(model)
    if digest != state.last_model:
        state.last_model = digest
        state.channel.send("model", *describe_model(model))


@shielded
def note_prediction(model: torch.nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
    """Tell the host what a network was given and what came out of its last layer."""
    state = state_of()
    full = state.predictions >= MAX_PREDICTIONS
    if full or state.predictions_of_cell >= MAX_PREDICTIONS_PER_CELL:
        return
    if not inputs or not recordable(inputs[0]):
        return
    if not isinstance(output, torch.Tensor) or output.numel() > MAX_SCORES or output.dim() != 2:
        return
    state.predictions += 1
    state.predictions_of_cell += 1
    weights = networks.weights_sha256(model)
    made = how_made(model, weights) if networks.untrained(model) else {}
    state.channel.send(
        "prediction",
        {"weights": weights, "training": model.training},
        {"input": networks.to_numpy(inputs[0]), "logits": networks.to_numpy(output), **made},
    )


def optimizing(given: tuple[Any, ...]) -> bool:
    """Whether a call is a step of an optimization: in the attack function, or in a loop."""
    state = state_of()
    if state.run is not None and state.run.function:
        return True
    image = given[0] if given else None
    watched = isinstance(image, torch.Tensor) and image.requires_grad and torch.is_grad_enabled()
    return watched and (state.run is not None or state.first is not None)


def watch_predictions() -> None:
    """Note calls of any ResNet that are not part of an attack, `model(x)` or `model.forward(x)`."""
    forward = ResNet.forward
    if hasattr(forward, "__pset4_original__"):
        return

    @functools.wraps(forward)
    def recorded(self: torch.nn.Module, *args: Any, **kwargs: Any) -> Any:
        state = state_of()
        outer, state.inside_network = state.inside_network, True
        try:
            output = forward(self, *args, **kwargs)
        finally:
            state.inside_network = outer
        given = (*args, *kwargs.values())
        if not state.inside_recorder and not optimizing(given):
            note_prediction(self, given, output)
        return output

    recorded.__pset4_original__ = forward  # type: ignore[attr-defined]
    ResNet.forward = recorded

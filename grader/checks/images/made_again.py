"""A network with random weights, made again on the host: what it gave need not be believed.

Its weights follow from where torch's generator stood when it was made. Where the network that is
made from there gives the logits that were recorded, they are an untrained ResNet-50's.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing, suppress

import numpy as np
import torch
from torch import Tensor, nn

from grader.checks.context import CheckContext, once_per_context
from grader.checks.images.pushes import cosine
from grader.checks.tolerance import threshold
from grader.model.records import ArrayRef, ModelState, Prediction
from reference.networks import LAYOUTS, last_in_features, network_made_at


def gives_the_prediction(context: CheckContext, prediction: Prediction) -> bool:
    """Whether the network made again gives the logits of a prediction, in one of its modes."""
    image, logits = context.tensor(prediction.image), context.tensor(prediction.logits)
    return _giving(context, prediction.made, image, logits) is not None


def inputs_of_last_layer(context: CheckContext, state: ModelState) -> int | None:
    """Return them for the network made again; None where it is not the one that was looked at."""
    if state.fingerprint is None:
        return None
    logits = context.tensor(state.fingerprint)
    network = _giving(context, state.made, context.networks.probe_image(), logits)
    return None if network is None else last_in_features(network)


def _giving(
    context: CheckContext, made: ArrayRef | None, image: Tensor, logits: Tensor
) -> nn.Module | None:
    """The network, of those that may have been made there, that gives these logits."""
    if made is None or not bool(torch.isfinite(logits).all()):
        return None
    ways = ((layout, dtype) for layout in LAYOUTS for dtype in (torch.float32, torch.float64))
    networks = (_made_again(context, made, layout, dtype) for layout, dtype in ways)
    there = (network for network in networks if network is not None)
    return next((network for network in there if _gives(network, image, logits)), None)


def _gives(network: nn.Module, image: Tensor, logits: Tensor) -> bool:
    same = threshold("same_direction")
    with closing(_in_modes(network, image)) as modes:
        return any(cosine(given, logits) >= same for given in modes)


def _in_modes(network: nn.Module, image: Tensor) -> Generator[Tensor]:
    """Yield what it gives in evaluation and in training mode; it is as new afterwards."""
    before = {name: buffer.clone() for name, buffer in network.named_buffers()}
    try:
        with torch.no_grad():
            yield network(image)
            with suppress(ValueError):  # of a small picture one value per channel is left
                yield network.train()(image)
    finally:
        network.eval().load_state_dict(before, strict=False)


@once_per_context
def _made_again(
    context: CheckContext, made: ArrayRef, layout: str, dtype: torch.dtype
) -> nn.Module | None:
    """None where there is no such state of the generator."""
    state = np.asarray(context.arrays(made))
    if state.dtype != np.uint8:
        return None
    divisor = context.bundle.width_divisor
    try:
        return network_made_at(torch.from_numpy(state.copy()), divisor, layout, dtype)
    except ValueError:
        return None

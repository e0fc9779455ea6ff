"""What the notebook's networks were given, picture by picture: the corgi, or something else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor

from grader.checks.context import TRUSTED, CheckContext, once_per_context
from grader.checks.images.other_corgis import is_cropped_corgi, slip_of
from grader.checks.images.recognition import (
    NetworkName,
    corgi_space,
    could_be_logits,
    network_of_weights,
)
from grader.checks.tolerance import TOLERANCES, compare
from grader.model.records import Prediction
from reference.run_records import Space


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """A recorded prediction on the corgi."""

    prediction: Prediction
    """The record."""
    logits: Tensor
    """(1, 1000)."""
    space: Space
    """Space of the input."""
    network: NetworkName
    """Which network."""


@once_per_context
def seen_on_corgi(context: CheckContext) -> tuple[Seen, ...]:
    """Return what networks gave for the corgi, alone or among other pictures of a batch."""
    found = []
    for prediction in context.evidence.predictions:
        for image, logits in _rows(context, prediction):
            where = corgi_space(context, image)
            if where is None:
                continue
            network = network_of_weights(context, prediction.weights_sha256)
            if not network and not prediction.training:
                network = _network_by_output(context, image, logits)
            found.append(
                Seen(prediction=prediction, logits=logits, space=where[0], network=network)
            )
    return tuple(found)


def ran_on_a_crop(context: CheckContext, predictions: list[Prediction]) -> bool:
    """Whether one of some predictions is of the corgi's middle, as torchvision crops it."""
    return any(is_cropped_corgi(context, x) for p in predictions for x, _ in _rows(context, p))


def slip_on_the_way(context: CheckContext, predictions: list[Prediction]) -> str:
    """Say what was done to the corgi before one of some predictions; empty where it was none."""
    slips = (slip_of(context, x) for p in predictions for x, _ in _rows(context, p))
    return next((slip for slip in slips if slip), "")


def _rows(context: CheckContext, prediction: Prediction) -> Iterator[tuple[Tensor, Tensor]]:
    """Each picture of a batch with its logits, both as a batch of one."""
    images, logits = context.tensor(prediction.image), context.tensor(prediction.logits)
    if len(images) != len(logits):
        return
    for at in range(len(images)):
        image, row = images[at : at + 1], logits[at : at + 1]
        if could_be_logits(row.numpy(), len(context.networks.class_names)):
            yield image, row


def _network_by_output(context: CheckContext, image: Tensor, logits: Tensor) -> NetworkName:
    """Tell a network that `model` was not caught at, by its logits on the image itself.

    In training mode even a trusted one gives others, so that this tells nothing there.
    """
    tolerance = TOLERANCES["logits", "float32"]
    for name in TRUSTED:
        if compare(logits.numpy(), context.networks.logits(name, image).numpy(), tolerance).ok:
            return "pretrained" if name == "pretrained" else "robust"
    return "other"

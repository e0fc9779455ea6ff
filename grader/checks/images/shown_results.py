"""4(a), 4(b), 4(e): are the probabilities that the notebook shows those of the attacked image?"""

from __future__ import annotations

from torch import Tensor

from grader.checks.context import CheckContext
from grader.checks.images.recognition import likeness, network_of_weights
from grader.checks.images.recorded_runs import RecordedRun
from grader.model.records import Prediction
from reference.images import Space

MOST_RECORDED = 40
"""Predictions of one run that are recorded; there may be more."""


def shows_the_original(context: CheckContext, part_id: str, recorded: RecordedRun) -> bool:
    """Whether the part's cells classify the original after the attack, and nothing the result.

    Only what was seen counts: where no cell of the part's classifies a picture behind the attack,
    or where the result is classified anywhere behind it, nothing is said against it.
    """
    final = recorded.final
    predictions = context.evidence.predictions
    if final is None or len(predictions) >= MOST_RECORDED:
        return False
    later = [p for p in predictions if p.cell_index >= recorded.run.cell_index]
    if any(_is_nearer(context, p, final, recorded.space) for p in later):
        return False
    own = set(context.cells_of(part_id))
    return any(
        p.cell_index in own
        and p.cell_index > recorded.run.cell_index
        and network_of_weights(context, p.weights_sha256) == recorded.network
        and _is_the_corgi(context, p, recorded.space)
        for p in later
    )


def _is_nearer(context: CheckContext, prediction: Prediction, final: Tensor, space: Space) -> bool:
    """Whether a picture of the prediction is the attacked image rather than the corgi."""
    images = context.tensor(prediction.image)
    corgi = context.networks.corgi(space)
    if images.shape[1:] != final.shape[1:]:
        return False
    pairs = ((float((x - final[0]).norm()), float((x - corgi[0]).norm())) for x in images)
    return any(to_final <= to_corgi for to_final, to_corgi in pairs)


def _is_the_corgi(context: CheckContext, prediction: Prediction, space: Space) -> bool:
    image = context.tensor(prediction.image)
    return likeness(image, context.networks.corgi(space), space) == "same"

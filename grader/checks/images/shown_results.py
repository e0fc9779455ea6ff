"""4(a), 4(b), 4(e): are the probabilities that the notebook shows those of the attacked image?

Two witnesses: pictures that a network was given, and values that the course's helper was given to
plot. The second also tells where a cell plots numbers that were computed before the attack.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from grader.checks.context import TRUSTED, CheckContext
from grader.checks.images.recognition import likeness, network_of_weights
from grader.checks.images.recorded_runs import RecordedRun
from grader.checks.plotted import shown_in
from grader.checks.tolerance import TOLERANCES
from grader.model.records import Prediction
from reference.run_records import Space

MOST_RECORDED = 40
"""Predictions of one run that are recorded; there may be more."""


def shows_the_original(context: CheckContext, part_id: str, recorded: RecordedRun) -> bool:
    """Whether the part's cells show the original's probabilities where the result's are asked.

    Only what was seen counts: where no cell of the part's classifies a picture behind the attack,
    or where the result is classified anywhere behind it, nothing is said against it.
    """
    final = recorded.final
    if final is None:
        return False
    own = [c for c in context.cells_of(part_id) if c > recorded.run.cell_index]
    return _classifies_the_original(context, own, recorded, final) or _plots_the_original(
        context, own, recorded, final
    )


def _plots_the_original(
    context: CheckContext, own: Sequence[int], recorded: RecordedRun, final: Tensor
) -> bool:
    """Whether they plot what the network makes of the original, and no cell what of the result."""
    later = range(recorded.run.cell_index, len(context.submission.cells))
    shown = shown_in(context, later)
    if recorded.network not in TRUSTED or not any(one.cell_index in own for one in shown):
        return False
    before, after = (
        context.networks.logits(recorded.network, image).double()[0].softmax(dim=0)
        for image in (context.networks.corgi(recorded.space), final)
    )
    apart, allowed = _apart(before, after), TOLERANCES["probability_top", "float32"].atol
    if any(_apart(one.probabilities, after) < apart / 2 for one in shown):
        return False
    return apart > 2 * allowed and any(
        _apart(one.probabilities, before) <= allowed for one in shown if one.cell_index in own
    )


def _apart(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().max())


def _classifies_the_original(
    context: CheckContext, own: Sequence[int], recorded: RecordedRun, final: Tensor
) -> bool:
    """Whether the part's cells have the network look at the original, and none at the result."""
    predictions = context.evidence.predictions
    if len(predictions) >= MOST_RECORDED:
        return False
    later = [p for p in predictions if p.cell_index >= recorded.run.cell_index]
    if any(_is_nearer(context, p, final, recorded.space) for p in later):
        return False
    return any(
        p.cell_index in own
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

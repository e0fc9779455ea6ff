"""4(a), 4(b), 4(e): does the notebook show the attacked image and its probabilities, or others?

Two witnesses: pictures that a network was given, and values that the course's helper was given to
plot. The second also tells where a cell plots numbers that were computed before the attack. What
is shown at or behind the attack has to be of its result somewhere; what a witness cannot tell
speaks against nobody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from grader.checks.context import TRUSTED, CheckContext
from grader.checks.images.drawn import (
    draws_itself,
    plots_probabilities_of_logits,
    printed_in,
)
from grader.checks.images.recognition import NetworkName, likeness, network_of_weights
from grader.checks.images.recorded_runs import RecordedRun, recorded_runs_of
from grader.checks.images.stated_probability import has_number
from grader.checks.plotted import Shown, shown_in
from grader.kernel.bounds import MAX_PREDICTIONS, MAX_PREDICTIONS_PER_CELL
from grader.model.records import Prediction
from reference.images import from_pixels, to_pixels
from reference.run_records import Space

Shows: TypeAlias = Literal["result", "original", "other", ""]
"""The attack's result, the corgi as it was, another attack's result or network, or not known."""

MOST_OTHERS = 4
"""Other attacks whose results are compared, the last ones."""
CLOSE = 4
"""What is that many times closer to another picture than the result is shows that picture."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pictures:
    """What may be shown, as pixels in [0, 1], (1, 3, H, W)."""

    result: Tensor
    """Of the attack that is judged."""
    corgi: Tensor
    """As it was before."""
    others: tuple[tuple[Tensor, NetworkName, Space], ...]
    """Results of attacks that go elsewhere, each with its network and space."""


def shown_instead(context: CheckContext, part_id: str, recorded: RecordedRun) -> str:
    """Say what the part's cells show in place of the attack's result.

    Args:
        context: Of the submission.
        part_id: The part.
        recorded: The attack, with its result. A call that the grader repeated showed nothing.

    Returns:
        A code of a sentence; empty where the result is shown, or nothing speaks against it.
    """
    run, final = recorded.run, recorded.final
    if final is None or run.repeats:
        return ""
    if recorded.network not in TRUSTED:
        # Its result was judged by the part's network, so what is shown of it is, too.
        recorded = replace(recorded, network=context.experiment(part_id).network)
    own = {run.cell_index, *(c for c in context.cells_of(part_id) if c > run.cell_index)}
    pictures = _pictures(context, recorded, final)
    later = range(run.cell_index, len(context.submission.cells))
    plots = shown_in(context, [*own, *later])
    seen = [(p.cell_index, _by_picture(context, p, recorded, pictures)) for p in _given(context)]
    # A loop without the attack function is noticed only after its first look at the corgi.
    first = -1 if run.function else run.cell_index
    seen = [one for one in seen if one[0] >= run.cell_index and one != (first, "original")]
    plotted = _by_plot(context, plots, recorded, pictures)
    seen += plotted
    if any(shows == "result" for _, shows in seen):
        pairs = zip(plots, plotted, strict=bool(plotted))
        of_result = [one for one, (_, shows) in pairs if shows == "result"]
        if any(one.are_probabilities and not one.taken_twice for one in of_result):
            return ""
        return _no_probabilities(context, [p for p in plots if p.cell_index in own], recorded)
    against = {shows for cell, shows in seen if cell in own}
    if "original" in against:
        return "attack.shows_original"
    if "other" in against:
        return "attack.shows_other"
    nothing = not seen and not draws_itself(context, part_id, run.cell_index)
    return "attack.shows_nothing" if nothing else ""


def _given(context: CheckContext) -> list[Prediction]:
    """The pictures that networks were given; of none that may be only the first of many."""
    predictions = context.evidence.predictions
    counts = Counter(p.cell_index for p in predictions)
    if len(predictions) >= MAX_PREDICTIONS or MAX_PREDICTIONS_PER_CELL in counts.values():
        return []
    return list(predictions)


def _pictures(context: CheckContext, recorded: RecordedRun, final: Tensor) -> _Pictures:
    result = to_pixels(final, recorded.space)
    corgi = context.networks.corgi(Space.PIXELS)
    others = []
    for one in recorded_runs_of(context):
        if one.final is None or one.final.shape != final.shape or _aim(one) == _aim(recorded):
            continue
        picture = to_pixels(one.final, one.space)
        # What lies nearer to the result than to the corgi may be a stage of the same attack.
        if 2 * float((picture - result).norm()) > float((picture - corgi).norm()) > 0:
            others.append((picture, one.network, one.space))
    return _Pictures(result=result, corgi=corgi, others=tuple(others[-MOST_OTHERS:]))


def _aim(recorded: RecordedRun) -> tuple[int | None, str]:
    return recorded.run.class_id, recorded.network


# -- pictures that a network was given -------------------------------------------------------------


def _by_picture(
    context: CheckContext, prediction: Prediction, recorded: RecordedRun, pictures: _Pictures
) -> Shows:
    images = context.tensor(prediction.image)
    if images.shape[1:] != pictures.result.shape[1:]:
        return ""
    network = network_of_weights(context, prediction.weights_sha256)
    shows = {_of_image(images[at : at + 1], pictures) for at in range(len(images))}
    if "result" in shows:
        other = {network, recorded.network} <= set(TRUSTED) and network != recorded.network
        return "other" if other else "result"
    if network == recorded.network and _is_the_corgi(context, images, recorded.space):
        return "original"
    return "other" if "other" in shows else ""


def _of_image(image: Tensor, pictures: _Pictures) -> Shows:
    """Which picture an image is, whether it is normalized or not."""
    seen = [to_pixels(image, space) for space in Space]

    def distance(picture: Tensor) -> float:
        return min(float((one - picture).norm()) for one in seen)

    result, corgi = distance(pictures.result), distance(pictures.corgi)
    others = [(distance(other), other) for other, _, _ in pictures.others]
    if result <= min([corgi, *(far for far, _ in others)]):
        return "result"
    close = (CLOSE * far <= float((pictures.result - x).norm()) for far, x in others)
    return "other" if any(close) else ""


def _is_the_corgi(context: CheckContext, image: Tensor, space: Space) -> bool:
    return likeness(image, context.networks.corgi(space), space) == "same"


# -- values that were plotted ----------------------------------------------------------------------


def _by_plot(
    context: CheckContext, plots: Sequence[Shown], recorded: RecordedRun, pictures: _Pictures
) -> list[tuple[int, Shows]]:
    name = recorded.network
    if not plots:
        return []

    def of(picture: Tensor, network: str, space: Space) -> Tensor:
        logits = context.networks.logits(network, from_pixels(picture, space))
        return _logarithms(logits.double()[0].softmax(dim=0))

    after = of(pictures.result, name, recorded.space)
    wrong: list[tuple[Shows, Tensor]] = [("original", of(pictures.corgi, name, recorded.space))]
    for picture, network, space in pictures.others:
        own = (network if network in TRUSTED else name, space)
        settings = {(name, recorded.space), (name, space), own}
        wrong += [("other", of(picture, *setting)) for setting in settings]
    return [(one.cell_index, _of_values(one.probabilities, after, wrong)) for one in plots]


def _of_values(values: Tensor, after: Tensor, wrong: Sequence[tuple[Shows, Tensor]]) -> Shows:
    """Whose probabilities some are; the first of `wrong` are the original's."""
    shown = _logarithms(values)
    to_result = _apart(shown, after)
    nearest = all(to_result <= _apart(shown, one) for _, one in wrong)
    if nearest and 2 * to_result < _apart(wrong[0][1], after):
        return "result"
    for shows, one in wrong:
        if CLOSE * _apart(shown, one) <= _apart(after, one):
            return shows
    return ""


def _logarithms(probabilities: Tensor) -> Tensor:
    """As far as single precision tells: two classes that are all but sure differ in the rest."""
    return probabilities.clamp(min=torch.finfo(torch.float32).eps).log()


def _apart(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().max())


def _no_probabilities(context: CheckContext, own: Sequence[Shown], recorded: RecordedRun) -> str:
    """Say what a part plots where it is not the result's probabilities, and none are printed."""
    plain = [one for one in own if one.are_probabilities and not one.taken_twice]
    if plain or not own or recorded.final is None:
        return ""
    logits = context.networks.logits(recorded.network, recorded.final)
    greatest = float(logits.double().softmax(dim=1).max())
    cells = {one.cell_index for one in own} | {recorded.run.cell_index}
    if any(has_number(printed_in(context, cell), greatest) for cell in cells):
        return ""
    if any(one.taken_twice for one in own):
        return "attack.shows_twice"
    return "" if plots_probabilities_of_logits(context) else "attack.shows_logits"

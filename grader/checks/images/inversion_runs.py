"""Recorded runs that may lead a random image to the corgi's features, and what they measure.

Steps of a fixed length never settle: the distance falls and then goes up and down. So a run's end
is the median over the later half of its recorded images, and the reference's in the same way.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from grader.checks.context import TRUSTED, CheckContext
from grader.checks.images.feature_distances import Approach, recognise_distance
from grader.checks.images.feature_objectives import Climbed, recognise
from grader.checks.images.pushes import pushes_of
from grader.checks.images.recorded_runs import (
    RecordedRun,
    change_rms,
    images_along,
    is_noise,
    pictures,
    recorded_runs_of,
    space_of_start,
)
from grader.checks.tolerance import threshold
from grader.model.records import CurveExhibit, Exhibit, Measurement
from reference.errors import GraderFault
from reference.expected import InversionResult
from reference.run_records import Space

MOST_JUDGED = 24
"""Runs that are looked at, the last ones: those of both networks."""
COLOURS = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inversion:
    """One run and what its images tell."""

    recorded: RecordedRun
    """The run."""
    start: Tensor
    """First image, (1, 3, H, W)."""
    final: Tensor
    """Last image, the same shape."""
    network: str
    """The trusted network whose gradient it followed; else the one that seems to have been used."""
    approach: Approach | None
    """None where the direction belongs to no distance to the corgi's features."""
    climbed: Climbed | None
    """Where `approach` is None: the norm, channel or unit that it climbed instead, or descended."""
    along: tuple[tuple[int, float], ...]
    """(step, distance), start first, end last; empty where `approach` is None."""
    change_rms: float
    """Root mean square change of a pixel in [0, 1]."""
    reference: InversionResult | None
    """The reference's run to the same distance, if there is one."""

    @property
    def factor(self) -> float:
        """To what share of itself the distance fell: the median of the later half."""
        if not self.along or self.along[0][1] <= 0:
            return 1.0
        later = [value for step, value in self.along if 2 * step >= self.along[-1][0]]
        return statistics.median(later) / self.along[0][1]

    @property
    def wanted_factor(self) -> float:
        """Share that is low enough."""
        if self.reference is None:
            return threshold("inversion_alone")
        return enough(self.reference, self.recorded.steps)

    @property
    def words(self) -> str:
        """Name the distance."""
        return "" if self.approach is None else self.approach.distance.words

    @property
    def space(self) -> Space:
        """Pixels, unless the start leaves [0, 1]."""
        return space_of_start(self.start)

    @property
    def from_noise(self) -> bool:
        """Whether the run starts from noise."""
        return is_noise(self.start)


def inversions_of(context: CheckContext, part_id: str) -> tuple[Inversion, ...]:
    """Read the runs that may be inversions, on either network, in order of time."""
    candidates = [a for a in recorded_runs_of(context) if _is_inversion(a)][-MOST_JUDGED:]
    return tuple(_read(context, part_id, a) for a in candidates)


def _first_direction(context: CheckContext, recorded: RecordedRun) -> tuple[Tensor, Tensor] | None:
    """The first recorded image and the direction in which it was moved."""
    pushes = pushes_of(context, recorded)
    return (pushes[0].image, pushes[0].moved) if pushes else None


def _is_inversion(recorded: RecordedRun) -> bool:
    """A run from something else than the corgi, or an inline one that never left the corgi."""
    start, final = recorded.start, recorded.final
    if start is None or final is None or recorded.run.error or start.shape[1] != COLOURS:
        return False
    if not bool(torch.isfinite(start).all() and torch.isfinite(final).all()):
        return False
    stuck = not recorded.run.function and torch.equal(start, final)
    return recorded.from_corgi == "other" or stuck


def _read(context: CheckContext, part_id: str, recorded: RecordedRun) -> Inversion:
    if recorded.start is None or recorded.final is None:
        raise GraderFault(f"{recorded.run.run_id}: expected a run with its first and last image")
    network: str = recorded.network if recorded.network in TRUSTED else "pretrained"
    first = _first_direction(context, recorded)
    approach = climbed = None
    if first is not None and recorded.start.shape == first[0].shape and bool(first[1].any()):
        approach = recognise_distance(context.networks, *first, network)
        if approach is None:
            module = context.networks.network(network)
            device = next(module.parameters()).device
            climbed = recognise(module, *(tensor.to(device) for tensor in first))
    along: tuple[tuple[int, float], ...] = ()
    if approach is not None:
        network = approach.distance.network
        later = (pair for pair in images_along(context, recorded) if pair[0] > 0)
        shown = [(0, recorded.start), *later]
        values = approach.distance.values(context.networks, [image for _, image in shown])
        along = tuple((step, value) for (step, _), value in zip(shown, values, strict=True))
    return Inversion(
        recorded=recorded,
        start=recorded.start,
        final=recorded.final,
        network=network,
        approach=approach,
        climbed=climbed,
        along=along,
        change_rms=change_rms(recorded.start, recorded.final),
        reference=_reference(context, part_id, approach),
    )


def _reference(
    context: CheckContext, part_id: str, approach: Approach | None
) -> InversionResult | None:
    """The reference's run to the same distance, if there is one."""
    if approach is None or approach.distance.corgi is not Space(context.experiment(part_id).space):
        return None
    distance = approach.distance
    return next(
        (
            i
            for i in context.expected.inversions
            if (i.network, i.layer) == (distance.network, distance.layer)
        ),
        None,
    )


def enough(reference: InversionResult, steps: int) -> float:
    """Return the factor that is low enough, from the reference after as many steps.

    Where steps of this length make the reference's distance go up and down by much, another run's
    may be as far from the median; what is left to tell by is the direction, and that the distance
    stays in that range.
    """
    last = len(reference.distances) - 1
    count = min(steps, last) if steps >= threshold("least_steps") else last
    later = [d / reference.distances[0] for d in reference.distances[(count + 1) // 2 : count + 1]]
    low, usual, high = map(float, np.quantile(later, (0.05, 0.5, 0.95)))
    return usual + max((1 - threshold("inversion_fall")) * (1 - usual), high - low)


# -- what is shown --------------------------------------------------------------------------------


def rows_of(inversion: Inversion) -> tuple[Measurement, ...]:
    """Return what was measured."""
    run, approach = inversion.recorded.run.run_id, inversion.approach
    if approach is None:
        return (
            Measurement(
                quantity=f"{run}: objective",
                measured="not recognized",
                expected="a distance to the corgi's features",
                tolerance="",
                ok=False,
            ),
        )
    start = inversion.along[0][1]
    return (
        Measurement(
            quantity=f"{run}: {inversion.words}, start and median of the later half",
            measured=f"{start:.4g} to {start * inversion.factor:.4g}",
            expected=f"to {start * inversion.wanted_factor:.4g} at most",
            tolerance=f"cosine of the direction with the way down {approach.cosine:.3f}",
            ok=not approach.away and inversion.factor <= inversion.wanted_factor,
        ),
        Measurement(
            quantity=f"{run}: root mean square change of a pixel",
            measured=f"{inversion.change_rms:.3f}",
            expected=f"at least {threshold('inversion_change'):g}",
            tolerance="",
            ok=inversion.change_rms >= threshold("inversion_change"),
        ),
    )


def exhibits_of(inversion: Inversion) -> tuple[Exhibit, ...]:
    """Return the pictures and the curve of the distance."""
    shown = replace(inversion.recorded, space=inversion.space)
    reference = inversion.reference
    file = "" if reference is None else reference.image
    images = pictures(shown, file, inversion.words or "objective not recognized")
    if not inversion.along:
        return images
    values = () if reference is None else reference.distances
    along = [(step, value) for step, value in inversion.along if math.isfinite(value)]
    curve = CurveExhibit(
        title=f"{inversion.words} over the steps",
        x_label="step",
        y_label="l2 distance",
        yours_x=tuple(float(step) for step, _ in along),
        yours_y=tuple(value for _, value in along),
        reference_x=tuple(float(i) for i in range(len(values))),
        reference_y=values,
    )
    return (*images, curve)

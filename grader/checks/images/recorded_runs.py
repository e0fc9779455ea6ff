"""Recorded optimisations of an input, each with its images read (Problem 4)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from grader.checks.context import CheckContext, once_per_context
from grader.checks.images.recognition import Likeness, NetworkName, corgi_space, network_of
from grader.checks.images.reference_pictures import reference_exhibit
from grader.checks.tolerance import threshold
from grader.kernel.bounds import EXACT_IMAGES, ROUGH_IMAGES
from grader.model.assignment import Experiment
from grader.model.records import ArrayRef, AttackRun, CurveExhibit, ImageExhibit
from reference.classify import log_probability
from reference.images import to_pixels
from reference.run_records import Space, StepConfig

IMAGE_DIMS = 4
MOST_TOGETHER = 8
"""Images of one batch that are looked at, each as a run of its own."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RecordedRun:
    """One run with its images read."""

    run: AttackRun
    """The record."""
    start: Tensor | None
    """(1, 3, H, W), float32; None where it was not recorded or is not finite."""
    final: Tensor | None
    """(1, 3, H, W), float32; None where it was not recorded or is of another shape."""
    network: NetworkName
    """Which network was in use."""
    space: Space
    """Where x lived: by its start image, else as the step's settings claim."""
    from_corgi: Likeness
    """How well the start is the corgi in that space."""
    item: int = 0
    """Which image of a batch."""
    from_result: str = ""
    """Id of the earlier run that went elsewhere and whose result it starts from; empty for none."""

    @property
    def steps(self) -> int:
        """Number of steps: of `StepImage`, else of images that a loss came back to."""
        return self.run.steps or self.run.looked


@once_per_context
def recorded_runs_of(context: CheckContext) -> tuple[RecordedRun, ...]:
    """Read every recorded run, in order of time."""
    found: list[RecordedRun] = []
    for run in context.evidence.runs:
        read = [_read(context, run, item) for item in range(_batch_of(run.start))]
        found += [replace(one, from_result=_source_of(one, found)) for one in read]
    return tuple(found)


def _source_of(recorded: RecordedRun, earlier: list[RecordedRun]) -> str:
    """The earlier run with another aim whose result a run starts from, which looks like the corgi.

    Such a start is nearer to that result than halfway to where the earlier run began.
    """
    if recorded.from_corgi != "similar" or recorded.start is None:
        return ""
    start = to_pixels(recorded.start, recorded.space)
    for one in reversed(earlier):
        if one.start is None or one.final is None or one.final.shape != start.shape:
            continue
        aims = [(a.run.class_id, a.network, a.space) for a in (one, recorded)]
        began, ended = (to_pixels(x, one.space) for x in (one.start, one.final))
        if aims[0] != aims[1] and 2 * (start - ended).norm() < (began - ended).norm():
            return one.run.run_id
    return ""


def _batch_of(reference: ArrayRef | None) -> int:
    """Number of images that are optimized together."""
    if reference is None or len(reference.shape) != IMAGE_DIMS:
        return 1
    return reference.shape[0] if 0 < reference.shape[0] <= MOST_TOGETHER else 1


def _read(context: CheckContext, run: AttackRun, item: int) -> RecordedRun:
    start = _image(context, run.start, item)
    final = _image(context, run.final, item)
    claimed = run.settings is None or run.settings.normalised
    space = Space.NORMALISED if claimed else Space.PIXELS
    how: Likeness = "other"
    if start is not None:
        where = corgi_space(context, start)
        if where is not None:
            space, how = where
    if start is not None and final is not None and final.shape != start.shape:
        final = None
    return RecordedRun(
        run=run,
        start=start,
        final=final,
        network=network_of(context, run.fingerprint),
        space=space,
        from_corgi=how,
        item=item,
    )


def _image(context: CheckContext, reference: ArrayRef | None, item: int) -> Tensor | None:
    """Read one of a batch, as a batch of one; None where it is something else."""
    if reference is None or len(reference.shape) != IMAGE_DIMS:
        return None
    if item >= _batch_of(reference) or _batch_of(reference) != reference.shape[0]:
        return None
    return context.tensor(reference)[item : item + 1]


def network_words(recorded: RecordedRun) -> str:
    """Say which network a run had."""
    words = {
        "pretrained": "the pretrained network",
        "robust": "the robust network",
        "other": "a network with other weights than the pretrained and the robust one",
        "": "a network that could not be told",
    }[recorded.network]
    if recorded.network == "other" and recorded.run.untrained:
        words = "a network with random weights"
    return f"{words}, in training mode" if recorded.run.training else words


def step_config(experiment: Experiment) -> StepConfig:
    """Return the settings that an experiment's attack has to keep to."""
    return experiment.step


def images_along(context: CheckContext, recorded: RecordedRun) -> tuple[tuple[int, Tensor], ...]:
    """Return (step, image) along the way, the final image last."""
    read = ((step, _image(context, image, recorded.item)) for step, image in recorded.run.images)
    along = [
        (step, image)
        for step, image in read
        if image is not None and (recorded.start is None or image.shape == recorded.start.shape)
    ]
    if recorded.final is not None:
        along.append((max(recorded.steps, 1), recorded.final))
    return tuple((step, image) for step, image in along if bool(torch.isfinite(image).all()))


def space_shown(context: CheckContext, recorded: RecordedRun) -> Space | None:
    """Return the space in which the network was shown the image; x may live in another one.

    Told by the first look where looks were recorded, else by where x lived; None where the first
    look is not the corgi, but something made of it.
    """
    first = min(recorded.run.looks, key=lambda look: look.step, default=None)
    if first is None:
        return recorded.space
    image = _image(context, first.image, recorded.item)
    where = None if image is None else corgi_space(context, image)
    return None if where is None else where[0]


def lacks_its_way(recorded: RecordedRun) -> bool:
    """Whether a run is said to have taken steps, and the pictures between them are not there.

    They are recorded of every run that takes steps; one that is only told of has none.
    """
    expected = [step for step in (*EXACT_IMAGES, *ROUGH_IMAGES) if step < recorded.steps]
    there = {step for step, _ in recorded.run.images} & set(expected)
    return not set(expected[:2]) <= there or 2 * len(there) < len(expected)


def space_of_start(start: Tensor) -> Space:
    """Return pixels, unless the start leaves [0, 1]."""
    inside = float(start.min()) >= 0 and float(start.max()) <= 1
    return Space.PIXELS if inside else Space.NORMALISED


def is_noise(start: Tensor) -> bool:
    """Whether neighbouring pixels of a start have little to do with each other."""
    return smoothness(start) < threshold("smooth_start")


def smoothness(start: Tensor) -> float:
    """Return the correlation of neighbouring pixels, (1, 3, H, W); 1 for a flat image."""
    centred = start.double() - start.double().mean(dim=(2, 3), keepdim=True)
    spread = float(centred.square().mean())
    if spread == 0:
        return 1.0
    neighbours = float((centred[..., 1:] * centred[..., :-1]).mean())
    return neighbours / spread


def change_rms(start: Tensor, final: Tensor) -> float:
    """Return the root mean square change of a pixel in [0, 1] between two images of one space."""
    space = space_of_start(start)
    change = to_pixels(final, space) - to_pixels(start, space)
    return float(change.square().mean().sqrt())


def noise_as_far(start: Tensor, final: Tensor) -> Tensor:
    """Return the start changed by the very values of the run's change, in random order.

    Args:
        start: (1, 3, H, W), in any space.
        final: The same shape and space; each channel stays within its range.
    """
    change = (final - start).flatten()
    order = torch.randperm(len(change), generator=torch.Generator().manual_seed(0))
    low, high = (limit((2, 3), keepdim=True) for limit in (final.amin, final.amax))
    return (start + change[order].view_as(start)).clamp(low, high)


def is_stuck(context: CheckContext, recorded: RecordedRun) -> bool:
    """Whether the image was the same before each of the first steps: their results were dropped."""
    along = [context.arrays(reference) for _, reference in recorded.run.images[:3]]
    return len(along) > 1 and all((image == along[0]).all() for image in along)


def log_probability_curve(
    context: CheckContext,
    recorded: RecordedRun,
    network: str,
    target: int,
    reference: tuple[float, ...],
) -> CurveExhibit:
    """Recompute the target's log-probability along the way with trusted weights.

    Args:
        context: Of the submission.
        recorded: Whose images.
        network: Trusted network.
        target: Class id.
        reference: The reference's log-probability after 0, 1, ... steps; empty for none.
    """
    along = images_along(context, recorded)
    logits = context.networks.logits_of_each(network, [image for _, image in along])
    values = [float(log_probability(of_image, target)) for of_image in logits]
    return CurveExhibit(
        title=f"log-probability of {context.networks.class_names[target]} over the steps",
        x_label="step",
        y_label="log-probability (nats)",
        yours_x=tuple(float(step) for step, _ in along),
        yours_y=tuple(values),
        reference_x=tuple(float(i) for i in range(len(reference))),
        reference_y=reference,
    )


def pictures(recorded: RecordedRun, reference: str, caption: str) -> tuple[ImageExhibit, ...]:
    """Return original, yours and, where its file among the expected outputs is named, reference."""
    normalised = recorded.space is Space.NORMALISED
    shown = [
        ImageExhibit(label=label, array=array, normalised=normalised, caption=words)
        for label, array, words in (
            ("original", recorded.run.start, ""),
            ("yours", recorded.run.final, caption),
        )
        if array is not None and array.shape[0] == 1
    ]
    if reference:
        shown.append(reference_exhibit(reference))
    return tuple(shown)

"""Where a run pushed its image: the directions that were recorded, with the sign of the movement.

What a loss asked of the image that the network was shown is the best witness: it does not matter
then how the notebook makes a step of it. Where none was seen, there is what was handed to
`StepImage.step`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from grader.checks.context import CheckContext
from grader.checks.images.recorded_runs import RecordedRun, images_along
from grader.checks.tolerance import threshold
from grader.model.records import ArrayRef, GradientSample, Look

SAME_PLACES = 0.99
"""Correlation of two images from which on none is shifted: neighbouring pixels have less."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asked:
    """Of which output the loss was taken, and its gradient there."""

    layer: str
    """Name of the module."""
    call: int
    """Which of its calls, from 1."""
    cotangent: Tensor
    """Gradient with respect to its output, with the sign of the movement."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Push:
    """One recorded step."""

    step: int
    """Its number."""
    image: Tensor
    """What the direction belongs to, (1, 3, H, W)."""
    moved: Tensor
    """The direction, with the sign in which the image moved, the same shape."""
    followed: float | None = None
    """Cosine of the image's next change with it; None where that tells nothing."""
    asked: Asked | None = None
    """None where it was not seen."""
    transformed: bool = False
    """Whether the image was made of another one whose parts lie elsewhere: shifted, say."""

    @property
    def turned(self) -> Push:
        """The same, the other way."""
        asked = self.asked
        if asked is not None:
            asked = replace(asked, cotangent=-asked.cotangent)
        followed = None if self.followed is None else -self.followed
        return replace(self, moved=-self.moved, followed=followed, asked=asked)


def unit(vector: Tensor) -> Tensor:
    """Scale to l2 norm 1 in float64; zero stays zero."""
    flat = vector.double().flatten()
    norm = flat.norm()
    return flat / norm if float(norm) > 0 else flat


def cosine(a: Tensor, b: Tensor) -> float:
    """Return the cosine between two tensors of one size; 0 where one of them is zero."""
    return float(unit(a) @ unit(b)) if a.numel() == b.numel() else 0.0


def pushes_of(context: CheckContext, recorded: RecordedRun) -> tuple[Push, ...]:
    """Return a run's recorded directions in order of time.

    A notebook may subtract the gradient of a loss; what counts is where the image went.
    """
    looks = sorted(recorded.run.looks, key=lambda look: look.step)
    along = dict(images_along(context, recorded)) if looks else {}
    of_looks = (_of_look(context, recorded, look, along) for look in looks)
    found = [push for push in of_looks if push]
    if not found:
        samples = sorted(recorded.run.samples, key=lambda sample: sample.step)
        made = (_of_sample(context, recorded, sample) for sample in samples)
        return tuple(push for push in made if push is not None)
    turned = next((p.followed < 0 for p in found if p.followed is not None and _sure(p)), False)
    return tuple(push.turned if turned else push for push in found)


def not_followed(pushes: Sequence[Push]) -> bool:
    """Whether the image moved in ways that have nothing to do with what the loss asked for."""
    compared = [push.followed for push in pushes if push.followed is not None]
    asked = any(push.asked for push in pushes)
    return asked and bool(compared) and max(map(abs, compared)) < threshold("uphill")


def _sure(push: Push) -> bool:
    return push.followed is not None and abs(push.followed) >= threshold("uphill")


def _of_look(
    context: CheckContext, recorded: RecordedRun, look: Look, along: Mapping[int, Tensor]
) -> Push | None:
    image = _item(context, look.image, recorded.item)
    gradient = _item(context, look.gradient, recorded.item)
    if image is None or gradient is None or image.shape != gradient.shape:
        return None
    push = Push(step=look.step, image=image, moved=gradient)
    before, after = along.get(look.step), along.get(look.step + 1)
    if before is not None and after is not None:
        push = replace(push, transformed=not look.own and _transformed(image, before, after))
    if before is not None and after is not None and after.shape == image.shape == before.shape:
        followed = cosine(after - before, gradient)
        # An image that was shifted before the network saw it may move in any direction.
        if look.own or (abs(followed) >= threshold("uphill") and not push.transformed):
            push = replace(push, followed=followed)
    cotangent = None if look.cotangent is None else _item(context, look.cotangent, recorded.item)
    if cotangent is None or not look.layer:
        return push
    asked = Asked(layer=look.layer, call=look.call, cotangent=cotangent)
    return replace(push, asked=asked)


def _transformed(image: Tensor, before: Tensor, after: Tensor) -> bool:
    """Whether the image is no copy of what is moved, though perhaps scaled, offset or noisy.

    Args:
        image: What the network was shown, (1, 3, H, W).
        before: The recorded image before the step; of a loop with steps of its own, the same.
        after: The one behind it, itself transformed there.
    """
    if torch.equal(image, before):
        return not _same_places(before, after)
    return not _same_places(before, image)


def _same_places(one: Tensor, other: Tensor) -> bool:
    """Whether two images show the same things at the same places."""
    if one.shape != other.shape:
        return False
    a, b = (x.double().flatten(2) for x in (one, other))
    a, b = (x - x.mean(dim=2, keepdim=True) for x in (a, b))
    lengths = a.norm(dim=2) * b.norm(dim=2)
    return bool(((a * b).sum(dim=2) >= SAME_PLACES * lengths).all())


def _item(context: CheckContext, reference: ArrayRef, item: int) -> Tensor | None:
    """Read one of a batch, as a batch of one; None where it is not finite."""
    values = context.tensor(reference)
    if values.dim() == 0 or item >= len(values) or not bool(torch.isfinite(values).all()):
        return None
    return values[item : item + 1]


def _of_sample(context: CheckContext, recorded: RecordedRun, sample: GradientSample) -> Push | None:
    """None where the direction is not finite or the images' shapes do not fit."""
    gradient, image = context.tensor(sample.gradient), context.tensor(sample.image)
    finite = bool(torch.isfinite(gradient).all() and torch.isfinite(image).all())
    if gradient.shape != image.shape or not finite:
        return None
    after = dict(images_along(context, recorded)).get(sample.step + 1)
    push = Push(step=sample.step, image=image, moved=gradient)
    if after is None or after.shape != image.shape:
        return push
    push = replace(push, followed=cosine(after - image, gradient))
    return push.turned if _sure(push) and (push.followed or 0) < 0 else push

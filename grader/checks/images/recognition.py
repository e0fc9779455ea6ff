"""Which network was in use, and which image went in: told from numbers, never from names."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from grader.checks.context import TRUSTED, CheckContext
from grader.checks.stored_arrays import Array
from grader.checks.tolerance import TOLERANCES, compare, threshold
from grader.model.records import ArrayRef
from reference.images import to_pixels
from reference.run_records import Space

NetworkName: TypeAlias = Literal["pretrained", "robust", "other", ""]
"""A trusted network, another one, or not known."""

Likeness: TypeAlias = Literal["same", "similar", "other"]
"""Equal up to rounding; the same picture by another way of resizing; another picture."""


BLOCK_PX = 8
"""Side of the blocks over which pictures are averaged."""


def network_of(context: CheckContext, fingerprint: ArrayRef | None) -> NetworkName:
    """Tell a network by its logits on the hidden probe image; not known where they are none."""
    if fingerprint is None:
        return ""
    found = context.arrays(fingerprint)
    if not could_be_logits(found, len(context.networks.class_names)):
        return ""
    tolerance = TOLERANCES["logits", "float32"]
    for name in TRUSTED:
        if compare(found, context.networks.fingerprint(name).numpy(), tolerance).ok:
            return "pretrained" if name == "pretrained" else "robust"
    return "other"


def could_be_logits(values: Array, classes: int) -> bool:
    """Whether a network may have given them: one finite row, not the same number throughout."""
    return (
        values.shape == (1, classes)
        and bool(np.isfinite(values).all())
        and bool((values != values[0, 0]).any())
    )


def network_of_weights(context: CheckContext, weights_sha256: str) -> NetworkName:
    """Tell a network by its digest: the notebook's looks at `model` say which one that is."""
    for state in context.evidence.models:
        if weights_sha256 and state.weights_sha256 == weights_sha256:
            name = network_of(context, state.fingerprint)
            if name:
                return name
    for run in context.evidence.runs:
        if weights_sha256 and run.weights_sha256 == weights_sha256:
            return network_of(context, run.fingerprint)
    return ""


def likeness(image: Tensor, wanted: Tensor, space: Space) -> Likeness:
    """Compare an image with the one that it should be, both (1, 3, H, W) in that space."""
    if image.shape != wanted.shape:
        return "other"
    if compare(image.numpy(), wanted.numpy(), TOLERANCES["start_image", "float32"]).ok:
        return "same"
    mean_difference = float((to_pixels(image, space) - to_pixels(wanted, space)).abs().mean())
    return "similar" if mean_difference <= threshold("other_resize") else "other"


def corgi_space(context: CheckContext, image: Tensor) -> tuple[Space, Likeness] | None:
    """Return in which space an image is the corgi, and how closely; None where in neither."""
    found = {space: likeness(image, context.networks.corgi(space), space) for space in Space}
    for wanted in ("same", "similar"):
        for space, how in found.items():
            if how == wanted:
                return space, how
    return None


def structure_correlation(one: Tensor, other: Tensor) -> float:
    """Return the correlation of two pictures averaged over blocks; 0 where one has no structure.

    Both (1, 3, H, W) in one space, finite. Perturbations average out, the picture stays.
    """
    coarse = [F.avg_pool2d(image.double(), BLOCK_PX).flatten() for image in (one, other)]
    a, b = (values - values.mean() for values in coarse)
    length = float(a.norm() * b.norm())
    return float(a @ b) / length if length > 0 else 0.0

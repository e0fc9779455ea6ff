"""The pictures that a report may show: the corgi, the runs' last images, and the reference's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from grader.model.records import ArrayRef, Evidence
from grader.reading.report_families import KnownPicture
from reference.images import prepare_image, read_image, to_uint8_rgb
from reference.run_records import Space

CORGI = "corgi"
"""Name of the corgi among the known pictures."""
MOST_RUNS = 15
"""Runs whose images are looked for, the last ones: what is in the notebook at the end."""
LEAST_SIDE, GREATEST_SIDE = 16, 2048
"""Sides in pixels of an image that can be looked for."""
ROUNDING = 1e-3
"""By how much an image in pixels may leave [0, 1]; a normalised corgi leaves it by 1 and more."""


def known_pictures(
    evidence: Evidence,
    arrays: Callable[[ArrayRef], NDArray[Any]],
    corgi: Path,
    references: Mapping[str, Path],
) -> tuple[KnownPicture, ...]:
    """Return the corgi, the runs' last images (named by their ids), and the reference's.

    A student may have run a cell again with another target, so that the image of the report is not
    among the runs'; the reference's own image of that part is like it.

    Args:
        evidence: Of the run.
        arrays: Reads an array of the evidence.
        corgi: The bundle's picture.
        references: Picture files of the reference's attacks, by part or attack id.

    Raises:
        GraderFault: an array of the evidence is not what was recorded.
        ConfigError: the corgi, or a picture of the reference, cannot be read.
    """
    pixels = prepare_image(read_image(corgi), normalised=False)
    found = [KnownPicture(name=CORGI, rgb=to_uint8_rgb(pixels, Space.PIXELS))]
    for run in evidence.runs[-MOST_RUNS:]:
        if run.final is not None and _is_image(run.final):
            image = np.asarray(arrays(run.final), dtype=np.float32)
            found.append(KnownPicture(name=run.run_id, rgb=_rgb(image)))
    for name, path in references.items():
        bgr = read_image(path)
        rgb = np.ascontiguousarray(bgr[..., ::-1])
        found.append(KnownPicture(name=reference_name(name), rgb=rgb))
    return tuple(found)


def reference_name(attack_id: str) -> str:
    """Return the name of the reference's picture of an attack."""
    return f"reference {attack_id}"


def _is_image(reference: ArrayRef) -> bool:
    shape = reference.shape
    return (
        len(shape) == 4
        and shape[:2] == (1, 3)
        and LEAST_SIDE <= min(shape[2:]) <= max(shape[2:]) <= GREATEST_SIDE
    )


def _rgb(image: NDArray[np.float32]) -> NDArray[np.uint8]:
    finite = np.nan_to_num(image, nan=0.0, posinf=0.0, neginf=0.0)
    in_box = finite.min() >= -ROUNDING and finite.max() <= 1 + ROUNDING
    space = Space.PIXELS if in_box else Space.NORMALISED
    return to_uint8_rgb(torch.from_numpy(finite), space)

"""Right numbers that lost their digits on the way."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from grader.checks.tolerance import agrees

COARSE = 0.02
"""Greatest error, as a share of the greatest value, of what is called right but imprecise."""


def lost_digits(measured: ArrayLike, expected: ArrayLike) -> str:
    """Return how a measured array is imprecise, as the end of a sentence; empty where it is not.

    Equal arrays, other shapes and errors that are no rounding give an empty string.
    """
    found, wanted = np.asarray(measured, np.float64).ravel(), np.asarray(expected, float).ravel()
    if found.shape != wanted.shape or found.size == 0 or not np.isfinite(found).all():
        return ""
    if agrees(found, wanted):
        return ""
    error = float(np.abs(found - wanted).max())
    if np.array_equal(found, np.round(found)) and error <= 1 and np.abs(wanted).max() > 1:
        return "is cut to whole numbers: give the output a float dtype"
    if error <= COARSE * float(np.abs(wanted).max()):
        return (
            f"has too few digits (off by up to {error:.1g}): do not round, use float32 or float64"
        )
    return ""

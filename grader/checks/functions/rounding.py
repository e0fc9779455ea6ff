"""Right numbers that lost their digits on the way."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from grader.checks.findings import say
from grader.checks.tolerance import agrees
from grader.model.records import Remark
from reference.signals import Floats

COARSE = 0.02
"""Greatest error, as a share of the greatest value, of what is called right but imprecise."""

DECIMALS = range(1, 6)
"""Numbers of decimals that somebody rounds to."""

FAINT = 3
"""One case of so many that zeros would fit is too many."""

SINGLE = float(np.finfo(np.float32).eps)
"""Relative: rounded numbers may have gone through single precision."""


def lost_digits_of(pairs: Sequence[tuple[ArrayLike, ArrayLike]], what: str) -> Remark | None:
    """As `lost_digits` for many (measured, expected) at once, each of which must be close."""
    if not pairs:
        return None
    found, wanted = (
        np.concatenate([np.ravel(a) for a in side]) for side in zip(*pairs, strict=True)
    )
    remark = lost_digits(found, wanted, what)
    if remark is None or remark.code == "function.whole_numbers":
        return remark
    close = all(
        np.abs(np.ravel(a) - np.ravel(b)).max(initial=0) <= COARSE * np.abs(b).max(initial=0)
        for a, b in pairs
    )
    return remark if close else None


def lost_digits(measured: ArrayLike, expected: ArrayLike, what: str) -> Remark | None:
    """Return how a measured array, `what` it is, is imprecise; None where it is not.

    Equal arrays, other shapes and errors that are no rounding give None.
    """
    found, wanted = np.asarray(measured, np.float64).ravel(), np.asarray(expected, float).ravel()
    if found.shape != wanted.shape or found.size == 0 or not np.isfinite(found).all():
        return None
    if agrees(found, wanted):
        return None
    error = float(np.abs(found - wanted).max())
    if np.array_equal(found, np.round(found)) and error <= 1 and np.abs(wanted).max() > 1:
        return say("function.whole_numbers", what=what)
    if error <= COARSE * float(np.abs(wanted).max()):
        code = "function.rounded" if _is_coarse(found) else "function.imprecise"
        return say(code, what=what, error=error)
    return None


def _is_coarse(found: Floats) -> bool:
    """Whether the numbers themselves have few digits: some decimals, or half precision.

    Where they have many, something else may be wrong, such as a small number added to each.
    """
    with np.errstate(over="ignore"):
        halved = found.astype(np.float16).astype(np.float64)
    return np.array_equal(found, halved) or any(
        np.allclose(found, found.round(decimals), rtol=SINGLE, atol=0) for decimals in DECIMALS
    )


def tells_too_little(gradients: Sequence[Floats], quantity: str = "layer") -> bool:
    """Whether the tolerance cannot tell gradients from zeros, in one case of three or more.

    A forward whose slopes are that small is none to judge a gradient by: zeros would be right.
    """
    faint = [g.any() and agrees(np.zeros_like(g), g, quantity) for g in gradients]
    return FAINT * sum(map(bool, faint)) > len(faint)

"""Public examples for feedback: calls with small round numbers, and plots of them.

They are cases of their own with fixed inputs, so that no hidden input is ever shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from grader.checks.findings import say
from grader.checks.tolerance import Comparison, compare_layer
from grader.model.records import Measurement, Remark, StemExhibit

MOST_SHOWN = 12
"""Entries of an array that a sentence shows."""


def numbers(values: ArrayLike) -> str:
    """Write an array as a list that can be pasted into a cell."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 0:
        return f"{float(array):.4g}"
    if array.ndim > 1:
        return f"an array of shape {array.shape}"
    shown = ", ".join(f"{v:.4g}" for v in array[:MOST_SHOWN])
    return f"[{shown}, ...]" if array.size > MOST_SHOWN else f"[{shown}]"


def rows_text(values: ArrayLike) -> str:
    """Write a short array of one or two axes as nested lists."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim < 2:
        return numbers(array)
    return f"[{', '.join(numbers(row) for row in array)}]"


def call_text(function: str, arguments: Sequence[ArrayLike]) -> str:
    """Write a call as it can be pasted into a cell."""
    return f"{function}({', '.join(numbers(a) for a in arguments)})"


def counterexample(
    function: str,
    tries: Iterable[tuple[Sequence[ArrayLike], ArrayLike | None, ArrayLike]],
    what: str = "",
) -> tuple[Remark, ...]:
    """Return a remark with the first try that is wrong, or nothing.

    Args:
        function: Its name.
        tries: (arguments, returned or None, expected), the smallest first.
        what: Of its results, where it has several.
    """
    for arguments, returned, expected in tries:
        if returned is not None and not compare_layer(returned, expected).ok:
            told = {
                "call": call_text(function, arguments),
                "returned": numbers(returned),
                "expected": numbers(expected),
            }
            if what:
                return (say("function.example_result", what=what, **told),)
            return (say("function.example", **told),)
    return ()


def stems(title: str, measured: ArrayLike | None, expected: ArrayLike) -> tuple[StemExhibit, ...]:
    """Plot a public example where there is something of the right shape to plot."""
    if measured is None:
        return ()
    found = compare_layer(measured, expected)
    if found.trouble in {"shape", "finite"}:
        return ()
    wanted = np.asarray(expected, dtype=np.float64).ravel()
    return (
        StemExhibit(
            title=title,
            measured=tuple(float(v) for v in np.asarray(measured, dtype=np.float64).ravel()),
            expected=tuple(float(v) for v in wanted),
            tolerance=found.allowed,
            worst=found.worst[0] if found.worst else 0,
        ),
    )


def compared(output: ArrayLike | None, expected: ArrayLike) -> Comparison:
    """Compare an output; one that is missing counts as of another shape."""
    return compare_layer(np.empty((0, 0)) if output is None else output, expected)


def row(quantity: str, comparisons: Sequence[Comparison]) -> Measurement:
    """Sum up the comparisons of all cases in one row."""
    agreeing = sum(1 for c in comparisons if c.ok)
    finite = [c for c in comparisons if np.isfinite(c.max_abs_diff)]
    worst = max(finite, key=lambda c: c.max_abs_diff - c.allowed, default=None)
    difference = "" if worst is None else f", greatest difference {worst.max_abs_diff:.2g}"
    return Measurement(
        quantity=quantity,
        measured=f"{agreeing} of {len(comparisons)} sizes agree{difference}",
        expected=f"{len(comparisons)} of {len(comparisons)}",
        tolerance="" if worst is None else f"{worst.allowed:.2g}",
        ok=agreeing == len(comparisons),
    )

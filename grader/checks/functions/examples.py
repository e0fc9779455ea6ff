"""Public examples for feedback: calls with small round numbers, and plots of them.

They are cases of their own with fixed inputs, so that no hidden input is ever shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from grader.checks.findings import Verdict, failed, say
from grader.checks.functions.replies import Answers
from grader.checks.stored_arrays import Array
from grader.checks.tolerance import Comparison, agrees, compare_layer
from grader.model.records import Measurement, Remark, StemExhibit
from grader.planning.probes.questions import AGAIN, FIRST
from reference.signals import Floats

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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Try:
    """A call of a public example."""

    arguments: Sequence[ArrayLike]
    """In the order of the function's parameters."""
    returned: Array | None
    """None where it raised an exception, or returned no numbers."""
    expected: Floats
    """What is right."""
    error: str = ""
    """The exception, in words; empty where none was raised."""
    unreadable: str = ""
    """What was returned in place of numbers, in words."""


def tried(
    answers: Answers, key: str, arguments: Sequence[ArrayLike], expected: Floats, place: int = 0
) -> Try:
    """Return what became of a public example."""
    return Try(
        arguments=arguments,
        returned=answers.first(key, place),
        expected=expected,
        error=answers.error(key),
        unreadable=answers.unreadable.get(f"{key}/{place}", ""),
    )


def has_example(verdict: Verdict) -> bool:
    """Whether a verdict comes with an example already."""
    return any(remark.code.startswith("function.example") for remark in verdict.remarks)


def counterexample(function: str, tries: Iterable[Try], what: str = "") -> tuple[Remark, ...]:
    """Return a remark with the first try that is seen to be wrong, or nothing.

    Args:
        function: Its name.
        tries: The smallest first.
        what: Of its results, where it has several.
    """
    for one in tries:
        call = call_text(function, one.arguments)
        if one.error:
            return (say("function.example_raised", call=call, error=one.error),)
        if one.unreadable:
            return (say("function.example_unread", call=call, found=one.unreadable),)
        if one.returned is None or compare_layer(one.returned, one.expected).ok:
            continue
        returned, expected = numbers(one.returned), numbers(one.expected)
        if returned == expected:
            continue  # the digits or samples that differ are not shown
        told = {"call": call, "returned": returned, "expected": expected}
        if what:
            return (say("function.example_result", what=what, **told),)
        return (say("function.example", **told),)
    return ()


def keeps_state(function: str, answers: Answers, arguments: Sequence[ArrayLike]) -> Verdict:
    """Say that a call gave something else when it was repeated, and show it.

    Args:
        function: Its name.
        answers: What it returned.
        arguments: Of the first call.
    """
    verdict = failed(say("function.keeps_state", function=function))
    for place in range(answers.places(FIRST)):
        first, again = answers.first(FIRST, place), answers.first(AGAIN, place)
        if first is not None and again is not None and not agrees(again, first):
            call = call_text(function, arguments)
            told = {"first": numbers(first), "again": numbers(again)}
            return verdict.adding(say("function.example_again", call=call, **told))
    return verdict


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
        ok=0 < len(comparisons) == agreeing,
    )

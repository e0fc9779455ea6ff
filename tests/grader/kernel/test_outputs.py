"""What a function returned is read within bounds, however its lists lie in one another."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from grader.kernel.outputs import results_of


def holds_itself() -> list[Any]:
    made: list[Any] = []
    made.append(made)
    return made


def nested(levels: int, width: int) -> list[Any]:
    """A list of one list `width` times, and so on: few objects, many entries."""
    made: list[Any] = [1.0]
    for _ in range(levels):
        made = [made] * width
    return made


@pytest.mark.parametrize(
    "returned",
    [holds_itself(), [holds_itself(), 1], nested(100_000, 1), nested(40, 2), nested(5, 100)],
    ids=["itself", "itself and more", "deep", "doubled", "wide"],
)
@pytest.mark.parametrize("count", [1, 2])
def test_answers_nested_deep_are_told_soon(returned: Any, count: int) -> None:
    started = time.process_time()
    results = results_of(returned, count)
    assert time.process_time() - started < 3
    assert all(one.array is None for one in results if one.kind == "list")


def test_a_batch_of_lists_is_read() -> None:
    (result,) = results_of([[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]], 1)
    assert np.array_equal(np.squeeze(result.array), [[1, 2], [3, 4], [5, 6]])  # type: ignore[arg-type]


def test_a_view_of_one_number_as_a_huge_array_is_told_not_copied() -> None:
    huge = np.broadcast_to(np.float64(0), (10**5, 10**8))
    (result,) = results_of(huge, 1)
    assert result.array is None
    assert result.unreadable == "a ndarray of shape (100000, 100000000), far too large"

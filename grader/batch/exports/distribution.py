"""How points and seconds are spread over a class."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """Values of a class, sorted, and what is usually said of them."""

    values: tuple[float, ...]
    """Least first; finite; at least one."""
    mean: float
    """Arithmetic mean."""
    low_quartile: float
    """A quarter of the values lies below."""
    median: float
    """Half of the values lies below."""
    high_quartile: float
    """Three quarters of the values lie below."""
    ninetieth: float
    """Nine tenths of the values lie below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """One bar of a histogram."""

    low: float
    """Least value, included."""
    high: float
    """Greatest value; included in the last bar only."""
    count: int
    """How many values lie in it."""


def distribution(values: Iterable[float]) -> Distribution | None:
    """Return how the values are spread, or None where there is no finite one."""
    finite = sorted(value for value in values if math.isfinite(value))
    if not finite:
        return None
    low, middle, high, ninetieth = (
        float(one) for one in np.quantile(np.asarray(finite), (0.25, 0.5, 0.75, 0.9))
    )
    return Distribution(
        values=tuple(finite),
        mean=math.fsum(finite) / len(finite),
        low_quartile=low,
        median=middle,
        high_quartile=high,
        ninetieth=ninetieth,
    )


def histogram(spread: Distribution, low: float, high: float, width: float) -> tuple[Bin, ...]:
    """Return bars of equal width from `low` upwards that hold every value and reach `high`.

    Values that miss an edge by rounding alone count as lying on it.
    """
    top = max(high, spread.values[-1])
    many = max(1, math.ceil((top - low) / width - 1e-6))
    counts = [0] * many
    for value in spread.values:
        index = math.floor((value - low) / width + 1e-6)
        counts[min(max(index, 0), many - 1)] += 1
    return tuple(
        Bin(low=low + index * width, high=low + (index + 1) * width, count=count)
        for index, count in enumerate(counts)
    )

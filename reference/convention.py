"""What "convolution layer" may mean: direction, boundary and centre (handout, Problem 3c).

A convention fixes which sample each tap of the kernel reads for each output: the index map s(i, j)
of `reference.conv`. It is here twice: as a formula (`source` of `Convention.position`), and as a
table made by `numpy.pad` (`source_table`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from reference.errors import ConfigError
from reference.signals import Indices, as_size

Operation: TypeAlias = Literal["cross-correlation", "convolution"]
Boundary: TypeAlias = Literal["zero", "edge", "reflect", "symmetric", "circular"]
Anchor: TypeAlias = Literal["left", "right"]

_PADDED = {
    "zero": "zero-padded",
    "edge": "edge-padded",
    "reflect": "reflect-padded",
    "symmetric": "symmetric-padded",
    "circular": "circular-padded",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """What "convolution layer" means: any consistent choice is right (handout, 3c).

    Raises:
        ConfigError: If a field is none of its literals.
    """

    operation: Operation = "cross-correlation"
    """Whether tap j reads ahead (i + j - c) or back (i - j + c)."""
    boundary: Boundary = "zero"
    """What stands outside of the signal; `numpy.pad` calls zero "constant", circular "wrap"."""
    anchor: Anchor = "left"
    """Which of an even kernel's two middle taps is its centre; no difference for odd k."""

    def __post_init__(self) -> None:
        fields = (("operation", Operation), ("boundary", Boundary), ("anchor", Anchor))
        for field, literal in fields:
            allowed, found = get_args(literal), getattr(self, field)
            if found not in allowed:
                raise ConfigError(
                    f"Convention.{field}: expected one of {', '.join(allowed)}, got {found!r}."
                )

    def centre(self, k: int) -> int:
        """Return c, the tap that is aligned with the output: w[c] multiplies x[i] in y[i]."""
        return (k - 1) // 2 if self.anchor == "left" else k // 2

    def position(self, i: int, j: int, k: int) -> int:
        """Return the place on the padded line that tap j reads for output i."""
        c = self.centre(k)
        return i + j - c if self.operation == "cross-correlation" else i - j + c

    @property
    def padded(self) -> str:
        """What stands outside of the signal, in words: "zero-padded"."""
        return _PADDED[self.boundary]

    def describe(self, k: int) -> str:
        """Say it in words for kernels of size k: "zero-padded convolution, center at k // 2"."""
        centre = "(k - 1) // 2" if self.anchor == "left" and k % 2 == 0 else "k // 2"
        return f"{self.padded} {self.operation}, center at {centre}"


DEFAULT_CONVENTION = Convention()
"""Zero-padded cross-correlation, the `conv1d(padding="same")` of deep learning libraries."""

CONVENTIONS: tuple[Convention, ...] = tuple(
    Convention(operation=operation, boundary=boundary, anchor=anchor)
    for operation, boundary, anchor in product(
        get_args(Operation), get_args(Boundary), get_args(Anchor)
    )
)
"""All 20 of them, the default first; for odd k, those that differ in the anchor only coincide."""


def source(position: int, n: int, boundary: Boundary) -> int | None:
    """Return b(position): the index in 0 … n-1 that is read there, or None for a zero.

    One reflection is enough, for with k <= n a position lies at most n // 2 outside.
    """
    if 0 <= position < n:
        return position
    match boundary:
        case "zero":
            return None
        case "edge":
            return 0 if position < 0 else n - 1
        case "reflect":
            return -position if position < 0 else 2 * (n - 1) - position
        case "symmetric":
            return -1 - position if position < 0 else 2 * n - 1 - position
        case "circular":
            return position % n


def source_table(n: int, k: int, convention: Convention = DEFAULT_CONVENTION) -> Indices:
    """Return s as integers of shape (N, k), with N for "none": a cell behind the end, holding 0.

    Raises:
        ConfigError: If not 1 <= k <= n.
    """
    k = as_size("kernel size", k, n=n)
    ahead = convention.operation == "cross-correlation"
    before = convention.centre(k) if ahead else k - 1 - convention.centre(k)
    table = _window_table(n, k, before, convention.boundary)
    return table if ahead else table[:, ::-1]


def one_sided_table(n: int, k: int, convention: Convention, *, before: bool) -> Indices:
    """Return what an output reads whose kernel lies wholly before it, or wholly behind it.

    Like `source_table`; no convention of the course is like that, and the center does not count.

    Raises:
        ConfigError: If not 1 <= k <= n.
    """
    k = as_size("kernel size", k, n=n)
    table = _window_table(n, k, k - 1 if before else 0, convention.boundary)
    return table if convention.operation == "cross-correlation" else table[:, ::-1]


@lru_cache(maxsize=1024)
def _window_table(n: int, k: int, before: int, boundary: Boundary) -> Indices:
    """Windows of k places on the line of n, the first of which begins `before` places in front.

    Read-only, and kept: one judgment asks for the same few sizes a thousand times.
    """
    line, width = np.arange(n), (before, k - 1 - before)
    match boundary:
        case "zero":
            padded = np.pad(line, width, mode="constant", constant_values=n)
        case "circular":
            padded = np.pad(line, width, mode="wrap")
        case mode:
            padded = np.pad(line, width, mode=mode)
    return sliding_window_view(padded, k)

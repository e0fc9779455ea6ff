"""What was measured, as records, and the file that keeps them."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from reference.errors import GraderFault

Dtype: TypeAlias = Literal["float32", "float64"]
"""In which arithmetic a student computes."""

Errors: TypeAlias = dict[str, float]
"""Way of computing to the greatest error seen, in the quantity's scale."""

FILE = "measured.toml"
"""Name of the file that lies beside this module."""

COMMAND = "python -m authoring.calibration --write"
"""Renews it."""

FACTOR = 10.0
"""Safety factor of every tolerance: what ways, libraries and devices that were not tried, and the
reference's own rounding, may add to the greatest error that was measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """What an entry's error is compared with: absolute + relative |expected|."""

    absolute: float
    """In the quantity's unit."""
    relative: float
    """Factor of the expected value's size."""

    def error(self, measured: ArrayLike, expected: ArrayLike) -> float:
        """Return the greatest error of any entry; infinity where one is not finite."""
        found = np.asarray(measured, dtype=np.float64)
        wanted = np.asarray(expected, dtype=np.float64)
        if found.shape != wanted.shape or not np.isfinite(found).all():
            return float("inf")
        error = np.abs(found - wanted) / (self.absolute + self.relative * np.abs(wanted))
        return float(error.max(initial=0.0))


SCALES: Mapping[str, Scale] = {
    "layer": Scale(absolute=1.0, relative=1.0),
    "pool_slope": Scale(absolute=1.0, relative=0.0),
    "probability": Scale(absolute=1e-3, relative=1.0),
    "probability_large": Scale(absolute=1e-3, relative=1.0),
    "logits": Scale(absolute=20.0, relative=1.0),
    "probability_top": Scale(absolute=1.0, relative=0.0),
    "log_probability": Scale(absolute=1.0, relative=0.0),
    "start_image": Scale(absolute=1.0, relative=0.0),
    "gradient_direction": Scale(absolute=1.0, relative=0.0),
}
"""By quantity. Layers: inputs and outputs are of size 1. Probabilities: 1/1000 is the mean of the
classes, below which an error counts against it. Logits: 20 is the size of the largest. Directions:
1 - cosine; log-probabilities: nats; the rest is absolute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounding:
    """Errors of one quantity in one arithmetic, over all seeds."""

    quantity: str
    """Key of `SCALES`."""
    dtype: Dtype
    """The arithmetic."""
    ways: tuple[tuple[str, float], ...]
    """(way of computing, greatest error seen), the greatest first."""

    @property
    def greatest(self) -> float:
        """Greatest error of any way."""
        return self.ways[0][1]

    @property
    def bound(self) -> float:
        """The tolerance, in the quantity's scale."""
        return rounded_up(FACTOR * self.greatest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Separation:
    """One number, measured on right answers and on wrong ones."""

    name: str
    """Name of the threshold between them."""
    right: tuple[tuple[str, float], ...]
    """(what it was measured on, value)."""
    wrong: tuple[tuple[str, float], ...]
    """The same of wrong answers."""

    @property
    def right_is_greater(self) -> bool:
        """Whether right answers have the greater numbers."""
        return _middle(self.right) > _middle(self.wrong)

    @property
    def worst_right(self) -> tuple[str, float]:
        """The right answer that is closest to the wrong ones."""
        return (min if self.right_is_greater else max)(self.right, key=_value)

    @property
    def worst_wrong(self) -> tuple[str, float]:
        """The wrong answer that is closest to the right ones."""
        return (max if self.right_is_greater else min)(self.wrong, key=_value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """All that was measured."""

    made: tuple[tuple[str, str], ...]
    """(what, value): seeds, versions, devices."""
    roundings: tuple[Rounding, ...]
    """By quantity and arithmetic."""
    separations: tuple[Separation, ...]
    """By threshold."""

    def rounding(self, quantity: str, dtype: str) -> Rounding:
        """Return a quantity's errors.

        Raises:
            GraderFault: they were not measured.
        """
        for rounding in self.roundings:
            if (rounding.quantity, rounding.dtype) == (quantity, dtype):
                return rounding
        raise GraderFault(f"{FILE}: no rounding of {quantity} in {dtype}; {_REMEDY}")

    def separation(self, name: str) -> Separation:
        """Return what was measured for a threshold.

        Raises:
            GraderFault: it was not measured.
        """
        for separation in self.separations:
            if separation.name == name:
                return separation
        raise GraderFault(f"{FILE}: no separation {name}; {_REMEDY}")


_REMEDY = f"run `{COMMAND}`"


def rounded_up(value: float) -> float:
    """Return the least number of two digits that is not below `value`, which is above 0."""
    exponent = math.floor(math.log10(value)) - 1
    digits = math.ceil(round(value / 10.0**exponent, 9))
    return float(f"{digits}e{exponent}")


def worst(errors: Iterable[Errors]) -> Errors:
    """Return the greatest error of each way over many seeds."""
    greatest: Errors = {}
    for one in errors:
        for way, error in one.items():
            greatest[way] = max(error, greatest.get(way, 0.0))
    return greatest


def rounding_of(quantity: str, dtype: Dtype, errors: Errors) -> Rounding:
    """Give errors their record."""
    ways = sorted(errors.items(), key=lambda item: -item[1])
    return Rounding(quantity=quantity, dtype=dtype, ways=tuple(ways))


def load_calibration() -> Calibration:
    """Read the file that lies beside this module.

    Raises:
        GraderFault: it is not there or does not hold what it should.
    """
    try:
        text = (resources.files("grader.checks") / FILE).read_text(encoding="utf-8")
        return from_toml(text)
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise GraderFault(f"{FILE}: {error}; {_REMEDY}") from error


def from_toml(text: str) -> Calibration:
    """Return what `to_toml` wrote."""
    table = tomllib.loads(text)
    return Calibration(
        made=tuple(table["made"].items()),
        roundings=tuple(
            Rounding(quantity=quantity, dtype=dtype, ways=tuple(ways.items()))
            for quantity, by_dtype in table.get("rounding", {}).items()
            for dtype, ways in by_dtype.items()
        ),
        separations=tuple(
            Separation(name=name, right=tuple(s["right"].items()), wrong=tuple(s["wrong"].items()))
            for name, s in table["separation"].items()
        ),
    )


def to_toml(calibration: Calibration, *, command: str = COMMAND) -> str:
    """Return the text of the file: errors and numbers with three digits.

    Args:
        calibration: What was measured.
        command: What renews it.
    """
    lines = [
        f"# Written by `{command}`; not edited by hand.",
        "",
        "[made]",
    ]
    lines += [f"{_quoted(what)} = {_quoted(value)}" for what, value in calibration.made]
    for rounding in calibration.roundings:
        lines += ["", f"[rounding.{rounding.quantity}.{rounding.dtype}]", *_numbers(rounding.ways)]
    for separation in calibration.separations:
        lines += ["", f"[separation.{separation.name}.right]", *_numbers(separation.right)]
        lines += ["", f"[separation.{separation.name}.wrong]", *_numbers(separation.wrong)]
    return "\n".join(lines) + "\n"


def _numbers(rows: Iterable[tuple[str, float]]) -> list[str]:
    return [f"{_quoted(what)} = {_three_digits(value)}" for what, value in rows]


def _three_digits(value: float) -> str:
    """A TOML float; numbers next to 1 keep the digits by which they differ from it."""
    rounded = 1 - float(f"{1 - value:.3g}") if 0.9 < value < 1 else float(f"{value:.3g}")
    text = f"{rounded:.12g}"
    return text if "." in text or "e" in text else f"{text}.0"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _value(row: tuple[str, float]) -> float:
    return row[1]


def _middle(rows: tuple[tuple[str, float], ...]) -> float:
    return float(np.median([value for _, value in rows]))

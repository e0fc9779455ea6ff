"""The file of what was measured, and the arithmetic of errors and bounds."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.checks.calibration import (
    FACTOR,
    SCALES,
    Calibration,
    Rounding,
    Scale,
    Separation,
    from_toml,
    load_calibration,
    rounded_up,
    rounding_of,
    to_toml,
    worst,
)
from reference.errors import GraderFault

MEASURED = load_calibration()


@pytest.mark.parametrize(
    ("value", "bound"),
    [
        (1.0, 1.0),
        (1.01, 1.1),
        (1.27e-5, 1.3e-5),
        (9.99e-7, 1e-6),
        (9.9e-7, 9.9e-7),
        (0.0026, 0.0026),
    ],
)
def test_bounds_are_rounded_up_to_two_digits(value: float, bound: float) -> None:
    assert rounded_up(value) == pytest.approx(bound, rel=1e-12)


@given(st.floats(1e-18, 1e6))
def test_a_bound_is_never_below_and_never_a_tenth_above(value: float) -> None:
    assert value * (1 - 1e-8) <= rounded_up(value) <= 1.1 * value


@pytest.mark.parametrize(
    ("measured", "error"),
    [
        ([1.0, 3.0], 0.0),
        ([1.5, 3.0], 0.25),
        ([1.0, 2.0], 0.25),
        ([1.0, np.nan], math.inf),
        ([1.0], math.inf),
    ],
)
def test_errors_are_relative_to_the_scale(measured: list[float], error: float) -> None:
    assert Scale(absolute=1.0, relative=1.0).error(measured, [1.0, 3.0]) == error


def test_the_worst_of_each_way_is_kept() -> None:
    errors = worst([{"a": 1.0, "b": 2.0}, {"a": 3.0}])
    assert errors == {"a": 3.0, "b": 2.0}
    assert rounding_of("layer", "float32", errors).ways == (("a", 3.0), ("b", 2.0))


def sample() -> Calibration:
    return Calibration(
        made=(("seeds", "3"), ('a "quoted" name', "x")),
        roundings=(
            Rounding(quantity="layer", dtype="float32", ways=(("FFT", 1.27e-6), ("none", 0.0))),
        ),
        separations=(
            Separation(name="one", right=(("a", 1.0), ("b", 0.99999)), wrong=(("c", 1e-9),)),
            Separation(name="two", right=(("a", 0.0),), wrong=(("c", 200.0), ("d", -3.5))),
        ),
    )


def test_what_is_written_is_read_again() -> None:
    assert from_toml(to_toml(sample())) == sample()
    assert from_toml(to_toml(MEASURED)) == MEASURED


def test_numbers_next_to_one_keep_their_distance() -> None:
    near = Separation(name="near", right=(("a", 1 - 1.2345e-7),), wrong=(("b", 0.0),))
    (read,) = from_toml(to_toml(replace(sample(), separations=(near,)))).separations
    assert 1 - read.right[0][1] == pytest.approx(1.23e-7, rel=1e-3)


def test_sides_of_a_separation() -> None:
    one, two = sample().separations
    assert (one.right_is_greater, one.worst_right, one.worst_wrong) == (
        True,
        ("b", 0.99999),
        ("c", 1e-9),
    )
    assert (two.right_is_greater, two.worst_right, two.worst_wrong) == (
        False,
        ("a", 0.0),
        ("d", -3.5),
    )


def test_what_was_not_measured_is_a_fault_with_a_remedy() -> None:
    for call in (lambda: sample().rounding("layer", "float64"), lambda: sample().separation("x")):
        with pytest.raises(GraderFault, match=r"python -m authoring\.calibration --write"):
            call()


def test_the_committed_numbers_are_sound() -> None:
    for rounding in MEASURED.roundings:
        assert rounding.quantity in SCALES
        assert all(0 <= error < 1 for _, error in rounding.ways)
        assert rounding.greatest == max(error for _, error in rounding.ways) > 0
        assert FACTOR * rounding.greatest <= rounding.bound <= 1.1 * FACTOR * rounding.greatest
    for separation in MEASURED.separations:
        for side in (separation.right, separation.wrong):
            assert side
            assert all(math.isfinite(value) for _, value in side)

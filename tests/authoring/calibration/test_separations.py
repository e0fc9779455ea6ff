"""Each threshold lies between the right and the wrong answers that were measured."""

from __future__ import annotations

import pytest

from grader.checks.calibration import load_calibration
from grader.checks.tolerance import THRESHOLDS, TOLERANCES

MEASURED = load_calibration()


@pytest.mark.parametrize("name", sorted(THRESHOLDS))
def test_thresholds_part_right_from_wrong(name: str) -> None:
    found, value = MEASURED.separation(name), THRESHOLDS[name].value
    right, wrong = found.worst_right[1], found.worst_wrong[1]
    assert (right > value > wrong) if found.right_is_greater else (right < value < wrong)


@pytest.mark.parametrize("name", sorted(THRESHOLDS))
def test_reasons_hold_the_numbers(name: str) -> None:
    found = MEASURED.separation(name)
    for _, value in (found.worst_right, found.worst_wrong):
        assert f"{value:.4g}" in THRESHOLDS[name].reason


@pytest.mark.parametrize("quantity", ["layer", "logits"])
def test_tolerances_part_right_from_wrong(quantity: str) -> None:
    found = MEASURED.separation(quantity)
    bound = MEASURED.rounding(quantity, "float32").bound
    assert found.worst_right[1] < bound / 5
    assert bound < found.worst_wrong[1] / 100


def test_every_tolerance_is_measured() -> None:
    for (quantity, dtype), tolerance in TOLERANCES.items():
        rounding = MEASURED.rounding(quantity, dtype)
        assert max(tolerance.atol, tolerance.rtol) >= 10 * rounding.greatest
        assert f"{rounding.greatest:.2g}" in tolerance.reason

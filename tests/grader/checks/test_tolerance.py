"""The comparison and its table."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import grader.checks
from grader.checks.tolerance import THRESHOLDS, TOLERANCES, Tolerance, agrees, compare
from reference import conv

TIGHT = Tolerance(rtol=0.0, atol=0.5, reason="test")


@pytest.mark.parametrize(
    ("measured", "trouble", "outside"),
    [
        ([1.0, 2.0, 3.5], "", 0),
        ([1.0, 2.6, 9.0], "value", 2),
        ([1.0, np.nan, 3.0], "finite", 1),
        ([1.0, np.inf, 3.0], "finite", 1),
        ([1.0, 2.0], "shape", 0),
        ([[[1.0, 2.0, 3.0]]], "", 0),
        ([True, False, True], "value", 2),
    ],
)
def test_compare(measured: object, trouble: str, outside: int) -> None:
    found = compare(np.array(measured), [1.0, 2.0, 3.0], TIGHT)
    assert (found.trouble, found.outside) == (trouble, outside)


@pytest.mark.parametrize("expected", [np.inf, -np.inf, np.nan])
def test_nothing_agrees_with_what_is_not_finite(expected: float) -> None:
    for measured in (expected, 0.0, 1e300):
        assert compare([1.0, measured], [1.0, expected], TIGHT).trouble == "finite"


def test_the_worst_entry_is_named() -> None:
    found = compare([1.0, 2.6, 9.0], [1.0, 2.0, 3.0], TIGHT)
    assert found.worst == (2,)
    assert found.max_abs_diff == 6.0
    assert found.allowed == 0.5


def test_every_entry_has_a_reason() -> None:
    reasons = [entry.reason for entry in TOLERANCES.values()]
    reasons += [entry.reason for entry in THRESHOLDS.values()]
    assert len(reasons) > 20
    for reason in reasons:
        assert len(reason) > 20


def test_no_small_number_stands_in_a_check() -> None:
    folder = Path(grader.checks.__file__).parent
    tables = {folder / "tolerance.py", folder / "calibration.py"}
    for path in set(folder.rglob("*.py")) - tables:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, float):
                shown = node.value in {0.001, 1e-9}
                assert node.value == 0 or abs(node.value) > 1e-2 or shown, (path.name, node.lineno)


@given(st.integers(0, 2**31), st.integers(1, 9))
def test_single_precision_stays_within(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    x, w = rng.standard_normal(12), rng.uniform(-2, 2, k)
    exact = conv.forward(x, w)
    rounded = np.correlate(
        np.pad(x, ((k - 1) // 2, k // 2)).astype(np.float32), w.astype(np.float32)
    )
    assert agrees(rounded, exact)
    assert not agrees(exact + 1e-2 * (np.arange(12) == 5), exact)

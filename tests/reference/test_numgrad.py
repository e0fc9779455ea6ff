"""Central differences: exact for linear functions, close for smooth ones, honest about errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference import numgrad
from reference.errors import ConfigError
from reference.signals import Floats


def whole_matrix(rows: int, columns: int, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    return rng.integers(-9, 10, (rows, columns)).astype(np.float64)


@given(rows=st.integers(1, 5), columns=st.integers(1, 5), seed=st.integers(0, 1000))
def test_step_one_is_exact_for_affine_functions_of_integers(
    rows: int, columns: int, seed: int
) -> None:
    a, x = whole_matrix(rows, columns, seed), whole_matrix(1, columns, seed + 1)[0]
    np.testing.assert_array_equal(numgrad.linear_jacobian(lambda v: a @ v + 3.0, x), a)


def test_step_one_beats_a_small_step_for_linear_functions_and_loses_for_others() -> None:
    rng = np.random.default_rng(0)
    a, x = rng.standard_normal((6, 6)), rng.standard_normal(6)

    def error(f: Any, right: Floats, eps: float) -> float:
        return float(np.abs(numgrad.jacobian(f, x, eps=eps) - right).max())

    assert error(lambda v: a @ v, a, 1.0) < 1e-14
    assert error(lambda v: a @ v, a, 5e-6) > 1e-13
    cosines = np.diag(np.cos(x))
    assert error(np.sin, cosines, 5e-6) < 1e-9
    assert error(np.sin, cosines, 1.0) > 1e-2


def test_jacobian_has_the_output_shape_then_the_input_shape() -> None:
    x = np.arange(1.0, 7.0).reshape(2, 3)
    found = numgrad.jacobian(lambda v: v.T**2, x)
    assert found.shape == (3, 2, 2, 3)
    right = np.zeros((3, 2, 2, 3))
    for i, j in np.ndindex(3, 2):
        right[i, j, j, i] = 2 * x[j, i]
    np.testing.assert_allclose(found, right, rtol=0, atol=1e-8)


def test_jacobian_of_a_scalar_function_is_its_gradient() -> None:
    x = np.array([1.0, -2.0, 3.0])
    np.testing.assert_allclose(numgrad.jacobian(lambda v: v @ v, x), 2 * x, rtol=0, atol=1e-8)


def test_vjp_contracts_the_output_and_keeps_the_input_shape() -> None:
    a, g = whole_matrix(4, 6, 0), whole_matrix(2, 2, 1)
    x = whole_matrix(2, 3, 2)
    found = numgrad.vjp(lambda v: (a @ v.ravel()).reshape(2, 2), x, g, eps=1)
    np.testing.assert_array_equal(found, (a.T @ g.ravel()).reshape(2, 3))
    np.testing.assert_array_equal(numgrad.vjp(np.sum, x, 2.0, eps=1), np.full((2, 3), 2.0))


def test_function_that_writes_to_its_argument_does_no_harm() -> None:
    def careless(v: Floats) -> Floats:
        v *= 2.0
        return v

    x = np.ones(3)
    np.testing.assert_array_equal(numgrad.linear_jacobian(careless, x), 2 * np.eye(3))
    np.testing.assert_array_equal(x, np.ones(3))


def test_directions_are_of_unit_length_and_belong_to_the_seed() -> None:
    first = numgrad.unit_directions((2, 3), count=4, seed=1)
    assert first.shape == (4, 2, 3)
    np.testing.assert_allclose(np.linalg.norm(first.reshape(4, -1), axis=1), 1.0)
    np.testing.assert_array_equal(first, numgrad.unit_directions((2, 3), count=4, seed=1))
    assert not np.array_equal(first, numgrad.unit_directions((2, 3), count=4, seed=2))


@pytest.mark.parametrize("seed", [0, 1])
def test_directional_derivatives_tell_a_right_gradient_from_a_wrong_one(seed: int) -> None:
    x = np.linspace(-1.0, 1.0, 50)
    right = np.cos(x)
    wrong = right.copy()
    wrong[7] = -wrong[7]
    directions, slopes = numgrad.directional_derivatives(
        lambda v: np.sum(np.sin(v)), x, count=3, seed=seed
    )
    np.testing.assert_allclose(directions @ right, slopes, rtol=0, atol=1e-8)
    assert np.abs(directions @ wrong - slopes).max() > 1e-2


def test_directional_derivative_equals_the_jacobian_along_it() -> None:
    x, d = np.array([0.3, -0.7]), np.array([2.0, 1.0])
    np.testing.assert_allclose(
        numgrad.directional_derivative(np.exp, x, d), np.exp(x) * d, rtol=0, atol=1e-8
    )


@pytest.mark.parametrize(
    ("x", "gap"),
    [
        ([3.0, 1.0, 1.5], 0.5),
        ([1.0, 2.0, 1.0], 0.0),
        ([4.0], float("inf")),
        ([[0.0, 9.0], [5.0, 2.0]], 2.0),
    ],
)
def test_smallest_gap(x: Any, gap: float) -> None:
    assert numgrad.smallest_gap(x) == gap


@pytest.mark.parametrize("eps", [0.0, -1.0, float("nan"), float("inf")])
def test_step_must_be_above_zero(eps: float) -> None:
    with pytest.raises(ConfigError, match="eps: expected a finite step above 0"):
        numgrad.jacobian(np.sin, [1.0], eps=eps)


def test_unusable_functions_and_arguments() -> None:
    with pytest.raises(ConfigError, match=r"direction: expected shape \(2,\), got \(3,\)"):
        numgrad.directional_derivative(np.sin, [1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(ConfigError, match=r"cotangent: expected f's output shape \(2,\), got \(1,"):
        numgrad.vjp(np.sin, [1.0, 2.0], [1.0])
    with pytest.raises(ConfigError, match=r"f\(x - eps d\): expected finite numbers"):
        numgrad.jacobian(lambda v: v if v[0] > 1 else v * np.nan, [1.0])
    with pytest.raises(ConfigError, match=r"f: expected one output shape, got \(1,\) and \(2,\)"):
        numgrad.jacobian(lambda v: v if v[0] > 1 else np.append(v, v), [1.0])
    with pytest.raises(ConfigError, match="x: expected finite numbers"):
        numgrad.linear_jacobian(np.sin, [np.nan])
    for count, shape in ((0, (2,)), (1, (2, 0))):
        with pytest.raises(ConfigError, match="directions: expected at least one"):
            numgrad.unit_directions(shape, count=count, seed=0)

"""Max-pooling: loops = vectorised = autograd = finite differences; ties apart, by value."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from reference import pool
from reference.errors import ConfigError
from reference.numgrad import smallest_gap, vjp
from reference.signals import Floats

SIZES = ((1, 1), (2, 1), (2, 2), (7, 1), (7, 2), (7, 3), (8, 4), (8, 5), (8, 8))
every_size = pytest.mark.parametrize(("n", "k"), SIZES)


def draw(n: int, k: int) -> tuple[Floats, Floats]:
    """A shuffled, uneven ramp, so that samples are pairwise distinct by 0.5 or more, and g."""
    rng = np.random.default_rng((n, k))
    x = rng.permutation(n) + rng.uniform(-0.25, 0.25, n)
    return x, rng.standard_normal(n - k + 1)


@every_size
def test_loops_vectorised_and_autograd_agree(n: int, k: int) -> None:
    x, g = draw(n, k)
    x_t = torch.tensor(x, requires_grad=True)
    by_pool, indices = F.max_pool1d(x_t[None], k, stride=1, return_indices=True)
    by_unfold = x_t.unfold(0, k, 1).amax(dim=1)

    for forward in (pool.forward_loops, pool.forward):
        values, argmax = forward(x, k)
        assert values.dtype == np.float64
        assert argmax.dtype == np.intp
        np.testing.assert_array_equal(values, by_pool[0].detach().numpy(), strict=True)
        np.testing.assert_array_equal(argmax, indices[0].numpy())
    for out in (by_pool[0], by_unfold):
        (grad_x,) = torch.autograd.grad(out, x_t, torch.tensor(g))
        for backward in (pool.grad_input_loops, pool.grad_input):
            np.testing.assert_allclose(
                backward(x, k, g), grad_x.numpy(), rtol=0, atol=1e-14, strict=True
            )


@every_size
def test_gradient_equals_finite_differences_below_half_the_gap(n: int, k: int) -> None:
    x, g = draw(n, k)
    eps = min(0.4 * smallest_gap(x), 1.0)
    expected = vjp(lambda v: pool.forward_loops(v, k)[0], x, g, eps=eps)
    np.testing.assert_allclose(pool.grad_input(x, k, g), expected, rtol=0, atol=1e-12)


# --- ties -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "k", "argmax", "grad"),
    [
        ([5, 5, 5], 2, [0, 1], [1, 10, 0]),
        ([5, 5, 5], 3, [0], [1, 0, 0]),
        ([1, 3, 3, 2], 2, [1, 1, 2], [0, 11, 100, 0]),
        ([0.0, -0.0], 2, [0], [1, 0]),
        ([2, 1, 2], 3, [0], [1, 0, 0]),
    ],
)
def test_first_maximum_of_a_tie_gets_the_whole_gradient(
    x: list[float], k: int, argmax: list[int], grad: list[float]
) -> None:
    g = np.array([1.0, 10.0, 100.0])[: len(argmax)]
    for forward, backward in (
        (pool.forward_loops, pool.grad_input_loops),
        (pool.forward, pool.grad_input),
    ):
        np.testing.assert_array_equal(forward(x, k)[1], argmax)
        np.testing.assert_array_equal(backward(x, k, g), grad)


def test_tie_rule_is_that_of_torch() -> None:
    x = np.array([1.0, 4.0, 4.0, 2.0, 4.0, 4.0])
    x_t = torch.tensor(x, requires_grad=True)
    out, indices = F.max_pool1d(x_t[None], 3, stride=1, return_indices=True)
    (grad_x,) = torch.autograd.grad(out.sum(), x_t)
    np.testing.assert_array_equal(pool.forward(x, 3)[1], indices[0].numpy())
    np.testing.assert_array_equal(pool.grad_input(x, 3, np.ones(4)), grad_x.numpy())


def test_finite_differences_at_a_tie_are_no_gradient() -> None:
    halves = vjp(lambda v: pool.forward(v, 2)[0], [5.0, 5.0], [1.0], eps=1e-3)
    np.testing.assert_allclose(halves, [0.5, 0.5])


# --- wrong gradients are told apart ---------------------------------------------------------------


def test_mutated_gradients_are_distinguishable() -> None:
    x, k = np.array([1.0, 5.0, 2.0, 5.0, 0.0, -3.0]), 4
    g = np.array([1.0, 10.0, 100.0])
    right = pool.grad_input(x, k, g)
    np.testing.assert_array_equal(right, [0, 11, 0, 100, 0, 0])

    _, argmax = pool.forward(x, k)
    last = np.array([i + k - 1 - np.argmax(x[i : i + k][::-1]) for i in range(3)])
    tie_to_last, assigned, within_window = np.zeros(6), np.zeros(6), np.zeros(6)
    np.add.at(tie_to_last, last, g)
    assigned[argmax] = g  # loses the sum over the windows that one sample wins
    np.add.at(within_window, argmax - np.arange(3), g)  # forgets the window's start
    split = sum(
        np.where((np.arange(6) >= i) & (np.arange(6) < i + k) & (x == 5.0), g[i], 0)
        / np.sum(x[i : i + k] == 5.0)
        for i in range(3)
    )
    for wrong in (tie_to_last, assigned, within_window, split, np.roll(right, 1)):
        assert np.abs(wrong - right).max() >= 1.0


# --- properties -----------------------------------------------------------------------------------


@st.composite
def pooled(draw_from: st.DrawFn) -> tuple[Floats, int, Floats]:
    """A signal of small integers (so with ties), a window and a cotangent: sums are exact."""
    n = draw_from(st.integers(1, 12))
    k = draw_from(st.integers(1, n))
    x = draw_from(st.lists(st.integers(-3, 3), min_size=n, max_size=n))
    g = draw_from(st.lists(st.integers(-9, 9), min_size=n - k + 1, max_size=n - k + 1))
    return np.array(x, dtype=np.float64), k, np.array(g, dtype=np.float64)


@given(case=pooled())
def test_values_are_maxima_and_argmax_points_at_the_first(
    case: tuple[Floats, int, Floats],
) -> None:
    x, k, _ = case
    values, argmax = pool.forward(x, k)
    for i, (value, a) in enumerate(zip(values, argmax, strict=True)):
        assert value == max(x[i : i + k]) == x[a]
        assert i <= a < i + k
        assert all(x[i:a] < value)


@given(case=pooled())
def test_loops_and_vectorised_agree_with_ties_too(case: tuple[Floats, int, Floats]) -> None:
    x, k, g = case
    for looped, fast in zip(pool.forward_loops(x, k), pool.forward(x, k), strict=True):
        np.testing.assert_array_equal(looped, fast)
    np.testing.assert_array_equal(pool.grad_input_loops(x, k, g), pool.grad_input(x, k, g))


@given(case=pooled())
def test_gradient_keeps_its_sum_and_the_linear_piece(case: tuple[Floats, int, Floats]) -> None:
    x, k, g = case
    grad_x = pool.grad_input(x, k, g)
    assert grad_x.shape == x.shape
    assert grad_x.sum() == g.sum()
    # Max-pooling is homogeneous, so on the chosen piece <g, f(x)> = <df^T g, x>, ties included.
    assert grad_x @ x == g @ pool.forward(x, k)[0]
    assert not grad_x[np.setdiff1d(np.arange(x.size), pool.forward(x, k)[1])].any()


# --- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "k", "match"),
    [
        ([1, 2, 3], 4, "window size: expected 1 <= k <= N = 3, got k = 4"),
        ([1, 2, 3], 0, "window size: expected 1 <= k <= N = 3, got k = 0"),
        ([1, 2, 3], 1.5, r"window size: expected a whole number, got 1\.5"),
        ([[1, 2, 3]], 1, r"x: expected a 1-D array, got shape \(1, 3\)"),
        ([1, float("nan")], 1, "x: expected finite numbers"),
        ([], 1, "x: expected at least one number"),
    ],
)
def test_unusable_input(x: Any, k: Any, match: str) -> None:
    for forward in (pool.forward, pool.forward_loops):
        with pytest.raises(ConfigError, match=match):
            forward(x, k)
    for backward in (pool.grad_input, pool.grad_input_loops):
        with pytest.raises(ConfigError, match=match):
            backward(x, k, [1.0])


@pytest.mark.parametrize("backward", [pool.grad_input, pool.grad_input_loops])
def test_cotangent_of_another_length(backward: Any) -> None:
    with pytest.raises(ConfigError, match="grad_out: expected length 2, got 3"):
        backward([1, 2, 3], 2, [1, 2, 3])

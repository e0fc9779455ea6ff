"""Convolution: loops = vectorised = autograd = finite differences, for every convention."""

from __future__ import annotations

from itertools import product
from typing import Any, NamedTuple, get_args

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage
from torch.nn import functional as F

from reference import conv
from reference.convention import (
    CONVENTIONS,
    DEFAULT_CONVENTION,
    Anchor,
    Boundary,
    Convention,
    Operation,
    source,
    source_table,
)
from reference.errors import ConfigError
from reference.numgrad import linear_jacobian, vjp
from reference.signals import Floats

ATOL = 1e-12
"""Sums of at most 12 products of standard normal numbers: a few hundred times their rounding."""

SIZES = ((1, 1), (2, 1), (2, 2), (3, 3), (7, 1), (7, 2), (7, 3), (8, 4), (8, 5), (8, 8), (9, 9))


def _name(value: object) -> str | None:
    if isinstance(value, Convention):
        return f"{value.operation}-{value.boundary}-{value.anchor}"
    return "N{}-k{}".format(*value) if isinstance(value, tuple) else None


every_convention = pytest.mark.parametrize("convention", CONVENTIONS, ids=_name)
every_size = pytest.mark.parametrize("size", SIZES, ids=_name)


class Problem(NamedTuple):
    x: Floats
    w: Floats
    g: Floats


def draw(n: int, k: int, seed: int = 0) -> Problem:
    rng = np.random.default_rng((seed, n, k))
    return Problem(rng.standard_normal(n), rng.standard_normal(k), rng.standard_normal(n))


def torch_forward(x: torch.Tensor, w: torch.Tensor, convention: Convention) -> torch.Tensor:
    """The same layer from PyTorch's padding and cross-correlation, flipped for a convolution."""
    k = w.numel()
    left = (k - 1) // 2 if convention.anchor == "left" else k // 2
    if convention.operation == "convolution":
        w, left = w.flip(0), k - 1 - left
    right = k - 1 - left
    if convention.boundary == "symmetric":
        padded = torch.cat([x[:left].flip(0), x, x[x.numel() - right :].flip(0)])[None, None]
    else:
        mode = {"zero": "constant", "edge": "replicate"}.get(
            convention.boundary, convention.boundary
        )
        padded = F.pad(x[None, None], (left, right), mode=mode)
    return F.conv1d(padded, w[None, None])[0, 0]


# --- three-way equality and finite differences ----------------------------------------------------


@pytest.mark.parametrize("before", [True, False])
@every_convention
@every_size
def test_one_sided_outputs_read_a_sample_and_those_on_one_side(
    size: tuple[int, int], convention: Convention, before: bool
) -> None:
    (n, k), problem = size, draw(*size)
    w = problem.w if convention.operation == "cross-correlation" else problem.w[::-1]
    modes: dict[str, Any] = {"zero": "constant", "circular": "wrap"}
    mode = modes.get(convention.boundary, convention.boundary)
    padded = np.pad(problem.x, (k - 1, 0) if before else (0, k - 1), mode=mode)
    wanted = [sum(w[j] * padded[i + j] for j in range(k)) for i in range(n)]
    found = conv.one_sided(problem.x, problem.w, convention, before=before)
    np.testing.assert_allclose(found, wanted, atol=ATOL)


@every_convention
@every_size
def test_loops_vectorised_and_autograd_agree(convention: Convention, size: tuple[int, int]) -> None:
    x, w, g = draw(*size)
    x_t, w_t = torch.tensor(x, requires_grad=True), torch.tensor(w, requires_grad=True)
    out = torch_forward(x_t, w_t, convention)
    grad_x, grad_w = torch.autograd.grad(out, (x_t, w_t), torch.tensor(g))

    expected = (out.detach().numpy(), grad_x.numpy(), grad_w.numpy())
    loops = (
        conv.forward_loops(x, w, convention),
        conv.grad_input_loops(g, w, convention),
        conv.grad_kernel_loops(x, g, w.size, convention),
    )
    vectorised = (
        conv.forward(x, w, convention),
        conv.grad_input(g, w, convention),
        conv.grad_kernel(x, g, w.size, convention),
    )
    for looped, fast, right in zip(loops, vectorised, expected, strict=True):
        assert looped.dtype == fast.dtype == np.float64
        np.testing.assert_allclose(looped, right, rtol=0, atol=ATOL, strict=True)
        np.testing.assert_allclose(fast, right, rtol=0, atol=ATOL, strict=True)


@every_convention
@every_size
def test_gradients_equal_finite_differences_of_the_forward(
    convention: Convention, size: tuple[int, int]
) -> None:
    x, w, g = draw(*size)
    by_x = vjp(lambda v: conv.forward_loops(v, w, convention), x, g, eps=1)
    by_w = vjp(lambda v: conv.forward_loops(x, v, convention), w, g, eps=1)

    np.testing.assert_allclose(conv.grad_input(g, w, convention), by_x, rtol=0, atol=ATOL)
    np.testing.assert_allclose(conv.grad_kernel(x, g, w.size, convention), by_w, rtol=0, atol=ATOL)


@every_convention
@every_size
def test_matrix_is_the_jacobian_and_its_transpose_the_adjoint(
    convention: Convention, size: tuple[int, int]
) -> None:
    x, w, g = draw(*size)
    matrix = conv.forward_matrix(w, x.size, convention)

    np.testing.assert_allclose(
        matrix,
        linear_jacobian(lambda v: conv.forward_loops(v, w, convention), x),
        rtol=0,
        atol=ATOL,
    )
    np.testing.assert_allclose(
        matrix.T @ g, conv.grad_input_loops(g, w, convention), rtol=0, atol=ATOL
    )


# --- independent meanings -------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(7, 3), (8, 4), (6, 6)], ids=_name)
def test_numpy_same_mode_is_one_of_the_conventions(size: tuple[int, int]) -> None:
    x, w, _ = draw(*size)
    convolution = Convention(operation="convolution", anchor="left")
    correlation = Convention(operation="cross-correlation", anchor="right")

    np.testing.assert_allclose(conv.forward(x, w, convolution), np.convolve(x, w, "same"))
    np.testing.assert_allclose(conv.forward(x, w, correlation), np.correlate(x, w, "same"))


@pytest.mark.parametrize(
    ("boundary", "mode"),
    [
        ("zero", "constant"),
        ("edge", "nearest"),
        ("reflect", "mirror"),
        ("symmetric", "reflect"),
        ("circular", "wrap"),
    ],
)
@pytest.mark.parametrize("size", [(7, 3), (8, 4), (9, 9)], ids=_name)
def test_scipy_filters_are_the_right_anchored_conventions(
    boundary: Boundary, mode: Any, size: tuple[int, int]
) -> None:
    x, w, _ = draw(*size)
    filters: dict[Operation, Any] = {
        "cross-correlation": ndimage.correlate1d,
        "convolution": ndimage.convolve1d,
    }
    for operation, scipy_filter in filters.items():
        convention = Convention(operation=operation, boundary=boundary, anchor="right")
        np.testing.assert_allclose(
            conv.forward(x, w, convention), scipy_filter(x, w, mode=mode), rtol=0, atol=ATOL
        )


class ByHand(NamedTuple):
    boundary: Boundary
    forward: tuple[float, ...]
    grad_input: tuple[float, ...]
    grad_kernel: tuple[float, ...]


# x = (1, 2, 4), w = (1, 10, 100), g = (1, 1, 1), cross-correlation, centre 1. The digits of an
# output are the samples it reads, from the units up: 210 = 0·1 + 1·10 + 2·100 for a zero before x.
BY_HAND = (
    ByHand("zero", (210, 421, 42), (11, 111, 110), (3, 7, 6)),
    ByHand("edge", (211, 421, 442), (12, 111, 210), (4, 7, 10)),
    ByHand("reflect", (212, 421, 242), (11, 212, 110), (5, 7, 8)),
    ByHand("symmetric", (211, 421, 442), (12, 111, 210), (4, 7, 10)),
    ByHand("circular", (214, 421, 142), (111, 111, 111), (7, 7, 7)),
)


@pytest.mark.parametrize("case", BY_HAND, ids=lambda case: case.boundary)
def test_values_worked_out_by_hand(case: ByHand) -> None:
    x, w, g = (1, 2, 4), (1, 10, 100), (1, 1, 1)
    convention = Convention(boundary=case.boundary)

    assert tuple(conv.forward(x, w, convention)) == case.forward
    assert tuple(conv.grad_input(g, w, convention)) == case.grad_input
    assert tuple(conv.grad_kernel(x, g, 3, convention)) == case.grad_kernel


def test_zero_boundary_backward_is_the_convolution_of_the_docstring() -> None:
    _, w, g = draw(8, 4)
    for anchor in ("left", "right"):
        ahead, back = (
            Convention(operation=operation, anchor=anchor)
            for operation in ("cross-correlation", "convolution")
        )
        np.testing.assert_allclose(conv.grad_input(g, w, ahead), conv.forward(g, w, back))


def test_position_and_source_agree_with_the_table() -> None:
    for (n, k), convention in product(SIZES, CONVENTIONS):
        table = source_table(n, k, convention)
        for i, j in product(range(n), range(k)):
            s = source(convention.position(i, j, k), n, convention.boundary)
            assert table[i, j] == (n if s is None else s)


# --- properties -----------------------------------------------------------------------------------

conventions = st.sampled_from(CONVENTIONS)


@st.composite
def problems(draw_from: st.DrawFn) -> tuple[Problem, Problem]:
    """Two problems of one size, of small integers: sums and products are exact in float64."""
    n = draw_from(st.integers(1, 12))
    k = draw_from(st.integers(1, n))

    def signal(length: int) -> Floats:
        whole = st.lists(st.integers(-9, 9), min_size=length, max_size=length)
        return np.array(draw_from(whole), dtype=np.float64)

    first, second = (Problem(signal(n), signal(k), signal(n)) for _ in range(2))
    return first, second


@given(pair=problems(), convention=conventions)
def test_adjoint_identity(pair: tuple[Problem, Problem], convention: Convention) -> None:
    (x, w, g), _ = pair
    inner = conv.forward(x, w, convention) @ g
    assert inner == x @ conv.grad_input(g, w, convention)
    assert inner == w @ conv.grad_kernel(x, g, w.size, convention)


@given(pair=problems(), convention=conventions, a=st.integers(-5, 5))
def test_forward_is_bilinear(pair: tuple[Problem, Problem], convention: Convention, a: int) -> None:
    (x, w, _), (x2, w2, _) = pair
    f = conv.forward
    np.testing.assert_array_equal(
        f(x + a * x2, w, convention), f(x, w, convention) + a * f(x2, w, convention)
    )
    np.testing.assert_array_equal(
        f(x, w + a * w2, convention), f(x, w, convention) + a * f(x, w2, convention)
    )


@given(pair=problems(), boundary=st.sampled_from(get_args(Boundary)))
def test_flipped_kernel_and_other_anchor_turn_one_operation_into_the_other(
    pair: tuple[Problem, Problem], boundary: Boundary
) -> None:
    (x, w, _), _ = pair
    np.testing.assert_array_equal(
        conv.forward(x, w, Convention(boundary=boundary, anchor="left")),
        conv.forward(
            x,
            w[::-1],
            Convention(operation="convolution", boundary=boundary, anchor="right"),
        ),
    )


@given(pair=problems(), shift=st.integers(-12, 12), anchor=st.sampled_from(get_args(Anchor)))
def test_circular_layer_commutes_with_shifts(
    pair: tuple[Problem, Problem], shift: int, anchor: Anchor
) -> None:
    (x, w, _), _ = pair
    convention = Convention(boundary="circular", anchor=anchor)
    np.testing.assert_array_equal(
        conv.forward(np.roll(x, shift), w, convention),
        np.roll(conv.forward(x, w, convention), shift),
    )


# --- wrong gradients are told apart ---------------------------------------------------------------


@every_convention
@pytest.mark.parametrize("size", [(7, 2), (7, 3), (8, 4), (8, 8)], ids=_name)
def test_mutated_gradients_are_distinguishable(
    convention: Convention, size: tuple[int, int]
) -> None:
    x, w, g = draw(*size)
    k = w.size
    by_x = vjp(lambda v: conv.forward(v, w, convention), x, g, eps=1)
    by_w = vjp(lambda v: conv.forward(x, v, convention), w, g, eps=1)
    windows = np.append(x, 0.0)[source_table(x.size, k, convention)]

    wrong_by_x = {
        "flipped kernel": conv.grad_input(g, w[::-1], convention),
        "forward instead of adjoint": conv.forward(g, w, convention),
        "pad off by one": np.roll(conv.grad_input(g, w, convention), 1),
        "centre tap only": w[convention.centre(k)] * g,
    }
    wrong_by_w = {
        "flipped kernel": conv.grad_kernel(x, g, k, convention)[::-1],
        "pad off by one": conv.grad_kernel(np.roll(x, 1), g, k, convention),
        "missing sum over positions": windows[0] * g[0],
        "mean instead of sum": (windows * g[:, None]).mean(axis=0),
    }
    for found, right in ((wrong_by_x, by_x), (wrong_by_w, by_w)):
        for name, wrong in found.items():
            assert np.abs(wrong - right).max() > 1e-3, name


@pytest.mark.parametrize("size", [(8, 4), (9, 9)], ids=_name)
def test_every_two_conventions_differ_in_forward_and_both_gradients(size: tuple[int, int]) -> None:
    x, w, g = draw(*size)
    distinct = [c for c in CONVENTIONS if w.size % 2 == 0 or c.anchor == "left"]
    for results in (
        [conv.forward(x, w, c) for c in distinct],
        [conv.grad_input(g, w, c) for c in distinct],
        [conv.grad_kernel(x, g, w.size, c) for c in distinct],
    ):
        for a, b in product(range(len(distinct)), repeat=2):
            same = np.abs(results[a] - results[b]).max() < 1e-3
            assert same == (a == b), (distinct[a], distinct[b])


# --- update ---------------------------------------------------------------------------------------


def test_update_is_one_step_of_gradient_descent() -> None:
    w = np.array([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(conv.update(w, [4, -2, 0], 0.5), [-1.0, 3.0, 3.0])
    np.testing.assert_array_equal(w, [1.0, 2.0, 3.0])


@every_convention
def test_update_lowers_the_cost(convention: Convention) -> None:
    x, w, target = draw(8, 4)

    def cost(kernel: Floats) -> float:
        return float(0.5 * np.sum((conv.forward(x, kernel, convention) - target) ** 2))

    g = conv.forward(x, w, convention) - target
    grad_w = conv.grad_kernel(x, g, w.size, convention)
    assert cost(conv.update(w, grad_w, 0.01)) < cost(w) < cost(conv.update(w, grad_w, -0.01))


# --- conventions and errors -----------------------------------------------------------------------


def test_conventions_are_all_there_once_with_the_default_first() -> None:
    sizes = [len(get_args(literal)) for literal in (Operation, Boundary, Anchor)]
    assert len(set(CONVENTIONS)) == len(CONVENTIONS) == np.prod(sizes) == 20
    assert CONVENTIONS[0] == DEFAULT_CONVENTION


@pytest.mark.parametrize(
    ("convention", "k", "text"),
    [
        (Convention(), 3, "zero-padded cross-correlation, center at k // 2"),
        (Convention(), 4, "zero-padded cross-correlation, center at (k - 1) // 2"),
        (Convention(anchor="right"), 4, "zero-padded cross-correlation, center at k // 2"),
        (
            Convention(operation="convolution", boundary="circular"),
            5,
            "circular-padded convolution, center at k // 2",
        ),
    ],
)
def test_describe(convention: Convention, k: int, text: str) -> None:
    assert convention.describe(k) == text


def test_descriptions_differ_where_the_conventions_do() -> None:
    assert len({c.describe(4) for c in CONVENTIONS}) == 20
    assert len({c.describe(3) for c in CONVENTIONS}) == 10


@pytest.mark.parametrize("suffix", ["", "_loops"])
@pytest.mark.parametrize(
    ("x", "w", "match"),
    [
        ([1.0, 2.0], [1.0, 2.0, 3.0], r"kernel size: expected 1 <= k <= N = 2, got k = 3"),
        ([1.0, 2.0], [], r"w: expected at least one number"),
        ([], [1.0], r"expected at least one number, got shape \(0,\)"),
        ([[1.0, 2.0]], [1.0], r"expected a 1-D array, got shape \(1, 2\)"),
        ([1.0, 2.0], 1.0, r"w: expected a 1-D array, got shape \(\)"),
        ([1.0, np.nan], [1.0], r"expected finite numbers"),
        ([1.0, 2.0], [np.inf], r"w: expected finite numbers"),
        ([1.0, 1j], [1.0], r"expected real numbers, got dtype complex128"),
        (["a", "b"], [1.0], r"expected real numbers, got dtype <U1"),
        ([[1.0], [1.0, 2.0]], [1.0], r"got a ragged sequence"),
    ],
)
def test_unusable_signal_or_kernel(x: Any, w: Any, match: str, suffix: str) -> None:
    for name in ("forward", "grad_input"):
        with pytest.raises(ConfigError, match=match):
            getattr(conv, name + suffix)(x, w)


@pytest.mark.parametrize("grad_kernel", [conv.grad_kernel, conv.grad_kernel_loops])
@pytest.mark.parametrize(
    ("x", "g", "k", "match"),
    [
        ([1, 2, 3], [1, 2, 3], 4, r"kernel size: expected 1 <= k <= N = 3, got k = 4"),
        ([1, 2, 3], [1, 2, 3], 0, r"expected 1 <= k <= N = 3, got k = 0"),
        ([1, 2, 3], [1, 2, 3], 2.0, r"kernel size: expected a whole number, got 2.0"),
        ([1, 2, 3], [1, 2], 2, r"grad_out: expected length 3, got 2"),
    ],
)
def test_unusable_cotangent_or_size(grad_kernel: Any, x: Any, g: Any, k: Any, match: str) -> None:
    with pytest.raises(ConfigError, match=match):
        grad_kernel(x, g, k)


def test_unusable_matrix_table_update_or_convention() -> None:
    with pytest.raises(ConfigError, match="kernel size: expected 1 <= k <= N = 2, got k = 3"):
        conv.forward_matrix([1, 2, 3], 2)
    with pytest.raises(ConfigError, match="kernel size: expected 1 <= k <= N = 2, got k = 0"):
        source_table(2, 0)
    with pytest.raises(ConfigError, match="grad_w: expected length 2, got 3"):
        conv.update([1, 2], [1, 2, 3], 0.1)
    with pytest.raises(ConfigError, match="lr: expected a finite learning rate, got nan"):
        conv.update([1, 2], [1, 2], float("nan"))
    with pytest.raises(ConfigError, match=r"Convention.boundary: expected one of zero, .* 'same'"):
        Convention(boundary="same")  # type: ignore[arg-type]

r"""1-D convolution layer of equal input and output length (handout, Problems 1a, 3a and 3b).

Forward. With an input x of length N, a kernel w of size k <= N and the kernel's centre c,

    x_out[i] = sum_{j=0}^{k-1} w[j] x_in[b(i + j - c)],    i = 0 … N-1    (cross-correlation)
    x_out[i] = sum_{j=0}^{k-1} w[j] x_in[b(i - j + c)],    i = 0 … N-1    (convolution)

b, the boundary, maps a position on the padded line to the index in the signal that it copies, or to
none, which reads as 0. Below, s(i, j) is the index that tap j of output i reads: b(i + j - c) or
b(i - j + c).

Backward. C depends on x_in and on w through every x_out[i]; write g[i] = dC/dx_out[i]. The chain
rule sums over all paths, hence over all outputs:

    dC/dx_in[m] = sum_i g[i] dx_out[i]/dx_in[m] = sum over all (i, j) with s(i, j) = m of g[i] w[j]
    dC/dw[j]    = sum_i g[i] dx_out[i]/dw[j]    = sum_i g[i] x_in[s(i, j)]

Forward gathers through s, so the gradient to the input scatters through the same s: a sample that
the boundary copies collects the gradients of all its copies, and a zero that stands outside of the
signal collects none. Written as x_out = T(w) x_in, the gradient to the input is T(w)^T g: the exact
adjoint. For zero boundaries and cross-correlation, solving i + j - c = m for i shows it to be a
convolution with the same kernel and centre: dC/dx_in[m] = sum_j w[j] g[m - j + c], where g is 0
outside.

Update (3b), with learning rate eta:  w <- w - eta dC/dw.

Everything is there twice: `*_loops` read like the equations, with s from a formula; the others are
vectorised, with s from `numpy.pad`. All arrays are float64.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from reference.convention import (
    CONVENTIONS,
    DEFAULT_CONVENTION,
    Convention,
    one_sided_table,
    source,
    source_table,
)
from reference.errors import ConfigError
from reference.signals import Floats, as_signal, as_size

__all__ = [
    "CONVENTIONS",
    "DEFAULT_CONVENTION",
    "Convention",
    "forward",
    "forward_loops",
    "forward_matrix",
    "grad_input",
    "grad_input_loops",
    "grad_kernel",
    "grad_kernel_loops",
    "one_sided",
    "update",
]

# Explicit loops: the equations of the docstring above.


def forward_loops(
    x: ArrayLike, w: ArrayLike, convention: Convention = DEFAULT_CONVENTION
) -> Floats:
    """Return x_out[i] = sum_j w[j] x_in[s(i, j)], shape (N,) (handout, 1a).

    Raises:
        ConfigError: If `x` or `w` is no finite 1-D array, or k > N.
    """
    x, w = _signal_and_kernel(x, w)
    n, k = x.size, w.size
    x_out = np.zeros(n)
    for i in range(n):
        for j in range(k):
            s = source(convention.position(i, j, k), n, convention.boundary)
            if s is not None:
                x_out[i] += w[j] * x[s]
    return x_out


def grad_input_loops(
    grad_out: ArrayLike, w: ArrayLike, convention: Convention = DEFAULT_CONVENTION
) -> Floats:
    """Return dC/dx_in[m] = sum of g[i] w[j] over (i, j) with s(i, j) = m, shape (N,) (3b).

    Raises:
        ConfigError: If `grad_out` or `w` is no finite 1-D array, or k > N.
    """
    g, w = _signal_and_kernel(grad_out, w, name="grad_out")
    n, k = g.size, w.size
    grad_x = np.zeros(n)
    for i in range(n):
        for j in range(k):
            m = source(convention.position(i, j, k), n, convention.boundary)
            if m is not None:
                grad_x[m] += g[i] * w[j]
    return grad_x


def grad_kernel_loops(
    x: ArrayLike, grad_out: ArrayLike, k: int, convention: Convention = DEFAULT_CONVENTION
) -> Floats:
    """Return dC/dw[j] = sum_i g[i] x_in[s(i, j)], shape (k,) (handout, 3b).

    Raises:
        ConfigError: If `x` and `grad_out` are no finite 1-D arrays of one length, or k > N.
    """
    x, g, k = _signal_and_cotangent(x, grad_out, k)
    n = x.size
    grad_w = np.zeros(k)
    for j in range(k):
        for i in range(n):
            s = source(convention.position(i, j, k), n, convention.boundary)
            if s is not None:
                grad_w[j] += g[i] * x[s]
    return grad_w


# Vectorised: gather and scatter through one table of s.


def forward(x: ArrayLike, w: ArrayLike, convention: Convention = DEFAULT_CONVENTION) -> Floats:
    """Return x_out, shape (N,), as windows @ w; equal to `forward_loops`.

    Raises:
        ConfigError: If `x` or `w` is no finite 1-D array, or k > N.
    """
    x, w = _signal_and_kernel(x, w)
    x_out: Floats = _windows(x, w.size, convention) @ w
    return x_out


def one_sided(x: ArrayLike, w: ArrayLike, convention: Convention, *, before: bool) -> Floats:
    """Return an output, shape (N,), that reads x[i] and the k - 1 samples before it, or behind it.

    A common mistake: a filter in real time has no centre.

    Raises:
        ConfigError: If `x` or `w` is no finite 1-D array, or k > N.
    """
    x, w = _signal_and_kernel(x, w)
    table = one_sided_table(x.size, w.size, convention, before=before)
    x_out: Floats = np.append(x, 0.0)[table] @ w
    return x_out


def grad_input(
    grad_out: ArrayLike, w: ArrayLike, convention: Convention = DEFAULT_CONVENTION
) -> Floats:
    """Return dC/dx_in, shape (N,), as one scatter-add; equal to `grad_input_loops`.

    Raises:
        ConfigError: If `grad_out` or `w` is no finite 1-D array, or k > N.
    """
    g, w = _signal_and_kernel(grad_out, w, name="grad_out")
    table = source_table(g.size, w.size, convention)
    grad_x = np.zeros(g.size + 1)
    np.add.at(grad_x, table, np.outer(g, w))
    return grad_x[: g.size]


def grad_kernel(
    x: ArrayLike, grad_out: ArrayLike, k: int, convention: Convention = DEFAULT_CONVENTION
) -> Floats:
    """Return dC/dw, shape (k,), as windows.T @ g; equal to `grad_kernel_loops`.

    Raises:
        ConfigError: If `x` and `grad_out` are no finite 1-D arrays of one length, or k > N.
    """
    x, g, k = _signal_and_cotangent(x, grad_out, k)
    grad_w: Floats = _windows(x, k, convention).T @ g
    return grad_w


def forward_matrix(w: ArrayLike, n: int, convention: Convention = DEFAULT_CONVENTION) -> Floats:
    """Return the (N, N) matrix T with x_out = T x_in and dC/dx_in = T^T g.

    Constant along its diagonals (Toeplitz) but for the rows that see the boundary; circulant for
    circular ones.

    Raises:
        ConfigError: If `w` is no finite 1-D array, or k > n.
    """
    w = as_signal("w", w)
    table = source_table(n, w.size, convention)
    matrix = np.zeros((n, n + 1))
    np.add.at(matrix, (np.arange(n)[:, None], table), w)
    return matrix[:, :n]


def update(w: ArrayLike, grad_w: ArrayLike, lr: float) -> Floats:
    """Return w - lr dC/dw, shape (k,): one step of gradient descent (handout, 3b).

    Raises:
        ConfigError: If the two are no finite 1-D arrays of one length, or `lr` is not finite.
    """
    w = as_signal("w", w)
    grad_w = as_signal("grad_w", grad_w, length=w.size)
    if not np.isfinite(lr):
        raise ConfigError(f"lr: expected a finite learning rate, got {lr}.")
    return w - lr * grad_w


def _windows(x: Floats, k: int, convention: Convention) -> Floats:
    """Return x_in[s(i, j)], shape (N, k), with zeros for "none"."""
    return np.append(x, 0.0)[source_table(x.size, k, convention)]


def _signal_and_kernel(x: ArrayLike, w: ArrayLike, *, name: str = "x") -> tuple[Floats, Floats]:
    """Return both as float64, after the checks."""
    x, w = as_signal(name, x), as_signal("w", w)
    as_size("kernel size", w.size, n=x.size)
    return x, w


def _signal_and_cotangent(x: ArrayLike, g: ArrayLike, k: int) -> tuple[Floats, Floats, int]:
    """Return both as float64 and k, after the checks."""
    x = as_signal("x", x)
    return x, as_signal("grad_out", g, length=x.size), as_size("kernel size", k, n=x.size)

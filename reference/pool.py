"""1-D max-pooling of stride 1 (handout, Problems 1b, 3d and 3e).

Forward. With an input of length N and a window of k <= N samples, for i = 0 … N-k,

    a(i)     = i + argmax_{0 <= j < k} x_in[i + j]
    x_out[i] = x_in[a(i)] = max_{0 <= j < k} x_in[i + j]

Backward. x_out[i] copies one sample, so dx_out[i]/dx_in[m] is 1 for m = a(i) and 0 elsewhere. With
g[i] = dC/dx_out[i], the chain rule sums over all outputs:

    dC/dx_in[m] = sum over all i with a(i) = m of g[i]

Windows overlap, so one sample may win up to k of them and collects all their gradients: assigning
instead of adding loses some.

Boundaries (3e): only windows that lie wholly within the signal are used. There is no padding, which
could make up a maximum that is not in the signal, and the output is shorter by k - 1.

Ties: the first maximum of a window wins and gets the whole gradient, as in PyTorch. The maximum has
no derivative there; this picks one of its subgradients, and keeps the gradient's sum.

Both directions are there twice: `*_loops` read like the equations, the others are vectorised.
Values are float64, arg-max positions count from the start of the signal.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

from reference.signals import Floats, Indices, as_signal, as_size


def forward_loops(x: ArrayLike, k: int) -> tuple[Floats, Indices]:
    """Return x_out and a, both of shape (N - k + 1,) (handout, 1b).

    Raises:
        ConfigError: If `x` is no finite 1-D array, or not 1 <= k <= N.
    """
    x, k = _signal_and_window(x, k)
    n_out = x.size - k + 1
    x_out, a = np.zeros(n_out), np.zeros(n_out, dtype=np.intp)
    for i in range(n_out):
        a[i] = i
        for j in range(1, k):
            # Strictly greater: a later sample that only equals the maximum does not replace it.
            if x[i + j] > x[a[i]]:
                a[i] = i + j
        x_out[i] = x[a[i]]
    return x_out, a


def grad_input_loops(x: ArrayLike, k: int, grad_out: ArrayLike) -> Floats:
    """Return dC/dx_in[m] = sum of g[i] over i with a(i) = m, shape (N,) (handout, 3d).

    Raises:
        ConfigError: If `x` is no finite 1-D array, not 1 <= k <= N, or `grad_out` has not
            shape (N - k + 1,).
    """
    x, k = _signal_and_window(x, k)
    g = as_signal("grad_out", grad_out, length=x.size - k + 1)
    _, a = forward_loops(x, k)
    grad_x = np.zeros(x.size)
    for i in range(g.size):
        grad_x[a[i]] += g[i]
    return grad_x


def forward(x: ArrayLike, k: int) -> tuple[Floats, Indices]:
    """Return x_out and a, both of shape (N - k + 1,); equal to `forward_loops`.

    Raises:
        ConfigError: If `x` is no finite 1-D array, or not 1 <= k <= N.
    """
    x, k = _signal_and_window(x, k)
    # numpy's argmax returns the first of equal maxima.
    a = np.arange(x.size - k + 1) + sliding_window_view(x, k).argmax(axis=1)
    return x[a], a


def grad_input(x: ArrayLike, k: int, grad_out: ArrayLike) -> Floats:
    """Return dC/dx_in, shape (N,), as one scatter-add; equal to `grad_input_loops`.

    Raises:
        ConfigError: If `x` is no finite 1-D array, not 1 <= k <= N, or `grad_out` has not
            shape (N - k + 1,).
    """
    x, k = _signal_and_window(x, k)
    g = as_signal("grad_out", grad_out, length=x.size - k + 1)
    _, a = forward(x, k)
    grad_x = np.zeros(x.size)
    np.add.at(grad_x, a, g)
    return grad_x


def _signal_and_window(x: ArrayLike, k: int) -> tuple[Floats, int]:
    """Return the signal as float64 and the window's size, after the checks."""
    x = as_signal("x", x)
    return x, as_size("window size", k, n=x.size)

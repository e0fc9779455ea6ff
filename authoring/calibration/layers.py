"""Rounding of the 1-D layers of Problems 1 and 3, on the very inputs that the checks draw.

Each way computes in one arithmetic what a student's code may compute: the output, and the gradients
to the padded line and to the kernel. Padding copies samples, which rounds nothing, and its adjoint
adds up copies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from torch.nn import functional as F

from grader.checks.calibration import SCALES, Dtype, Errors, Separation, worst
from grader.planning.probes import (
    ConvCase,
    PoolCase,
    conv_cases,
    conv_rows,
    pool_cases,
    pool_rows,
    pool_step,
    tie_cases,
    update_cases,
)
from reference import conv, pool
from reference.conv import CONVENTIONS, Convention
from reference.convention import source_table
from reference.numgrad import LINEAR_EPS
from reference.signals import Indices

Array: TypeAlias = NDArray[Any]
"""float32 or float64."""

Triple: TypeAlias = tuple[Array, Array, Array]
"""Output (N,), gradient to the line (N + k - 1,), gradient to the kernel (k,)."""

Way: TypeAlias = Callable[[Array, Array, Array], Triple]
"""Padded line (N + k - 1,), kernel (k,) and cotangent (N,), of one dtype, to the three results."""


def by_loops(line: Array, w: Array, g: Array) -> Triple:
    """Add up one product after the other."""
    n, k = g.size, w.size
    out, grad_line, grad_w = np.zeros_like(g), np.zeros_like(line), np.zeros_like(w)
    for i in range(n):
        for j in range(k):
            out[i] += w[j] * line[i + j]
            grad_line[i + j] += g[i] * w[j]
            grad_w[j] += g[i] * line[i + j]
    return out, grad_line, grad_w


def vectorised(line: Array, w: Array, g: Array) -> Triple:
    """Multiply windows, as matrices."""
    windows = sliding_window_view(line, w.size)
    return windows @ w, np.convolve(g, w), windows.T @ g


def by_fft(line: Array, w: Array, g: Array) -> Triple:
    """Multiply transforms; numpy keeps float32."""
    n = line.size
    of_line, of_w, of_g = (np.fft.rfft(a, n) for a in (line, w, g))
    return (
        np.fft.irfft(of_line * of_w.conj(), n)[: g.size],
        np.fft.irfft(of_g * of_w, n),
        np.fft.irfft(of_line * of_g.conj(), n)[: w.size],
    )


def by_torch(line: Array, w: Array, g: Array) -> Triple:
    """Call the library's layer, and its autograd."""
    signal = torch.tensor(line).view(1, 1, -1).requires_grad_(True)
    kernel = torch.tensor(w).view(1, 1, -1).requires_grad_(True)
    out = F.conv1d(signal, kernel)
    found = torch.autograd.grad(out, (signal, kernel), torch.tensor(g).view(1, 1, -1))
    grad_line, grad_w = (v.numpy().reshape(-1) for v in found)
    return out.detach().numpy().reshape(-1), grad_line, grad_w


WAYS: Mapping[str, Way] = {
    "loops": by_loops,
    "vectorised": vectorised,
    "FFT": by_fft,
    "torch.autograd": by_torch,
}
"""By name."""


def layer_errors(seed: int, dtype: Dtype) -> Errors:
    """Return the greatest error of each way over all cases of one seed.

    The convolution follows the default convention and one of the others, in turn.
    """
    conventions = (CONVENTIONS[0], CONVENTIONS[seed % len(CONVENTIONS)])
    found = [
        _convolution(case, convention, dtype)
        for case in conv_cases(seed)
        for convention in conventions
    ]
    stepped = [case for case in conv_cases(seed) if len(conv_rows(case)) > 1]
    found += [_own_adjoint(case, conventions[1], dtype) for case in stepped]
    found += [_pooling(case, dtype) for case in (*pool_cases(seed), *tie_cases(seed))]
    return worst([*found, _updates(seed, dtype)])


def slope_errors(seed: int, dtype: Dtype) -> Errors:
    """Return the error of pooling's gradient by differences of a forward in this arithmetic."""
    stepped = [case for case in pool_cases(seed) if len(pool_rows(case)) > 1]
    return worst(_slopes(case, dtype) for case in stepped)


def wrong_layers(seeds: int) -> Separation:
    """Measure by how much wrong outputs and gradients err at least, over seeds from 0 on.

    What counts is the worst entry of all of a seed's cases. Right are the roundings in float32.
    """
    closest: Errors = {}
    right: Errors = {}
    for seed in range(seeds):
        for name, error in _faults(seed).items():
            closest[name] = min(error, closest.get(name, error))
        right = worst([right, layer_errors(seed, "float32")])
    return Separation(name="layer", right=tuple(right.items()), wrong=tuple(closest.items()))


def _faults(seed: int) -> Errors:
    """Return how far some faults lie from right, by their worst entry."""
    errors: Errors = {}

    def err(name: str, found: Array, wanted: Array) -> None:
        errors[name] = max(_error(found, wanted), errors.get(name, 0.0))

    for case in conv_cases(seed):
        out = conv.forward(case.x, case.w)
        grad_x = conv.grad_input(case.grad_out, case.w)
        grad_w = conv.grad_kernel(case.x, case.grad_out, len(case.w))
        for convention in CONVENTIONS[1:]:
            name = f"another convention ({convention.describe(2)})"
            err(name, conv.forward(case.x, case.w, convention), out)
        err("shifted by one sample", np.roll(out, 1), out)
        err("the last tap left out", conv.forward(case.x, np.append(case.w[:-1], 0.0)), out)
        err("the kernel not turned round", conv.forward(case.grad_out, case.w), grad_x)
        err("a gradient divided by N", grad_w / len(case.x), grad_w)
        err("a gradient of the wrong sign", -grad_w, grad_w)
    return errors


def _convolution(case: ConvCase, convention: Convention, dtype: Dtype) -> Errors:
    x, w, g = (np.array(a) for a in (case.x, case.w, case.grad_out))
    truth = (
        conv.forward(x, w, convention),
        conv.grad_input(g, w, convention),
        conv.grad_kernel(x, g, w.size, convention),
    )
    read, kernel_order = _line_table(x.size, w.size, convention)
    errors = {}
    for name, way in WAYS.items():
        line, kernel = np.append(x, 0.0)[read], w[kernel_order]
        out, grad_line, grad_w = way(*(a.astype(dtype) for a in (line, kernel, g)))
        grad_x = np.zeros(x.size + 1, dtype=dtype)
        np.add.at(grad_x, read, grad_line)
        found = (out, grad_x[: x.size], grad_w[kernel_order])
        errors[name] = max(_error(a, b) for a, b in zip(found, truth, strict=True))
    return errors


def _line_table(n: int, k: int, convention: Convention) -> tuple[Indices, slice]:
    """Return which sample each place of the padded line copies (n: a zero), and the taps' order.

    Taking the taps in that order makes any convention a valid cross-correlation with the line.
    """
    table = source_table(n, k, convention)
    if convention.operation == "convolution":
        table = table[:, ::-1]
        order = slice(None, None, -1)
    else:
        order = slice(None)
    return np.concatenate([table[0], table[1:, -1]]), order


def _own_adjoint(case: ConvCase, convention: Convention, dtype: Dtype) -> Errors:
    """Take a student's own forward apart by differences, as the checks do for odd forwards."""
    n, k = len(case.x), len(case.w)
    read, order = _line_table(n, k, convention)
    rows = [
        vectorised(np.append(x, 0.0)[read].astype(dtype), w[order].astype(dtype), np.zeros(n))[0]
        for x, w in conv_rows(case)
    ]
    slopes = np.diff(np.array(rows[1:], dtype=np.float64).reshape(-1, 2, n), axis=1)[:, 0]
    gradients = slopes / (-2 * LINEAR_EPS) @ np.array(case.grad_out)
    truth_x = conv.grad_input(case.grad_out, case.w, convention)
    truth_w = conv.grad_kernel(case.x, case.grad_out, k, convention)
    error = max(_error(gradients[:n], truth_x), _error(gradients[n:], truth_w))
    return {"adjoint of an own forward": error}


def _pooling(case: PoolCase, dtype: Dtype) -> Errors:
    x, g = np.array(case.x, dtype=dtype), np.array(case.grad_out, dtype=dtype)
    windows = sliding_window_view(x, case.k)
    grad_x = np.zeros_like(x)
    for i, place in enumerate(windows.argmax(axis=1)):
        grad_x[i + place] += g[i]
    truth = pool.forward(case.x, case.k)[0], pool.grad_input(case.x, case.k, case.grad_out)
    return {"pooling": max(_error(windows.max(axis=1), truth[0]), _error(grad_x, truth[1]))}


def _slopes(case: PoolCase, dtype: Dtype) -> Errors:
    """Differences of a forward in this arithmetic, against a backward in the same."""
    rows = [
        sliding_window_view(x.astype(dtype), case.k).max(axis=1).astype(np.float64)
        for x in pool_rows(case)
    ]
    slopes = (np.array(rows[1::2]) - np.array(rows[2::2])) / (2 * pool_step(case))
    truth = pool.grad_input(case.x, case.k, case.grad_out)
    error = SCALES["pool_slope"].error(slopes @ np.array(case.grad_out), truth)
    return {"differences of an own forward": error}


def _updates(seed: int, dtype: Dtype) -> Errors:
    errors = [0.0]
    for case in update_cases(seed):
        w, g = np.array(case.w, dtype=dtype), np.array(case.grad_w, dtype=dtype)
        step = np.array(case.lr, dtype=dtype) * g
        errors.append(_error(w - step, conv.update(case.w, case.grad_w, case.lr)))
    return {"update": max(errors)}


def _error(measured: Array, expected: Array) -> float:
    return SCALES["layer"].error(measured, expected)

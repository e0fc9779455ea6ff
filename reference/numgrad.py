"""Gradients from values alone, by central differences (to check Problems 1, 3 and 4).

For a smooth f and a direction d, (f(x + h d) - f(x - h d)) / 2h = f'(x) d + O(h^2), and rounding
adds an error of about u |f| / h, with u = 1.1e-16 in float64. A small h rounds, a large h
truncates; h near u^(1/3) = 5e-6 balances both (`SMOOTH_EPS`).

Linear functions. If f(x) = A x + b, then f(x + h d) - f(x - h d) = 2h A d for every h: the
truncation error is not small, it is zero. Only rounding is left, which a small step magnifies, so
h = 1 is exact up to a few units in the last place, and for integers altogether. A convolution is
linear in its input and, apart, linear in its kernel (not in both together), so both of its
gradients are checked in this way (`linear_jacobian`).

Max-pooling is linear piece by piece: it copies the same samples as long as their order does not
change. Where two samples of a window are equal, f(x + h d) and f(x - h d) lie on different pieces,
and the difference is the mean of two one-sided slopes (1/2 for each of the two), which is not what
a backward pass with a tie rule returns. So its inputs must be pairwise distinct, and |h d| less
than half of their smallest gap (`smallest_gap`): then the order holds, and the difference is exact
again. Ties are a matter of the tie rule and are tested apart, by value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from reference.errors import ConfigError
from reference.signals import Floats, as_floats

Function: TypeAlias = Callable[[Floats], ArrayLike]

SMOOTH_EPS = 5e-6
"""Step for smooth functions of values near 1: the cube root of float64's rounding unit."""

LINEAR_EPS = 1.0
"""Step for functions that are linear in the argument: exact, see the module's docstring."""


def directional_derivative(
    f: Function, x: ArrayLike, direction: ArrayLike, *, eps: float = SMOOTH_EPS
) -> Floats:
    """Return (f(x + eps d) - f(x - eps d)) / 2 eps, of f's shape.

    Raises:
        ConfigError: If an array or a value of `f` is not finite, shapes differ, or eps <= 0.
    """
    x, direction = as_floats("x", x), as_floats("direction", direction)
    if not (np.isfinite(eps) and eps > 0):
        raise ConfigError(f"eps: expected a finite step above 0, got {eps}.")
    if direction.shape != x.shape:
        raise ConfigError(f"direction: expected shape {x.shape}, got {direction.shape}.")
    above = as_floats("f(x + eps d)", f(x + eps * direction))
    below = as_floats("f(x - eps d)", f(x - eps * direction))
    if above.shape != below.shape:
        raise ConfigError(
            f"f: expected one output shape, got {above.shape} and {below.shape} around one x."
        )
    derivative: Floats = (above - below) / (2 * eps)
    return derivative


def jacobian(f: Function, x: ArrayLike, *, eps: float = SMOOTH_EPS) -> Floats:
    """Return df/dx, of shape (*f's shape, *x's shape), in 2 x.size calls of `f`.

    Raises:
        ConfigError: As `directional_derivative` does.
    """
    x = as_floats("x", x)
    basis = np.eye(x.size).reshape(x.size, *x.shape)
    columns = [directional_derivative(f, x, unit, eps=eps) for unit in basis]
    stacked = np.stack(columns, axis=-1)
    return stacked.reshape(*stacked.shape[:-1], *x.shape)


def linear_jacobian(f: Function, x: ArrayLike) -> Floats:
    """Return df/dx by steps of 1, exact up to rounding for an `f` that is linear (or affine) in x.

    Raises:
        ConfigError: As `directional_derivative` does.
    """
    return jacobian(f, x, eps=LINEAR_EPS)


def vjp(f: Function, x: ArrayLike, cotangent: ArrayLike, *, eps: float = SMOOTH_EPS) -> Floats:
    """Return the gradient of C = <cotangent, f(x)> with respect to x: what a backward pass returns.

    The shape is x's. Use `eps=LINEAR_EPS` for an `f` that is linear in x.

    Raises:
        ConfigError: As `directional_derivative` does, or if the cotangent has not f's shape.
    """
    full, g = jacobian(f, x, eps=eps), as_floats("cotangent", cotangent)
    shape = full.shape[: full.ndim - np.ndim(x)]
    if g.shape != shape:
        raise ConfigError(f"cotangent: expected f's output shape {shape}, got {g.shape}.")
    gradient: Floats = np.tensordot(g, full, axes=g.ndim)
    return gradient


def unit_directions(shape: tuple[int, ...], *, count: int, seed: int) -> Floats:
    """Return `count` random directions of l2 norm 1, shape (count, *shape), the same for one seed.

    For checks of functions too large for the full Jacobian: a wrong gradient that agrees along
    three random directions is unlikely.

    Raises:
        ConfigError: If `count` < 1 or a side of `shape` is < 1.
    """
    if count < 1 or min(shape, default=1) < 1:
        raise ConfigError(
            f"directions: expected at least one, of sides at least 1, got {count} of {shape}."
        )
    drawn = np.random.default_rng(seed).standard_normal((count, *shape))
    norms = np.linalg.norm(drawn.reshape(count, -1), axis=1)
    unit: Floats = drawn / norms.reshape(count, *[1] * len(shape))
    return unit


def directional_derivatives(
    f: Function, x: ArrayLike, *, count: int = 3, seed: int = 0, eps: float = SMOOTH_EPS
) -> tuple[Floats, Floats]:
    """Return seeded unit directions, (count, *x's shape), and f's derivative along each.

    The latter have the shape (count, *f's shape): for a scalar f, compare them with
    <gradient, direction>.

    Raises:
        ConfigError: As `directional_derivative` and `unit_directions` do.
    """
    x = as_floats("x", x)
    directions = unit_directions(x.shape, count=count, seed=seed)
    slopes = [directional_derivative(f, x, direction, eps=eps) for direction in directions]
    return directions, np.stack(slopes)


def smallest_gap(x: ArrayLike) -> float:
    """Return the least distance between two entries of `x`: 0 for a tie, infinity for one entry.

    Raises:
        ConfigError: If `x` is not finite or empty.
    """
    ordered = np.sort(as_floats("x", x), axis=None)
    return float(np.diff(ordered).min(initial=np.inf))

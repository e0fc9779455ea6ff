"""The arguments that the 1-D layers share, checked once and turned to float64."""

from __future__ import annotations

import operator
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reference.errors import ConfigError

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.intp]


def as_floats(name: str, value: ArrayLike) -> Floats:
    """Return `value` as a finite, non-empty float64 array; `name` is for the message.

    Raises:
        ConfigError: If it is not real, not finite, ragged or empty.
    """
    try:
        raw = np.asarray(value)
    except ValueError as exc:
        raise ConfigError(f"{name}: expected an array of numbers, got a ragged sequence.") from exc
    if raw.dtype.kind not in "biuf":
        raise ConfigError(f"{name}: expected real numbers, got dtype {raw.dtype}.")
    if raw.size == 0:
        raise ConfigError(f"{name}: expected at least one number, got shape {raw.shape}.")
    floats = raw.astype(np.float64)
    if not np.isfinite(floats).all():
        raise ConfigError(f"{name}: expected finite numbers, got NaN or infinity; remove them.")
    return floats


def as_signal(name: str, value: ArrayLike, *, length: int | None = None) -> Floats:
    """Return `value` as a float64 signal of shape (N,), with N = `length` where that is given.

    Raises:
        ConfigError: If it is no finite 1-D array, or has another length.
    """
    signal = as_floats(name, value)
    if signal.ndim != 1:
        raise ConfigError(
            f"{name}: expected a 1-D array, got shape {signal.shape}; pass one signal at a time."
        )
    if length is not None and signal.size != length:
        raise ConfigError(f"{name}: expected length {length}, got {signal.size}.")
    return signal


def as_size(name: str, k: int, *, n: int) -> int:
    """Return the kernel or window size `k` as an int with 1 <= k <= n.

    Raises:
        ConfigError: If it is not a whole number in that range.
    """
    try:
        size = operator.index(k)
    except TypeError as exc:
        raise ConfigError(f"{name}: expected a whole number, got {k!r}.") from exc
    if not 1 <= size <= n:
        raise ConfigError(
            f"{name}: expected 1 <= k <= N = {n}, got k = {size}; "
            "use a smaller size or a longer signal."
        )
    return size

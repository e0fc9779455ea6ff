"""Arrays of a message: what each kind may carry is looked at before a byte of it is decoded."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from grader.execution import messages as m
from grader.kernel.bounds import COLOURS, MAX_CLASSES, MAX_ELEMENTS, MAX_SCORES, MAX_STATE

MOST_DIMENSIONS = 6
"""Dimensions of an array."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """What an array may be."""

    most: int
    """Its entries."""
    dimensions: tuple[int, ...]
    """Their number, of several that may be."""
    picture: bool = False
    """Whether it is a batch of colour pictures, none of them empty."""
    floating: bool = True
    """Whether it holds floating-point numbers only."""
    needed: bool = False
    """Whether the message is nothing without it."""


_PICTURE = _Rule(most=MAX_ELEMENTS, dimensions=(4,), picture=True)
_NEEDED_PICTURE = _Rule(most=MAX_ELEMENTS, dimensions=(4,), picture=True, needed=True)
_SCORES = _Rule(most=MAX_SCORES, dimensions=(2,))
_NEEDED_SCORES = _Rule(most=MAX_SCORES, dimensions=(2,), needed=True)
_ANY_LAYER = _Rule(most=4 * MAX_ELEMENTS, dimensions=(1, 2, 3, 4))
_RESULT = _Rule(most=MAX_ELEMENTS, dimensions=tuple(range(MOST_DIMENSIONS + 1)), floating=False)

_GENERATOR = _Rule(most=MAX_STATE, dimensions=(1,), floating=False)

_RULES: Mapping[str, Mapping[str, _Rule]] = {
    "run-open": {"start": _PICTURE, "fingerprint": _SCORES, "made": _GENERATOR},
    "run-sample": {"image": _NEEDED_PICTURE, "gradient": _NEEDED_PICTURE},
    "run-image": {"image": _NEEDED_PICTURE},
    "run-look": {
        "image": _NEEDED_PICTURE,
        "gradient": _NEEDED_PICTURE,
        "cotangent": _ANY_LAYER,
    },
    "run-close": {
        "final": _PICTURE,
        "shown": _PICTURE,
        "fingerprint": _SCORES,
        "made": _GENERATOR,
    },
    "model": {"fingerprint": _SCORES, "made": _GENERATOR},
    "plotted": {"values": _Rule(most=MAX_CLASSES, dimensions=(2,), needed=True)},
    "prediction": {"input": _NEEDED_PICTURE, "logits": _NEEDED_SCORES, "made": _GENERATOR},
}
"""By kind and name; a probe's reply names its arrays itself, and other messages have none."""


def checked(kind: str, table: Sequence[m.ArrayHeader], buffers: Sequence[Any]) -> int:
    """Return the bytes of a message's arrays, all of which may be decoded.

    Raises:
        ValueError: one of them is not what a message of this kind carries.
    """
    if len(table) != len(buffers):
        raise ValueError(f"expected {len(table)} buffers, found {len(buffers)}")
    rules = _RULES.get(kind, {})
    names = [header.name for header in table]
    if len(set(names)) < len(names):
        raise ValueError("two arrays of one name")
    lacking = [name for name, rule in rules.items() if rule.needed and name not in names]
    if lacking:
        raise ValueError(f"a message of kind {kind} lacks {', '.join(lacking)}")
    size = 0
    for header, buffer in zip(table, buffers, strict=True):
        rule = _RESULT if kind == "probe" else rules.get(header.name)
        if rule is None:
            raise ValueError(f"a message of kind {kind} has no array {header.name!r}")
        _check(header, rule)
        size += _check_bytes(header, buffer)
    return size


def _check(header: m.ArrayHeader, rule: _Rule) -> None:
    shape = header.shape
    entries = math.prod(max(1, length) for length in shape)  # an empty one, too, has a shape
    if entries > rule.most:
        raise ValueError(f"{header.name}: {shape} is more than is kept of it ({rule.most} entries)")
    if len(shape) not in rule.dimensions:
        raise ValueError(f"{header.name}: {shape} has another number of dimensions")
    if rule.floating and not header.dtype.startswith("float"):
        raise ValueError(f"{header.name}: {header.dtype} is no floating-point type")
    if rule.picture and (shape[1] != COLOURS or 0 in shape):
        raise ValueError(f"{header.name}: {shape} is no batch of colour pictures")


def _check_bytes(header: m.ArrayHeader, buffer: Any) -> int:
    found = memoryview(buffer).nbytes
    if math.prod(header.shape) * np.dtype(header.dtype).itemsize != found:
        raise ValueError(f"{header.name}: {found} bytes do not make {header.shape}")
    return found


def decoded(table: Sequence[m.ArrayHeader], buffers: Sequence[Any]) -> dict[str, np.ndarray]:
    """Return the arrays of a message whose bytes were checked, by name."""
    return {
        header.name: np.frombuffer(bytes(buffer), dtype=header.dtype).reshape(header.shape)
        for header, buffer in zip(table, buffers, strict=True)
    }

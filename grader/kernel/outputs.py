"""What a student's function returned: the results that are asked for, each as an array of numbers.

`return out, cache` is the habit of another course: what follows the results is left alone, whatever
it is. A result that cannot be read is told as such, apart from an exception, which is the call's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from .bounds import MAX_RESULT

NEGLIGIBLE = 1e-6
"""Imaginary parts up to this share of the greatest value are rounding, as of an inverse FFT."""
DEEPEST = 6
"""Lists within lists that are looked into; a batch of signals with channels has three."""
MOST_ENTRIES = 100_000
"""Entries of lists that are looked into, `left` of them: of one result, and of all together to tell
results apart."""


@dataclass(frozen=True)
class Result:
    """One result of one call."""

    array: np.ndarray | None
    """Its numbers; None where it has none that can be read."""
    kind: str
    """The type that it came as."""
    unreadable: str = ""
    """What it is instead of numbers, in words."""


def results_of(returned: Any, count: int) -> list[Result]:
    """Return the first `count` results of a call, one by one; fewer where there are fewer."""
    left = [MOST_ENTRIES]
    return [_result(value, [MOST_ENTRIES]) for value in _taken_apart(returned, count, left)]


def _taken_apart(returned: Any, count: int, left: list[int]) -> list[Any]:
    if isinstance(returned, Mapping):
        return list(returned.values())[:count] or [returned]
    if not isinstance(returned, (tuple, list)):
        return [returned]
    items = list(returned)
    if count == 1:
        return [items] if _one_signal(returned, left) else items[:1]
    if items and _holds_signals(items[0], count, left):
        return list(items[0])[:count]  # (grad_x, grad_w), cache
    if isinstance(returned, list) and len(items) != count:
        apart = len(items) > count and not _number(items[0])
        return items[:count] if apart else [returned]
    return items[:count]


def _one_signal(returned: Sequence[Any], left: list[int]) -> bool:
    """Whether a tuple or list is one signal, sample by sample, not a signal and more."""
    if all(_number(value) for value in returned):
        return True
    if isinstance(returned, tuple):
        return False
    # A column, a batch of one, or rows: not a list of a signal and something of another size.
    sizes = {_size(value, left) for value in returned}
    return len(returned) == 1 or sizes == {1} or (len(sizes) == 1 and len(returned) > 3)


def _holds_signals(value: Any, count: int, left: list[int]) -> bool:
    """Whether the first of several results is itself a group of results."""
    if not isinstance(value, (tuple, list)) or len(value) < count:
        return False
    signals = [one for one in value[:count] if not _number(one)]
    return len(signals) == count and (
        isinstance(value, tuple) or any(_size(one, left) > 1 for one in signals)
    )


def _number(value: Any) -> bool:
    if isinstance(value, (torch.Tensor, np.ndarray)):
        return value.ndim == 0
    return isinstance(value, (bool, int, float, complex, np.generic))


def _size(value: Any, left: list[int]) -> int:
    """Number of entries; 0 for what has none, and for what is ragged."""
    if isinstance(value, torch.Tensor):
        return value.numel()
    try:
        return int(np.asarray(_plain(value, left)).size)
    except Exception:  # noqa: BLE001 -- a student's own type may do anything
        return 0


def _plain(value: Any, left: list[int]) -> Any:
    """Tensors inside lists and tuples as arrays.

    Raises:
        ValueError: it is nested too deep, or has too many entries; a list may hold itself.
    """
    return _copied(value, DEEPEST, left)


def _copied(value: Any, levels: int, left: list[int]) -> Any:
    if isinstance(value, torch.Tensor):
        return _of_tensor(value)
    if not isinstance(value, (list, tuple)):
        return value
    left[0] -= len(value)
    if levels == 0 or left[0] < 0:
        raise ValueError("lists within lists, too deep or too many")
    return [_copied(one, levels - 1, left) for one in value]


def _of_tensor(tensor: torch.Tensor) -> np.ndarray:
    plain = tensor.detach().cpu().resolve_conj().resolve_neg()
    return (plain.float() if plain.dtype is torch.bfloat16 else plain).numpy()


def _result(value: Any, left: list[int]) -> Result:
    kind = str(value.dtype) if isinstance(value, torch.Tensor) else type(value).__name__
    kind = kind[:100]
    if value is None or isinstance(value, (str, bytes)):
        return Result(None, kind, "nothing (None)" if value is None else "text")
    try:
        array = np.asarray(_plain(value, left))
        if array.size > MAX_RESULT:  # before any copy of what may be a view of one number
            return Result(None, kind, f"a {kind} of shape {array.shape}, far too large"[:200])
        if array.dtype.kind == "O":
            array = array.astype(np.float64)  # numbers of other types: fractions, decimals
    except Exception:  # noqa: BLE001 -- a student's own type may do anything
        ragged = isinstance(value, (list, tuple))
        return Result(
            None, kind, f"a {kind} that is no array of numbers" if ragged else f"a {kind}"
        )
    if array.dtype.kind == "c":
        return _of_complex(array, kind)
    if array.dtype.kind not in "fiub":
        return Result(None, kind, f"a {kind} of {array.dtype}"[:200])
    return Result(array, kind)


def _of_complex(array: np.ndarray, kind: str) -> Result:
    """The real parts, where the imaginary ones are rounding."""
    greatest = float(np.abs(array).max(initial=0.0))
    if not float(np.abs(array.imag).max(initial=0.0)) <= NEGLIGIBLE * greatest:
        return Result(None, kind, "complex numbers")
    return Result(array.real.copy(), f"{kind} of {array.dtype}")

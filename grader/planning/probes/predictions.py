"""Hidden logits for `output2prob` (Problem 2c)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

N_CLASSES = 1000
LARGE_LOGIT = 1e4
"""Where a softmax without subtraction of the maximum overflows."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LogitsCase:
    """An argument of `output2prob`."""

    key: str
    """Name within the replies: `single`, `confident`, `batch`, `large`, `small` or `demo…`."""
    logits: NDArray[np.float32]
    """Shape (B, 1000); of the public cases (B, C)."""


DEMO_LOGITS = (
    ((0.0, 1.0),),
    ((2.0, -1.0, 0.0),),
    ((0.0, 1.0), (3.0, 1.0)),
    ((1000.0, 1001.0),),
)
"""Logits of the public cases, small ones first: shown to students, part of no verdict."""


def logits_demos() -> tuple[LogitsCase, ...]:
    """Return the public cases: few classes, round numbers."""
    return tuple(
        LogitsCase(key=f"demo{i}", logits=np.array(rows, dtype=np.float32))
        for i, rows in enumerate(DEMO_LOGITS)
    )


def logits_cases(seed: int) -> tuple[LogitsCase, ...]:
    """Draw one row, one confident row, a batch, and logits of +-1e4."""
    rng = np.random.default_rng([seed, 5])
    confident = rng.normal(0, 2, (1, N_CLASSES))
    confident[0, rng.integers(N_CLASSES)] += 14.0
    extreme = rng.normal(0, 3, (1, N_CLASSES))
    drawn = {
        "single": rng.normal(0, 2, (1, N_CLASSES)),
        "confident": confident,
        "batch": rng.normal(0, 3, (3, N_CLASSES)),
        "large": extreme + LARGE_LOGIT,
        "small": extreme - LARGE_LOGIT,
    }
    return tuple(
        LogitsCase(key=key, logits=np.round(values, 3).astype(np.float32))
        for key, values in drawn.items()
    )

"""Rounding of 2(c)'s softmax, on the very logits that the check draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from scipy.special import softmax as scipy_softmax
from torch import Tensor

from grader.checks.calibration import SCALES, Dtype, Errors, worst
from grader.planning.probes import LogitsCase, logits_cases

EXTREME = ("large", "small")
"""Cases with logits near 1e4 and -1e4, where only a stable softmax is right."""

E_IN_SIX_DIGITS = 2.71828
"""How e is often written."""


def _exponentials_over_sum(exponentials: Tensor) -> Tensor:
    return exponentials / exponentials.sum(dim=1, keepdim=True)


def _one_by_one(logits: Tensor) -> Tensor:
    """Add up a row's exponentials one after the other, as a loop does."""
    exponentials = (logits - logits.amax(dim=1, keepdim=True)).exp()
    total = np.cumsum(exponentials.numpy(), axis=1)[:, -1:]
    return exponentials / torch.from_numpy(total)


STABLE: Mapping[str, Callable[[Tensor], Tensor]] = {
    "torch.softmax": lambda z: torch.softmax(z, dim=1),
    "exp of log_softmax": lambda z: torch.log_softmax(z, dim=1).exp(),
    "exp of z - logsumexp": lambda z: (z - z.logsumexp(dim=1, keepdim=True)).exp(),
    "less the maximum": lambda z: _exponentials_over_sum((z - z.amax(1, keepdim=True)).exp()),
    "less the mean": lambda z: _exponentials_over_sum((z - z.mean(1, keepdim=True)).exp()),
    "a loop": _one_by_one,
    "scipy": lambda z: torch.from_numpy(scipy_softmax(z.numpy(), axis=1)),
}
"""Ways that are right for any logits."""

ORDINARY: Mapping[str, Callable[[Tensor], Tensor]] = {
    **STABLE,
    "exp over its sum": lambda z: _exponentials_over_sum(z.exp()),
    "2.71828 ** z": lambda z: _exponentials_over_sum(torch.pow(E_IN_SIX_DIGITS, z)),
}
"""Ways that are right for ordinary logits."""


def probability_errors(seed: int, dtype: Dtype, device: str = "cpu") -> Errors:
    """Return each way's greatest error on one row, a confident row and a batch."""
    cases = [c for c in logits_cases(seed) if c.key not in EXTREME]
    return worst(_errors(c, ORDINARY, "probability", dtype, device) for c in cases)


def large_probability_errors(seed: int, dtype: Dtype, device: str = "cpu") -> Errors:
    """Return each stable way's greatest error on logits near 1e4 and -1e4."""
    cases = [c for c in logits_cases(seed) if c.key in EXTREME]
    return worst(_errors(c, STABLE, "probability_large", dtype, device) for c in cases)


def _errors(
    case: LogitsCase,
    ways: Mapping[str, Callable[[Tensor], Tensor]],
    quantity: str,
    dtype: Dtype,
    device: str,
) -> Errors:
    truth = scipy_softmax(case.logits.astype(np.float64), axis=1)
    logits = torch.from_numpy(case.logits).to(getattr(torch, dtype))
    scale = SCALES[quantity]
    if device == "cpu":
        return {name: scale.error(way(logits).numpy(), truth) for name, way in ways.items()}
    name = f"torch.softmax, {device}"
    found = ways["torch.softmax"](logits.to(device)).cpu()
    return {name: scale.error(found.numpy(), truth)}

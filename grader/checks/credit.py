"""Shares of a check's points for answers that are partly right, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping

EVEN_KERNEL = 0.5
"""Right for odd kernels, wrong for even ones: the equation is there, its padding is not general."""

SWAPPED = 0.8
"""Both gradients right, but returned in the other order."""

BOUNDARY = 0.5
"""A gradient that is right in the interior and wrong at the ends."""

TIES = 0.75
"""A pooling gradient that is right except where maxima are equal."""

IN_PLACE = 0.8
"""Right values, but the arguments are changed."""

BATCH = 0.5
"""`output2prob` right for one row, wrong for several."""

UNSTABLE = 0.75
"""`output2prob` right for ordinary logits, wrong for very large ones."""

WEAK_GAIN = 0.5
"""An attack in the right direction that gets only part of the way."""

CONSTRAINT = 0.5
"""An attack that works but leaves the ball or the pixel box."""

OBJECTIVE: Mapping[str, float] = {
    "log_probability": 1.0,
    "logit": 0.8,
    "margin": 0.8,
    "untargeted": 0.0,
}
"""An attack by another objective than the one asked for (4a, 4b, 4e)."""

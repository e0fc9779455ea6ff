"""Every tolerance and threshold of the checks, with its reason, and the comparison that uses them.

A comparison goes in the order presence, shape, finite, value: the first that does not hold is
named, and NaN or infinity never passes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Trouble = Literal["", "shape", "finite", "value"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """|measured - expected| <= atol + rtol |expected|, entry by entry."""

    rtol: float
    """Relative part."""
    atol: float
    """Absolute part, in the quantity's unit."""
    reason: str
    """Where the two come from."""

    def describe(self) -> str:
        """Say it in one short phrase."""
        return f"{self.atol:g} + {self.rtol:g} |expected|"


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A bound for a measured number."""

    value: float
    """The bound, in the quantity's unit."""
    reason: str
    """Where it comes from."""


_DOUBLE = (
    "sums of at most 11 products of size 10 in float64: 1e-13 by loops, 1e-12 by an FFT; "
    "a thousandfold margin, far below any wrong answer (inputs have four decimals)"
)
_SINGLE = (
    "the same sums in float32 (ulp 6e-8, values up to 20): 1e-5 by loops or an FFT, a tenfold "
    "margin; wrong taps, signs or places change entries by more than 1e-2"
)

TOLERANCES: Mapping[tuple[str, str], Tolerance] = {
    ("layer", "float64"): Tolerance(rtol=1e-9, atol=1e-9, reason=_DOUBLE),
    ("layer", "float32"): Tolerance(rtol=1e-4, atol=1e-4, reason=_SINGLE),
    ("pool_slope", "float64"): Tolerance(
        rtol=0.0,
        atol=1e-6,
        reason="differences over steps of at least 0.01 of values up to 12 in float64: 1e-12",
    ),
    ("pool_slope", "float32"): Tolerance(
        rtol=0.0,
        atol=1e-2,
        reason="the same in float32: 1e-6 over a step of 0.01; a slope is 0 or 1",
    ),
    ("probability", "float32"): Tolerance(
        rtol=2e-4,
        atol=1e-7,
        reason="softmax of 1,000 logits in float32 errs by 1e-6 relative near 0 and by "
        "ulp(logit) = 1e-3 / e at logits of 1e4 no more than for their difference, which is exact; "
        "wrong formulas err by more than 1 %",
    ),
    ("probability_large", "float32"): Tolerance(
        rtol=2e-2,
        atol=1e-6,
        reason="logits near 1e4 have an ulp of 1e-3 in float32, so a log-sum-exp taken there errs "
        "by up to 1e-3 nats per operation",
    ),
    ("logits", "float32"): Tolerance(
        rtol=1e-3,
        atol=2e-2,
        reason="full-size against narrow weights: 1e-4; CPU against GPU with TF32: some 1e-3 of "
        "logits up to 20; another network differs by more than 1",
    ),
    ("probability_top", "float32"): Tolerance(
        rtol=0.0,
        atol=5e-3,
        reason="what a logit's tolerance of 2e-2 makes of a probability near 1/2",
    ),
    ("start_image", "float32"): Tolerance(
        rtol=0.0,
        atol=1e-3,
        reason="the notebook's own preparation is repeated exactly; float32 on the way there and "
        "back through pixels costs 1e-6",
    ),
}
"""By (quantity, dtype of the student's computation)."""

THRESHOLDS: Mapping[str, Threshold] = {
    "other_resize": Threshold(
        value=0.15,
        reason="mean absolute difference, in units of the space, of the same picture resized by "
        "another library (PIL against OpenCV: 0.02 to 0.1); other pictures differ by 0.5 and more",
    ),
    "same_direction": Threshold(
        value=0.98,
        reason="cosine of two float32 gradients of one function at one image: above 0.999 between "
        "devices; gradients of different objectives of a ResNet: below 0.95",
    ),
    "uphill": Threshold(
        value=0.1,
        reason="cosine of a step with the gradient: a random direction in 150,528 dimensions "
        "has 0.003, a sign step (Adam, FGSM) 0.5 and more",
    ),
    "other_objective": Threshold(
        value=1e-4,
        reason="1 - cosine of the steps with the gradient of the log-probability below which no "
        "other objective is looked for: half-precision storage costs 1e-7, TF32 on a GPU 1e-5",
    ),
    "same_picture": Threshold(
        value=0.8,
        reason="correlation of two pictures averaged over 8 x 8 pixels: 0.97 after 200 free steps "
        "of 4(a), 0.99 within the balls; another drawing has 0.7 at most",
    ),
    "telling_doubt": Threshold(
        value=1e-3,
        reason="1 - p of the target below which float32 rounding of 1 - p blurs the gradient's "
        "direction",
    ),
    "gain_shortfall": Threshold(
        value=0.7,
        reason="nats by which the target's log-probability may stay below the reference's: half "
        "its probability. Runs on other devices differ by 0.1, other optimisers and step counts "
        "that solve the task by 0.4",
    ),
    "gain_some": Threshold(
        value=0.3,
        reason="share of the reference's gain below which the attack did not work",
    ),
    "bonus_gain": Threshold(
        value=0.4,
        reason="share of 4(e)'s reference gain that another class must reach: classes differ in "
        "how far they are from a corgi",
    ),
    "ball_excess": Threshold(
        value=1e-3,
        reason="share of the radius: float32 rounding of a norm over 150,528 entries is 1e-5",
    ),
    "box_violations": Threshold(
        value=1e-4,
        reason="share of values outside of the pixel box by more than rounding: none but by the "
        "rounding of a student's own conversion",
    ),
    "feature_gain": Threshold(
        value=0.5,
        reason="share of the rise (factor - 1) that the reference reaches for the same layer; "
        "runs differ in their random start by a few per cent",
    ),
    "feature_rise": Threshold(
        value=1.2,
        reason="factor by which an objective without a reference must rise; a random walk of the "
        "same length stays within 1.1",
    ),
    "inversion_fall": Threshold(
        value=0.7,
        reason="share of the reference's fall of the feature distance (1 - factor), both as "
        "medians over the later half of the steps: with steps of a fixed length the distance goes "
        "up and down; its median differs between random starts by 0.05",
    ),
    "inversion_alone": Threshold(
        value=0.9,
        reason="factor to which a feature distance without a reference must fall; a random walk "
        "raises it",
    ),
    "inversion_change": Threshold(
        value=0.02,
        reason="root mean square change of a pixel in [0, 1]: 5 of 255 levels; short steps towards "
        "a near target move an image by 0.04",
    ),
    "smooth_start": Threshold(
        value=0.5,
        reason="correlation of neighbouring pixels from which on a start is a picture: 0 for "
        "noise, 0.9 and more for photographs and drawings",
    ),
    "distinguishable": Threshold(
        value=0.05,
        reason="root mean square change of a pixel in [0, 1]: 13 of 255 levels, plain to the eye "
        "on noise; the reference changes by 0.2 and more",
    ),
    "least_steps": Threshold(
        value=20.0,
        reason="from this number of steps on the gain is compared with the reference's gain after "
        "as many steps; below it with that after all",
    ),
    "tie_probability": Threshold(
        value=1e-3,
        reason="classes whose probabilities differ by less may stand in any order",
    ),
}
"""By name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What became of one comparison."""

    trouble: Trouble
    """First thing that does not hold; empty where all does."""
    measured_shape: tuple[int, ...]
    """Shape found."""
    expected_shape: tuple[int, ...]
    """Shape expected."""
    worst: tuple[int, ...]
    """Index of the entry that is furthest outside; empty unless values were compared."""
    outside: int
    """Number of entries that are outside or not finite."""
    max_abs_diff: float
    """Greatest |measured - expected|; infinity where there is none."""
    allowed: float
    """What was allowed at the worst entry."""

    @property
    def ok(self) -> bool:
        """Whether everything holds."""
        return not self.trouble


def compare(measured: ArrayLike, expected: ArrayLike, tolerance: Tolerance) -> Comparison:
    """Compare two arrays; a measured array with other axes of length 1 is taken as it fits."""
    found, wanted = np.asarray(measured), np.asarray(expected, dtype=np.float64)
    if found.shape != wanted.shape and found.squeeze().shape == wanted.squeeze().shape:
        found = found.reshape(wanted.shape)
    blank = {
        "measured_shape": found.shape,
        "expected_shape": wanted.shape,
        "worst": (),
        "max_abs_diff": float("inf"),
        "allowed": 0.0,
    }
    if found.shape != wanted.shape:
        return Comparison(trouble="shape", outside=0, **blank)  # type: ignore[arg-type]
    values: NDArray[np.float64] = found.astype(np.float64)
    finite = np.isfinite(values)
    if not finite.all():
        return Comparison(trouble="finite", outside=int((~finite).sum()), **blank)  # type: ignore[arg-type]
    return _values(values, wanted, tolerance)


def compare_layer(measured: ArrayLike, expected: ArrayLike, quantity: str = "layer") -> Comparison:
    """Compare a layer's values at float32's tolerance, whatever type they came back as.

    A float64 array may hold what was computed in float32, and wrong answers are far outside of
    either tolerance.
    """
    return compare(measured, expected, TOLERANCES[quantity, "float32"])


def agrees(measured: ArrayLike, expected: ArrayLike, quantity: str = "layer") -> bool:
    """Return whether two arrays of a layer agree."""
    return compare_layer(measured, expected, quantity).ok


def threshold(name: str) -> float:
    """Return the value of a threshold."""
    return THRESHOLDS[name].value


def _values(
    values: NDArray[np.float64], wanted: NDArray[np.float64], tolerance: Tolerance
) -> Comparison:
    difference = np.abs(values - wanted)
    allowed = tolerance.atol + tolerance.rtol * np.abs(wanted)
    excess = difference - allowed
    worst = np.unravel_index(int(np.argmax(excess)), excess.shape) if excess.size else ()
    outside = int((excess > 0).sum())
    return Comparison(
        trouble="value" if outside else "",
        measured_shape=values.shape,
        expected_shape=wanted.shape,
        worst=tuple(int(i) for i in worst),
        outside=outside,
        max_abs_diff=float(difference.max(initial=0.0)),
        allowed=float(allowed[worst]) if excess.size else 0.0,
    )

"""Every tolerance and threshold of the checks, with its reason, and the comparison that uses them.

A tolerance is measured, never estimated: the greatest rounding error over many seeds and ways of
computing, against float64 (`authoring.calibration`), times one safety factor. Thresholds are
chosen, between right and wrong answers that were measured as well.

A comparison goes in the order presence, shape, finite, value: the first that does not hold is
named, and NaN or infinity never passes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from grader.checks.calibration import FACTOR, SCALES, load_calibration

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


_MEASURED = load_calibration()


def _tolerance(quantity: str, dtype: str, reason: str) -> tuple[tuple[str, str], Tolerance]:
    """Return a row of the table: the greatest error measured, times the factor."""
    rounding, scale = _MEASURED.rounding(quantity, dtype), SCALES[quantity]
    way, greatest = rounding.ways[0]
    return (quantity, dtype), Tolerance(
        rtol=scale.relative * rounding.bound,
        atol=scale.absolute * rounding.bound,
        reason=f"{FACTOR:g} times the greatest error measured, {greatest:.2g} ({way}), rounded up; "
        f"{reason}",
    )


TOLERANCES: Mapping[tuple[str, str], Tolerance] = dict(
    (
        _tolerance(
            "layer",
            "float64",
            "sums of at most 20 products of size 1 to 10, relative to 1 + |expected|",
        ),
        _tolerance(
            "layer",
            "float32",
            "the same sums; any wrong convention, tap, sign or place errs by "
            f"{_MEASURED.separation('layer').worst_wrong[1]:.2g} or more in some entry",
        ),
        _tolerance(
            "pool_slope",
            "float64",
            "differences over steps of at least 0.1 of values up to 12, times cotangents",
        ),
        _tolerance("pool_slope", "float32", "the same; a slope is 0 or 1"),
        _tolerance(
            "probability",
            "float32",
            "softmax of 1,000 logits, relative to 1/1000 + p, by any way of writing it, a rounded "
            "e among them; wrong formulas err by more than 1 %",
        ),
        _tolerance(
            "probability_large",
            "float32",
            "logits near 1e4 have an ulp of 1e-3, so that a log-sum-exp taken there errs by half "
            "of that, in nats; wrong formulas err by more than 1 %",
        ),
        _tolerance(
            "logits",
            "float32",
            "relative to 20 + |logit|, in which another network differs by "
            f"{_MEASURED.separation('logits').worst_wrong[1]:.2g} or more",
        ),
        _tolerance(
            "probability_top",
            "float32",
            "what rounding of the logits makes of the likeliest class's probability, for pictures "
            "that leave a network in doubt as well; other ways to resize the corgi move it by less",
        ),
        _tolerance(
            "start_image",
            "float32",
            "the notebook's own preparation is repeated exactly; other ways to normalise round "
            "otherwise, and 8-bit levels are 0.02 apart",
        ),
    )
)
"""By (quantity, dtype of the student's computation)."""


def _threshold(name: str, value: float, reason: str) -> tuple[str, Threshold]:
    """Return a row of the table, with what was measured on both of its sides."""
    found = _MEASURED.separation(name)
    (near, right), (far, wrong) = found.worst_right, found.worst_wrong
    least = "at least" if found.right_is_greater else "at most"
    measured = f"right ones {least} {right:.4g} ({near}), closest wrong one {wrong:.4g} ({far})"
    return name, Threshold(value=value, reason=f"{reason}. Measured: {measured}")


THRESHOLDS: Mapping[str, Threshold] = dict(
    (
        _threshold(
            "other_resize",
            0.05,
            "mean absolute difference of pixels in [0, 1] between two resized forms of one "
            "picture; other pictures, mirrored ones and swapped colours are further away",
        ),
        _threshold(
            "same_direction",
            0.98,
            "cosine of the first direction with the trusted gradient of the target's "
            "log-probability. The margin to the next class has the same direction as long as that "
            "class has nearly all the probability, as at the corgi. Of layers the closest counts, "
            "for neighbours come to "
            f"{_MEASURED.separation('closest_layer').worst_wrong[1]:.4f}",
        ),
        _threshold(
            "uphill",
            0.1,
            "cosine of a step with the gradient, for odd steps (signs, few entries, cubes) "
            "against random directions in 150,528 dimensions",
        ),
        _threshold(
            "other_objective",
            1e-4,
            "1 - cosine of the steps with the gradient of the log-probability below which no other "
            "objective is looked for: storage in half precision costs far less, TF32 on a GPU "
            "1e-5",
        ),
        _threshold(
            "same_picture",
            0.8,
            "correlation of two pictures averaged over 8 x 8 pixels, after an attack; other "
            "drawings have less",
        ),
        _threshold(
            "no_change",
            1e-2,
            "l2 distance to the start that rounding costs on the way; an attack moves 100 times as "
            "far",
        ),
        _threshold(
            "inversion_fall",
            0.7,
            "share of the reference's fall of the feature distance (1 - factor), both as medians "
            "over the later half of the steps: with steps of a fixed length the distance goes up "
            "and down; its median differs between random starts by 0.05",
        ),
        _threshold(
            "inversion_alone",
            0.9,
            "factor to which a feature distance without a reference must fall; a random walk "
            "raises it above 1",
        ),
        _threshold(
            "inversion_change",
            0.02,
            "root mean square change of a pixel in [0, 1]: 5 of 255 levels; shorter steps towards "
            "a near target move an image by 0.04",
        ),
        _threshold(
            "smooth_start",
            0.5,
            "correlation of neighbouring pixels from which on a start is a picture: 0 for noise, "
            "0.9 and more for photographs and drawings",
        ),
        _threshold(
            "telling_doubt",
            1e-3,
            "1 - p of the target below which float32 rounding of 1 - p may blur the gradient's "
            "direction; far above where it was seen, for the sake of other networks",
        ),
        _threshold(
            "gain_shortfall",
            0.7,
            "nats by which the target's log-probability may stay below the reference's in as many "
            "steps: half its probability. Other step sizes, optimisers and arithmetic stay within",
        ),
        _threshold(
            "gain_some",
            0.3,
            "share of the reference's gain below which the attack did not work. It tells little "
            "where no ball bounds the image: there 200 random steps reach "
            f"{_MEASURED.separation('gain_unbounded').worst_wrong[1]:.0%}",
        ),
        _threshold(
            "bonus_gain",
            0.4,
            "share of the reference's gain on the robust network that another class must reach: "
            "classes differ in how far they are from a corgi",
        ),
        _threshold(
            "ball_excess",
            1e-3,
            "share of the radius by which the distance may exceed it by rounding",
        ),
        _threshold(
            "box_violations",
            1e-4,
            "share of values outside of the pixel box by more than rounding",
        ),
        _threshold(
            "feature_gain",
            0.5,
            "share of the rise (factor - 1) that the reference reaches for the same layer, from "
            "other random starts",
        ),
        _threshold(
            "feature_rise",
            1.2,
            "factor by which an objective without a reference must rise, against a random walk of "
            "the same length",
        ),
        _threshold(
            "distinguishable",
            0.05,
            "root mean square change of a pixel in [0, 1]: 13 of 255 levels, plain to the eye on "
            "noise",
        ),
        _threshold(
            "least_steps",
            20.0,
            "number of steps after which most of the gain is there: from it on the gain is "
            "compared with the reference's after as many steps, below it with that after all",
        ),
        _threshold(
            "tie_probability",
            1e-3,
            "classes whose probabilities differ by less may stand in any order: far more than "
            "rounding, and too little to be seen in a bar chart",
        ),
    )
)
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
    """Compare two arrays; a measured array with other axes of length 1 is taken as it fits.

    Nothing agrees with what is not finite, not even the same.
    """
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
    finite = np.isfinite(values) & np.isfinite(wanted)
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


def agreeing(pairs: Iterable[tuple[ArrayLike | None, ArrayLike]]) -> list[bool]:
    """Return which (measured, expected) arrays of a layer agree, many at once: as `agrees` each.

    A measured array that is missing agrees with nothing.
    """
    tolerance = TOLERANCES["layer", "float32"]
    listed = [
        (None if measured is None else np.asarray(measured), np.asarray(expected, np.float64))
        for measured, expected in pairs
    ]
    fits = [m is not None and m.squeeze().shape == e.squeeze().shape for m, e in listed]
    kept = [(m, e) for (m, e), fit in zip(listed, fits, strict=True) if fit and m is not None]
    if not kept:
        return fits
    found = np.concatenate([m.ravel() for m, _ in kept]).astype(np.float64)
    wanted = np.concatenate([e.ravel() for _, e in kept])
    with np.errstate(invalid="ignore"):
        close = np.abs(found - wanted) <= tolerance.atol + tolerance.rtol * np.abs(wanted)
    wrong = np.concatenate([[0], np.cumsum(~(close & np.isfinite(found) & np.isfinite(wanted)))])
    ends = np.cumsum([e.size for _, e in kept])
    right = iter(
        [wrong[end] == wrong[end - e.size] for end, (_, e) in zip(ends, kept, strict=True)]
    )
    return [fit and bool(next(right)) for fit in fits]


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

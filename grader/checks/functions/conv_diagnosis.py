"""How a convolution that follows no convention differs from one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from grader.checks.findings import say
from grader.checks.functions.replies import Answers, raises_for
from grader.checks.functions.rounding import lost_digits
from grader.checks.functions.sizes import Size, limited_to, only_for
from grader.checks.stored_arrays import Array
from grader.checks.tolerance import agrees
from grader.model.records import Remark
from grader.planning.probes import ConvCase, conv_demos, conv_rows
from reference import conv
from reference.conv import CONVENTIONS, Convention
from reference.signals import Floats

FUNCTION = "conv1d_forward"

Operation = Literal["cross-correlation", "convolution"]
OPERATIONS: tuple[Operation, ...] = ("cross-correlation", "convolution")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """An output that is N samples of the full zero-padded (N + k - 1) one, but not the middle."""

    operation: Operation
    """Which of the two."""
    by: int | None
    """Samples between it and the centred output, the same for every size; None where not."""
    one_sided: bool
    """Whether it begins at the first sample of the full output, or ends at the last."""


@lru_cache(maxsize=2048)
def by_convention(case: ConvCase, convention: Convention) -> Floats:
    """Return the convolution's output by a convention, read-only (the same is asked for often)."""
    output = conv.forward(case.x, case.w, convention)
    output.flags.writeable = False
    return output


@lru_cache(maxsize=2048)
def rows_by_convention(case: ConvCase, convention: Convention) -> Floats:
    """Return the outputs for all rows of a case, (rows, N), read-only."""
    outputs = np.stack([conv.forward(x, w, convention) for x, w in conv_rows(case)])
    outputs.flags.writeable = False
    return outputs


def shift_of(outputs: Mapping[ConvCase, Array | None]) -> Shift | None:
    """Return the shift that explains all outputs, or None."""
    for operation in OPERATIONS:
        offsets = [_offsets(case, output, operation) for case, output in outputs.items()]
        sizes = [len(case.w) for case in outputs]
        for by in (0, 1, -1, 2, -2, 3, -3):
            for less in (1, 0):  # the centre is (k - 1) // 2 or k // 2
                centred = [(k - less) // 2 + by for k in sizes]
                if all(c in o for c, o in zip(centred, offsets, strict=True)):
                    return Shift(operation=operation, by=by, one_sided=False)
        for last in (0, 1):
            if all(last * (k - 1) in o for k, o in zip(sizes, offsets, strict=True)):
                return Shift(operation=operation, by=None, one_sided=True)
    return None


def explain_difference(
    answers: Answers, cases: tuple[ConvCase, ...], shift: Shift | None
) -> Remark:
    """Say what is wrong."""
    outputs = {c: answers.first(c.key) for c in cases}
    raised = [c.size for c in cases if c.key in answers.errors]
    shape = _wrong_shape(outputs)
    if raised or shape:
        error = answers.first_error() if raised else ""
        limited = _limited_sizes(answers, cases, error)
        return limited or shape or raises_for(FUNCTION, raised[0], answers)
    if any(y is not None and not np.isfinite(y).all() for y in outputs.values()):
        return say("function.not_finite", what="output")
    if shift is not None:
        return say("conv_forward.shifted", operation=shift.operation, by=abs(shift.by or 0))
    return _wrong_values(answers, outputs, cases)


def _limited_sizes(answers: Answers, cases: tuple[ConvCase, ...], error: str) -> Remark | None:
    """A function that works for one N or k only."""
    tried = (*cases, *conv_demos())
    rules = {
        limited_to(_right_sizes(answers, tried, convention), {_size(c) for c in tried})
        for convention in CONVENTIONS
    } - {""}
    return only_for("output", min(rules), error) if rules else None


def _right_sizes(
    answers: Answers, tried: tuple[ConvCase, ...], convention: Convention
) -> set[Size]:
    outputs = [(c, answers.first(c.key)) for c in tried]
    wrong = [c for c, y in outputs if y is None or not agrees(y, by_convention(c, convention))]
    return {_size(c) for c in tried} - {_size(c) for c in wrong}


def _size(case: ConvCase) -> Size:
    return len(case.x), len(case.w)


def _wrong_values(
    answers: Answers, outputs: Mapping[ConvCase, Array | None], cases: tuple[ConvCase, ...]
) -> Remark:
    if _right_inside(outputs):
        return say("conv_forward.ends")
    for code, change in _FAULTS:
        if _explains(outputs, change):
            return say(code)
    factor = _factor(outputs)
    if factor is not None:
        return say("conv_forward.scaled", factor=factor)
    partly_right = _coarse(outputs) or _limited_sizes(answers, cases, "") or _some_sizes(outputs)
    if partly_right:
        return partly_right
    code = _unused_tap(answers, outputs) or _nonlinear(answers, outputs) or "conv_forward.wrong"
    return say(code)


def _some_sizes(outputs: Mapping[ConvCase, Array | None]) -> Remark | None:
    right = [c.size for c, y in outputs.items() if _fits_some(c, y)]
    if 2 <= len(right) < len(outputs) and _more_than_one_tap(outputs, right):
        return say("conv_forward.some_sizes", sizes="; ".join(right))
    return None


_FAULTS: tuple[tuple[str, Callable[[ConvCase, Floats], Floats]], ...] = (
    ("conv_forward.reversed", lambda _, y: y[::-1]),
    ("conv_forward.mean", lambda c, y: y / len(c.w)),
    (
        "conv_forward.normalized_kernel",
        lambda c, y: y / np.sum(c.w),
    ),
    ("conv_forward.one_added", lambda _, y: y + 1),
    ("conv_forward.input_added", lambda c, y: y + np.array(c.x)),
    ("conv_forward.zeros", lambda _, y: np.zeros_like(y)),
    ("conv_forward.identity", lambda c, _: np.array(c.x)),
    ("conv_forward.rectified", lambda _, y: np.maximum(y, 0)),
    ("conv_forward.absolute", lambda _, y: np.abs(y)),
)
"""What is often got wrong, as (code, what becomes of a convention's output)."""


def _explains(
    outputs: Mapping[ConvCase, Array | None], change: Callable[[ConvCase, Floats], Floats]
) -> bool:
    return any(
        all(
            y is not None and agrees(y, change(c, by_convention(c, convention)))
            for c, y in outputs.items()
        )
        for convention in CONVENTIONS
    )


def _coarse(outputs: Mapping[ConvCase, Array | None]) -> Remark | None:
    """How one convention's outputs are imprecise, all cases together; None where they are not."""
    if any(y is None for y in outputs.values()):
        return None
    found = np.concatenate([np.ravel(y) for y in outputs.values() if y is not None])
    wanted = (
        np.concatenate([by_convention(c, convention) for c in outputs])
        for convention in CONVENTIONS
    )
    told = (lost_digits(found, one, "output") for one in wanted)
    return next((remark for remark in told if remark), None)


def _nonlinear(answers: Answers, outputs: Mapping[ConvCase, Array | None]) -> str:
    """Code of the argument in which the output is not linear; empty for none.

    There f(a + e) + f(a - e) = 2 f(a) fails.
    """
    arguments = (("conv_forward.nonlinear_input", False), ("conv_forward.nonlinear_kernel", True))
    for code, of_kernel in arguments:
        for case in outputs:
            rows, n, k = answers.get(case.key), len(case.x), len(case.w)
            if rows is None or len(rows) != 1 + 2 * n + 2 * k:
                continue
            values = rows.astype(np.float64)
            moved = values[1 + 2 * n :] if of_kernel else values[1 : 1 + 2 * n]
            sums = moved[0::2] + moved[1::2]
            if not agrees(sums, np.broadcast_to(2 * values[0], sums.shape)):
                return code
    return ""


_LENGTHS: tuple[tuple[str, Callable[[int, int], int]], ...] = (
    ("conv_forward.valid", lambda n, k: n - k + 1),
    ("conv_forward.full", lambda n, k: n + k - 1),
    ("conv_forward.one_too_long", lambda n, k: n + (k + 1) % 2),
)


def _wrong_shape(outputs: Mapping[ConvCase, Array | None]) -> Remark | None:
    there = [(c, y) for c, y in outputs.items() if y is not None]
    wrong = [(c, y) for c, y in there if y.size != len(c.x)]
    if not wrong:
        return None
    for code, length in _LENGTHS:
        if all(y.size == length(len(c.x), len(c.w)) for c, y in there):
            return say(code)
    case, output = wrong[0]
    return say("conv_forward.length", size=case.size, shape=str(output.shape))


def _offsets(case: ConvCase, output: Array | None, operation: Operation) -> set[int]:
    """Places at which `output` lies in the full result, which is 0 outside of its N + k - 1."""
    n, k = len(case.x), len(case.w)
    if output is None or output.size != n:
        return set()
    kernel = np.array(case.w)
    full = np.convolve(case.x, kernel if operation == "convolution" else kernel[::-1])
    margin = n + k
    line = np.pad(full, margin)
    return {
        place - margin
        for place in range(line.size - n + 1)
        if agrees(output.reshape(n), line[place : place + n])
    }


def _fits_some(case: ConvCase, output: Array | None) -> bool:
    return output is not None and any(agrees(output, by_convention(case, c)) for c in CONVENTIONS)


def _more_than_one_tap(outputs: Mapping[ConvCase, Array | None], right: list[str]) -> bool:
    return any(len(case.w) > 1 and case.size in right for case in outputs)


def _right_inside(outputs: Mapping[ConvCase, Array | None]) -> bool:
    """Whether one operation and centre fits wherever the kernel lies wholly inside."""
    for convention in CONVENTIONS:
        judged = 0
        for case, output in outputs.items():
            n, k = len(case.x), len(case.w)
            inside = slice(k - 1, n - k + 1)
            wanted = by_convention(case, convention)
            if output is None or not agrees(output.reshape(n)[inside], wanted[inside]):
                break
            judged += k > 1 and n > 2 * k - 2
        else:
            if judged > 1:
                return True
    return False


def _factor(outputs: Mapping[ConvCase, Array | None]) -> float | None:
    """A constant by which one convention's outputs are multiplied, if there is one."""
    for convention in CONVENTIONS:
        wanted: list[Floats] = [by_convention(c, convention) for c in outputs]
        found = [np.zeros(len(c.x)) if y is None else y.reshape(-1) for c, y in outputs.items()]
        flat_wanted, flat_found = np.concatenate(wanted), np.concatenate(found).astype(np.float64)
        factor = float(flat_found @ flat_wanted / (flat_wanted @ flat_wanted))
        if factor and agrees(flat_found, factor * flat_wanted):
            return factor
    return None


def _unused_tap(answers: Answers, outputs: Mapping[ConvCase, Array | None]) -> str:
    """Code of the first or last tap if no output depends on it; else empty."""
    first = last = judged = False
    for case in outputs:
        stack, n, k = answers.get(case.key), len(case.x), len(case.w)
        if stack is None or len(stack) != 1 + 2 * n + 2 * k or k == 1:
            continue
        rows = stack.reshape(len(stack), -1)[1 + 2 * n :]
        first = (first or not judged) and agrees(rows[0], rows[1])
        last = (last or not judged) and agrees(rows[-2], rows[-1])
        judged = True
    if first:
        return "conv_forward.first_tap"
    return "conv_forward.last_tap" if last else ""

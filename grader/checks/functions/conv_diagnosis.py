"""How a convolution that follows no convention differs from one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Literal, get_args

import numpy as np

from grader.checks.findings import say
from grader.checks.functions.replies import Answers, no_result
from grader.checks.functions.rounding import lost_digits_of
from grader.checks.functions.sizes import Size, is_small, limited_to, only_for
from grader.checks.stored_arrays import Array
from grader.checks.tolerance import agreeing, agrees
from grader.model.records import Remark
from grader.planning.probes import ConvCase, conv_rows
from reference import conv
from reference.conv import CONVENTIONS, Convention
from reference.convention import Boundary
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
    padded: str = ""
    """The boundary, in words, where the output is of that kind with another one than zeros."""


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
        offsets = []
        for case, output in outputs.items():
            offsets.append(_offsets(case, output, operation))
            if not offsets[-1]:
                break
        if not offsets or not offsets[-1]:
            continue
        sizes = [len(case.w) for case in outputs]
        for by in (0, 1, -1, 2, -2, 3, -3):
            for less in (1, 0):  # the centre is (k - 1) // 2 or k // 2
                centred = [(k - less) // 2 + by for k in sizes]
                if all(c in o for c, o in zip(centred, offsets, strict=True)):
                    return Shift(operation=operation, by=by, one_sided=False)
        for last in (0, 1):
            if all(last * (k - 1) in o for k, o in zip(sizes, offsets, strict=True)):
                return Shift(operation=operation, by=None, one_sided=True)
    return _one_sided_otherwise(outputs)


def _one_sided_otherwise(outputs: Mapping[ConvCase, Array | None]) -> Shift | None:
    """A one-sided output of a signal that goes on in another way than by zeros."""
    for boundary in get_args(Boundary):
        for operation, before in product(OPERATIONS, (True, False)):
            convention = Convention(operation=operation, boundary=boundary)
            if all(
                y is not None
                and agrees(y, conv.one_sided(case.x, case.w, convention, before=before))
                for case, y in outputs.items()
            ):
                padded = f"{convention.padded} "
                return Shift(operation=operation, by=None, one_sided=True, padded=padded)
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What is wrong with a forward pass."""

    remark: Remark
    """What is said."""
    convention: Convention | None = None
    """The convention from which it differs so; None where it is not said of one."""


def explain_difference(
    answers: Answers, cases: tuple[ConvCase, ...], shift: Shift | None
) -> Difference:
    """Say what is wrong."""
    outputs = {c: answers.first(c.key) for c in cases}
    nothing = no_result(FUNCTION, [(c.key, c.size) for c in cases], answers)
    shape = _wrong_shape(outputs)
    if nothing or shape:
        limited = _limited_sizes(outputs, answers.first_error())
        if limited:
            return limited
        return Difference(remark=shape or nothing or say("conv_forward.wrong"))
    if any(y is not None and not np.isfinite(y).all() for y in outputs.values()):
        return Difference(remark=say("function.not_finite", what="output"))
    if shift is not None and shift.by:
        by = abs(shift.by)
        return _said(say("conv_forward.shifted", operation=shift.operation, by=by))
    return _wrong_values(answers, outputs)


def _said(remark: Remark) -> Difference:
    return Difference(remark=remark)


def _limited_sizes(outputs: Mapping[ConvCase, Array | None], error: str) -> Difference | None:
    """A function that works for some N or k only; the rule that holds for most sizes is told."""
    tried, drawn = {_size(c) for c in outputs}, {_size(c) for c in outputs if c.is_hidden}
    found: list[tuple[int, str, Convention]] = []
    for convention in CONVENTIONS:
        right = _right_sizes(outputs, convention)
        rule = limited_to(right, tried, drawn)
        found += [(len(right), rule, convention)] if rule else []
    if not found:
        return None
    _, rule, convention = max(found, key=lambda one: one[0])
    return Difference(remark=only_for("output", rule, error), convention=convention)


def _right_sizes(outputs: Mapping[ConvCase, Array | None], convention: Convention) -> set[Size]:
    agree = agreeing((y, by_convention(c, convention)) for c, y in outputs.items())
    wrong = {_size(c) for c, right in zip(outputs, agree, strict=True) if not right}
    return {_size(c) for c in outputs} - wrong


def _size(case: ConvCase) -> Size:
    return len(case.x), len(case.w)


def _wrong_values(answers: Answers, outputs: Mapping[ConvCase, Array | None]) -> Difference:
    limited = _limited_sizes(outputs, "")
    inside = _right_inside(outputs)
    # With a small kernel's padding of 0 on one side, many a wrong end is right.
    if limited and not (inside and is_small(limited.remark)):
        return limited
    if inside is not None:
        return Difference(remark=say("conv_forward.ends"), convention=inside)
    for code, change in _FAULTS:
        convention = _explaining(outputs, change)
        if convention is not None:
            return Difference(remark=say(code), convention=convention)
    scaled = _scaled(outputs) or _coarse(outputs)
    if scaled:
        return scaled
    tap = _unused_tap(answers, outputs)
    if tap:
        return _said(say(tap))
    some = _some_sizes(outputs)
    return _said(some or say(_nonlinear(answers, outputs) or "conv_forward.wrong"))


def _some_sizes(outputs: Mapping[ConvCase, Array | None]) -> Remark | None:
    """Right for some sizes, more than one of them not trivial, whatever the rule is."""
    right = [c for c, y in outputs.items() if c.is_hidden and _fits_some(c, y)]
    if sum(len(c.w) > 1 for c in right) < 2:
        return None
    return say("conv_forward.some_sizes", sizes="; ".join(c.size for c in right))


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


def _explaining(
    outputs: Mapping[ConvCase, Array | None], change: Callable[[ConvCase, Floats], Floats]
) -> Convention | None:
    """The convention from whose outputs this change makes those that were found."""
    for convention in CONVENTIONS:
        if all(
            y is not None and agrees(y, change(c, by_convention(c, convention)))
            for c, y in outputs.items()
        ):
            return convention
    return None


def _coarse(outputs: Mapping[ConvCase, Array | None]) -> Difference | None:
    """How one convention's outputs are imprecise, all cases together; None where they are not."""
    if any(y is None for y in outputs.values()):
        return None
    # Drawn numbers are of like size, unlike the public ones.
    drawn = [(c, y) for c, y in outputs.items() if c.is_hidden and y is not None]
    for convention in CONVENTIONS:
        remark = lost_digits_of([(y, by_convention(c, convention)) for c, y in drawn], "output")
        if remark:
            return Difference(remark=remark, convention=convention)
    return None


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
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(full, margin), n)
    found = output.reshape(n)
    fits = agreeing((found, window) for window in windows)
    return {place - margin for place, fit in enumerate(fits) if fit}


def _fits_some(case: ConvCase, output: Array | None) -> bool:
    return output is not None and any(agrees(output, by_convention(case, c)) for c in CONVENTIONS)


def _right_inside(outputs: Mapping[ConvCase, Array | None]) -> Convention | None:
    """The convention that fits wherever the kernel lies wholly inside; None where none does."""
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
                return convention
    return None


def _scaled(outputs: Mapping[ConvCase, Array | None]) -> Difference | None:
    """A constant by which one convention's outputs are multiplied, if there is one."""
    for convention in CONVENTIONS:
        wanted: list[Floats] = [by_convention(c, convention) for c in outputs]
        found = [np.zeros(len(c.x)) if y is None else y.reshape(-1) for c, y in outputs.items()]
        flat_wanted, flat_found = np.concatenate(wanted), np.concatenate(found).astype(np.float64)
        factor = float(flat_found @ flat_wanted / (flat_wanted @ flat_wanted))
        if factor and agrees(flat_found, factor * flat_wanted):
            remark = say("conv_forward.scaled", factor=factor)
            return Difference(remark=remark, convention=convention)
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

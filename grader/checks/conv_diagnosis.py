"""In words: how a convolution that follows no convention differs from one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from grader.checks.context import Array
from grader.checks.replies import Answers
from grader.probes import ConvCase
from grader.tolerance import agrees
from reference import conv
from reference.conv import CONVENTIONS, Convention
from reference.signals import Floats

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

    def describe(self) -> str:
        """Say by how much."""
        return "that grows with k" if self.by is None else f"{self.by:+d}"


@lru_cache(maxsize=2048)
def by_convention(case: ConvCase, convention: Convention) -> Floats:
    """Return the convolution's output by a convention, read-only (the same is asked for often)."""
    output = conv.forward(case.x, case.w, convention)
    output.flags.writeable = False
    return output


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


def describe_difference(answers: Answers, cases: tuple[ConvCase, ...], shift: Shift | None) -> str:
    """Return a sentence on what is wrong."""
    outputs = {c: answers.first(c.key) for c in cases}
    shape = _shape_sentence(outputs)
    if shape:
        return shape
    raised = [c.size for c in cases if c.key in answers.errors]
    if raised:
        return f"An exception for {raised[0]}: {answers.error_sentence()}."
    if any(y is not None and not np.isfinite(y).all() for y in outputs.values()):
        return "The output holds NaN or infinity."
    if shift is not None:
        plural = "sample" if abs(shift.by or 1) == 1 else "samples"
        return (
            f"The output is a {shift.operation} that is shifted by {abs(shift.by or 0)} {plural}: "
            "the padding is that much too large on one side and too small on the other."
        )
    return _value_sentence(answers, outputs)


def _value_sentence(answers: Answers, outputs: Mapping[ConvCase, Array | None]) -> str:
    right = [c.size for c, y in outputs.items() if _fits_some(c, y)]
    if _right_inside(outputs):
        return (
            "The output is right in the interior but wrong at the ends of the signal: no padding "
            "(zero, edge, reflect, symmetric, circular) gives these values."
        )
    factor = _factor(outputs)
    if factor is not None:
        return f"The output is {factor:.4g} times what it should be."
    if 2 <= len(right) < len(outputs) and _more_than_one_tap(outputs, right):
        return f"The output is right for some sizes only ({'; '.join(right)})."
    unused = _unused_taps(answers, outputs)
    if unused:
        return f"The output does not depend on {unused}: every tap of the kernel must be summed."
    return (
        "The output follows neither a cross-correlation nor a convolution of equal length, "
        "with any padding and either centre."
    )


_LENGTHS: tuple[tuple[str, Callable[[int, int], int]], ...] = (
    (
        "N - k + 1 (the 'valid' part: pad the input so that the length stays N)",
        lambda n, k: n - k + 1,
    ),
    (
        "N + k - 1 (the 'full' result: cut it to the middle N samples)",
        lambda n, k: n + k - 1,
    ),
    (
        "N + 1 for even k (pad one sample less on one side)",
        lambda n, k: n + (k + 1) % 2,
    ),
)


def _shape_sentence(outputs: Mapping[ConvCase, Array | None]) -> str:
    there = [(c, y) for c, y in outputs.items() if y is not None]
    wrong = [(c, y) for c, y in there if y.size != len(c.x)]
    if not wrong:
        return ""
    for words, length in _LENGTHS:
        if all(y.size == length(len(c.x), len(c.w)) for c, y in there):
            return f"The output must have the input's length N; it has {words}."
    case, output = wrong[0]
    return (
        f"The output must have the input's length N; for {case.size} its shape is {output.shape}."
    )


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


def _unused_taps(answers: Answers, outputs: Mapping[ConvCase, Array | None]) -> str:
    """Name the first or last tap if no output depends on it."""
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
        return "the kernel's first entry"
    return "the kernel's last entry" if last else ""

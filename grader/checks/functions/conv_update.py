"""3(b): the update rule of the kernel, w - lr dC/dw."""

from __future__ import annotations

import numpy as np

from grader.checks.credit import PartialCredit
from grader.checks.findings import say
from grader.checks.functions.function_check import (
    Formula,
    FunctionCase,
    FunctionSpec,
    Tried,
    check_of,
)
from grader.checks.tolerance import agrees
from grader.model.records import Remark
from grader.planning.probes import UpdateCase, update_cases, update_demos
from reference import conv

_KERNEL_PLACE = 0

CREDIT = {
    "in_place": PartialCredit(meaning="right values, but the gradient is changed", default=0.8)
}

_FAULTS: tuple[tuple[str, Formula], ...] = (  # of w, dC/dw and lr
    ("conv_update.ascent", lambda w, g, lr: w + lr * g),
    ("conv_update.no_rate", lambda w, g, _: w - g),
    ("conv_update.step_only", lambda _, g, lr: -lr * g),
    ("conv_update.step_only", lambda _, g, lr: lr * g),
    ("conv_update.normalized", lambda w, g, lr: w - lr * g / np.linalg.norm(g)),
    ("conv_update.mean", lambda w, g, lr: w - lr * g / len(w)),
    ("conv_update.swapped", lambda w, g, lr: g - lr * w),
    ("conv_update.unchanged", lambda w, *_: w),
    ("conv_update.divides_by_rate", lambda w, g, lr: w - g / lr),
    ("conv_update.both_signs", lambda w, g, lr: lr * g - w),
    ("conv_update.sign_only", lambda w, g, lr: w - lr * np.sign(g)),
)


def _explain(tried: Tried) -> Remark | None:
    """Say which wrong rule gives all new kernels."""
    for code, formula in _FAULTS:
        if tried.fits(formula):
            return say(code)
    return say("conv_update.step_length") if _along_gradient(tried) else None


def _along_gradient(tried: Tried) -> bool:
    """Whether w less the output is a positive multiple of the gradient, in every case."""
    for case, output in tried.outputs:
        kernel, gradient, _ = map(np.asarray, case.arguments)
        if output is None or output.size != gradient.size:
            return False
        step = kernel - output.reshape(-1).astype(np.float64)
        factor = float(step @ gradient / (gradient @ gradient))
        if not factor > 0 or not agrees(step, factor * gradient):
            return False
    return True


def _cases(cases: tuple[UpdateCase, ...]) -> tuple[FunctionCase, ...]:
    return tuple(
        FunctionCase(key=c.key, arguments=(np.array(c.w), np.array(c.grad_w), c.lr), size=c.size)
        for c in cases
    )


CHECKS = (
    check_of(
        "conv_update",
        FunctionSpec(
            function="conv1d_update",
            demos=_cases(update_demos()),
            cases=lambda seed: _cases(update_cases(seed)),
            expected=conv.update,
            result="new kernel",
            # Writing the new kernel over the old one is what an update is.
            may_change=frozenset({_KERNEL_PLACE}),
            explain=_explain,
            right="conv_update.right",
            wrong="conv_update.wrong",
            plotted=False,
            credit=CREDIT,
        ),
    ),
)

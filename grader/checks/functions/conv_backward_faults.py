"""How a gradient of the convolution differs from the adjoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from grader.checks.findings import say
from grader.checks.functions.conv_gradients import (
    FUNCTION,
    PLACE_OF,
    GradientCheck,
    Target,
    Which,
    gradient_of,
)
from grader.checks.functions.replies import Answers, raises_for
from grader.checks.functions.rounding import lost_digits
from grader.checks.functions.sizes import limited_to, only_for
from grader.checks.stored_arrays import Array
from grader.checks.tolerance import agrees
from grader.model.records import Remark
from grader.planning.probes import ConvCase, conv_demos
from reference import conv
from reference.conv import CONVENTIONS, DEFAULT_CONVENTION, Convention
from reference.signals import Floats


def explain_gradient(
    answers: Answers,
    outputs: Mapping[ConvCase, Array | None],
    target: Target,
    gradient: GradientCheck,
) -> Remark:
    """Say what is wrong with a gradient."""
    name = gradient.name
    limits = _limits(answers, target, gradient)
    if limits:
        return only_for(name, limits, answers.first_error())
    if all(answers.places(c.key) == 1 for c in outputs if c.key not in answers.errors):
        return say("conv_backward.one_result", function=FUNCTION)
    raised = [c.size for c in outputs if c.key in answers.errors]
    if raised:
        return raises_for(FUNCTION, raised[0], answers)
    there = {c: y for c, y in outputs.items() if y is not None and c.key in target.gradients}
    for case, output in there.items():
        wanted = target.gradients[case.key]
        if output.size != wanted.size:
            expected, found = str(wanted.shape), str(output.shape)
            return say(
                "conv_backward.shape", gradient=name, expected=expected, size=case.size, found=found
            )
    if any(not np.isfinite(y).all() for y in there.values()):
        return say("function.not_finite", what=name)
    other = _other_convention(answers, gradient)
    if other:
        return say(
            "conv_backward.other_convention", gradient=name, other=other, target=target.words
        )
    for code, change in _likely_faults(target, gradient.which):
        if all(agrees(y, change(c)) for c, y in there.items()):
            return say(code, gradient=name)
    coarse = lost_digits(
        np.concatenate([np.ravel(y) for y in there.values()]),
        np.concatenate([np.ravel(target.gradients[c.key]) for c in there]),
        name,
    )
    return coarse or say("conv_backward.wrong", gradient=name, target=target.words)


def _limits(answers: Answers, target: Target, gradient: GradientCheck) -> str:
    """Words for the only sizes for which the gradient is right; empty where there is no rule."""
    tried = [c for c in (*gradient.cases, *conv_demos()) if c.key in target.gradients]
    sizes = {c.key: (len(c.x), len(c.w)) for c in tried}
    outputs = {c.key: answers.first(c.key, gradient.place) for c in tried}
    wrong = {
        sizes[key]
        for key, y in outputs.items()
        if y is None or not agrees(y, target.gradients[key])
    }
    return limited_to(set(sizes.values()) - wrong, set(sizes.values()))


def _other_convention(answers: Answers, gradient: GradientCheck) -> str:
    """The convention that both gradients follow, where the forward pass follows another one."""
    if gradient.forward is None or gradient.forward.convention is None:
        return ""
    for convention in CONVENTIONS:
        follows = all(
            y is not None and agrees(y, gradient_of(c, convention, which))
            for which, place in PLACE_OF.items()
            for c, y in ((c, answers.first(c.key, place)) for c in gradient.cases)
        )
        if follows:
            return convention.describe(2)
    return ""


def _likely_faults(target: Target, which: Which) -> list[tuple[str, Callable[[ConvCase], Floats]]]:
    """What is often got wrong, as (code, the gradient that one gets then)."""
    right = target.gradients
    common: list[tuple[str, Callable[[ConvCase], Floats]]] = [
        ("conv_backward.sign", lambda c: -right[c.key]),
        (
            "conv_backward.no_grad_out",
            partial(_with_ones, target=target, which=which),
        ),
        ("conv_backward.mean_over_signal", lambda c: right[c.key] / len(c.x)),
        ("conv_backward.doubled", lambda c: 2 * right[c.key]),
        ("conv_backward.reversed", lambda c: right[c.key][::-1]),
        ("conv_backward.zeros", lambda c: np.zeros_like(right[c.key])),
        ("conv_backward.shifted", lambda c: np.roll(right[c.key], 1)),
        ("conv_backward.shifted", lambda c: np.roll(right[c.key], -1)),
        ("conv_backward.mean_over_kernel", lambda c: right[c.key] / len(c.w)),
    ]
    if which == "kernel":
        return [
            *common,
            *(("conv_backward.shifted", partial(_kernel_shifted, by=by)) for by in (1, -1)),
        ]
    return [
        *common,
        *(
            ("conv_backward.not_transposed", partial(_forward_of_cotangent, convention=c))
            for c in CONVENTIONS
        ),
        *(("conv_backward.padding_off_by_one", partial(_shifted, by=by)) for by in (1, -1)),
    ]


def _with_ones(case: ConvCase, target: Target, which: Which) -> Floats:
    """Gradient of the convention that fits the target best, for a cotangent of ones."""
    ones = replace(case, grad_out=(1.0,) * len(case.grad_out))
    for convention in CONVENTIONS:
        if agrees(target.gradients[case.key], gradient_of(case, convention, which)):
            return gradient_of(ones, convention, which)
    return np.full_like(target.gradients[case.key], np.nan)


def _kernel_shifted(case: ConvCase, by: int) -> Floats:
    """Gradient to the kernel of the default convention, the signal one sample further."""
    n, k = len(case.x), len(case.w)
    start = 1 + by
    before = DEFAULT_CONVENTION.centre(k) + 1
    padded = np.pad(np.array(case.x), (before, k + 1))
    return np.array([np.array(case.grad_out) @ padded[start + j : start + j + n] for j in range(k)])


def _forward_of_cotangent(case: ConvCase, convention: Convention) -> Floats:
    return conv.forward(case.grad_out, case.w, convention)


def _shifted(case: ConvCase, by: int) -> Floats:
    """Gradient of the default convention, one sample further along the zero-padded line."""
    full = np.pad(np.convolve(case.grad_out, case.w), 1)
    start = 1 + DEFAULT_CONVENTION.centre(len(case.w)) + by
    return full[start : start + len(case.x)]

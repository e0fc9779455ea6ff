"""In words: how a gradient of the convolution differs from the adjoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from grader.checks.functions.conv_gradients import (
    FUNCTION,
    PLACE_OF,
    GradientCheck,
    Target,
    Which,
    gradient_of,
)
from grader.checks.functions.replies import Answers
from grader.checks.functions.rounding import lost_digits
from grader.checks.functions.sizes import limited_to, only_for
from grader.checks.stored_arrays import Array
from grader.checks.tolerance import agrees
from grader.planning.probes import ConvCase, conv_demos
from reference import conv
from reference.conv import CONVENTIONS, DEFAULT_CONVENTION, Convention
from reference.signals import Floats


def describe_gradient(
    answers: Answers,
    outputs: Mapping[ConvCase, Array | None],
    target: Target,
    gradient: GradientCheck,
) -> str:
    """Return a sentence on what is wrong with a gradient."""
    name = gradient.name
    limits = _limits(answers, target, gradient)
    if limits:
        return f"The {name} is {only_for(limits, answers.error_sentence())}."
    if all(answers.places(c.key) == 1 for c in outputs if c.key not in answers.errors):
        return f"{FUNCTION} returned one result; expected (gradient to the input, to the kernel)."
    raised = [c.size for c in outputs if c.key in answers.errors]
    if raised:
        return f"An exception for {raised[0]}: {answers.error_sentence()}."
    there = {c: y for c, y in outputs.items() if y is not None and c.key in target.gradients}
    for case, output in there.items():
        wanted = target.gradients[case.key].shape
        if output.size != target.gradients[case.key].size:
            return f"The {name} must have the shape {wanted} for {case.size}; found {output.shape}."
    if any(not np.isfinite(y).all() for y in there.values()):
        return f"The {name} holds NaN or infinity."
    other = _other_convention(answers, gradient)
    if other:
        return f"The {name} is that of {other}, but your forward pass is not: {target.words}."
    for words, change in _likely_faults(target, gradient.which):
        if all(agrees(y, change(c)) for c, y in there.items()):
            return f"The {name} {words}."
    coarse = lost_digits(
        np.concatenate([np.ravel(y) for y in there.values()]),
        np.concatenate([np.ravel(target.gradients[c.key]) for c in there]),
    )
    return f"The {name} {coarse or f'is not the adjoint of {target.words}'}."


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
            return f"a {convention.describe(2)}"
    return ""


def _likely_faults(target: Target, which: Which) -> list[tuple[str, Callable[[ConvCase], Floats]]]:
    """What is often got wrong, as (words, the gradient that one gets then)."""
    right = target.gradients
    common: list[tuple[str, Callable[[ConvCase], Floats]]] = [
        ("has the wrong sign", lambda c: -right[c.key]),
        (
            "does not depend on dC/dx_out (grad_out): it must be multiplied by it",
            partial(_with_ones, target=target, which=which),
        ),
        ("is divided by the length N", lambda c: right[c.key] / len(c.x)),
        ("is twice what it should be", lambda c: 2 * right[c.key]),
        ("is in reverse order", lambda c: right[c.key][::-1]),
        ("is all zeros", lambda c: np.zeros_like(right[c.key])),
        ("is shifted by one sample", lambda c: np.roll(right[c.key], 1)),
        ("is shifted by one sample", lambda c: np.roll(right[c.key], -1)),
        ("is divided by the kernel size k", lambda c: right[c.key] / len(c.w)),
    ]
    if which == "kernel":
        return [
            *common,
            *(("is shifted by one sample", partial(_kernel_shifted, by=by)) for by in (1, -1)),
        ]
    not_transposed = (
        "is the forward pass applied to dC/dx_out: in the backward pass the kernel must be used "
        "the other way round (the transposed matrix)"
    )
    off_by_one = "is shifted by one sample: its padding is off by one"
    return [
        *common,
        *((not_transposed, partial(_forward_of_cotangent, convention=c)) for c in CONVENTIONS),
        *((off_by_one, partial(_shifted, by=by)) for by in (1, -1)),
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

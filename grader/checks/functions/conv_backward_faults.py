"""How a gradient of the convolution differs from the adjoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from grader.checks.findings import say
from grader.checks.functions.conv_gradients import (
    FUNCTION,
    GradientCheck,
    Target,
    Which,
    gradient_of,
)
from grader.checks.functions.replies import Answers, no_result
from grader.checks.functions.rounding import lost_digits_of
from grader.checks.functions.sizes import limited_to, only_for
from grader.checks.stored_arrays import Array
from grader.checks.tolerance import agrees
from grader.model.records import Remark
from grader.planning.probes import ConvCase
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
    name, wanted = gradient.name, target.of(gradient.which)
    limits = _limits(outputs, target, gradient)
    if limits:
        return only_for(name, limits, answers.first_error())
    if all(answers.places(c.key) == 1 for c in outputs if c.key not in answers.errors):
        return say("conv_backward.one_result", function=FUNCTION)
    sizes = [(c.key, c.size) for c in outputs]
    nothing = no_result(FUNCTION, sizes, answers, gradient.place)
    if nothing is not None:
        return nothing
    there = {c: y for c, y in outputs.items() if y is not None and c.key in wanted}
    for case, output in there.items():
        expected = wanted[case.key].shape
        if output.size != wanted[case.key].size:
            told = {"expected": str(expected), "size": case.size, "found": str(output.shape)}
            return say("conv_backward.shape", gradient=name, **told)
    if any(not np.isfinite(y).all() for y in there.values()):
        return say("function.not_finite", what=name)
    return _wrong_values(answers, there, target, gradient)


def _wrong_values(
    answers: Answers, there: Mapping[ConvCase, Array], target: Target, gradient: GradientCheck
) -> Remark:
    name, wanted = gradient.name, target.of(gradient.which)
    other = _other_convention(there, gradient)
    if other and other == _other_convention(_beside(answers, there, gradient), gradient.turned()):
        return _of_another(answers, there, target, gradient, other)
    for code, change in _likely_faults(target, gradient.which):
        if there and all(agrees(y, change(c)) for c, y in there.items()):
            return say(code, gradient=name)
    if other:
        return _of_another(answers, there, target, gradient, other)
    # Drawn numbers are of like size, unlike the public ones.
    drawn = [(y, wanted[c.key]) for c, y in there.items() if c.is_hidden]
    coarse = lost_digits_of(drawn, name)
    return coarse or say("conv_backward.wrong", gradient=name, target=target.words)


def _limits(
    outputs: Mapping[ConvCase, Array | None],
    target: Target,
    gradient: GradientCheck,
) -> str:
    """Words for the only sizes for which the gradient is right; empty where there is no rule."""
    wanted = target.of(gradient.which)
    tried = {c: y for c, y in outputs.items() if c.key in wanted}
    wrong = {_size(c) for c, y in tried.items() if y is None or not agrees(y, wanted[c.key])}
    sizes, drawn = {_size(c) for c in tried}, {_size(c) for c in tried if c.is_hidden}
    return limited_to(sizes - wrong, sizes, drawn)


def _size(case: ConvCase) -> tuple[int, int]:
    return len(case.x), len(case.w)


def _other_convention(there: Mapping[ConvCase, Array], gradient: GradientCheck) -> str:
    """Another convention, whose gradient this is."""
    for convention in CONVENTIONS:
        if there and all(
            agrees(y, gradient_of(c, convention, gradient.which)) for c, y in there.items()
        ):
            return convention.describe(2)
    return ""


def _beside(
    answers: Answers, there: Mapping[ConvCase, Array], gradient: GradientCheck
) -> Mapping[ConvCase, Array]:
    """The other gradient for the same cases; empty where it is not there for each of them."""
    place = gradient.turned().place
    found = {c: y for c in there if (y := answers.first(c.key, place)) is not None}
    return found if len(found) == len(there) else {}


def _of_another(
    answers: Answers,
    there: Mapping[ConvCase, Array],
    target: Target,
    gradient: GradientCheck,
    other: str,
) -> Remark:
    """Right for another forward than the own one, or than the one of the other gradient."""
    told = {"gradient": gradient.name, "other": other, "target": target.words}
    beside = gradient.turned()
    wanted, found = target.of(beside.which), _beside(answers, there, gradient)
    fits = found and all(agrees(y, wanted[c.key]) for c, y in found.items())
    if len(gradient.targets) > 1 and fits:
        return say("conv_backward.two_forwards", beside=beside.name, **told)
    return say("conv_backward.other_convention", **told)


def _likely_faults(target: Target, which: Which) -> list[tuple[str, Callable[[ConvCase], Floats]]]:
    """What is often got wrong, as (code, the gradient that one gets then)."""
    right = target.of(which)
    common: list[tuple[str, Callable[[ConvCase], Floats]]] = [
        ("conv_backward.sign", lambda c: -right[c.key]),
        ("conv_backward.zeros", lambda c: np.zeros_like(right[c.key])),
        ("conv_backward.no_grad_out", partial(_with_ones, target=target, which=which)),
        ("conv_backward.mean_over_signal", lambda c: right[c.key] / len(c.x)),
        ("conv_backward.doubled", lambda c: 2 * right[c.key]),
        ("conv_backward.reversed", lambda c: right[c.key][::-1]),
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
        if agrees(target.of(which)[case.key], gradient_of(case, convention, which)):
            return gradient_of(ones, convention, which)
    return np.full_like(target.of(which)[case.key], np.nan)


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

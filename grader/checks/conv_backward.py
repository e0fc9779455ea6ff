"""3(a), 3(b): are the gradients the exact adjoint of the student's own forward?

Where the forward is right, the gradients must be that forward's. Where it is wrong or not there,
they may be that forward's or those of any convention: a fault costs its points once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, TypeAlias

import numpy as np

from grader.checks import credit
from grader.checks.context import Array, CheckContext
from grader.checks.conv_forward import Forward, own_forward
from grader.checks.examples import counterexample, row, stems
from grader.checks.findings import Verdict, failed, needs_human, partly, passed
from grader.checks.replies import Answers, judge_layer
from grader.probes import ConvCase, conv_cases, conv_demos
from grader.records import Finding, Outcome
from grader.tolerance import agrees, compare_layer
from reference import conv
from reference.conv import CONVENTIONS, DEFAULT_CONVENTION, Convention
from reference.signals import Floats

FUNCTION = "conv1d_backward"

Which: TypeAlias = Literal["input", "kernel"]
Gradients: TypeAlias = dict[str, Floats]

_PLACE: Mapping[Which, int] = {"input": 0, "kernel": 1}
_NAME: Mapping[Which, str] = {
    "input": "gradient to the input",
    "kernel": "gradient to the kernel",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Target:
    """Gradients that would be right."""

    words: str
    """Whose gradients they are."""
    gradients: Gradients
    """By case; cases for which there is nothing to compare with stay out."""


def check_conv_grad_input(context: CheckContext, part_id: str) -> Finding:
    """3(a), gradient of the convolution to its input."""
    return _check(context, part_id, "input").finding("conv_grad_input")


def check_conv_grad_kernel(context: CheckContext, part_id: str) -> Finding:
    """3(b), gradient of the convolution to its kernel."""
    return _check(context, part_id, "kernel").finding("conv_grad_kernel")


def _check(context: CheckContext, part_id: str, which: Which) -> Verdict:
    forward = own_forward(context)
    cases = conv_cases(context.seed)
    targets = _targets(forward, (*cases, *conv_demos()), which)
    return judge_layer(
        context, FUNCTION, part_id, lambda a: _judge(a, cases, targets, forward, which)
    )


def _targets(
    forward: Forward | None, cases: tuple[ConvCase, ...], which: Which
) -> tuple[Target, ...]:
    if forward is not None and forward.convention is not None:
        words = f"your own forward pass (a {forward.convention.describe(2)})"
        return (_by_convention(forward.convention, cases, which, words),)
    by_convention = tuple(
        _by_convention(c, cases, which, f"a {c.describe(2)}") for c in CONVENTIONS
    )
    if forward is None:
        return by_convention
    table = forward.to_input if which == "input" else forward.to_kernel
    own = {
        c.key: table[c.key].T @ np.array(c.grad_out)
        for c in cases
        if c.key in table and len(table[c.key]) == len(c.grad_out)
    }
    return (Target(words="your own forward pass", gradients=own), *by_convention)


def _by_convention(
    convention: Convention, cases: tuple[ConvCase, ...], which: Which, words: str
) -> Target:
    return Target(words=words, gradients={c.key: _gradient(c, convention, which) for c in cases})


def _gradient(case: ConvCase, convention: Convention, which: Which) -> Floats:
    if which == "input":
        return conv.grad_input(case.grad_out, case.w, convention)
    return conv.grad_kernel(case.x, case.grad_out, len(case.w), convention)


def _judge(
    answers: Answers,
    cases: tuple[ConvCase, ...],
    targets: tuple[Target, ...],
    forward: Forward | None,
    which: Which,
) -> Verdict:
    place = _PLACE[which]
    outputs = {c: answers.first(c.key, place) for c in cases}
    target = max(targets, key=lambda t: _agreeing(outputs, t))
    verdict = _verdict(answers, outputs, target, which)
    if verdict.outcome is Outcome.FAIL and forward is not None and forward.convention is None:
        verdict = _spared(verdict, outputs, targets[0])
    comparisons = [
        compare_layer(np.empty((0, 0)) if y is None else y, target.gradients[c.key])
        for c, y in outputs.items()
        if c.key in target.gradients
    ]
    demos = [d for d in conv_demos() if d.key in target.gradients]
    tries = [
        ((d.x, d.w, d.grad_out), answers.first(d.key, place), target.gradients[d.key])
        for d in demos
    ]
    if verdict.outcome in {Outcome.FAIL, Outcome.PARTIAL}:
        name = f"{FUNCTION}[{place}]"
        example = counterexample(name, tries).replace(f"{name}(", f"{FUNCTION}(")
        if example:
            example = example.replace(" returned ", f" returned, as its {_NAME[which]}, ")
        verdict = replace(verdict, message=f"{verdict.message} {example}".strip())
    shown = (
        stems(f"{_NAME[which]} on a public example", tries[-1][1], tries[-1][2]) if tries else ()
    )
    return replace(verdict, measurements=(row(_NAME[which], comparisons),), exhibits=shown)


def _agreeing(outputs: Mapping[ConvCase, Array | None], target: Target) -> int:
    """Number of cases that agree; a target that says nothing about a case does not gain by it."""
    return sum(
        y is not None and c.key in target.gradients and agrees(y, target.gradients[c.key])
        for c, y in outputs.items()
    )


def _verdict(
    answers: Answers, outputs: Mapping[ConvCase, Array | None], target: Target, which: Which
) -> Verdict:
    compared = {c: y for c, y in outputs.items() if c.key in target.gradients}
    cases = tuple(outputs)
    if not answers.repeats_itself(cases[0].key):
        return failed(
            f"{FUNCTION} gives another result when it is called again with the same arguments: "
            "it keeps something from call to call."
        )
    wrong = [c for c, y in compared.items() if y is None or not agrees(y, target.gradients[c.key])]
    if compared and not wrong:
        found = f"Right: the {_NAME[which]} is the exact adjoint of {target.words}."
        if answers.changed_inputs:
            return partly(
                f"{found} But {FUNCTION} changes its arguments; work on a copy.", credit.IN_PLACE
            )
        return passed(found)
    staff = f"Raised: {answers.error_sentence()}" if answers.errors else ""
    if _swapped(answers, cases, target, which):
        return partly(
            f"{FUNCTION} returns its two results in the other order; "
            "expected (gradient to the input, gradient to the kernel).",
            credit.SWAPPED,
        )
    if all(len(c.w) % 2 == 0 for c in wrong):
        return partly(
            f"The {_NAME[which]} is right for kernels of odd size but not for even ones.",
            credit.EVEN_KERNEL,
            staff,
        )
    if which == "input" and _right_inside(compared, target):
        return partly(
            "The gradient to the input is right in the interior but wrong at the ends of the "
            f"signal: it must be the adjoint of {target.words} there too.",
            credit.BOUNDARY,
            staff,
        )
    return failed(_difference(answers, outputs, target, which), staff)


def _spared(verdict: Verdict, outputs: Mapping[ConvCase, Array | None], own: Target) -> Verdict:
    """A forward of a wrong length leaves nothing to compare with in the cases concerned."""
    judged = [(c, y) for c, y in outputs.items() if c.key in own.gradients]
    lengths_wrong = len(judged) < len(outputs)
    if not lengths_wrong:
        return verdict
    many = [c for c, _ in judged if len(c.w) > 1]
    if many and all(y is not None and agrees(y, own.gradients[c.key]) for c, y in judged):
        return passed(
            "Right wherever your forward pass returns the input's length: the exact adjoint of it.",
        )
    return needs_human(
        "Your forward pass returns another length than the input's, so that the backward pass "
        "cannot be compared with it; a person looks at it.",
        staff=verdict.message,
    )


def _swapped(answers: Answers, cases: tuple[ConvCase, ...], target: Target, which: Which) -> bool:
    other = 1 - _PLACE[which]
    values = [(c, answers.first(c.key, other)) for c in cases if c.key in target.gradients]
    return bool(values) and all(
        y is not None and agrees(y, target.gradients[c.key]) for c, y in values
    )


def _right_inside(compared: Mapping[ConvCase, Array | None], target: Target) -> bool:
    """Whether all samples that no boundary touches agree, in the cases that have such samples."""
    judged = False
    for case, output in compared.items():
        n, k = len(case.x), len(case.w)
        if output is None or output.size != n:
            return False
        inside = slice(k - 1, n - k + 1)
        if not agrees(output.reshape(n)[inside], target.gradients[case.key][inside]):
            return False
        judged = judged or (k > 1 and n > 2 * k - 2)
    return judged


def _difference(
    answers: Answers, outputs: Mapping[ConvCase, Array | None], target: Target, which: Which
) -> str:
    name = _NAME[which]
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
    for words, change in _likely_faults(target, which):
        if all(agrees(y, change(c)) for c, y in there.items()):
            return f"The {name} {words}."
    return f"The {name} is not the adjoint of {target.words}."


def _likely_faults(target: Target, which: Which) -> list[tuple[str, Callable[[ConvCase], Floats]]]:
    """What is often got wrong, as (words, the gradient that one gets then)."""
    right = target.gradients
    common: list[tuple[str, Callable[[ConvCase], Floats]]] = [
        ("has the wrong sign", lambda c: -right[c.key]),
        ("is divided by the length N", lambda c: right[c.key] / len(c.x)),
        ("is twice what it should be", lambda c: 2 * right[c.key]),
        ("is in reverse order", lambda c: right[c.key][::-1]),
        ("is all zeros", lambda c: np.zeros_like(right[c.key])),
        ("is shifted by one sample", lambda c: np.roll(right[c.key], 1)),
        ("is shifted by one sample", lambda c: np.roll(right[c.key], -1)),
    ]
    if which == "kernel":
        return common
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


def _forward_of_cotangent(case: ConvCase, convention: Convention) -> Floats:
    return conv.forward(case.grad_out, case.w, convention)


def _shifted(case: ConvCase, by: int) -> Floats:
    """Gradient of the default convention, one sample further along the zero-padded line."""
    full = np.pad(np.convolve(case.grad_out, case.w), 1)
    start = 1 + DEFAULT_CONVENTION.centre(len(case.w)) + by
    return full[start : start + len(case.x)]

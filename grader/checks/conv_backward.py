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

from grader.checks.context import Array, CheckContext
from grader.checks.conv_forward import Forward, forward_is_missing, own_forward
from grader.checks.credit import Share, shares_of
from grader.checks.examples import counterexample, row, stems
from grader.checks.findings import (
    Verdict,
    changes_arguments,
    failed,
    keeps_state,
    needs_human,
    partly,
    passed,
)
from grader.checks.replies import Answers, judge_layer
from grader.checks.rounding import lost_digits
from grader.checks.sizes import limited_to
from grader.probes import ConvCase, conv_cases, conv_demos
from grader.records import Finding, Outcome
from grader.tolerance import agrees, compare_layer
from reference import conv
from reference.conv import CONVENTIONS, DEFAULT_CONVENTION, Convention
from reference.signals import Floats

FUNCTION = "conv1d_backward"

Which: TypeAlias = Literal["input", "kernel"]
Gradients: TypeAlias = dict[str, Floats]

_CHECK: Mapping[Which, str] = {"input": "conv_grad_input", "kernel": "conv_grad_kernel"}
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


@dataclass(frozen=True, kw_only=True, eq=False)
class _Question:
    """One of the two gradients and what it is compared with."""

    which: Which
    cases: tuple[ConvCase, ...]
    targets: tuple[Target, ...]
    forward: Forward | None
    share: Share

    @property
    def place(self) -> int:
        """Place within the function's results."""
        return _PLACE[self.which]

    @property
    def name(self) -> str:
        """In words."""
        return _NAME[self.which]


def check_conv_grad_input(context: CheckContext, part_id: str) -> Finding:
    """3(a), gradient of the convolution to its input."""
    return _check(context, part_id, "input").finding(_CHECK["input"])


def check_conv_grad_kernel(context: CheckContext, part_id: str) -> Finding:
    """3(b), gradient of the convolution to its kernel."""
    return _check(context, part_id, "kernel").finding(_CHECK["kernel"])


def _check(context: CheckContext, part_id: str, which: Which) -> Verdict:
    forward = own_forward(context)
    cases = conv_cases(context.seed)
    targets = _targets(forward, (*cases, *conv_demos()), which)
    question = _Question(
        which=which,
        cases=cases,
        targets=targets,
        forward=forward,
        share=shares_of(context.assignment, _CHECK[which]),
    )
    verdict = judge_layer(context, FUNCTION, part_id, lambda a: _judge(a, question))
    if verdict.credit and forward is None and forward_is_missing(context):
        return needs_human(
            "The notebook defines a forward pass, but it could not be tried, so that the backward "
            "pass cannot be compared with it; a person looks at it.",
            staff=verdict.message,
        )
    return verdict


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


def _judge(answers: Answers, question: _Question) -> Verdict:
    outputs = {c: answers.first(c.key, question.place) for c in question.cases}
    target = max(question.targets, key=lambda t: _agreeing(outputs, t))
    verdict = _verdict(answers, outputs, target, question)
    forward = question.forward
    if verdict.outcome is Outcome.FAIL and forward is not None and forward.convention is None:
        verdict = _spared(verdict, outputs, question.targets[0])
    comparisons = [
        compare_layer(np.empty((0, 0)) if y is None else y, target.gradients[c.key])
        for c, y in outputs.items()
        if c.key in target.gradients
    ]
    tries = [
        ((d.x, d.w, d.grad_out), answers.first(d.key, question.place), target.gradients[d.key])
        for d in conv_demos()
        if d.key in target.gradients
    ]
    if verdict.outcome in {Outcome.FAIL, Outcome.PARTIAL}:
        name = f"{FUNCTION}[{question.place}]"
        example = counterexample(name, tries).replace(f"{name}(", f"{FUNCTION}(")
        if example:
            example = example.replace(" returned ", f" returned, as its {question.name}, ")
        verdict = replace(verdict, message=f"{verdict.message} {example}".strip())
    shown = (
        stems(f"{question.name} on a public example", tries[-1][1], tries[-1][2]) if tries else ()
    )
    return replace(verdict, measurements=(row(question.name, comparisons),), exhibits=shown)


def _agreeing(outputs: Mapping[ConvCase, Array | None], target: Target) -> int:
    """Number of cases that agree; a target that says nothing about a case does not gain by it."""
    return sum(
        y is not None and c.key in target.gradients and agrees(y, target.gradients[c.key])
        for c, y in outputs.items()
    )


def _verdict(
    answers: Answers, outputs: Mapping[ConvCase, Array | None], target: Target, question: _Question
) -> Verdict:
    compared = {c: y for c, y in outputs.items() if c.key in target.gradients}
    name, share = question.name, question.share
    if not answers.repeats_itself():
        return failed(keeps_state(FUNCTION))
    wrong = [c for c, y in compared.items() if y is None or not agrees(y, target.gradients[c.key])]
    if compared and not wrong:
        found = f"Right: the {name} is the exact adjoint of {target.words}."
        if answers.changed_arguments:
            return partly(f"{found} But {changes_arguments(FUNCTION)}", share("in_place"))
        return passed(found)
    staff = f"Raised: {answers.error_sentence()}" if answers.errors else ""
    if _swapped(answers, tuple(outputs), target, question.which):
        return partly(
            f"{FUNCTION} returns its two results in the other order; "
            "expected (gradient to the input, gradient to the kernel).",
            share("swapped"),
        )
    if all(len(c.w) % 2 == 0 for c in wrong):
        return partly(
            f"The {name} is right for kernels of odd size but not for even ones.",
            share("even_kernel"),
            staff,
        )
    if question.which == "input" and _right_inside(compared, target):
        return partly(
            "The gradient to the input is right in the interior but wrong at the ends of the "
            f"signal: it must be the adjoint of {target.words} there too.",
            share("boundary"),
            staff,
        )
    return failed(_difference(answers, outputs, target, question), staff)


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
    answers: Answers, outputs: Mapping[ConvCase, Array | None], target: Target, question: _Question
) -> str:
    name = question.name
    limits = _limits(answers, target, question)
    if limits:
        otherwise = f" (else {answers.error_sentence()})" if answers.errors else ""
        return f"The {name} is right only for {limits}{otherwise}: it must be for any N and k <= N."
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
    other = _other_convention(answers, question)
    if other:
        return f"The {name} is that of {other}, but your forward pass is not: {target.words}."
    for words, change in _likely_faults(target, question.which):
        if all(agrees(y, change(c)) for c, y in there.items()):
            return f"The {name} {words}."
    coarse = lost_digits(
        np.concatenate([np.ravel(y) for y in there.values()]),
        np.concatenate([np.ravel(target.gradients[c.key]) for c in there]),
    )
    return f"The {name} {coarse or f'is not the adjoint of {target.words}'}."


def _limits(answers: Answers, target: Target, question: _Question) -> str:
    """Words for the only sizes for which the gradient is right; empty where there is no rule."""
    tried = [c for c in (*question.cases, *conv_demos()) if c.key in target.gradients]
    sizes = {c.key: (len(c.x), len(c.w)) for c in tried}
    outputs = {c.key: answers.first(c.key, question.place) for c in tried}
    wrong = {
        sizes[key]
        for key, y in outputs.items()
        if y is None or not agrees(y, target.gradients[key])
    }
    return limited_to(set(sizes.values()) - wrong, set(sizes.values()))


def _other_convention(answers: Answers, question: _Question) -> str:
    """The convention that both gradients follow, where the forward pass follows another one."""
    if question.forward is None or question.forward.convention is None:
        return ""
    for convention in CONVENTIONS:
        follows = all(
            y is not None and agrees(y, _gradient(c, convention, which))
            for which, place in _PLACE.items()
            for c, y in ((c, answers.first(c.key, place)) for c in question.cases)
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
        if agrees(target.gradients[case.key], _gradient(case, convention, which)):
            return _gradient(ones, convention, which)
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

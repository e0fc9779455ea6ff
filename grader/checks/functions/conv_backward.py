"""3(a), 3(b): are the gradients the exact adjoint of one forward pass, the student's own?

Where the forward is right, the gradients must be that forward's. Where it is wrong or not there,
they may be that forward's or those of any convention: a fault costs its points once. Both gradients
must be of the same forward: the one that fits the two of them best. A forward that does not depend
on the input and on the kernel is no layer, and nothing is compared with it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Literal, TypeAlias

import numpy as np

from grader.checks.context import CheckContext
from grader.checks.credit import PartialCredit, shares_of
from grader.checks.declaration import UNCHANGED, Basis, Check, Reads, Rests
from grader.checks.findings import Verdict, failed, needs_human, partly, passed, say
from grader.checks.functions.conv_backward_faults import explain_gradient
from grader.checks.functions.conv_diagnosis import FUNCTION as FORWARD
from grader.checks.functions.conv_forward import forward_is_missing, own_forward
from grader.checks.functions.conv_gradients import (
    CHECK_OF,
    FUNCTION,
    OTHER,
    PLACE_OF,
    GradientCheck,
    Target,
    Which,
    targets_of,
)
from grader.checks.functions.examples import (
    compared,
    counterexample,
    has_example,
    keeps_state,
    row,
    stems,
    tried,
)
from grader.checks.functions.forms import judge_layer
from grader.checks.functions.replies import Answers
from grader.checks.stored_arrays import Array
from grader.checks.tolerance import agreeing, agrees
from grader.model.records import Outcome
from grader.planning.probes import (
    Call,
    ConvCase,
    Question,
    conv_cases,
    conv_demos,
    conv_rows,
)

CREDIT = {
    "even_kernel": PartialCredit(meaning="right for odd kernels, wrong for even ones", default=0.5),
    "in_place": PartialCredit(meaning="right values, but arguments are changed", default=0.8),
    "swapped": PartialCredit(
        meaning="both gradients right, but returned in the other order", default=0.8
    ),
    "boundary": PartialCredit(meaning="right inside, wrong at the ends", default=0.5),
}

Fault: TypeAlias = Literal["none", "swapped", "even_kernel", "boundary", "other"]
"""How a gradient differs from a target."""

LEAST_COMPARED = 3
"""One of so many cases must have something to compare with; of odd kernels are nearly half."""

PROVEN = frozenset({"conv_backward.zeros", "function.not_finite"})
"""Faults that no forward of whatever length could excuse."""


def asked(seed: int) -> tuple[Question, ...]:
    """Return the calls, which serve both gradients."""
    calls = tuple(
        Call(key=c.key, rows=((np.array(c.x), np.array(c.w), np.array(c.grad_out)),), returns=2)
        for c in (*conv_demos(), *conv_cases(seed))
    )
    return (Question(function=FUNCTION, calls=calls, may_call=(FORWARD,)),)


def check_conv_grad_input(context: CheckContext, part_id: str) -> Verdict:
    """3(a), gradient of the convolution to its input."""
    return _check(context, part_id, "input")


def check_conv_grad_kernel(context: CheckContext, part_id: str) -> Verdict:
    """3(b), gradient of the convolution to its kernel."""
    return _check(context, part_id, "kernel")


def _check(context: CheckContext, part_id: str, which: Which) -> Verdict:
    forward = own_forward(context)
    cases = (*conv_cases(context.seed), *conv_demos())
    gradient = GradientCheck(
        which=which,
        cases=cases,
        targets=targets_of(forward, cases),
        forward=forward,
        share=shares_of(context.assignment, CHECK_OF[which], CREDIT),
    )
    keys = [case.key for case in cases]
    verdict = judge_layer(context, FUNCTION, part_id, keys, lambda a: _judge(a, gradient))
    if verdict.credit and forward is None and forward_is_missing(context):
        return needs_human(say("conv_backward.forward_not_run", verdict=verdict.message))
    return verdict


def _judge(answers: Answers, gradient: GradientCheck) -> Verdict:
    outputs = {c: answers.first(c.key, gradient.place) for c in gradient.cases}
    target = max(gradient.targets, key=lambda t: _fit(answers, t, gradient))
    verdict = _verdict(answers, outputs, target, gradient)
    wanted = target.of(gradient.which)
    comparisons = [compared(y, wanted[c.key]) for c, y in outputs.items() if c.key in wanted]
    tries = [
        tried(answers, d.key, (d.x, d.w, d.grad_out), wanted[d.key], gradient.place)
        for d in conv_demos()
        if d.key in wanted
    ]
    if verdict.outcome in {Outcome.FAIL, Outcome.PARTIAL} and not has_example(verdict):
        verdict = verdict.adding(*counterexample(FUNCTION, tries, gradient.name))
    title = f"{gradient.name} on a public example"
    shown = stems(title, tries[-1].returned, tries[-1].expected) if tries else ()
    return replace(verdict, measurements=(row(gradient.name, comparisons),), exhibits=shown)


def _fit(answers: Answers, target: Target, gradient: GradientCheck) -> tuple[float, int]:
    """How well a forward fits both gradients: by what they are worth, then by agreeing cases."""
    worth, cases = 0.0, 0
    for which in PLACE_OF:
        outputs = {c: answers.first(c.key, PLACE_OF[which]) for c in gradient.cases}
        fault, right = _fault(answers, outputs, target, which)
        if fault != "other":
            worth += 1.0 if fault == "none" else CREDIT[fault].default
        cases += right
    return worth, cases


def _agreeing(
    outputs: Mapping[ConvCase, Array | None], target: Target, which: Which
) -> set[ConvCase]:
    """Cases that agree; a target that says nothing about a case does not gain by it."""
    wanted = target.of(which)
    judged = [(c, y) for c, y in outputs.items() if c.key in wanted]
    agree = agreeing((y, wanted[c.key]) for c, y in judged)
    return {c for (c, _), right in zip(judged, agree, strict=True) if right}


def _fault(
    answers: Answers, outputs: Mapping[ConvCase, Array | None], target: Target, which: Which
) -> tuple[Fault, int]:
    """How a gradient differs from a target's, and in how many cases it agrees."""
    right = _agreeing(outputs, target, which)
    judged = {c: y for c, y in outputs.items() if c.key in target.of(which)}
    wrong = [c for c in judged if c not in right]
    if not _tells_enough(judged, outputs, target):
        return "other", len(right)  # no evidence is never a pass
    if not wrong:
        return "none", len(right)
    if _swapped(answers, judged, target, which):
        return "swapped", len(right)
    even = [c for c in judged if len(c.w) % 2 == 0]
    if set(wrong) <= set(even) and 2 * len(wrong) > len(even) and any(_telling(c) for c in right):
        return "even_kernel", len(right)
    if which == "input" and _right_inside(judged, target):
        return "boundary", len(right)
    return "other", len(right)


def _tells_enough(
    judged: Collection[ConvCase], cases: Collection[ConvCase], target: Target
) -> bool:
    """Whether enough cases can be compared: a forward of the right length for odd kernels does."""
    known = [c for c in cases if not target.own or len(conv_rows(c)) > 1]
    there, wanted = (sum(map(_telling, some)) for some in (judged, known))
    return 0 < wanted <= LEAST_COMPARED * there


def _telling(case: ConvCase) -> bool:
    """Whether there is something to go wrong: with one tap there is nothing to reverse or shift."""
    return len(case.w) > 1


def _verdict(
    answers: Answers,
    outputs: Mapping[ConvCase, Array | None],
    target: Target,
    gradient: GradientCheck,
) -> Verdict:
    name, share = gradient.name, gradient.share
    if not answers.repeats_itself():
        first = conv_demos()[0]
        return keeps_state(FUNCTION, answers, (first.x, first.w, first.grad_out))
    match _fault(answers, outputs, target, gradient.which)[0]:
        case "none":
            return _right(answers, outputs, target, gradient)
        case "swapped":
            return partly(say("conv_backward.swapped", function=FUNCTION), share("swapped"))
        case "even_kernel":
            found = say("conv_backward.even_kernel", gradient=name)
            return partly(found, share("even_kernel")).adding(*answers.raised())
        case "boundary":
            found = say(
                "conv_backward.ends", gradient=name, target=_beside(answers, target, gradient)
            )
            return partly(found, share("boundary")).adding(*answers.raised())
        case _:
            return _wrong(answers, outputs, target, gradient)


def _beside(answers: Answers, target: Target, gradient: GradientCheck) -> str:
    """The target in words, with the other gradient where it is what speaks for this target."""
    other = OTHER[gradient.which]
    outputs = {c: answers.first(c.key, PLACE_OF[other]) for c in gradient.cases}
    if len(gradient.targets) > 1 and len(_agreeing(outputs, target, other)) == len(outputs):
        return f"{target.words}, as the {gradient.turned().name} is"
    return target.words


def _right(
    answers: Answers,
    outputs: Mapping[ConvCase, Array | None],
    target: Target,
    gradient: GradientCheck,
) -> Verdict:
    forward = gradient.forward
    if any(_is_odd(c, y, gradient) for c, y in outputs.items() if c.key not in target.to_input):
        return needs_human(say("conv_backward.forward_tells_nothing", gradient=gradient.name))
    if target.own and forward is not None and not forward.uses_all:
        return needs_human(say("conv_backward.forward_leaves_out", gradient=gradient.name))
    if answers.changed_arguments:
        return partly(say("function.in_place", function=FUNCTION), gradient.share("in_place"))
    if target.own and forward is not None and forward.lengths_wrong:
        return passed(say("conv_backward.right_where_comparable", gradient=gradient.name))
    return passed(say("conv_backward.right", gradient=gradient.name, target=target.words))


def _is_odd(case: ConvCase, output: Array | None, gradient: GradientCheck) -> bool:
    """Whether something was returned that is no gradient, where the forward tells nothing of it."""
    forward = gradient.forward
    if output is None or forward is None or forward.lengths_wrong:
        return False
    size = len(case.x if gradient.which == "input" else case.w)
    return output.size != size or not bool(np.isfinite(output).all())


def _wrong(
    answers: Answers,
    outputs: Mapping[ConvCase, Array | None],
    target: Target,
    gradient: GradientCheck,
) -> Verdict:
    """Nothing that is worth points; a forward of a wrong length leaves little to compare with."""
    verdict = failed(explain_gradient(answers, outputs, target, gradient))
    verdict = verdict.adding(*answers.raised())
    forward = gradient.forward
    if forward is None or forward.convention is not None or not forward.lengths_wrong:
        return verdict
    if verdict.remarks[0].code in PROVEN:
        return verdict
    return needs_human(say("conv_backward.forward_length", verdict=verdict.message))


def _swapped(
    answers: Answers, judged: Mapping[ConvCase, Array | None], target: Target, which: Which
) -> bool:
    place, wanted = PLACE_OF[OTHER[which]], target.of(which)
    values = [(c, answers.first(c.key, place)) for c in judged]
    return all(y is not None and agrees(y, wanted[c.key]) for c, y in values)


def _right_inside(judged: Mapping[ConvCase, Array | None], target: Target) -> bool:
    """Whether all samples that no boundary touches agree, in the cases that have such samples."""
    told = False
    for case, output in judged.items():
        n, k = len(case.x), len(case.w)
        if output is None or output.size != n:
            return False
        # Padding that reflects leads to k // 2 samples beside the first, for k = 2 as well.
        reach = max(k - 1, k // 2 + 1) if k > 1 else 0
        inside = slice(reach, n - reach)
        if not agrees(output.reshape(n)[inside], target.to_input[case.key][inside]):
            return False
        told = told or (k > 1 and n > 2 * reach)
    return told


CHECKS = (
    Check(
        id="conv_grad_input",
        judge=check_conv_grad_input,
        reads=frozenset({Reads.REPLIES}),
        rests=(
            Rests(
                on=Basis.PROBED,
                what="gradients to the input for hidden cases, against the adjoint "
                "of a convention or of the own forward, which is measured by "
                "steps",
            ),
            UNCHANGED,
        ),
        credit=CREDIT,
        function=FUNCTION,
        probes=asked,
    ),
    Check(
        id="conv_grad_kernel",
        judge=check_conv_grad_kernel,
        reads=frozenset({Reads.REPLIES}),
        rests=(
            Rests(
                on=Basis.PROBED,
                what="gradients to the kernel for hidden cases, against the "
                "adjoint of a convention or of the own forward, which is "
                "measured by steps",
            ),
            UNCHANGED,
        ),
        credit={fault: one for fault, one in CREDIT.items() if fault != "boundary"},
        function=FUNCTION,
        probes=asked,
    ),
)

"""3(a), 3(b): are the gradients the exact adjoint of the student's own forward?

Where the forward is right, the gradients must be that forward's. Where it is wrong or not there,
they may be that forward's or those of any convention: a fault costs its points once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from grader.checks.context import CheckContext
from grader.checks.credit import PartialCredit, shares_of
from grader.checks.declaration import Check, Reads
from grader.checks.findings import Verdict, failed, needs_human, partly, passed, say
from grader.checks.functions.conv_backward_faults import explain_gradient
from grader.checks.functions.conv_diagnosis import FUNCTION as FORWARD
from grader.checks.functions.conv_forward import forward_is_missing, own_forward
from grader.checks.functions.conv_gradients import (
    CHECK_OF,
    FUNCTION,
    PLACE_OF,
    GradientCheck,
    Target,
    Which,
    targets_of,
)
from grader.checks.functions.examples import compared, counterexample, row, stems
from grader.checks.functions.replies import Answers, judge_layer
from grader.checks.stored_arrays import Array
from grader.checks.tolerance import agrees
from grader.model.records import Outcome
from grader.planning.probes import Call, ConvCase, Question, conv_cases, conv_demos

CREDIT = {
    "even_kernel": PartialCredit(meaning="right for odd kernels, wrong for even ones", default=0.5),
    "in_place": PartialCredit(meaning="right values, but arguments are changed", default=0.8),
    "swapped": PartialCredit(
        meaning="both gradients right, but returned in the other order", default=0.8
    ),
    "boundary": PartialCredit(meaning="right inside, wrong at the ends", default=0.5),
}


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
    cases = conv_cases(context.seed)
    targets = targets_of(forward, (*cases, *conv_demos()), which)
    gradient = GradientCheck(
        which=which,
        cases=cases,
        targets=targets,
        forward=forward,
        share=shares_of(context.assignment, CHECK_OF[which], CREDIT),
    )
    verdict = judge_layer(context, FUNCTION, part_id, lambda a: _judge(a, gradient))
    if verdict.credit and forward is None and forward_is_missing(context):
        return needs_human(say("conv_backward.forward_not_run", verdict=verdict.message))
    return verdict


def _judge(answers: Answers, gradient: GradientCheck) -> Verdict:
    outputs = {c: answers.first(c.key, gradient.place) for c in gradient.cases}
    target = max(gradient.targets, key=lambda t: _agreeing(outputs, t))
    verdict = _verdict(answers, outputs, target, gradient)
    forward = gradient.forward
    if verdict.outcome is Outcome.FAIL and forward is not None and forward.convention is None:
        verdict = _spared(verdict, outputs, gradient)
    comparisons = [
        compared(y, target.gradients[c.key])
        for c, y in outputs.items()
        if c.key in target.gradients
    ]
    tries = [
        ((d.x, d.w, d.grad_out), answers.first(d.key, gradient.place), target.gradients[d.key])
        for d in conv_demos()
        if d.key in target.gradients
    ]
    if verdict.outcome in {Outcome.FAIL, Outcome.PARTIAL}:
        verdict = verdict.adding(*counterexample(FUNCTION, tries, gradient.name))
    shown = (
        stems(f"{gradient.name} on a public example", tries[-1][1], tries[-1][2]) if tries else ()
    )
    return replace(verdict, measurements=(row(gradient.name, comparisons),), exhibits=shown)


def _agreeing(outputs: Mapping[ConvCase, Array | None], target: Target) -> int:
    """Number of cases that agree; a target that says nothing about a case does not gain by it."""
    return sum(
        y is not None and c.key in target.gradients and agrees(y, target.gradients[c.key])
        for c, y in outputs.items()
    )


def _verdict(
    answers: Answers,
    outputs: Mapping[ConvCase, Array | None],
    target: Target,
    gradient: GradientCheck,
) -> Verdict:
    compared = {c: y for c, y in outputs.items() if c.key in target.gradients}
    name, share = gradient.name, gradient.share
    if not answers.repeats_itself():
        return failed(say("function.keeps_state", function=FUNCTION))
    wrong = [c for c, y in compared.items() if y is None or not agrees(y, target.gradients[c.key])]
    if compared and not wrong:
        if answers.changed_arguments:
            return partly(say("function.in_place", function=FUNCTION), share("in_place"))
        return passed(say("conv_backward.right", gradient=name, target=target.words))
    raised = answers.raised()
    if _swapped(answers, tuple(outputs), target, gradient.which):
        return partly(say("conv_backward.swapped", function=FUNCTION), share("swapped"))
    if all(len(c.w) % 2 == 0 for c in wrong):
        found = say("conv_backward.even_kernel", gradient=name)
        return partly(found, share("even_kernel")).adding(*raised)
    if gradient.which == "input" and _right_inside(compared, target):
        found = say("conv_backward.ends", gradient=name, target=target.words)
        return partly(found, share("boundary")).adding(*raised)
    return failed(explain_gradient(answers, outputs, target, gradient)).adding(*raised)


def _spared(
    verdict: Verdict, outputs: Mapping[ConvCase, Array | None], gradient: GradientCheck
) -> Verdict:
    """A forward of a wrong length leaves nothing to compare with in the cases concerned."""
    own = gradient.targets[0]
    judged = [(c, y) for c, y in outputs.items() if c.key in own.gradients]
    lengths_wrong = len(judged) < len(outputs)
    if not lengths_wrong:
        return verdict
    many = [c for c, _ in judged if len(c.w) > 1]
    if many and all(y is not None and agrees(y, own.gradients[c.key]) for c, y in judged):
        return passed(say("conv_backward.right_where_comparable", gradient=gradient.name))
    return needs_human(say("conv_backward.forward_length", verdict=verdict.message))


def _swapped(answers: Answers, cases: tuple[ConvCase, ...], target: Target, which: Which) -> bool:
    other = 1 - PLACE_OF[which]
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


CHECKS = (
    Check(
        id="conv_grad_input",
        judge=check_conv_grad_input,
        reads=frozenset({Reads.REPLIES}),
        credit=CREDIT,
        function=FUNCTION,
        probes=asked,
    ),
    Check(
        id="conv_grad_kernel",
        judge=check_conv_grad_kernel,
        reads=frozenset({Reads.REPLIES}),
        credit={fault: one for fault, one in CREDIT.items() if fault != "boundary"},
        function=FUNCTION,
        probes=asked,
    ),
)

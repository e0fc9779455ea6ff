"""3(b): the update rule of the kernel, w - lr dC/dw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from grader.checks.context import CheckContext
from grader.checks.credit import PartialCredit, Share, shares_of
from grader.checks.declaration import Check, Reads
from grader.checks.findings import Verdict, failed, partly, passed, say
from grader.checks.functions.examples import compared, counterexample, row
from grader.checks.functions.replies import Answers, judge_layer, raises_for
from grader.checks.tolerance import agrees
from grader.model.records import Outcome
from grader.planning.probes import Call, Question, UpdateCase, update_cases, update_demos
from reference import conv
from reference.signals import Floats

CHECK = "conv_update"
FUNCTION = "conv1d_update"
_KERNEL_PLACE = 0

CREDIT = {
    "in_place": PartialCredit(meaning="right values, but the gradient is changed", default=0.8)
}


def asked(seed: int) -> tuple[Question, ...]:
    """Return the calls."""
    calls = tuple(
        Call(key=c.key, rows=((np.array(c.w), np.array(c.grad_w), c.lr),))
        for c in (*update_demos(), *update_cases(seed))
    )
    return (Question(function=FUNCTION, calls=calls),)


def check_conv_update(context: CheckContext, part_id: str) -> Verdict:
    """3(b), update rule."""
    cases, share = update_cases(context.seed), shares_of(context.assignment, CHECK, CREDIT)
    return judge_layer(context, FUNCTION, part_id, lambda a: _judge(a, cases, share))


def _judge(answers: Answers, cases: tuple[UpdateCase, ...], share: Share) -> Verdict:
    outputs = {c: answers.first(c.key) for c in cases}
    comparisons = [compared(y, _right(c)) for c, y in outputs.items()]
    verdict = _verdict(answers, cases, share)
    if verdict.outcome is Outcome.FAIL:
        tries = [((d.w, d.grad_w, d.lr), answers.first(d.key), _right(d)) for d in update_demos()]
        verdict = verdict.adding(*counterexample(FUNCTION, tries))
    return replace(verdict, measurements=(row("new kernel", comparisons),))


def _verdict(answers: Answers, cases: tuple[UpdateCase, ...], share: Share) -> Verdict:
    if not answers.repeats_itself():
        return failed(say("function.keeps_state", function=FUNCTION))
    if _fits(answers, cases, _right):
        if answers.changed_arguments - {_KERNEL_PLACE}:
            return partly(say("function.in_place", function=FUNCTION), share("in_place"))
        # Writing the new kernel over the old one is what an update is.
        note = [say("conv_update.kernel_in_place")] if answers.changed_arguments else []
        return passed(say("conv_update.right")).noting(*note)
    raised = [c.size for c in cases if c.key in answers.errors]
    if raised:
        return failed(raises_for(FUNCTION, raised[0], answers))
    for code, formula in _FAULTS:
        if _fits(answers, cases, formula):
            return failed(say(code))
    if _along_gradient(answers, cases):
        return failed(say("conv_update.step_length"))
    return failed(say("conv_update.wrong"))


def _along_gradient(answers: Answers, cases: tuple[UpdateCase, ...]) -> bool:
    """Whether w less the output is a positive multiple of the gradient, in every case."""
    for case in cases:
        output, gradient = answers.first(case.key), np.array(case.grad_w)
        if output is None or output.size != gradient.size:
            return False
        step = np.array(case.w) - output.reshape(-1).astype(np.float64)
        factor = float(step @ gradient / (gradient @ gradient))
        if not factor > 0 or not agrees(step, factor * gradient):
            return False
    return True


def _fits(
    answers: Answers, cases: tuple[UpdateCase, ...], formula: Callable[[UpdateCase], Floats]
) -> bool:
    outputs = [(c, answers.first(c.key)) for c in cases]
    return all(y is not None and agrees(y, formula(c)) for c, y in outputs)


def _right(case: UpdateCase) -> Floats:
    return conv.update(case.w, case.grad_w, case.lr)


_FAULTS: tuple[tuple[str, Callable[[UpdateCase], Floats]], ...] = (
    ("conv_update.ascent", lambda c: np.array(c.w) + c.lr * np.array(c.grad_w)),
    ("conv_update.no_rate", lambda c: np.array(c.w) - np.array(c.grad_w)),
    ("conv_update.step_only", lambda c: -c.lr * np.array(c.grad_w)),
    ("conv_update.step_only", lambda c: c.lr * np.array(c.grad_w)),
    (
        "conv_update.normalized",
        lambda c: np.array(c.w) - c.lr * np.array(c.grad_w) / np.linalg.norm(c.grad_w),
    ),
    (
        "conv_update.mean",
        lambda c: np.array(c.w) - c.lr * np.array(c.grad_w) / len(c.w),
    ),
    (
        "conv_update.swapped",
        lambda c: np.array(c.grad_w) - c.lr * np.array(c.w),
    ),
    ("conv_update.unchanged", lambda c: np.array(c.w)),
    ("conv_update.divides_by_rate", lambda c: np.array(c.w) - np.array(c.grad_w) / c.lr),
    ("conv_update.both_signs", lambda c: c.lr * np.array(c.grad_w) - np.array(c.w)),
    (
        "conv_update.sign_only",
        lambda c: np.array(c.w) - c.lr * np.sign(np.array(c.grad_w)),
    ),
)

CHECKS = (
    Check(
        id="conv_update",
        judge=check_conv_update,
        reads=frozenset({Reads.REPLIES}),
        credit=CREDIT,
        function=FUNCTION,
        probes=asked,
    ),
)

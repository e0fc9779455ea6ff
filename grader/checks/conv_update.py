"""3(b): the update rule of the kernel, w - lr dC/dw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from grader.checks.context import CheckContext
from grader.checks.examples import row
from grader.checks.findings import Verdict, failed, passed
from grader.checks.replies import Answers, judge_layer
from grader.probes import UpdateCase, update_cases
from grader.records import Finding
from grader.tolerance import agrees, compare_layer
from reference import conv
from reference.signals import Floats

FUNCTION = "conv1d_update"


def check_conv_update(context: CheckContext, part_id: str) -> Finding:
    """3(b), update rule."""
    cases = update_cases(context.seed)
    verdict = judge_layer(context, FUNCTION, part_id, lambda a: _judge(a, cases))
    return verdict.finding("conv_update")


def _judge(answers: Answers, cases: tuple[UpdateCase, ...]) -> Verdict:
    outputs = {c: answers.first(c.key) for c in cases}
    comparisons = [
        compare_layer(np.empty((0, 0)) if y is None else y, _right(c)) for c, y in outputs.items()
    ]
    return replace(_verdict(answers, cases), measurements=(row("new kernel", comparisons),))


def _verdict(answers: Answers, cases: tuple[UpdateCase, ...]) -> Verdict:
    if not answers.repeats_itself(cases[0].key):
        return failed(
            f"{FUNCTION} gives another result when it is called again with the same arguments: "
            "it keeps something from call to call."
        )
    if _fits(answers, cases, _right):
        note = "It changes w in place." if answers.changed_inputs else ""
        return passed("Right: a step of gradient descent, w - lr dC/dw.", staff=note)
    raised = [c.size for c in cases if c.key in answers.errors]
    if raised:
        return failed(f"An exception for {raised[0]}: {answers.error_sentence()}.")
    for words, formula in _FAULTS:
        if _fits(answers, cases, formula):
            return failed(f"The update {words}; expected w - lr dC/dw.")
    return failed("The update is not w - lr dC/dw.")


def _fits(
    answers: Answers, cases: tuple[UpdateCase, ...], formula: Callable[[UpdateCase], Floats]
) -> bool:
    outputs = [(c, answers.first(c.key)) for c in cases]
    return all(y is not None and agrees(y, formula(c)) for c, y in outputs)


def _right(case: UpdateCase) -> Floats:
    return conv.update(case.w, case.grad_w, case.lr)


_FAULTS: tuple[tuple[str, Callable[[UpdateCase], Floats]], ...] = (
    ("adds the gradient, which climbs", lambda c: np.array(c.w) + c.lr * np.array(c.grad_w)),
    ("leaves out the learning rate", lambda c: np.array(c.w) - np.array(c.grad_w)),
    ("is only the step, without w", lambda c: -c.lr * np.array(c.grad_w)),
    ("is only the step, without w", lambda c: c.lr * np.array(c.grad_w)),
    ("changes nothing", lambda c: np.array(c.w)),
    ("divides by the learning rate", lambda c: np.array(c.w) - np.array(c.grad_w) / c.lr),
    ("has both signs turned", lambda c: c.lr * np.array(c.grad_w) - np.array(c.w)),
    (
        "takes the sign of the gradient only",
        lambda c: np.array(c.w) - c.lr * np.sign(np.array(c.grad_w)),
    ),
)

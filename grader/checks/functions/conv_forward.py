"""1(a): which convention does the student's convolution follow, and if none, how it differs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from grader.checks.context import CheckContext, once_per_context
from grader.checks.credit import PartialCredit, Share, shares_of
from grader.checks.declaration import Check, Reads
from grader.checks.findings import Verdict, failed, needs_human, partly, passed, say
from grader.checks.functions.conv_diagnosis import (
    FUNCTION,
    by_convention,
    explain_difference,
    rows_by_convention,
    shift_of,
)
from grader.checks.functions.examples import compared, counterexample, row, stems
from grader.checks.functions.replies import Answers, answers_of, judge_layer, reply_of
from grader.checks.stored_arrays import Array
from grader.checks.tolerance import agrees, compare_layer
from grader.model.records import Outcome
from grader.planning.probes import Call, ConvCase, Question, conv_cases, conv_demos, conv_rows
from reference.conv import CONVENTIONS, DEFAULT_CONVENTION, Convention
from reference.numgrad import LINEAR_EPS
from reference.signals import Floats

CHECK = "conv_forward"

Matrices: TypeAlias = dict[str, Floats]

CREDIT = {
    "even_kernel": PartialCredit(meaning="right for odd kernels, wrong for even ones", default=0.5),
    "in_place": PartialCredit(meaning="right values, but arguments are changed", default=0.8),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Forward:
    """The student's own forward, as far as it was seen."""

    convention: Convention | None
    """The one that fits every case; None where none does."""
    to_input: Matrices
    """Case to d x_out / d x_in, (M, N)."""
    to_kernel: Matrices
    """Case to d x_out / d w, (M, k)."""


def asked(seed: int) -> tuple[Question, ...]:
    """Return the calls: each case, and steps of each of its entries."""
    cases = (*conv_demos(), *conv_cases(seed))
    calls = tuple(Call(key=c.key, rows=conv_rows(c)) for c in cases)
    return (Question(function=FUNCTION, calls=calls),)


def check_conv_forward(context: CheckContext, part_id: str) -> Verdict:
    """1(a), forward of the convolution layer."""
    cases, share = conv_cases(context.seed), shares_of(context.assignment, CHECK, CREDIT)
    return judge_layer(context, FUNCTION, part_id, lambda a: _judge(a, cases, share))


@once_per_context
def own_forward(context: CheckContext) -> Forward | None:
    """Return the student's own forward; None where there is none that returns anything."""
    reply = reply_of(context, FUNCTION)
    if reply is None or reply.outcome is not Outcome.PASS:
        return None
    cases = conv_cases(context.seed)
    forms = [form for form in answers_of(context, reply) if form.arrays]
    if not forms:
        return None
    share = shares_of(context.assignment, CHECK, CREDIT)
    best = min(forms, key=lambda form: _judge(form, cases, share).rank())
    to_input, to_kernel = {}, {}
    for case in (*cases, *conv_demos()):
        jacobians = _jacobians(best.get(case.key), len(case.x), len(case.w))
        if jacobians is not None:
            to_input[case.key], to_kernel[case.key] = jacobians
    fitting = _fitting(best, cases)
    return Forward(
        convention=fitting[0] if fitting else None, to_input=to_input, to_kernel=to_kernel
    )


def forward_is_missing(context: CheckContext) -> bool:
    """Whether the notebook defines the forward pass, yet nothing at all came back from it."""
    reply = reply_of(context, FUNCTION)
    unanswered = reply is None or (reply.outcome is Outcome.PASS and not reply.values)
    return FUNCTION in context.names_defined and unanswered


def _judge(answers: Answers, cases: tuple[ConvCase, ...], share: Share) -> Verdict:
    fitting = _fitting(answers, cases)
    closest = fitting[0] if fitting else _closest(answers, cases)
    verdict = _verdict(answers, cases, fitting, share)
    demos = conv_demos()
    comparisons = [compared(answers.first(c.key), by_convention(c, closest)) for c in cases]
    tries = [((d.x, d.w), answers.first(d.key), by_convention(d, closest)) for d in demos]
    last = tries[-1]
    title = f"{FUNCTION} on a public example, against {closest.describe(2)}"
    if verdict.outcome not in {Outcome.PASS, Outcome.NEEDS_HUMAN}:
        verdict = verdict.adding(*counterexample(FUNCTION, tries))
    return replace(
        verdict,
        measurements=(row("output of conv1d_forward", comparisons),),
        exhibits=stems(title, last[1], last[2]),
    )


def _verdict(
    answers: Answers,
    cases: tuple[ConvCase, ...],
    fitting: tuple[Convention, ...],
    share: Share,
) -> Verdict:
    if not answers.repeats_itself():
        return failed(say("function.keeps_state", function=FUNCTION))
    if fitting:
        convention = say("conv_forward.convention", convention=fitting[0].describe(2))
        if answers.changed_arguments:
            in_place = say("function.in_place", function=FUNCTION)
            return partly(in_place, share("in_place")).adding(convention)
        return passed(say("conv_forward.right", convention=fitting[0].describe(2)))
    if all(_constant(answers.get(c.key)) for c in cases):
        return failed(say("conv_forward.constant", function=FUNCTION))
    odd = tuple(c for c in cases if len(c.w) % 2)
    if _fitting(answers, odd):
        name = _fitting(answers, odd)[0].describe(1)
        found = say("conv_forward.even_kernel", convention=name)
        return partly(found, share("even_kernel")).adding(*answers.raised())
    shift = shift_of({c: answers.first(c.key) for c in cases})
    if shift is not None and shift.one_sided:
        # A consistent choice that the course's conventions leave out.
        return needs_human(say("conv_forward.one_sided", operation=shift.operation))
    return failed(explain_difference(answers, cases, shift)).adding(*answers.raised())


def _fitting(answers: Answers, cases: tuple[ConvCase, ...]) -> tuple[Convention, ...]:
    """Conventions that every case follows, in all of its rows."""
    return tuple(
        convention
        for convention in CONVENTIONS
        if all(_follows(answers, case, convention) for case in cases)
    )


def _follows(answers: Answers, case: ConvCase, convention: Convention) -> bool:
    first = answers.first(case.key)
    if first is None or not agrees(first, by_convention(case, convention)):
        return False
    rows, wanted = answers.get(case.key), rows_by_convention(case, convention)
    if rows is None or rows.size != wanted.size:
        return False
    return agrees(rows.reshape(wanted.shape), wanted)


def _constant(rows: Array | None) -> bool:
    """Whether all of a case's calls, which differ in their inputs, gave one and the same output."""
    return rows is not None and len(rows) > 1 and bool((rows == rows[0]).all())


def _closest(answers: Answers, cases: tuple[ConvCase, ...]) -> Convention:
    """The convention with most agreeing entries; the default where nothing agrees."""

    def agreeing(convention: Convention) -> int:
        total = 0
        for case in cases:
            output = answers.first(case.key)
            wanted = by_convention(case, convention)
            if output is not None and output.shape == wanted.shape:
                total += wanted.size - compare_layer(output, wanted).outside
        return total

    best = max(CONVENTIONS, key=agreeing)
    return best if agreeing(best) > agreeing(DEFAULT_CONVENTION) else DEFAULT_CONVENTION


def _jacobians(stack: Array | None, n: int, k: int) -> tuple[Floats, Floats] | None:
    """Take the differences apart, as `conv_rows` put them together."""
    if stack is None or stack.ndim < 2 or len(stack) != 1 + 2 * n + 2 * k:
        return None
    rows = stack.reshape(len(stack), -1).astype(np.float64)
    if not np.isfinite(rows).all():
        return None
    slopes = (rows[1::2] - rows[2::2]) / (2 * LINEAR_EPS)
    return slopes[:n].T, slopes[n:].T


CHECKS = (
    Check(
        id="conv_forward",
        judge=check_conv_forward,
        reads=frozenset({Reads.REPLIES}),
        credit=CREDIT,
        function=FUNCTION,
        probes=asked,
    ),
)

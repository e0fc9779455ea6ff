"""1(a): which convention does the student's convolution follow, and if none, how it differs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from grader.checks.context import CheckContext, once_per_context
from grader.checks.credit import PartialCredit, Share, shares_of
from grader.checks.declaration import UNCHANGED, Basis, Check, Reads, Rests
from grader.checks.findings import Verdict, failed, needs_human, partly, passed, say
from grader.checks.functions.conv_diagnosis import (
    FUNCTION,
    Difference,
    by_convention,
    explain_difference,
    rows_by_convention,
    shift_of,
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
from grader.checks.functions.forms import counted, judge_layer
from grader.checks.functions.replies import Answers, answers_of, reply_of
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
    is_layer: bool
    """Whether the output depends on the input and on the kernel; else its adjoint is none."""
    uses_all: bool
    """Whether it depends on every tap and on most samples, for each kernel size in some case."""
    lengths_wrong: bool
    """Whether it depends on both, and some output has not the input's length."""


def asked(seed: int) -> tuple[Question, ...]:
    """Return the calls: each case, and steps of each of its entries."""
    cases = (*conv_demos(), *conv_cases(seed))
    calls = tuple(Call(key=c.key, rows=conv_rows(c)) for c in cases)
    return (Question(function=FUNCTION, calls=calls),)


def check_conv_forward(context: CheckContext, part_id: str) -> Verdict:
    """1(a), forward of the convolution layer."""
    cases = _cases(context)
    share, keys = shares_of(context.assignment, CHECK, CREDIT), [case.key for case in cases]
    return judge_layer(context, FUNCTION, part_id, keys, lambda a: _judge(a, cases, share))


def _cases(context: CheckContext) -> tuple[ConvCase, ...]:
    return (*conv_cases(context.seed), *conv_demos())


@once_per_context
def own_forward(context: CheckContext) -> Forward | None:
    """Return the student's own forward; None where there is none that returns anything."""
    reply = reply_of(context, FUNCTION)
    if reply is None or reply.outcome is not Outcome.PASS:
        return None
    cases, share = _cases(context), shares_of(context.assignment, CHECK, CREDIT)
    found = counted(FUNCTION, answers_of(context, reply), lambda a: _judge(a, cases, share))
    if found is None or not found.answers.arrays:
        return None
    to_input, to_kernel = {}, {}
    for case in cases:
        jacobians = _jacobians(found.answers.get(case.key), len(case.x), len(case.w))
        if jacobians is not None:
            to_input[case.key], to_kernel[case.key] = jacobians
    fitting = _fitting(found.answers, cases)
    telling = [c.key for c in cases if len(c.w) > 1 and c.key in to_input]
    is_layer = all(any(table[key].any() for key in telling) for table in (to_input, to_kernel))
    return Forward(
        convention=fitting[0] if fitting else None,
        to_input=to_input,
        to_kernel=to_kernel,
        is_layer=is_layer,
        uses_all=is_layer and _uses_all(to_input, to_kernel, telling),
        lengths_wrong=is_layer
        and any(len(to_input[c.key]) != len(c.x) for c in cases if c.key in to_input),
    )


def _uses_all(to_input: Matrices, to_kernel: Matrices, telling: Iterable[str]) -> bool:
    """Of each kernel size some case shows it: the shortest signals are too short for a shift."""
    shown: dict[int, bool] = {}
    for key in telling:
        samples, taps = to_input[key].any(axis=0), to_kernel[key].any(axis=0)
        here = bool(taps.all()) and 2 * int(samples.sum()) >= samples.size
        shown[taps.size] = shown.get(taps.size, False) or here
    return all(shown.values())


def forward_is_missing(context: CheckContext) -> bool:
    """Whether the notebook defines the forward pass, yet nothing at all came back from it."""
    reply = reply_of(context, FUNCTION)
    unanswered = reply is None or (reply.outcome is Outcome.PASS and not reply.values)
    return FUNCTION in context.names_defined and unanswered


def _judge(answers: Answers, cases: tuple[ConvCase, ...], share: Share) -> Verdict:
    fitting = _fitting(answers, cases)
    verdict, convention = _verdict(answers, cases, fitting, share)
    closest = convention or _closest(answers, cases)
    demos = conv_demos()
    comparisons = [compared(answers.first(c.key), by_convention(c, closest)) for c in cases]
    tries = [tried(answers, d.key, (d.x, d.w), by_convention(d, closest)) for d in demos]
    title = f"{FUNCTION} on a public example, against {closest.describe(2)}"
    if verdict.outcome not in {Outcome.PASS, Outcome.NEEDS_HUMAN} and not has_example(verdict):
        verdict = verdict.adding(*counterexample(FUNCTION, tries))
    return replace(
        verdict,
        measurements=(row("output of conv1d_forward", comparisons),),
        exhibits=stems(title, tries[-1].returned, tries[-1].expected),
    )


def _verdict(
    answers: Answers,
    cases: tuple[ConvCase, ...],
    fitting: tuple[Convention, ...],
    share: Share,
) -> tuple[Verdict, Convention | None]:
    """The verdict, and the convention that it speaks of."""
    if not answers.repeats_itself():
        first = conv_demos()[0]
        return keeps_state(FUNCTION, answers, (first.x, first.w)), None
    if fitting:
        return _right(answers, fitting[0], share), fitting[0]
    if all(_constant(answers.get(c.key)) for c in cases if len(conv_rows(c)) > 1):
        return failed(say("conv_forward.constant", function=FUNCTION)), None
    odd = _fitting(answers, tuple(c for c in cases if len(c.w) % 2))
    if odd and _mostly_wrong(answers, [c for c in cases if len(c.w) % 2 == 0], odd):
        found = say("conv_forward.even_kernel", convention=odd[0].describe(1))
        return partly(found, share("even_kernel")).adding(*answers.raised()), odd[0]
    shift = shift_of({c: answers.first(c.key) for c in cases})
    if shift is not None and shift.one_sided:
        # A consistent choice that the course's conventions leave out.
        operation = f"{shift.padded}{shift.operation}"
        return needs_human(say("conv_forward.one_sided", operation=operation)), None
    found_difference: Difference = explain_difference(answers, cases, shift)
    verdict = failed(found_difference.remark).adding(*answers.raised())
    return verdict, found_difference.convention


def _mostly_wrong(
    answers: Answers, even: list[ConvCase], conventions: tuple[Convention, ...]
) -> bool:
    """Whether more than half of the cases follow none of some conventions."""
    right = max(sum(_follows(answers, c, one) for c in even) for one in conventions)
    return 2 * right < len(even)


def _right(answers: Answers, convention: Convention, share: Share) -> Verdict:
    words = convention.describe(2)
    if not answers.changed_arguments:
        return passed(say("conv_forward.right", convention=words))
    in_place = say("function.in_place", function=FUNCTION)
    return partly(in_place, share("in_place")).adding(
        say("conv_forward.convention", convention=words)
    )


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
    return rows is not None and rows.ndim > 0 and len(rows) > 1 and bool((rows == rows[0]).all())


def _closest(answers: Answers, cases: tuple[ConvCase, ...]) -> Convention:
    """The convention with most agreeing entries; the default where nothing agrees."""

    def entries(convention: Convention) -> int:
        pairs = [(answers.first(c.key), by_convention(c, convention)) for c in cases]
        there = [(y, wanted) for y, wanted in pairs if y is not None and y.shape == wanted.shape]
        if not there:
            return 0
        found, right = (np.concatenate(arrays) for arrays in zip(*there, strict=True))
        return right.size - compare_layer(found, right).outside

    best = max(CONVENTIONS, key=entries)
    return best if entries(best) > entries(DEFAULT_CONVENTION) else DEFAULT_CONVENTION


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
        rests=(
            Rests(
                on=Basis.PROBED,
                what="outputs for hidden signals and kernels, and for steps of "
                "each of their entries, against every convention",
            ),
            UNCHANGED,
        ),
        credit=CREDIT,
        function=FUNCTION,
        probes=asked,
    ),
)

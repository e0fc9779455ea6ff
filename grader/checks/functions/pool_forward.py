"""1(b): max-pooling with a window of k samples and stride 1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from grader.checks.context import CheckContext
from grader.checks.credit import PartialCredit, Share, shares_of
from grader.checks.declaration import Check, Reads
from grader.checks.findings import (
    Verdict,
    changes_arguments,
    failed,
    keeps_state,
    partly,
    passed,
)
from grader.checks.functions.examples import compared, counterexample, row, stems
from grader.checks.functions.replies import Answers, answers_of, judge_layer, reply_of
from grader.checks.functions.rounding import lost_digits
from grader.checks.functions.sizes import limited_to, only_for
from grader.checks.stored_arrays import Array
from grader.checks.tolerance import agrees
from grader.model.records import Outcome
from grader.planning.probes import (
    Call,
    PoolCase,
    Question,
    pool_cases,
    pool_demos,
    pool_rows,
    pool_step,
    tie_cases,
)
from reference import pool
from reference.signals import Floats

FORWARD = "maxpool1d_forward"

CREDIT = {"in_place": PartialCredit(meaning="right values, but arguments are changed", default=0.8)}


def asked(seed: int) -> tuple[Question, ...]:
    """Return the calls: each case and steps of its samples; ties allow no step."""
    distinct = tuple(
        Call(key=c.key, rows=tuple((x, c.k) for x in pool_rows(c)))
        for c in (*pool_demos(), *pool_cases(seed))
    )
    ties = tuple(Call(key=c.key, rows=((np.array(c.x), c.k),)) for c in tie_cases(seed))
    return (Question(function=FORWARD, calls=(*distinct, *ties)),)


def check_pool_forward(context: CheckContext, part_id: str) -> Verdict:
    """1(b), forward of max-pooling."""
    cases = (*pool_cases(context.seed), *tie_cases(context.seed))
    share = shares_of(context.assignment, "pool_forward", CREDIT)
    return judge_layer(context, FORWARD, part_id, lambda a: _judge_forward(a, cases, share))


def _judge_forward(answers: Answers, cases: tuple[PoolCase, ...], share: Share) -> Verdict:
    outputs = {c: _values(answers, c) for c in cases}
    comparisons = [compared(y, _maxima(c)) for c, y in outputs.items()]
    tries = [((d.x, d.k), _values(answers, d), _maxima(d)) for d in pool_demos()]
    verdict = _forward_verdict(answers, outputs, share)
    if verdict.outcome is Outcome.FAIL:
        example = counterexample(FORWARD, tries)
        verdict = verdict.adding(example)
    return replace(
        verdict,
        measurements=(row("output of maxpool1d_forward", comparisons),),
        exhibits=stems(f"{FORWARD} on a public example", tries[-1][1], tries[-1][2]),
    )


def _values(answers: Answers, case: PoolCase) -> Array | None:
    """The maxima that were returned, without indices that came in one array with them."""
    output, count = answers.first(case.key), len(case.x) - case.k + 1
    if output is not None and output.shape == (2, count) and agrees(output[1], _places(case)):
        values: Array = output[0]  # [values, indices] as a list
        return values
    return output


def _forward_verdict(
    answers: Answers, outputs: Mapping[PoolCase, Array | None], share: Share
) -> Verdict:
    if not answers.repeats_itself():
        return failed(keeps_state(FORWARD))
    if all(y is not None and agrees(y, _maxima(c)) for c, y in outputs.items()):
        found = "Right: the maximum over each window of k samples, N - k + 1 of them."
        return unless_changed(answers, found, FORWARD, share)
    return failed(_forward_difference(answers, outputs))


def _forward_difference(answers: Answers, outputs: Mapping[PoolCase, Array | None]) -> str:
    limits = limits_of(answers, tuple(outputs), lambda c: (_values(answers, c), _maxima(c)))
    raised = [c.size for c in outputs if c.key in answers.errors]
    if raised and limits:
        return f"The output is {limits}."
    if raised:
        return f"An exception for {raised[0]}: {answers.error_sentence()}."
    there = [(c, y) for c, y in outputs.items() if y is not None]
    for words, formula in _FORWARD_FAULTS:
        if all(agrees(y, formula(c)) for c, y in there):
            return f"The output {words}."
    if limits:
        return f"The output is {limits}."
    for case, output in there:
        if output.size != len(case.x) - case.k + 1:
            return (
                f"The output must have N - k + 1 samples; for {case.size} "
                f"its shape is {output.shape}."
            )
    coarse = coarse_of(there, _maxima)
    if coarse:
        return f"The output {coarse}."
    return "The output is not the maximum over each window of k samples."


def limits_of(
    answers: Answers,
    cases: tuple[PoolCase, ...],
    pair: Callable[[PoolCase], tuple[Array | None, Floats]],
) -> str:
    """Return words for the only sizes for which a function is right; empty for no rule."""
    wrong, tried = set(), set()
    for case in (*cases, *pool_demos()):
        size = (len(case.x), case.k)
        measured, wanted = pair(case)
        tried.add(size)
        if measured is None or not agrees(measured, wanted):
            wrong.add(size)
    rule = limited_to(tried - wrong, tried)
    return only_for(rule, answers.error_sentence()) if rule else ""


def coarse_of(there: list[tuple[PoolCase, Array]], right: Callable[[PoolCase], Floats]) -> str:
    """Return how the outputs are imprecise, all cases together; empty where they are not."""
    if not there:
        return ""
    measured = np.concatenate([np.ravel(y) for _, y in there])
    return lost_digits(measured, np.concatenate([right(c) for c, _ in there]))


def _windowed(function: Callable[[Floats], Floats]) -> Callable[[PoolCase], Floats]:
    return lambda c: function(
        np.lib.stride_tricks.sliding_window_view(np.array(c.x), c.k).astype(np.float64)
    )


def _places(case: PoolCase) -> Floats:
    return pool.forward(case.x, case.k)[1].astype(np.float64)


def _strided(case: PoolCase) -> Floats:
    strided: Floats = _maxima(case)[:: case.k]
    return strided


def _maxima(case: PoolCase) -> Floats:
    return pool.forward(case.x, case.k)[0]


def _over(case: PoolCase, more: int) -> Floats:
    """Maxima over windows of k + `more` samples (at least one), cut at the signal's end."""
    size = max(case.k + more, 1)
    starts = range(len(case.x) - case.k + 1)
    return np.array([max(case.x[i : i + size]) for i in starts])


_FORWARD_FAULTS: tuple[tuple[str, Callable[[PoolCase], Floats]], ...] = (
    ("is taken over windows of k - 1 samples instead of k", lambda c: _over(c, -1)),
    ("is taken over windows of k + 1 samples instead of k", lambda c: _over(c, 1)),
    (
        "is the maximum from the beginning of the signal on, not over a window",
        lambda c: np.maximum.accumulate(np.array(c.x))[c.k - 1 :],
    ),
    (
        "is the maximum of the whole signal, not of a window",
        lambda c: np.full(len(c.x) - c.k + 1, max(c.x)),
    ),
    ("leaves out the last window (there are N - k + 1)", lambda c: _maxima(c)[:-1]),
    ("takes steps of k: the stride must be 1", _strided),
    (
        "never falls below 0: start the maximum with a sample of the window, not with 0",
        lambda c: np.maximum(_maxima(c), 0),
    ),
    ("is the minimum over each window", _windowed(lambda v: v.min(axis=1))),
    ("is the mean over each window", _windowed(lambda v: v.mean(axis=1))),
    ("is the place of the maximum, not the maximum", _places),
    (
        "is the place of the maximum in its window, not the maximum",
        _windowed(lambda v: v.argmax(axis=1).astype(np.float64)),
    ),
    ("is the first sample of each window", _windowed(lambda v: v[:, 0])),
    ("is the last sample of each window", _windowed(lambda v: v[:, -1])),
    ("is the greatest absolute value of each window", _windowed(lambda v: np.abs(v).max(axis=1))),
)


def own_gradients(context: CheckContext, cases: tuple[PoolCase, ...]) -> Mapping[str, Floats]:
    """Return gradients of the student's own forward, by differences, where its shape fits."""
    reply = reply_of(context, FORWARD)
    if reply is None or reply.outcome is not Outcome.PASS:
        return {}
    forms = [form for form in answers_of(context, reply) if form.arrays]
    if not forms:
        return {}
    judged = (*cases, *tie_cases(context.seed))
    share = shares_of(context.assignment, "pool_forward", CREDIT)
    best = min(forms, key=lambda form: _judge_forward(form, judged, share).rank())
    own = {}
    for case in cases:
        stack, n = best.get(case.key), len(case.x)
        if stack is None or stack.shape != (1 + 2 * n, len(case.grad_out)):
            continue
        rows = stack.astype(np.float64)
        slopes = (rows[1::2] - rows[2::2]) / (2 * pool_step(case))
        if np.isfinite(slopes).all():
            own[case.key] = slopes @ np.array(case.grad_out)
    return own


def unless_changed(answers: Answers, found: str, function: str, share: Share) -> Verdict:
    """Pass, unless the function works in place."""
    if not answers.changed_arguments:
        return passed(found)
    return partly(f"{found} But {changes_arguments(function)}", share("in_place"))


CHECKS = (
    Check(
        id="pool_forward",
        judge=check_pool_forward,
        reads=frozenset({Reads.REPLIES}),
        credit=CREDIT,
        function=FORWARD,
        probes=asked,
    ),
)

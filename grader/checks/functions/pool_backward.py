"""3(d): backward pass of max-pooling; at ties, any split of the gradient that adds up to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from grader.checks.context import CheckContext
from grader.checks.credit import PartialCredit, Share, shares_of
from grader.checks.declaration import Check, Reads
from grader.checks.findings import Verdict, failed, partly, passed, say
from grader.checks.functions.examples import compared, counterexample, row, stems
from grader.checks.functions.pool_forward import (
    FORWARD,
    coarse_of,
    limits_of,
    own_gradients,
    unless_changed,
)
from grader.checks.functions.replies import Answers, judge_layer, raises_for
from grader.checks.stored_arrays import Array
from grader.checks.tolerance import agrees
from grader.model.records import Outcome, Remark
from grader.planning.probes import (
    Call,
    PoolCase,
    Question,
    pool_cases,
    pool_demos,
    tie_cases,
    tie_demos,
    tie_rows,
)
from reference import pool
from reference.signals import Floats

BACKWARD = "maxpool1d_backward"
RESULT = "gradient with respect to the input"

CREDIT = {
    "in_place": PartialCredit(meaning="right values, but arguments are changed", default=0.8),
    "ties": PartialCredit(meaning="right except where maxima are equal", default=0.75),
}


def asked(seed: int) -> tuple[Question, ...]:
    """Return the calls: each case, and for ties each unit cotangent."""
    distinct = tuple(
        Call(key=c.key, rows=((np.array(c.x), c.k, np.array(c.grad_out)),))
        for c in (*pool_demos(), *pool_cases(seed))
    )
    ties = tuple(
        Call(key=c.key, rows=tuple((np.array(c.x), c.k, g) for g in tie_rows(c)))
        for c in (*tie_demos(), *tie_cases(seed))
    )
    return (Question(function=BACKWARD, calls=(*distinct, *ties), may_call=(FORWARD,)),)


def check_pool_backward(context: CheckContext, part_id: str) -> Verdict:
    """3(d), gradient of max-pooling to its input."""
    cases, ties = pool_cases(context.seed), tie_cases(context.seed)
    own = own_gradients(context, cases)
    share = shares_of(context.assignment, "pool_backward", CREDIT)
    return judge_layer(
        context, BACKWARD, part_id, lambda a: _judge_backward(a, cases, ties, (own, share))
    )


def _judge_backward(
    answers: Answers,
    cases: tuple[PoolCase, ...],
    ties: tuple[PoolCase, ...],
    beside: tuple[Mapping[str, Floats], Share],
) -> Verdict:
    outputs = {c: answers.first(c.key) for c in cases}
    comparisons = [compared(y, _gradient(c)) for c, y in outputs.items()]
    demos = pool_demos()
    tries = [((d.x, d.k, d.grad_out), answers.first(d.key), _gradient(d)) for d in demos]
    tied = [
        ((d.x, d.k, d.grad_out), answers.first(d.key), _gradient(d))
        for d in tie_demos()
        if not _splits(answers.get(d.key), d)
    ]
    verdict = _backward_verdict(answers, outputs, ties, beside)
    if verdict.outcome in {Outcome.FAIL, Outcome.PARTIAL}:
        verdict = verdict.adding(*counterexample(BACKWARD, [*tries, *tied]))
    return replace(
        verdict,
        measurements=(row(RESULT, comparisons),),
        exhibits=stems(f"{RESULT} on a public example", tries[-1][1], tries[-1][2]),
    )


def _backward_verdict(
    answers: Answers,
    outputs: Mapping[PoolCase, Array | None],
    ties: tuple[PoolCase, ...],
    beside: tuple[Mapping[str, Floats], Share],
) -> Verdict:
    own, share = beside
    own_pairs = [(c, own[c.key]) for c in outputs if c.key in own]
    if not answers.repeats_itself():
        return failed(say("function.keeps_state", function=BACKWARD))
    if all(y is not None and agrees(y, _gradient(c)) for c, y in outputs.items()):
        wrong = [c for c in ties if not _splits(answers.get(c.key), c)]
        if wrong:
            sizes = ", ".join(c.size for c in wrong)
            return partly(say("pool_backward.ties", sizes=sizes), share("ties"))
        return unless_changed(answers, say("pool_backward.right"), BACKWARD, share)
    # Only where the forward is wrong may its own slopes stand for the right ones: they skip ties.
    forward_wrong = any(not agrees(g, _gradient(c), "pool_slope") for c, g in own_pairs)
    fits_own = forward_wrong and all(
        y is not None and c.key in own and agrees(y, own[c.key], "pool_slope")
        for c, y in outputs.items()
    )
    if fits_own:
        return passed(say("pool_backward.right_for_own_forward"))
    return failed(_backward_difference(answers, outputs))


def _backward_difference(answers: Answers, outputs: Mapping[PoolCase, Array | None]) -> Remark:
    limits = limits_of(
        answers, "gradient", tuple(outputs), lambda c: (answers.first(c.key), _gradient(c))
    )
    raised = [c.size for c in outputs if c.key in answers.errors]
    if raised:
        return limits or raises_for(BACKWARD, raised[0], answers)
    there = [(c, y) for c, y in outputs.items() if y is not None]
    for case, output in there:
        if output.size != len(case.x):
            return say("pool_backward.length", size=case.size, shape=str(output.shape))
    if any(not np.isfinite(y).all() for _, y in there):
        return say("function.not_finite", what="gradient")
    for code, formula in _BACKWARD_FAULTS:
        if all(agrees(y, formula(c)) for c, y in there):
            return say(code)
    return limits or coarse_of(there, "gradient", _gradient) or say("pool_backward.wrong")


def _scattered(case: PoolCase, shares: Callable[[Floats], Floats]) -> Floats:
    """Sum over windows of g[i] times the shares of the window's samples."""
    gradient = np.zeros(len(case.x))
    for i, g in enumerate(case.grad_out):
        window = np.array(case.x[i : i + case.k])
        gradient[i : i + case.k] += g * shares(window)
    return gradient


def _overwritten(case: PoolCase) -> Floats:
    gradient = np.zeros(len(case.x))
    gradient[pool.forward(case.x, case.k)[1]] = case.grad_out
    return gradient


def _first_wins(case: PoolCase) -> Floats:
    gradient = np.zeros(len(case.x))
    gradient[pool.forward(case.x, case.k)[1][::-1]] = case.grad_out[::-1]
    return gradient


def _in_window(case: PoolCase) -> Floats:
    """Gradient put at the place within the window instead of within the signal."""
    gradient = np.zeros(len(case.x))
    places = pool.forward(case.x, case.k)[1] - np.arange(len(case.grad_out))
    np.add.at(gradient, places, case.grad_out)
    return gradient


_BACKWARD_FAULTS: tuple[tuple[str, Callable[[PoolCase], Floats]], ...] = (
    (
        "pool_backward.overwritten",
        _overwritten,
    ),
    (
        "pool_backward.first_window_only",
        _first_wins,
    ),
    (
        "pool_backward.index_in_window",
        _in_window,
    ),
    ("pool_backward.sign", lambda c: -_gradient(c)),
    (
        "pool_backward.whole_window",
        lambda c: _scattered(c, np.ones_like),
    ),
    (
        "pool_backward.mean",
        lambda c: _scattered(c, lambda v: np.full(v.size, 1 / v.size)),
    ),
    ("pool_backward.minimum", lambda c: _scattered(c, lambda v: v == v.min())),
    (
        "pool_backward.times_maximum",
        lambda c: _scattered(c, lambda v: np.where(v == v.max(), v, 0)),
    ),
    (
        "pool_backward.no_grad_out",
        lambda c: _gradient(replace(c, grad_out=(1.0,) * len(c.grad_out))),
    ),
    (
        "pool_backward.last_window",
        lambda c: _gradient(replace(c, grad_out=(*c.grad_out[:-1], 0.0))),
    ),
    (
        "pool_backward.negative_maxima",
        lambda c: _scattered(c, lambda v: (v == v.max()) * (v > 0)),
    ),
    ("pool_backward.shifted", lambda c: np.concatenate([[0.0], _gradient(c)[:-1]])),
    ("pool_backward.zeros", lambda c: np.zeros(len(c.x))),
    (
        "pool_backward.first_sample",
        lambda c: _scattered(c, lambda v: np.eye(v.size)[0]),
    ),
)


def _splits(stack: Array | None, case: PoolCase) -> bool:
    """Whether each cotangent is split among the maxima of its window, and no more than split."""
    if stack is None or stack.size != (1 + len(case.grad_out)) * len(case.x):
        return False
    rows = stack.reshape(1 + len(case.grad_out), len(case.x)).astype(np.float64)
    if not np.isfinite(rows).all():
        return False
    shares = rows[1:]
    for i, share in enumerate(shares):
        window = np.array(case.x[i : i + case.k])
        allowed = np.zeros(len(case.x), dtype=bool)
        allowed[i : i + case.k] = window == window.max()
        if not agrees(share[~allowed], np.zeros((~allowed).sum())):
            return False
        if not agrees(share.sum(), 1.0) or not agrees(np.minimum(share, 0), np.zeros(share.size)):
            return False
    return agrees(rows[0], np.array(case.grad_out) @ shares)


def _gradient(case: PoolCase) -> Floats:
    return pool.grad_input(case.x, case.k, case.grad_out)


CHECKS = (
    Check(
        id="pool_backward",
        judge=check_pool_backward,
        reads=frozenset({Reads.REPLIES}),
        credit=CREDIT,
        function=BACKWARD,
        probes=asked,
    ),
)

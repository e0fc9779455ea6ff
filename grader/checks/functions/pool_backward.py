"""3(d): backward pass of max-pooling; at ties, any split of the gradient that adds up to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from grader.checks.context import CheckContext
from grader.checks.credit import PartialCredit, Share, shares_of
from grader.checks.declaration import Check, Reads
from grader.checks.findings import Verdict, failed, keeps_state, partly, passed
from grader.checks.functions.examples import compared, counterexample, row, stems
from grader.checks.functions.pool_forward import (
    FORWARD,
    coarse_of,
    limits_of,
    own_gradients,
    unless_changed,
)
from grader.checks.functions.replies import Answers, judge_layer
from grader.checks.stored_arrays import Array
from grader.checks.tolerance import agrees
from grader.model.records import Outcome
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
        example = counterexample(BACKWARD, [*tries, *tied])
        verdict = verdict.adding(example)
    return replace(
        verdict,
        measurements=(row("gradient to the input", comparisons),),
        exhibits=stems("gradient to the input on a public example", tries[-1][1], tries[-1][2]),
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
        return failed(keeps_state(BACKWARD))
    if all(y is not None and agrees(y, _gradient(c)) for c, y in outputs.items()):
        wrong = [c for c in ties if not _splits(answers.get(c.key), c)]
        if wrong:
            return partly(
                "Right where the samples of a window differ. Where several are the maximum, their "
                "shares of the gradient must add up to it.",
                share("ties"),
                staff=f"wrong at ties for {', '.join(c.size for c in wrong)}",
            )
        found = "Right: each gradient goes to the sample that was the maximum, and they add up."
        return unless_changed(answers, found, BACKWARD, share)
    # Only where the forward is wrong may its own slopes stand for the right ones: they skip ties.
    forward_wrong = any(not agrees(g, _gradient(c), "pool_slope") for c, g in own_pairs)
    fits_own = forward_wrong and all(
        y is not None and c.key in own and agrees(y, own[c.key], "pool_slope")
        for c, y in outputs.items()
    )
    if fits_own:
        return passed("Right: it is the gradient of your own forward pass.")
    return failed(_backward_difference(answers, outputs))


def _backward_difference(answers: Answers, outputs: Mapping[PoolCase, Array | None]) -> str:
    limits = limits_of(answers, tuple(outputs), lambda c: (answers.first(c.key), _gradient(c)))
    raised = [c.size for c in outputs if c.key in answers.errors]
    if raised and limits:
        return f"The gradient is {limits}."
    if raised:
        return f"An exception for {raised[0]}: {answers.error_sentence()}."
    there = [(c, y) for c, y in outputs.items() if y is not None]
    for case, output in there:
        if output.size != len(case.x):
            return f"The gradient must have N samples; for {case.size} its shape is {output.shape}."
    if any(not np.isfinite(y).all() for _, y in there):
        return "The gradient holds NaN or infinity."
    for words, formula in _BACKWARD_FAULTS:
        if all(agrees(y, formula(c)) for c, y in there):
            return f"The gradient {words}."
    if limits:
        return f"The gradient is {limits}."
    coarse = coarse_of(there, _gradient)
    if coarse:
        return f"The gradient {coarse}."
    return "The gradient does not go to the samples that were the maxima of their windows."


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
        "is overwritten where a sample is the maximum of several windows: they must be added up",
        _overwritten,
    ),
    (
        "is kept from one window only where a sample is the maximum of several: they must add up",
        _first_wins,
    ),
    (
        "goes to a place counted from the window's beginning; add the window's own place i",
        _in_window,
    ),
    ("has the wrong sign", lambda c: -_gradient(c)),
    (
        "goes to every sample of a window; only the maximum has a share",
        lambda c: _scattered(c, np.ones_like),
    ),
    (
        "is split evenly over a window, as for mean pooling; only the maximum has a share",
        lambda c: _scattered(c, lambda v: np.full(v.size, 1 / v.size)),
    ),
    ("goes to the minimum of each window", lambda c: _scattered(c, lambda v: v == v.min())),
    (
        "is multiplied by the maximum; its slope is 1",
        lambda c: _scattered(c, lambda v: np.where(v == v.max(), v, 0)),
    ),
    (
        "is 1 at the maxima: multiply by dC/dx_out",
        lambda c: _gradient(replace(c, grad_out=(1.0,) * len(c.grad_out))),
    ),
    (
        "leaves out the last window",
        lambda c: _gradient(replace(c, grad_out=(*c.grad_out[:-1], 0.0))),
    ),
    (
        "leaves out windows whose maximum is negative",
        lambda c: _scattered(c, lambda v: (v == v.max()) * (v > 0)),
    ),
    ("is shifted by one sample", lambda c: np.concatenate([[0.0], _gradient(c)[:-1]])),
    ("is all zeros", lambda c: np.zeros(len(c.x))),
    (
        "goes to the first sample of each window",
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

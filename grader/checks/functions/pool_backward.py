"""3(d): backward pass of max-pooling; at ties, any split of the gradient that adds up to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from grader.checks.context import CheckContext
from grader.checks.credit import PartialCredit, Share, shares_of
from grader.checks.declaration import UNCHANGED, Basis, Check, Reads, Rests
from grader.checks.findings import Verdict, failed, partly, passed, say
from grader.checks.functions.examples import (
    Try,
    compared,
    counterexample,
    has_example,
    keeps_state,
    row,
    stems,
    tried,
)
from grader.checks.functions.forms import judge_layer
from grader.checks.functions.pool_forward import (
    FORWARD,
    coarse_of,
    limits_of,
    own_gradients,
    unless_changed,
)
from grader.checks.functions.replies import Answers, no_result
from grader.checks.functions.rounding import tells_too_little
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
from grader.planning.probes.cases import STEPPED_N
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
    cases = (*pool_cases(context.seed), *pool_demos())
    ties = (*tie_cases(context.seed), *tie_demos())
    own = own_gradients(context, pool_cases(context.seed))
    share = shares_of(context.assignment, "pool_backward", CREDIT)
    keys = [case.key for case in (*cases, *ties)]
    return judge_layer(
        context, BACKWARD, part_id, keys, lambda a: _judge_backward(a, cases, ties, (own, share))
    )


def _judge_backward(
    answers: Answers,
    cases: tuple[PoolCase, ...],
    ties: tuple[PoolCase, ...],
    beside: tuple[Mapping[str, Floats], Share],
) -> Verdict:
    outputs = {c: answers.first(c.key) for c in cases}
    comparisons = [compared(y, _gradient(c)) for c, y in outputs.items()]
    tries = [_try(answers, d) for d in pool_demos()]
    last = tries[-1]
    tied = [_try(answers, d) for d in tie_demos() if not _splits(answers.get(d.key), d)]
    verdict = _backward_verdict(answers, outputs, ties, beside)
    if verdict.remarks[0].code == "pool_backward.elsewhere":
        elsewhere = [_goes_elsewhere(d, outputs[d]) for d in pool_demos()]
        tries = [one for one, shows in zip(tries, elsewhere, strict=True) if shows]
    if verdict.outcome in {Outcome.FAIL, Outcome.PARTIAL} and not has_example(verdict):
        verdict = verdict.adding(*counterexample(BACKWARD, [*tries, *tied]))
    shown = stems(f"{RESULT} on a public example", last.returned, last.expected)
    return replace(verdict, measurements=(row(RESULT, comparisons),), exhibits=shown)


def _try(answers: Answers, demo: PoolCase) -> Try:
    return tried(answers, demo.key, (demo.x, demo.k, demo.grad_out), _gradient(demo))


def _backward_verdict(
    answers: Answers,
    outputs: Mapping[PoolCase, Array | None],
    ties: tuple[PoolCase, ...],
    beside: tuple[Mapping[str, Floats], Share],
) -> Verdict:
    own, share = beside
    own_pairs = [(c, own[c.key]) for c in outputs if c.key in own]
    if not answers.repeats_itself():
        first = pool_demos()[0]
        return keeps_state(BACKWARD, answers, (first.x, first.k, first.grad_out))
    if all(y is not None and agrees(y, _gradient(c)) for c, y in outputs.items()):
        wrong = {c: fault for c in ties if (fault := _tie_fault(answers.get(c.key), c))}
        if wrong:
            sizes = ", ".join(c.size for c in wrong)
            shown = [fault for c, fault in wrong.items() if c in tie_demos()]
            return partly(say((shown or [*wrong.values()])[0], sizes=sizes), share("ties"))
        return unless_changed(answers, say("pool_backward.right"), BACKWARD, share)
    # Only where the forward is wrong may its own slopes stand for the right ones: they skip ties.
    forward_wrong = any(not agrees(g, _gradient(c), "pool_slope") for c, g in own_pairs)
    faint = tells_too_little([g for _, g in own_pairs], "pool_slope")
    fits_own = (
        forward_wrong
        and not faint
        and all(
            y is not None and c.key in own and agrees(y, own[c.key], "pool_slope")
            for c, y in outputs.items()
            if c.is_hidden and len(c.x) <= STEPPED_N
        )
    )
    if fits_own:
        return passed(say("pool_backward.right_for_own_forward"))
    return failed(_backward_difference(answers, outputs))


def _backward_difference(answers: Answers, outputs: Mapping[PoolCase, Array | None]) -> Remark:
    pairs = {c: (y, _gradient(c)) for c, y in outputs.items()}
    limits = limits_of("gradient", pairs, answers.first_error())
    nothing = no_result(BACKWARD, [(c.key, c.size) for c in outputs], answers)
    if nothing is not None:
        return limits or nothing
    there = [(c, y) for c, y in outputs.items() if y is not None]
    for case, output in there:
        if output.size != len(case.x):
            return say("pool_backward.length", size=case.size, shape=str(output.shape))
    if any(not np.isfinite(y).all() for _, y in there):
        return say("function.not_finite", what="gradient")
    for code, formula in _BACKWARD_FAULTS:
        if all(agrees(y, formula(c)) for c, y in there):
            return say(code)
    known = limits or coarse_of(there, "gradient", _gradient)
    return known or say(_kind_of_difference(there))


def _kind_of_difference(there: list[tuple[PoolCase, Array]]) -> str:
    """Code of what may be said of a gradient that no formula explains."""
    if any(_goes_elsewhere(c, y) for c, y in there if not c.is_hidden):
        return "pool_backward.elsewhere"
    if all(_only_one_kept(c, np.ravel(y)) for c, y in there):
        return "pool_backward.one_window_kept"
    return "pool_backward.wrong"


def _goes_elsewhere(case: PoolCase, found: Array | None) -> bool:
    """Whether a sample that is the maximum of no window gets a share."""
    if found is None:
        return False
    lost = np.ravel(found).astype(np.float64)[~_won(case).any(axis=0)]
    return bool(np.abs(lost).max(initial=0.0) > _LEAST_SHARE)


_LEAST_SHARE = 1e-3
"""What a sample has that gets a share: far above rounding."""


def _won(case: PoolCase) -> NDArray[np.bool_]:
    """Whether a sample is the maximum of a window, (N - k + 1, N)."""
    places = pool.forward(case.x, case.k)[1]
    won: NDArray[np.bool_] = places[:, None] == np.arange(len(case.x))
    return won


def _only_one_kept(case: PoolCase, found: Array) -> bool:
    """Whether each sample has 0 or the gradient of one of the windows that it wins."""
    possible = [np.append(np.array(case.grad_out)[wins], 0.0) for wins in _won(case).T]
    return all(
        any(agrees(np.array(value), one) for one in some)
        for value, some in zip(found, possible, strict=True)
    )


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


def _mask_assigned(case: PoolCase) -> Floats:
    """Each window's whole share, its zeros as well, written over those before it."""
    gradient = np.zeros(len(case.x))
    for i, g in enumerate(case.grad_out):
        window = np.array(case.x[i : i + case.k])
        gradient[i : i + case.k] = g * (window == window.max())
    return gradient


def _in_window(case: PoolCase) -> Floats:
    """Gradient put at the place within the window instead of within the signal."""
    gradient = np.zeros(len(case.x))
    places = pool.forward(case.x, case.k)[1] - np.arange(len(case.grad_out))
    np.add.at(gradient, places, case.grad_out)
    return gradient


def _padded(case: PoolCase, before: int) -> Floats:
    """Windows that begin that many samples before their place, in a signal padded by -infinity."""
    gradient = np.zeros(len(case.x))
    for i, g in enumerate(case.grad_out):
        start = max(i - before, 0)
        gradient[start + int(np.argmax(case.x[start : i - before + case.k]))] += g
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
    ("pool_backward.window_overwritten", _mask_assigned),
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
    ("pool_backward.no_grad_out", lambda c: np.where(_won(c).any(axis=0), 1.0, 0.0)),
    (
        "pool_backward.last_window",
        lambda c: _gradient(replace(c, grad_out=(*c.grad_out[:-1], 0.0))),
    ),
    (
        "pool_backward.negative_maxima",
        lambda c: _scattered(c, lambda v: (v == v.max()) * (v > 0)),
    ),
    ("pool_backward.shifted", lambda c: np.concatenate([[0.0], _gradient(c)[:-1]])),
    ("pool_backward.padded", lambda c: _padded(c, (c.k - 1) // 2)),
    ("pool_backward.padded", lambda c: _padded(c, c.k // 2)),
    ("pool_backward.padded", lambda c: _padded(c, c.k - 1)),
    ("pool_backward.zeros", lambda c: np.zeros(len(c.x))),
    (
        "pool_backward.first_sample",
        lambda c: _scattered(c, lambda v: np.eye(v.size)[0]),
    ),
)


def _splits(stack: Array | None, case: PoolCase) -> bool:
    """Whether each cotangent is split among the maxima of its window, and no more than split."""
    return not _tie_fault(stack, case)


def _tie_fault(stack: Array | None, case: PoolCase) -> str:
    """Code of what is wrong where maxima are equal; empty where nothing is."""
    if stack is None or stack.size != (1 + len(case.grad_out)) * len(case.x):
        return "pool_backward.ties_unread"
    rows = stack.reshape(1 + len(case.grad_out), len(case.x)).astype(np.float64)
    if not np.isfinite(rows).all():
        return "pool_backward.ties_unread"
    shares = rows[1:]
    for i, share in enumerate(shares):
        window = np.array(case.x[i : i + case.k])
        allowed = np.zeros(len(case.x), dtype=bool)
        allowed[i : i + case.k] = window == window.max()
        if not agrees(share[~allowed], np.zeros((~allowed).sum())):
            return "pool_backward.ties_elsewhere"
        if not agrees(share.sum(), 1.0):
            return "pool_backward.ties"
        if not agrees(np.minimum(share, 0), np.zeros(share.size)):
            return "pool_backward.ties_negative"
    return "" if agrees(rows[0], np.array(case.grad_out) @ shares) else "pool_backward.ties_mixed"


def _gradient(case: PoolCase) -> Floats:
    return pool.grad_input(case.x, case.k, case.grad_out)


CHECKS = (
    Check(
        id="pool_backward",
        judge=check_pool_backward,
        reads=frozenset({Reads.REPLIES}),
        rests=(
            Rests(
                on=Basis.PROBED,
                what="gradients for hidden signals, ties among them, against the "
                "right ones or the slopes of the own forward",
            ),
            UNCHANGED,
        ),
        credit=CREDIT,
        function=BACKWARD,
        probes=asked,
    ),
)

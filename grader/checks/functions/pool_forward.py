"""1(b): max-pooling with a window of k samples and stride 1."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from grader.checks.context import CheckContext
from grader.checks.credit import PartialCredit, Share, shares_of
from grader.checks.declaration import UNCHANGED, Basis, Check, Reads, Rests
from grader.checks.findings import Verdict, failed, partly, passed, say
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
from grader.checks.functions.replies import Answers, answers_of, no_result, reply_of
from grader.checks.functions.rounding import lost_digits_of
from grader.checks.functions.sizes import limited_to, only_for
from grader.checks.stored_arrays import Array
from grader.checks.tolerance import agrees
from grader.model.records import Outcome, Remark
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
    cases = _cases(context)
    share = shares_of(context.assignment, "pool_forward", CREDIT)
    keys = [case.key for case in cases]
    return judge_layer(context, FORWARD, part_id, keys, lambda a: _judge_forward(a, cases, share))


def _cases(context: CheckContext) -> tuple[PoolCase, ...]:
    return (*pool_cases(context.seed), *tie_cases(context.seed), *pool_demos())


def _judge_forward(answers: Answers, cases: tuple[PoolCase, ...], share: Share) -> Verdict:
    outputs = {c: _values(answers, c) for c in cases}
    comparisons = [compared(y, _maxima(c)) for c, y in outputs.items()]
    tries = [
        replace(tried(answers, d.key, (d.x, d.k), _maxima(d)), returned=outputs[d])
        for d in pool_demos()
    ]
    verdict = _forward_verdict(answers, outputs, share)
    if verdict.outcome is Outcome.FAIL and not has_example(verdict):
        verdict = verdict.adding(*counterexample(FORWARD, tries))
    shown = stems(f"{FORWARD} on a public example", tries[-1].returned, tries[-1].expected)
    measured = row("output of maxpool1d_forward", comparisons)
    return replace(verdict, measurements=(measured,), exhibits=shown)


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
        first = pool_demos()[0]
        return keeps_state(FORWARD, answers, (first.x, first.k))
    if all(y is not None and agrees(y, _maxima(c)) for c, y in outputs.items()):
        return unless_changed(answers, say("pool_forward.right"), FORWARD, share)
    return failed(_forward_difference(answers, outputs))


def _forward_difference(answers: Answers, outputs: Mapping[PoolCase, Array | None]) -> Remark:
    pairs = {c: (y, _maxima(c)) for c, y in outputs.items()}
    limits = limits_of("output", pairs, answers.first_error())
    nothing = no_result(FORWARD, [(c.key, c.size) for c in outputs], answers)
    if nothing is not None:
        return limits or nothing
    there = [(c, y) for c, y in outputs.items() if y is not None]
    for code, formula in _FORWARD_FAULTS:
        if all(agrees(y, formula(c)) for c, y in there):
            return say(code)
    start = _start_of(there)
    if start is not None:
        return say("pool_forward.starts_at", number=start)
    if limits:
        return limits
    for case, output in there:
        if output.size != len(case.x) - case.k + 1:
            return say("pool_forward.length", size=case.size, shape=str(output.shape))
    return coarse_of(there, "output", _maxima) or say("pool_forward.wrong")


def _start_of(there: list[tuple[PoolCase, Array]]) -> float | None:
    """The number below which no output falls, where the outputs are right but for that."""
    start = min(float(y.min()) for _, y in there if y.size)
    right = all(agrees(y, np.maximum(_maxima(c), start)) for c, y in there)
    return start if right else None


def limits_of(
    what: str, pairs: Mapping[PoolCase, tuple[Array | None, Floats]], error: str
) -> Remark | None:
    """Say for which sizes only a result is right; None where no rule tells.

    Args:
        what: The result, in words.
        pairs: What was returned, and what is right.
        error: An exception that was raised; empty where none was.
    """
    wrong, sizes, drawn = set(), set(), set()
    for case, (measured, wanted) in pairs.items():
        size = (len(case.x), case.k)
        sizes.add(size)
        drawn |= {size} if case.is_hidden else set()
        if measured is None or not agrees(measured, wanted):
            wrong.add(size)
    rule = limited_to(sizes - wrong, sizes, drawn)
    return only_for(what, rule, error) if rule else None


def coarse_of(
    there: list[tuple[PoolCase, Array]], what: str, right: Callable[[PoolCase], Floats]
) -> Remark | None:
    """Say how the outputs are imprecise, all cases together; None where they are not."""
    return lost_digits_of([(y, right(c)) for c, y in there if c.is_hidden], what)


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
    ("pool_forward.window_too_small", lambda c: _over(c, -1)),
    ("pool_forward.window_too_large", lambda c: _over(c, 1)),
    (
        "pool_forward.running_maximum",
        lambda c: np.maximum.accumulate(np.array(c.x))[c.k - 1 :],
    ),
    (
        "pool_forward.global_maximum",
        lambda c: np.full(len(c.x) - c.k + 1, max(c.x)),
    ),
    ("pool_forward.last_window", lambda c: _maxima(c)[:-1]),
    ("pool_forward.stride", _strided),
    ("pool_forward.minimum", _windowed(lambda v: v.min(axis=1))),
    ("pool_forward.mean", _windowed(lambda v: v.mean(axis=1))),
    ("pool_forward.index", _places),
    (
        "pool_forward.index_in_window",
        _windowed(lambda v: v.argmax(axis=1).astype(np.float64)),
    ),
    ("pool_forward.first_sample", _windowed(lambda v: v[:, 0])),
    ("pool_forward.last_sample", _windowed(lambda v: v[:, -1])),
    ("pool_forward.absolute", _windowed(lambda v: np.abs(v).max(axis=1))),
)


def own_gradients(context: CheckContext, cases: tuple[PoolCase, ...]) -> Mapping[str, Floats]:
    """Return gradients of the student's own forward, by differences, where its shape fits.

    A forward that copies the same place of every window, or none, or takes of far more samples than
    a window has, is no pooling: it has none.
    """
    reply = reply_of(context, FORWARD)
    if reply is None or reply.outcome is not Outcome.PASS:
        return {}
    judged = _cases(context)
    share = shares_of(context.assignment, "pool_forward", CREDIT)
    forms = answers_of(context, reply)
    found = counted(FORWARD, forms, lambda form: _judge_forward(form, judged, share))
    if found is None:
        return {}
    slopes = {
        case: matrix
        for case in cases
        if (matrix := _slopes(found.answers.get(case.key), case)) is not None
    }
    places = {int(m - i) for c, matrix in slopes.items() if c.k > 1 for m, i in np.argwhere(matrix)}
    wide = any((matrix != 0).sum(axis=0).max() > 2 * c.k for c, matrix in slopes.items())
    if len(places) < 2 or wide:
        return {}
    return {c.key: matrix @ np.array(c.grad_out) for c, matrix in slopes.items()}


def _slopes(stack: Array | None, case: PoolCase) -> Floats | None:
    """D x_out / d x_in, (N, N - k + 1); None where the outputs have another shape."""
    if stack is None or stack.shape != (1 + 2 * len(case.x), len(case.grad_out)):
        return None
    rows = stack.astype(np.float64)
    slopes: Floats = (rows[1::2] - rows[2::2]) / (2 * pool_step(case))
    return slopes if np.isfinite(slopes).all() else None


def unless_changed(answers: Answers, found: Remark, function: str, share: Share) -> Verdict:
    """Pass, unless the function works in place."""
    if not answers.changed_arguments:
        return passed(found)
    return partly(say("function.in_place", function=function), share("in_place"))


CHECKS = (
    Check(
        id="pool_forward",
        judge=check_pool_forward,
        reads=frozenset({Reads.REPLIES}),
        rests=(
            Rests(
                on=Basis.PROBED,
                what="outputs for hidden signals, ties among them, against the maxima",
            ),
            UNCHANGED,
        ),
        credit=CREDIT,
        function=FORWARD,
        probes=asked,
    ),
)

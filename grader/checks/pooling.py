"""1(b), 3(d): max-pooling with a window of k samples and stride 1, and its backward pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from grader.checks import credit
from grader.checks.context import Array, CheckContext
from grader.checks.examples import counterexample, row, stems
from grader.checks.findings import Verdict, failed, partly, passed
from grader.checks.replies import Answers, answers_of, judge_layer, reply_of
from grader.probes import PoolCase, pool_cases, pool_demos, pool_step, tie_cases
from grader.records import Finding, Outcome
from grader.tolerance import agrees, compare_layer
from reference import pool
from reference.signals import Floats

FORWARD = "maxpool1d_forward"
BACKWARD = "maxpool1d_backward"


def check_pool_forward(context: CheckContext, part_id: str) -> Finding:
    """1(b), forward of max-pooling."""
    cases = (*pool_cases(context.seed), *tie_cases(context.seed))
    verdict = judge_layer(context, FORWARD, part_id, lambda a: _judge_forward(a, cases))
    return verdict.finding("pool_forward")


def check_pool_backward(context: CheckContext, part_id: str) -> Finding:
    """3(d), gradient of max-pooling to its input."""
    cases, ties = pool_cases(context.seed), tie_cases(context.seed)
    own = _own_gradients(context, cases)
    verdict = judge_layer(
        context, BACKWARD, part_id, lambda a: _judge_backward(a, cases, ties, own)
    )
    return verdict.finding("pool_backward")


# -- forward --------------------------------------------------------------------------------------


def _judge_forward(answers: Answers, cases: tuple[PoolCase, ...]) -> Verdict:
    outputs = {c: answers.first(c.key) for c in cases}
    comparisons = [compare_layer(_or_nothing(y), _maxima(c)) for c, y in outputs.items()]
    tries = [((d.x, d.k), answers.first(d.key), _maxima(d)) for d in pool_demos()]
    verdict = _forward_verdict(answers, outputs)
    if verdict.outcome is Outcome.FAIL:
        example = counterexample(FORWARD, tries)
        verdict = replace(verdict, message=f"{verdict.message} {example}".strip())
    return replace(
        verdict,
        measurements=(row("output of maxpool1d_forward", comparisons),),
        exhibits=stems(f"{FORWARD} on a public example", tries[-1][1], tries[-1][2]),
    )


def _forward_verdict(answers: Answers, outputs: Mapping[PoolCase, Array | None]) -> Verdict:
    stateful = _stateful(answers, outputs, FORWARD)
    if stateful:
        return stateful
    if all(y is not None and agrees(y, _maxima(c)) for c, y in outputs.items()):
        found = "Right: the maximum over each window of k samples, N - k + 1 of them."
        return _unless_changed(answers, found, FORWARD)
    raised = [c.size for c in outputs if c.key in answers.errors]
    if raised:
        return failed(f"An exception for {raised[0]}: {answers.error_sentence()}.")
    there = [(c, y) for c, y in outputs.items() if y is not None]
    for words, formula in _FORWARD_FAULTS:
        if all(agrees(y, formula(c)) for c, y in there):
            return failed(f"The output {words}.")
    for case, output in there:
        if output.size != len(case.x) - case.k + 1:
            return failed(
                f"The output must have N - k + 1 samples; for {case.size} "
                f"its shape is {output.shape}."
            )
    return failed("The output is not the maximum over each window of k samples.")


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


_FORWARD_FAULTS: tuple[tuple[str, Callable[[PoolCase], Floats]], ...] = (
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


# -- backward -------------------------------------------------------------------------------------


def _own_gradients(context: CheckContext, cases: tuple[PoolCase, ...]) -> Mapping[str, Floats]:
    """Gradients of the student's own forward by differences; no case where it does not fit."""
    reply = reply_of(context, FORWARD)
    if reply is None or reply.outcome is not Outcome.PASS:
        return {}
    forms = [form for form in answers_of(context, reply) if form.arrays]
    if not forms:
        return {}
    judged = (*cases, *tie_cases(context.seed))
    best = min(forms, key=lambda form: _judge_forward(form, judged).rank())
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


def _judge_backward(
    answers: Answers,
    cases: tuple[PoolCase, ...],
    ties: tuple[PoolCase, ...],
    own: Mapping[str, Floats],
) -> Verdict:
    outputs = {c: answers.first(c.key) for c in cases}
    comparisons = [compare_layer(_or_nothing(y), _gradient(c)) for c, y in outputs.items()]
    demos = pool_demos()
    tries = [((d.x, d.k, d.grad_out), answers.first(d.key), _gradient(d)) for d in demos]
    verdict = _backward_verdict(answers, outputs, ties, own)
    if verdict.outcome is Outcome.FAIL:
        example = counterexample(BACKWARD, tries)
        verdict = replace(verdict, message=f"{verdict.message} {example}".strip())
    return replace(
        verdict,
        measurements=(row("gradient to the input", comparisons),),
        exhibits=stems("gradient to the input on a public example", tries[-1][1], tries[-1][2]),
    )


def _backward_verdict(
    answers: Answers,
    outputs: Mapping[PoolCase, Array | None],
    ties: tuple[PoolCase, ...],
    own: Mapping[str, Floats],
) -> Verdict:
    stateful = _stateful(answers, outputs, BACKWARD)
    if stateful:
        return stateful
    if all(y is not None and agrees(y, _gradient(c)) for c, y in outputs.items()):
        wrong = [c for c in ties if not _splits(answers.get(c.key), c)]
        if wrong:
            return partly(
                "Right where the samples of a window differ. Where several are the maximum, their "
                "shares of the gradient must add up to it.",
                credit.TIES,
                staff=f"wrong at ties for {', '.join(c.size for c in wrong)}",
            )
        found = "Right: each gradient goes to the sample that was the maximum, and they add up."
        return _unless_changed(answers, found, BACKWARD)
    fits_own = all(
        y is not None and c.key in own and agrees(y, own[c.key], "pool_slope")
        for c, y in outputs.items()
    )
    if fits_own:
        return passed("Right: it is the gradient of your own forward pass.")
    raised = [c.size for c in outputs if c.key in answers.errors]
    if raised:
        return failed(f"An exception for {raised[0]}: {answers.error_sentence()}.")
    return failed(_backward_difference(outputs))


def _backward_difference(outputs: Mapping[PoolCase, Array | None]) -> str:
    there = [(c, y) for c, y in outputs.items() if y is not None]
    for case, output in there:
        if output.size != len(case.x):
            return f"The gradient must have N samples; for {case.size} its shape is {output.shape}."
    if any(not np.isfinite(y).all() for _, y in there):
        return "The gradient holds NaN or infinity."
    for words, formula in _BACKWARD_FAULTS:
        if all(agrees(y, formula(c)) for c, y in there):
            return f"The gradient {words}."
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


# -- both -----------------------------------------------------------------------------------------


def _stateful(
    answers: Answers, outputs: Mapping[PoolCase, Array | None], function: str
) -> Verdict | None:
    if answers.repeats_itself(next(iter(outputs)).key):
        return None
    return failed(
        f"{function} gives another result when it is called again with the same arguments: "
        "it keeps something from call to call."
    )


def _unless_changed(answers: Answers, found: str, function: str) -> Verdict:
    if not answers.changed_inputs:
        return passed(found)
    return partly(f"{found} But {function} changes its arguments; work on a copy.", credit.IN_PLACE)


def _or_nothing(output: Array | None) -> Array:
    return np.empty((0, 0)) if output is None else output

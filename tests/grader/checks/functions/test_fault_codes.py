"""Issue 15, section 4: the counterexample shows the fault that the sentence names, for every code.

A code is earned by a wrong function; the call of its counterexample is made again, and what comes
of it must be what was said, and must have the fault.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pytest

from grader.checks import CHECKS
from grader.checks.functions.examples import Try, counterexample, numbers
from grader.checks.functions.sizes import limited_to
from grader.model.catalogue import load_catalogue
from grader.model.records import Finding, Outcome
from reference import conv, pool
from reference.conv import Convention
from tests.grader.checks.support import Lab

F1, B1, U1 = "conv1d_forward", "conv1d_backward", "conv1d_update"
M1, M2 = "maxpool1d_forward", "maxpool1d_backward"
CHECK_OF = {F1: ("conv_forward", "1a"), U1: ("conv_update", "3b"), M1: ("pool_forward", "1b")}
CHECK_OF |= {M2: ("pool_backward", "3d"), "input": ("conv_grad_input", "3a")}
CHECK_OF |= {"kernel": ("conv_grad_kernel", "3b")}

NO_FAULT = re.compile(
    r"\w+\.(right\w*|convention|one_sided|forward_\w+)$|function\.(no_answer|not_run|not_asked"
    r"|unread|unreadable|undefined|form|other_form|look_at_result|only_in_place|complex|raised|right"
    r"|changes_what_it_may|changes_too|example\w*)$"
)
"""Codes that are no verdict of a fault: right ones, held ones, and remarks beside a verdict."""

Shows = Callable[[Any, Any, Any], bool]
"""From the arguments, what was returned and what is right to whether the fault is seen."""


class Fault(NamedTuple):
    function: str
    wrong: Callable[..., Any]
    shows: Shows = lambda _, found, right: not _same(found, right)
    beside: Mapping[str, Callable[..., Any]] = {}


def _same(a: Any, b: Any) -> bool:
    a, b = np.asarray(a, float), np.asarray(b, float)
    return a.shape == b.shape and bool(np.allclose(a, b))


def fwd(x: Any, w: Any) -> Any:
    return conv.forward(x, w)


def gx(w: Any, g: Any) -> Any:
    return conv.grad_input(g, w)


def gw(x: Any, w: Any, g: Any) -> Any:
    return conv.grad_kernel(x, g, len(w))


def line(x: Any, w: Any, left: int) -> Any:
    padded = np.pad(np.asarray(x, float), 2 * len(w) + 3)
    start = 2 * len(w) + 3 - left
    return np.array([padded[start + i :][: len(w)] @ np.asarray(w, float) for i in range(len(x))])


def ends(x: Any, w: Any) -> Any:
    out = fwd(x, w)
    out[: len(w) // 2] = 0
    return out


def raises(*_: Any) -> Any:
    raise ValueError("no")


def first(change: Callable[[Any, Any, Any], Any]) -> Callable[..., Any]:
    """A backward pass whose gradient to the input is changed."""
    return lambda x, w, g: (change(x, w, g), gw(x, w, g))


def second(change: Callable[[Any, Any, Any], Any]) -> Callable[..., Any]:
    return lambda x, w, g: (gx(w, g), change(x, w, g))


def mx(x: Any, k: Any) -> Any:
    return pool.forward(x, k)[0]


def scatter(share: Callable[[Any, int, float], Any], *, add: bool = True) -> Callable[..., Any]:
    """A pooling backward: window, its place and its gradient to what is put there."""

    def backward(x: Any, k: Any, g: Any) -> Any:
        x, grad = np.asarray(x, float), np.zeros(len(x))
        for i in range(len(g)):
            part = share(x[i : i + k], i, g[i])
            grad[i : i + k] = grad[i : i + k] + part if add else part
        return grad

    return backward


def top(v: Any) -> Any:
    return np.arange(len(v)) == int(np.argmax(v))


def over(x: Any, k: int, size: int) -> Any:
    return np.array([max(x[i : i + max(size, 1)]) for i in range(len(x) - k + 1)])


def half_tie(v: Any, _: int, g: float) -> Any:
    equal = v == v.max()
    return g * top(v) * (0.5 if equal.sum() > 1 else 1.0)


def tie_outside(x: Any, k: Any, g: Any) -> Any:
    x, grad = np.asarray(x, float), np.zeros(len(x))
    for i in range(len(g)):
        equal = x == x[i : i + k].max()
        grad += g[i] * equal / equal.sum()
    return grad


def tie_negative(v: Any, _: int, g: float) -> Any:
    places = np.flatnonzero(v == v.max())
    out = g * top(v)
    if len(places) > 1:
        out = np.zeros(len(v))
        out[places[0]], out[places[1]] = 2 * g, -g
    return out


def tie_mixed(x: Any, k: Any, g: Any) -> Any:
    tied = len(set(map(float, x))) < len(x)
    return pool.grad_input(x, k, np.asarray(g)) * (1.5 if tied and np.sum(g) > 1.2 else 1.0)


def keep_largest(x: Any, k: Any, g: Any) -> Any:
    grad = np.zeros(len(x))
    for i, place in enumerate(pool.forward(x, k)[1]):
        grad[place] = g[i] if abs(g[i]) > abs(grad[place]) else grad[place]
    return grad


class Counting:
    """Returns something else at each call."""

    calls = 0

    def __call__(self, x: Any, w: Any) -> Any:
        self.calls += 1
        return fwd(x, w) + self.calls


def in_place(x: Any, w: Any) -> Any:
    out = fwd(x, w)
    x[0] = 9
    return out


def view(x: Any, w: Any) -> Any:
    n, k, out = len(x), len(w), x[:]
    p = (k - 1) // 2
    for i in range(n):
        out[i] = sum(w[j] * x[i + j - p] for j in range(k) if 0 <= i + j - p < n)
    return out


EDGE = Convention(boundary="edge")


def padded(x: Any, k: int, g: Any) -> Any:
    """Windows in a signal that is padded by -infinity, as of a pooling of the same length."""
    left = (k - 1) // 2
    signal = np.pad(np.asarray(x, float), (left, k - 1 - left), constant_values=-np.inf)
    grad = np.zeros(len(signal))
    for i, value in enumerate(g):
        grad[i + signal[i : i + k].argmax()] += value
    return grad[left : left + len(x)]


def mostly_one_window(x: Any, k: int, g: Any) -> Any:
    """Halves each share, and for a window of four gives some to a sample that never wins."""
    grad = pool.grad_input(x, k, g) / 2
    lost = grad == 0
    grad[lost] += k == 4
    return grad


def outside_the_maxima(arguments: Any, found: Any, right: Any) -> bool:
    """Whether a sample that is the maximum of no window has a share."""
    x, k, _ = arguments
    wins = {i + int(np.argmax(x[i : i + k])) for i in range(len(x) - k + 1)}
    return any(value != 0 for i, value in enumerate(found) if i not in wins)


FAULTS: Mapping[str, Fault] = {
    "function.raises": Fault(F1, raises),
    "function.raises_for": Fault(F1, lambda x, w: fwd(x, w) if len(x) % 3 else raises()),
    "function.returned": Fault(F1, lambda x, w: None),
    "function.returned_for": Fault(F1, lambda x, w: fwd(x, w) if len(x) % 3 else None),
    "function.keeps_state": Fault(F1, Counting()),
    "function.in_place": Fault(F1, in_place),
    "function.view": Fault(F1, view),
    "function.not_finite": Fault(
        F1, lambda x, w: fwd(x, w) * np.nan, lambda _, y, r: not np.isfinite(y).any()
    ),
    "function.whole_numbers": Fault(M1, lambda x, k: np.trunc(mx(x, k) - 0.001)),
    "function.rounded": Fault(F1, lambda x, w: np.round(fwd(x, w) * 1.004, 2)),
    "function.imprecise": Fault(F1, lambda x, w: fwd(x, w) + 0.003),
    "function.limited": Fault(F1, lambda x, w: fwd(x, np.append(w[:7], 0 * np.array(w[7:])))),
    "function.limited_raises": Fault(F1, lambda x, w: fwd(x, w) if len(w) <= 5 else raises()),
    "function.shape": Fault(U1, lambda w, g, lr: np.append(w - lr * g, 0)),
    "function.zeros": Fault(U1, lambda w, g, lr: 0 * w, lambda _, y, r: not np.any(y)),
    "function.scaled": Fault(U1, lambda w, g, lr: 3 * (w - lr * g)),
    "conv_forward.constant": Fault(F1, lambda x, w: np.ones(len(x))),
    "conv_forward.even_kernel": Fault(
        F1,
        lambda x, w: fwd(x, w) if len(w) % 2 else line(x, w, len(w) // 2 + 1),
        lambda a, y, r: len(a[1]) % 2 == 0,
    ),
    "conv_forward.valid": Fault(
        F1, lambda x, w: np.convolve(x, w, "valid"), lambda a, y, r: len(y) < len(a[0])
    ),
    "conv_forward.full": Fault(F1, np.convolve, lambda a, y, r: len(y) > len(a[0])),
    "conv_forward.one_too_long": Fault(
        F1,
        lambda x, w: np.correlate(np.pad(np.square(x), len(w) // 2), w, "valid"),
    ),
    "conv_forward.length": Fault(
        F1, lambda x, w: fwd(x, w)[::2], lambda a, y, r: len(y) != len(a[0])
    ),
    "conv_forward.shifted": Fault(F1, lambda x, w: line(x, w, (len(w) - 1) // 2 + 1)),
    "conv_forward.ends": Fault(F1, ends, lambda a, y, r: y[0] != r[0]),
    "conv_forward.reversed": Fault(
        F1, lambda x, w: fwd(x, w)[::-1], lambda _, y, r: _same(y[::-1], r)
    ),
    "conv_forward.mean": Fault(
        F1, lambda x, w: fwd(x, w) / len(w), lambda a, y, r: _same(y * len(a[1]), r)
    ),
    "conv_forward.normalized_kernel": Fault(
        F1, lambda x, w: fwd(x, w) / np.sum(w), lambda a, y, r: _same(y * np.sum(a[1]), r)
    ),
    "conv_forward.one_added": Fault(
        F1, lambda x, w: fwd(x, w) + 1, lambda _, y, r: _same(y - 1, r)
    ),
    "conv_forward.input_added": Fault(
        F1, lambda x, w: fwd(x, w) + x, lambda a, y, r: _same(y - a[0], r)
    ),
    "conv_forward.identity": Fault(F1, lambda x, w: 1.0 * x, lambda a, y, r: _same(y, a[0])),
    "conv_forward.rectified": Fault(
        F1, lambda x, w: np.maximum(fwd(x, w), 0), lambda _, y, r: _same(y, np.maximum(r, 0))
    ),
    "conv_forward.absolute": Fault(
        F1, lambda x, w: np.abs(fwd(x, w)), lambda _, y, r: _same(y, np.abs(r))
    ),
    "conv_forward.scaled": Fault(F1, lambda x, w: -fwd(x, w), lambda _, y, r: _same(-y, r)),
    "conv_forward.some_sizes": Fault(
        F1, lambda x, w: fwd(x, w) * (1 if len(x) * len(w) % 3 else 1 + w[0] ** 2)
    ),
    "conv_forward.first_tap": Fault(
        F1, lambda x, w: fwd(x, [0 * w[0], *w[1:]]) if len(w) > 1 else fwd(x, w)
    ),
    "conv_forward.last_tap": Fault(
        F1, lambda x, w: fwd(x, [*w[:-1], 0 * w[0]]) if len(w) > 1 else fwd(x, w)
    ),
    "conv_forward.nonlinear_input": Fault(F1, lambda x, w: fwd(np.asarray(x) ** 2, w)),
    "conv_forward.nonlinear_kernel": Fault(F1, lambda x, w: fwd(x, np.asarray(w) ** 2)),
    "conv_forward.wrong": Fault(F1, lambda x, w: x * np.sum(w) + np.sum(x)),
    "conv_backward.swapped": Fault("input", lambda x, w, g: (gw(x, w, g), gx(w, g))),
    "conv_backward.even_kernel": Fault(
        "kernel",
        second(lambda x, w, g: gw(x, w, g) * (1 if len(w) % 2 else 3)),
        lambda a, y, r: len(a[1]) % 2 == 0,
    ),
    "conv_backward.ends": Fault(
        "input", first(lambda x, w, g: gx(w, g) * np.append(np.ones(len(x) - 1), len(w) < 2))
    ),
    "conv_backward.one_result": Fault("kernel", lambda x, w, g: gx(w, g)),
    "conv_backward.shape": Fault(
        "kernel", second(lambda x, w, g: np.convolve(x, g)), lambda a, y, r: len(y) != len(r)
    ),
    "conv_backward.other_convention": Fault(
        "kernel",
        second(lambda x, w, g: conv.grad_kernel(x, g, len(w), EDGE)),
        beside={F1: fwd},
    ),
    "conv_backward.two_forwards": Fault(
        "input",
        lambda x, w, g: (
            conv.grad_input(
                g, w, Convention(operation="convolution", boundary="edge", anchor="right")
            ),
            conv.grad_kernel(x, g, len(w), Convention(boundary="symmetric")),
        ),
    ),
    "conv_backward.sign": Fault(
        "kernel", second(lambda x, w, g: -gw(x, w, g)), lambda _, y, r: _same(-y, r)
    ),
    "conv_backward.no_grad_out": Fault(
        "kernel", second(lambda x, w, g: gw(x, w, 0 * g + 1)), beside={F1: fwd}
    ),
    "conv_backward.mean_over_signal": Fault(
        "kernel",
        second(lambda x, w, g: gw(x, w, g) / len(x)),
        lambda a, y, r: _same(y * len(a[0]), r),
    ),
    "conv_backward.doubled": Fault(
        "kernel", second(lambda x, w, g: 2 * gw(x, w, g)), lambda _, y, r: _same(y, 2 * r)
    ),
    "conv_backward.reversed": Fault(
        "kernel",
        second(lambda x, w, g: gw(x, w, g)[::-1]),
        lambda _, y, r: _same(y[::-1], r),
        {F1: fwd},
    ),
    "conv_backward.zeros": Fault(
        "kernel", second(lambda x, w, g: 0 * w), lambda _, y, r: not np.any(y)
    ),
    "conv_backward.shifted": Fault(
        "kernel", second(lambda x, w, g: np.roll(gw(x, w, g), 1)), beside={F1: fwd}
    ),
    "conv_backward.mean_over_kernel": Fault(
        "kernel",
        second(lambda x, w, g: gw(x, w, g) / len(w)),
        lambda a, y, r: _same(y * len(a[1]), r),
    ),
    "conv_backward.not_transposed": Fault(
        "input", first(lambda x, w, g: fwd(g, w)), beside={F1: fwd}
    ),
    "conv_backward.padding_off_by_one": Fault(
        "input",
        first(lambda x, w, g: np.pad(np.convolve(g, w), 1)[(len(w) - 1) // 2 :][: len(x)]),
        beside={F1: fwd},
    ),
    "conv_backward.wrong": Fault(
        "kernel", second(lambda x, w, g: gw(x, w, g) + w), beside={F1: fwd}
    ),
    "conv_update.ascent": Fault(
        U1, lambda w, g, lr: w + lr * g, lambda a, y, r: _same(np.add(y, r), 2 * np.array(a[0]))
    ),
    "conv_update.no_rate": Fault(U1, lambda w, g, lr: w - g),
    "conv_update.step_only": Fault(U1, lambda w, g, lr: -lr * g),
    "conv_update.normalized": Fault(U1, lambda w, g, lr: w - lr * g / np.linalg.norm(g)),
    "conv_update.mean": Fault(U1, lambda w, g, lr: w - lr * g / len(w)),
    "conv_update.swapped": Fault(U1, lambda w, g, lr: g - lr * w),
    "conv_update.unchanged": Fault(U1, lambda w, g, lr: w, lambda a, y, r: _same(y, a[0])),
    "conv_update.divides_by_rate": Fault(U1, lambda w, g, lr: w - g / lr),
    "conv_update.both_signs": Fault(U1, lambda w, g, lr: lr * g - w, lambda _, y, r: _same(-y, r)),
    "conv_update.sign_only": Fault(U1, lambda w, g, lr: w - lr * np.sign(g)),
    "conv_update.step_length": Fault(U1, lambda w, g, lr: w - 0.01 * g),
    "conv_update.wrong": Fault(U1, lambda w, g, lr: w - lr * g + 1),
    "pool_forward.window_too_small": Fault(M1, lambda x, k: over(x, k, k - 1)),
    "pool_forward.window_too_large": Fault(M1, lambda x, k: over(x, k, k + 1)),
    "pool_forward.running_maximum": Fault(M1, lambda x, k: np.maximum.accumulate(x)[k - 1 :]),
    "pool_forward.global_maximum": Fault(
        M1, lambda x, k: np.full(len(x) - k + 1, max(x)), lambda a, y, r: set(y) == {max(a[0])}
    ),
    "pool_forward.last_window": Fault(
        M1, lambda x, k: mx(x, k)[:-1], lambda _, y, r: _same(y, r[:-1])
    ),
    "pool_forward.stride": Fault(
        M1, lambda x, k: mx(x, k)[::k], lambda a, y, r: _same(y, r[:: a[1]])
    ),
    "pool_forward.starts_at": Fault(
        M1, lambda x, k: np.maximum(mx(x, k), 0), lambda _, y, r: min(r) < 0 <= min(y)
    ),
    "pool_forward.minimum": Fault(M1, lambda x, k: -mx(-np.asarray(x), k)),
    "pool_forward.mean": Fault(M1, lambda x, k: np.convolve(x, np.ones(k) / k, "valid")),
    "pool_forward.index": Fault(M1, lambda x, k: pool.forward(x, k)[1]),
    "pool_forward.index_in_window": Fault(
        M1, lambda x, k: [int(np.argmax(x[i : i + k])) for i in range(len(x) - k + 1)]
    ),
    "pool_forward.first_sample": Fault(M1, lambda x, k: x[: len(x) - k + 1]),
    "pool_forward.last_sample": Fault(M1, lambda x, k: x[k - 1 :]),
    "pool_forward.absolute": Fault(M1, lambda x, k: mx(np.abs(x), k)),
    "pool_forward.length": Fault(
        M1,
        lambda x, k: mx(np.pad(np.asarray(x, float), (0, k - 1)), k),
        lambda a, y, r: len(y) != len(r),
    ),
    "pool_forward.wrong": Fault(
        M1, lambda x, k: [float(np.median(x[i : i + k])) for i in range(len(x) - k + 1)]
    ),
    "pool_backward.ties": Fault(M2, scatter(half_tie)),
    "pool_backward.ties_elsewhere": Fault(M2, tie_outside),
    "pool_backward.ties_negative": Fault(M2, scatter(tie_negative)),
    "pool_backward.ties_mixed": Fault(M2, tie_mixed),
    "pool_backward.ties_unread": Fault(
        M2,
        lambda x, k, g: (
            pool.grad_input(x, k, g) * (np.nan if len(set(map(float, x))) < len(x) else 1)
        ),
    ),
    "pool_backward.length": Fault(M2, lambda x, k, g: g, lambda a, y, r: len(y) != len(r)),
    "pool_backward.overwritten": Fault(M2, lambda x, k, g: _put(x, pool.forward(x, k)[1], g)),
    "pool_backward.first_window_only": Fault(
        M2, lambda x, k, g: _put(x, pool.forward(x, k)[1][::-1], np.asarray(g)[::-1])
    ),
    "pool_backward.window_overwritten": Fault(M2, scatter(lambda v, _, g: g * top(v), add=False)),
    "pool_backward.one_window_kept": Fault(M2, keep_largest),
    "pool_backward.elsewhere": Fault(
        M2, scatter(lambda v, _, g: g * (0.75 * top(v) + 0.25 * top(v)[::-1])), outside_the_maxima
    ),
    "pool_backward.index_in_window": Fault(
        M2,
        lambda x, k, g: np.bincount(
            pool.forward(x, k)[1] - np.arange(len(g)), weights=g, minlength=len(x)
        ),
    ),
    "pool_backward.sign": Fault(
        M2, lambda x, k, g: -pool.grad_input(x, k, g), lambda _, y, r: _same(-y, r)
    ),
    "pool_backward.whole_window": Fault(M2, scatter(lambda v, _, g: g * np.ones(len(v)))),
    "pool_backward.mean": Fault(M2, scatter(lambda v, _, g: g * np.ones(len(v)) / len(v))),
    "pool_backward.minimum": Fault(M2, scatter(lambda v, _, g: g * top(-v))),
    "pool_backward.times_maximum": Fault(M2, scatter(lambda v, _, g: g * top(v) * v)),
    "pool_backward.no_grad_out": Fault(M2, scatter(lambda v, _, g: 1.0 * top(v))),
    "pool_backward.last_window": Fault(
        M2, lambda x, k, g: pool.grad_input(x, k, np.append(np.asarray(g)[:-1], 0))
    ),
    "pool_backward.negative_maxima": Fault(
        M2, scatter(lambda v, _, g: g * top(v) * (v.max() > 0)), lambda a, y, r: min(a[0]) < 0
    ),
    "pool_backward.shifted": Fault(
        M2,
        lambda x, k, g: np.append(0, pool.grad_input(x, k, g)[:-1]),
        lambda _, y, r: _same(y[1:], r[:-1]),
    ),
    "pool_backward.padded": Fault(M2, padded),
    "pool_backward.zeros": Fault(M2, lambda x, k, g: np.zeros(len(x)), lambda _, y, r: not any(y)),
    "pool_backward.first_sample": Fault(M2, scatter(lambda v, _, g: g * np.eye(len(v))[0])),
    "pool_backward.wrong": Fault(M2, scatter(lambda v, i, g: g * top(v) * (1 + 0.5 * (i % 2)))),
}


def _put(x: Any, places: Any, values: Any) -> Any:
    grad = np.zeros(len(x))
    grad[places] = values
    return grad


ABOUT_EVERY_CALL = {
    "function.raises",
    "function.in_place",
    "function.returned",
    "conv_backward.one_result",
}
"""Codes whose sentences need no example."""

SHADOWED = {"conv_forward.zeros", "function.wrong"}
"""All zeros are the same output for different inputs, which is told first; layers have sentences of
their own for what nothing explains."""


def finding_of(lab: Lab, fault: Fault) -> tuple[Finding, str]:
    name = B1 if fault.function in {"input", "kernel"} else fault.function
    check, part = CHECK_OF[fault.function]
    return CHECKS[check](lab.ask({**fault.beside, name: fault.wrong}), part), name


def test_every_fault_code_has_a_wrong_function_that_earns_it() -> None:
    prefixes = ("function.", "conv_", "pool_")
    codes = {c for c in load_catalogue("grader.checks") if c.startswith(prefixes)}
    assert {c for c in codes if not NO_FAULT.match(c)} == set(FAULTS) | SHADOWED


@pytest.mark.parametrize("code", sorted(set(FAULTS) - SHADOWED))
def test_the_counterexample_shows_the_fault(lab: Lab, code: str) -> None:
    fault = FAULTS[code]
    finding, name = finding_of(lab, fault)
    assert finding.remarks[0].code == code, finding.message
    assert finding.outcome in {Outcome.FAIL, Outcome.PARTIAL, Outcome.STUDENT_ERROR}
    examples = [r for r in finding.remarks if r.code.startswith("function.example")]
    if code in ABOUT_EVERY_CALL:
        return  # the sentence is about every call
    assert len(examples) == 1, finding.message
    told = dict(examples[0].values)
    arguments = eval(str(told["call"]).removeprefix(name), {"inf": np.inf})  # noqa: S307 -- ours
    arrays = [np.array(a, float) if isinstance(a, list) else a for a in arguments]
    if "raised" in examples[0].code:
        with pytest.raises(ValueError, match="no"):
            fault.wrong(*arrays)
        return
    if "again" in examples[0].code:
        assert told["first"] != told["again"]
        return
    returned = fault.wrong(*arrays)
    if "unread" in examples[0].code:
        assert returned is None
        return
    place = {"input": 0, "kernel": 1}.get(fault.function)
    result = returned[place] if isinstance(returned, tuple) and place is not None else returned
    assert numbers(result) == told["returned"]
    assert told["returned"] != told["expected"]
    right = eval(str(told["expected"]), {"nan": np.nan, "inf": np.inf})  # noqa: S307 -- ours
    assert fault.shows(arguments, np.asarray(result, float), np.array(right, float)), told


def test_the_example_shows_what_is_said_though_smaller_ones_are_wrong_too(lab: Lab) -> None:
    finding, _ = finding_of(lab, Fault(M2, mostly_one_window))
    assert finding.remarks[0].code == "pool_backward.elsewhere", finding.message
    (told,) = (dict(r.values) for r in finding.remarks if r.code == "function.example")
    arguments = ast.literal_eval(str(told["call"]).removeprefix(M2))
    found = ast.literal_eval(str(told["returned"]))
    assert outside_the_maxima(arguments, found, None)


def test_an_example_whose_difference_is_not_shown_is_left_out() -> None:
    hidden = Try(arguments=([1],), returned=np.arange(40.0), expected=np.r_[:39.0, 50.0])
    shown = Try(arguments=([2],), returned=np.array([3.0]), expected=np.array([4.0]))
    (remark,) = counterexample("f", (hidden, shown))
    assert dict(remark.values) == {"call": "f([2])", "returned": "[3]", "expected": "[4]"}
    assert counterexample("f", (hidden,)) == ()


def test_a_limit_counts_the_smaller_sizes_that_are_right() -> None:
    tried = {(n, k) for n in (1, 3, 6, 8) for k in (1, 2, 3, 4) if k <= n}
    up_to_two = {(n, k) for n, k in tried if k <= 2}
    assert limited_to(up_to_two, tried, tried) == "k up to 2"
    assert limited_to({(n, k) for n, k in tried if k == 3}, tried, tried) == "k = 3"

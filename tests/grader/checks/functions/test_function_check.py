"""A check made from its cases and what is right: every way to answer, and what each is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from grader.checks import Check
from grader.checks.functions.function_check import function_check
from grader.model.records import Finding, Outcome
from grader.planning.probes import probes_for
from grader.testing import ArrayStore, ask
from reference.errors import ConfigError
from tests.grader.checks.support import SEED, Lab
from tests.grader.checks.words import wrong_in

NAME = "avgpool1d_forward"

AVERAGE = function_check(
    id="avgpool_forward",
    function=NAME,
    demos=(([1, 3], 2), ([1, 3, -2, 4], 3)),
    draw=lambda rng: [(rng.standard_normal(n), k) for n, k in ((8, 3), (9, 2), (5, 5), (4, 1))],
    expected=lambda x, k: np.convolve(x, np.ones(k) / k, "valid"),
)


def right(x: Any, k: Any) -> Any:
    return np.array([np.mean(np.asarray(x)[i : i + k]) for i in range(len(x) - k + 1)])


def by_lists(x: Any, k: Any) -> Any:
    samples = list.copy(x)  # raises unless it is a list
    return [sum(samples[i : i + k]) / k for i in range(len(x) - k + 1)]


def by_torch(x: Any, k: Any) -> Any:
    return torch.nn.functional.avg_pool1d(x.view(1, 1, -1), k, stride=1).view(-1)


def in_place(x: Any, k: Any) -> Any:
    found = right(x, k)
    x[0] = 0
    return found


def odd_only(x: Any, k: Any) -> Any:
    if k % 2 == 0:
        raise ValueError("k must be odd.")
    return right(x, k)


def stub(*_: Any) -> Any:
    raise NotImplementedError


def broken(*_: Any) -> Any:
    raise ValueError("shapes do not fit")


class Counting:
    """Adds the number of its calls."""

    calls = 0

    def __call__(self, x: Any, k: Any) -> Any:
        self.calls += 1
        return right(x, k) + self.calls


class Case(NamedTuple):
    name: str
    function: Callable[..., Any]
    outcome: Outcome
    code: str


P, W, E = Outcome.PASS, Outcome.FAIL, Outcome.STUDENT_ERROR
CASES = (
    Case("right", right, P, "function.right"),
    Case("lists only", by_lists, Outcome.NEEDS_HUMAN, "function.other_form"),
    Case("tensors only", by_torch, Outcome.NEEDS_HUMAN, "function.other_form"),
    Case("in place", in_place, Outcome.PARTIAL, "function.in_place"),
    Case("state", Counting(), W, "function.keeps_state"),
    Case("stub", stub, Outcome.NEEDS_HUMAN, "report.no_code"),
    Case("raises", broken, E, "function.raises"),
    Case("raises for some", odd_only, W, "function.raises_for"),
    Case("same length", lambda x, k: np.asarray(x), W, "function.shape"),
    Case("nan", lambda x, k: right(x, k) * np.nan, W, "function.not_finite"),
    Case("zeros", lambda x, k: 0 * right(x, k), W, "function.zeros"),
    Case("negated", lambda x, k: -right(x, k), W, "function.scaled"),
    Case("rounded", lambda x, k: np.round(right(x, k), 2), W, "function.rounded"),
    Case("half", lambda x, k: right(x, k).astype(np.float16), W, "function.rounded"),
    Case("something added", lambda x, k: right(x, k) + 1e-3, W, "function.imprecise"),
    Case("sum", lambda x, k: k * right(x, k), W, "function.wrong"),
    Case("no array", lambda x, k: "y", W, "function.returned"),
)


def judged(lab: Lab, check: Check, function: Callable[..., Any]) -> Finding:
    arrays = ArrayStore()
    asked = ask({NAME: function}, probes_for(check.probes(SEED), {}), arrays)
    sources = [f"def {NAME}(*args):\n    ..."]
    return check(lab.context(replies=asked, sources=sources, arrays=arrays), "1b")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_way_to_answer(lab: Lab, case: Case) -> None:
    finding = judged(lab, AVERAGE, case.function)
    assert (finding.outcome, finding.remarks[0].code) == (case.outcome, case.code)
    assert (finding.credit == 1) == (case.outcome is P)
    assert list(wrong_in(finding)) == []


def test_a_lost_point_comes_with_the_smallest_public_example(lab: Lab) -> None:
    finding = judged(lab, AVERAGE, lambda x, k: k * right(x, k))
    assert finding.message == (
        "The output is wrong for 5 of 6 inputs. "
        "For example, avgpool1d_forward([1, 3], 2) returned [4]; expected [2]."
    )
    assert not all(row.ok for row in finding.measurements)


def test_hidden_inputs_come_from_the_seed_and_their_numbers_are_not_told(lab: Lab) -> None:
    (one,), (again,), (other,) = (AVERAGE.probes(seed) for seed in (1, 1, 2))
    assert [c.key for c in one.calls] == ["demo0", "demo1", "case0", "case1", "case2", "case3"]
    same = [
        np.array_equal(a.rows[0][0], b.rows[0][0])
        for a, b in zip(one.calls, again.calls, strict=True)
    ]
    assert all(same)
    hidden = zip(one.calls[2:], other.calls[2:], strict=True)
    assert not any(np.array_equal(a.rows[0][0], b.rows[0][0]) for a, b in hidden)
    assert "len(x) = 9, k = 2" in judged(lab, AVERAGE, odd_only).message


def test_a_check_without_hidden_calls_would_pass_anything_and_is_refused() -> None:
    with pytest.raises(ConfigError, match="expected at least one public and one hidden call"):
        function_check(
            id="empty", function="f", demos=(([1],),), draw=lambda _: (), expected=lambda x: x
        )

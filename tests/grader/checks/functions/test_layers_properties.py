"""Any convention, any size: the layer checks pass right answers, and miss no wrong entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias
from unittest import mock

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.checks import CHECKS, CheckContext
from grader.checks.tolerance import TOLERANCES, Tolerance
from grader.model.records import Finding, Outcome, ProbeReply, ProbeValue
from grader.planning.probes import cases, conv_cases, pool_cases, tie_cases, update_cases
from reference import conv, pool
from reference.conv import CONVENTIONS, Convention
from reference.signals import Floats
from tests.grader.checks.memory import Memory
from tests.grader.checks.support import SEED, Lab
from tests.lanes import examples

pytestmark = pytest.mark.slow

PART = {
    "conv_forward": "1a",
    "conv_grad_input": "3a",
    "conv_grad_kernel": "3b",
    "conv_update": "3b",
    "pool_forward": "1b",
    "pool_backward": "3d",
}
RESULTS = {
    "conv_forward": ("conv1d_forward", 0),
    "pool_forward": ("maxpool1d_forward", 0),
    "conv_grad_input": ("conv1d_backward", 0),
    "conv_grad_kernel": ("conv1d_backward", 1),
    "conv_update": ("conv1d_update", 0),
    "pool_backward": ("maxpool1d_backward", 0),
}
"""Check to the reply that it judges, and to the place of its result."""

Functions: TypeAlias = dict[str, Callable[..., Any]]

conventions = st.sampled_from(CONVENTIONS)
size = st.integers(1, 14).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n)))
sizes = st.lists(size, min_size=2, max_size=4).map(tuple)
seeds = st.integers(0, 2**31)


def layers(convention: Convention) -> Functions:
    """All functions of Problems 1 and 3, right, in one convention."""

    def backward(x: Any, w: Any, g: Any) -> Any:
        return conv.grad_input(g, w, convention), conv.grad_kernel(x, g, len(w), convention)

    return {
        "conv1d_forward": lambda x, w: conv.forward(x, w, convention),
        "conv1d_backward": backward,
        "conv1d_update": conv.update,
        "maxpool1d_forward": lambda x, k: pool.forward(x, k)[0],
        "maxpool1d_backward": pool.grad_input,
    }


def asked(lab: Lab, memory: Memory, functions: Functions, seed: int = SEED) -> CheckContext:
    """Evidence of these functions, asked with the hidden inputs of a seed."""
    context = lab.context(
        replies=memory.ask(functions, seed),
        sources=[f"def {name}(*args):\n    ..." for name in functions],
    )
    evidence = replace(context.evidence, seed=seed)
    return replace(context, evidence=evidence, arrays=memory)


def judged(context: CheckContext, check: str) -> Finding:
    return CHECKS[check](context, PART[check])


@given(convention=conventions, drawn=sizes, seed=seeds)
@settings(max_examples=examples(25))
@example(convention=CONVENTIONS[0], drawn=((1, 1), (2, 2)), seed=0)
@example(convention=CONVENTIONS[-1], drawn=((14, 14), (13, 6)), seed=1)
def test_any_convention_and_size_passes(
    lab: Lab, convention: Convention, drawn: tuple[tuple[int, int], ...], seed: int
) -> None:
    wanted = {n: f for n, f in layers(convention).items() if n.startswith("conv1d")}
    with mock.patch.object(cases, "CONV_SIZES", drawn):
        context = asked(lab, Memory(), wanted, seed)
        for check in ("conv_forward", "conv_grad_input", "conv_grad_kernel", "conv_update"):
            found = judged(context, check)
            assert found.outcome is Outcome.PASS, (check, found.message)
            assert all(row.ok for row in found.measurements)


@given(drawn=sizes, seed=seeds)
@settings(max_examples=examples(15))
def test_pooling_of_any_size_passes(
    lab: Lab, drawn: tuple[tuple[int, int], ...], seed: int
) -> None:
    wanted = {n: f for n, f in layers(CONVENTIONS[0]).items() if n.startswith("maxpool1d")}
    with mock.patch.object(cases, "POOL_SIZES", drawn):
        context = asked(lab, Memory(), wanted, seed)
        for check in ("pool_forward", "pool_backward"):
            found = judged(context, check)
            assert found.outcome is Outcome.PASS, (check, found.message)


# -- one wrong entry ------------------------------------------------------------------------------


FEW_CONVENTIONS = CONVENTIONS[::3]
"""Some of each operation, boundary and anchor."""


class Right:
    """Right answers in some conventions, and where their arrays are."""

    def __init__(self, memory: Memory, contexts: dict[Convention, CheckContext]) -> None:
        self.memory, self.contexts = memory, contexts

    def __repr__(self) -> str:
        return "right answers"

    def changed(
        self,
        convention: Convention,
        named: Callable[[str, str], bool],
        change: Callable[[Floats], Floats],
    ) -> CheckContext:
        """The answers with some values changed: `named(probe id, value's name)`."""

        def value(reply: ProbeReply, one: ProbeValue) -> ProbeValue:
            if one.array is None or not named(reply.probe_id, one.name):
                return one
            array = self.memory(one.array).astype(np.float64)
            return replace(one, array=self.memory.put(change(array)))

        context = self.contexts[convention]
        made = tuple(
            replace(r, values=tuple(value(r, v) for v in r.values))
            for r in context.evidence.replies
        )
        return replace(context, evidence=replace(context.evidence, replies=made))


@pytest.fixture(scope="module")
def right(lab: Lab) -> Right:
    memory = Memory()
    contexts = {c: asked(lab, memory, layers(c)) for c in FEW_CONVENTIONS}
    return Right(memory=memory, contexts=contexts)


def right_answers(check: str, convention: Convention) -> list[tuple[str, Floats]]:
    """(key within the reply, right result) of each hidden case."""
    if check == "conv_forward":
        return [(c.key, conv.forward(c.x, c.w, convention)) for c in conv_cases(SEED)]
    if check == "conv_grad_input":
        return [(c.key, conv.grad_input(c.grad_out, c.w, convention)) for c in conv_cases(SEED)]
    if check == "conv_grad_kernel":
        return [
            (c.key, conv.grad_kernel(c.x, c.grad_out, len(c.w), convention))
            for c in conv_cases(SEED)
        ]
    if check == "conv_update":
        return [(c.key, conv.update(c.w, c.grad_w, c.lr)) for c in update_cases(SEED)]
    pooled = (*pool_cases(SEED), *tie_cases(SEED))
    if check == "pool_forward":
        return [(c.key, pool.forward(c.x, c.k)[0]) for c in pooled]
    return [(c.key, pool.grad_input(c.x, c.k, c.grad_out)) for c in pooled]


def _tolerances(check: str) -> list[Tolerance]:
    """What a check allows; pooling's gradient may also fit the student's own slopes."""
    names = ("layer", "pool_slope") if check == "pool_backward" else ("layer",)
    return [TOLERANCES[name, "float32"] for name in names]


@given(
    data=st.data(),
    check=st.sampled_from(sorted(RESULTS)),
    convention=st.sampled_from(FEW_CONVENTIONS),
    sign=st.sampled_from([-1.0, 1.0]),
    power=st.floats(0, 6),
)
@settings(max_examples=examples(80))
def test_one_wrong_entry_of_a_result_is_never_passed(
    right: Right,
    data: st.DataObject,
    check: str,
    convention: Convention,
    sign: float,
    power: float,
) -> None:
    """From just above what is allowed on, in any entry of any size, in every form of arguments."""
    probe_id, place = RESULTS[check]
    key, wanted = data.draw(st.sampled_from(right_answers(check, convention)), label="case")
    entry = data.draw(st.integers(0, wanted.size - 1), label="entry")
    allowed = max(t.atol + t.rtol * abs(float(wanted[entry])) for t in _tolerances(check))

    def off(stack: Floats) -> Floats:
        stack[0].reshape(-1)[entry] = wanted[entry] + sign * 1.01 * 10**power * allowed
        return stack

    def there(probe: str, name: str) -> bool:
        return probe == probe_id and name.startswith(f"{key}@") and name.endswith(f"/{place}")

    found = judged(right.changed(convention, there, off), check)
    assert found.outcome in {Outcome.FAIL, Outcome.PARTIAL}, (found.message, found.staff_detail)
    assert found.credit < 1
    if not (check == "pool_backward" and key.startswith("tie")):
        assert not all(row.ok for row in found.measurements)


@given(data=st.data(), power=st.floats(0.5, 6))
@settings(max_examples=examples(30))
def test_one_wrong_share_at_a_tie_is_never_passed(
    right: Right, data: st.DataObject, power: float
) -> None:
    case = data.draw(st.sampled_from(tie_cases(SEED)), label="case")
    row = data.draw(st.integers(1, len(case.grad_out)), label="row")
    entry = data.draw(st.integers(0, len(case.x) - 1), label="entry")
    allowed = TOLERANCES["layer", "float32"].atol

    def off(stack: Floats) -> Floats:
        stack[row].reshape(-1)[entry] += 10**power * allowed
        return stack

    def there(probe: str, name: str) -> bool:
        return probe == "maxpool1d_backward" and name.startswith(f"{case.key}@")

    found = judged(right.changed(FEW_CONVENTIONS[0], there, off), "pool_backward")
    assert found.outcome is Outcome.PARTIAL, found.message


def test_a_gradient_of_its_own_right_forward_is_judged_at_ties_as_well(lab: Lab) -> None:
    """Off by more than a layer may be and less than slopes may be, and wrong where samples tie."""
    off = (TOLERANCES["layer", "float32"].atol + TOLERANCES["pool_slope", "float32"].atol) / 2

    def every_maximum(x: Any, k: Any, g: Any) -> Any:
        line, grad = np.asarray(x, dtype=float), np.full(len(x), off)
        for i in range(len(g)):
            window = slice(i, i + k)
            grad[window] += np.asarray(g)[i] * (line[window] == line[window].max())
        return grad

    wanted = layers(CONVENTIONS[0]) | {"maxpool1d_backward": every_maximum}
    found = judged(asked(lab, Memory(), wanted), "pool_backward")
    assert found.outcome in {Outcome.PARTIAL, Outcome.FAIL}, found.message

"""No evidence is never a pass; only the results that are asked for are read (issues 15 and 16)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from grader.checks import CHECKS, CheckContext
from grader.checks.functions.examples import row
from grader.checks.functions.replies import Answers
from grader.execution import messages as m
from grader.execution.probe_replies import reply_of
from grader.kernel import probing
from grader.kernel.outputs import results_of
from grader.model.records import UNREADABLE, Outcome, ProbeValue
from grader.testing import ArrayStore
from reference import conv, pool
from tests.grader.checks.support import ASSIGNMENT, Lab
from tests.lanes import examples

RIGHT = {
    "conv1d_forward": conv.forward,
    "conv1d_backward": lambda x, w, g: (
        conv.grad_input(g, w),
        conv.grad_kernel(x, g, len(w)),
    ),
    "conv1d_update": conv.update,
    "maxpool1d_forward": lambda x, k: pool.forward(x, k)[0],
    "maxpool1d_backward": pool.grad_input,
}
CHECKED = (
    ("conv_forward", "1a", "conv1d_forward"),
    ("conv_grad_input", "3a", "conv1d_backward"),
    ("conv_grad_kernel", "3b", "conv1d_backward"),
    ("conv_update", "3b", "conv1d_update"),
    ("pool_forward", "1b", "maxpool1d_forward"),
    ("pool_backward", "3d", "maxpool1d_backward"),
)


def test_nothing_compared_is_not_ok_and_nothing_returned_is_no_repetition() -> None:
    assert not row("output", ()).ok
    assert not Answers(form="numpy").repeats_itself()


def test_without_an_answer_to_some_call_no_check_passes(lab: Lab) -> None:
    context = lab.ask(RIGHT)
    rng = np.random.default_rng(0)
    for check, part, probe in CHECKED:
        assert CHECKS[check](context, part).outcome is Outcome.PASS
        reply = next(r for r in context.evidence.replies if r.probe_id == probe)
        calls = sorted({value.name.rpartition("/")[0] for value in reply.values})
        for lost in (calls[:1], calls[-1:], list(rng.choice(calls, 3)), calls):
            kept = tuple(v for v in reply.values if v.name.rpartition("/")[0] not in lost)
            replies = tuple(
                replace(r, values=kept) if r is reply else r
                for r in context.evidence.replies
                if not r.probe_id.endswith("_alone")
            )
            damaged = replace(context, evidence=replace(context.evidence, replies=replies))
            found = CHECKS[check](damaged, part)
            assert found.outcome is Outcome.NEEDS_HUMAN, (check, lost, found.message)


SOFTMAX = {"output2prob": lambda z: torch.softmax(z, dim=1)}
MOST_CALLS = 60
"""Calls of a probe, or more."""
JUDGED = (*CHECKED, ("output2prob", "2c", "output2prob"))
SPOILT: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "a scalar for each row": lambda a: a.reshape(len(a), -1)[:, :1].reshape(len(a)),
    "shorter": lambda a: a[..., :-1],
    "longer": lambda a: np.concatenate([a, a[..., :1]], axis=-1),
    "twice": lambda a: np.stack([a, a], axis=1),
    "empty": lambda a: a[..., :0],
    "no rows": lambda a: a[:0],
    "one number": lambda a: np.array(0.0),
    "not finite": lambda a: np.full(a.shape, np.nan),
    "a constant": lambda a: np.full(a.shape, 7.5),
    "another order": lambda a: np.roll(a, 1, axis=-1) + 1,
}
"""What may come in the place of a right stack of outputs, (rows, ...)."""


@dataclass(frozen=True)
class Right:
    """A submission of which every function is right."""

    context: CheckContext

    def __repr__(self) -> str:
        return "right"


@pytest.fixture(scope="module")
def right(lab: Lab) -> Right:
    """Every function right, with its answers alone: nothing stands in for them."""
    context = lab.ask(RIGHT | SOFTMAX)
    alone = tuple(r for r in context.evidence.replies if not r.probe_id.endswith("_alone"))
    return Right(replace(context, evidence=replace(context.evidence, replies=alone)))


@given(
    judged=st.sampled_from(JUDGED),
    numbers=st.sets(st.integers(0, MOST_CALLS - 1), min_size=1),
    how=st.sampled_from(("missing", "no array", "raised", "text", *SPOILT)),
)
@settings(max_examples=examples(100))
def test_with_any_calls_missing_or_of_another_shape_no_check_passes(
    right: Right, judged: tuple[str, str, str], numbers: set[int], how: str
) -> None:
    """Issue 16: no evidence is never a pass."""
    check, part, probe = judged
    context = right.context
    reply = next(r for r in context.evidence.replies if r.probe_id == probe)
    calls = sorted({value.name.rpartition("/")[0] for value in reply.values})
    assert len(calls) <= MOST_CALLS
    chosen = {calls[number % len(calls)] for number in numbers}
    if probe == "output2prob":  # the public rows are of few classes, which need not be taken
        chosen = {call for call in chosen if not call.startswith("demo")}
    store, spoils = context.arrays, 0
    assert isinstance(store, ArrayStore)

    def spoilt(value: ProbeValue) -> ProbeValue | None:
        nonlocal spoils
        if value.name.rpartition("/")[0] not in chosen:
            return value
        if how in SPOILT and value.array is not None:
            array = store(value.array)
            other = SPOILT[how](array)
            spoils += not np.array_equal(np.squeeze(array), np.squeeze(other))
            return replace(value, array=store.put(other))
        spoils += 1
        if how == "missing" or value.array is None:
            return None
        error = {"raised": "ValueError", "text": UNREADABLE}.get(how, "")
        return replace(value, array=None, error_name=error, error_message=error and how)

    values = tuple(one for value in reply.values if (one := spoilt(value)) is not None)
    replies = tuple(
        replace(r, values=values) if r is reply else r for r in context.evidence.replies
    )
    assume(spoils)
    evidence = replace(context.evidence, replies=replies)
    found = CHECKS[check](replace(context, evidence=evidence), part)
    assert found.outcome is not Outcome.PASS, (check, how, sorted(chosen), found.message)
    assert found.outcome is not Outcome.GRADER_FAULT


@pytest.mark.parametrize("value", [np.nan, 1.0])
def test_where_the_forward_gave_nothing_a_gradient_must_still_be_one(
    lab: Lab, value: float
) -> None:
    def forward(x: Any, w: Any) -> Any:
        if len(w) % 2 == 0:
            raise ValueError("odd kernels only")
        return conv.forward(x, w)[::-1]

    def backward(x: Any, w: Any, g: Any) -> Any:
        if len(w) % 2 == 0:
            return np.full(len(x) + (value == 1), value), np.full(len(w) + (value == 1), value)
        return conv.grad_input(g[::-1], w), conv.grad_kernel(x, g[::-1], len(w))

    context = lab.ask({"conv1d_forward": forward, "conv1d_backward": backward})
    for check, part in (("conv_grad_input", "3a"), ("conv_grad_kernel", "3b")):
        found = CHECKS[check](context, part)
        assert (found.outcome, found.code) == (
            Outcome.NEEDS_HUMAN,
            "conv_backward.forward_tells_nothing",
        )


def test_the_same_replies_unspoilt_pass(right: Right) -> None:
    for check, part, _ in JUDGED:
        assert CHECKS[check](right.context, part).outcome is Outcome.PASS


def test_without_any_evidence_no_registered_check_gives_a_point(lab: Lab) -> None:
    for context in (lab.context(), lab.ask({})):
        for part in ASSIGNMENT.parts:
            for named in part.checks:
                assert CHECKS[named.id](context, part.id).credit == 0, named.id


@pytest.mark.parametrize(
    ("forward", "backward"),
    [
        (lambda x, w: np.zeros(len(x)), lambda x, w, g: (0 * x, 0 * w)),
        (lambda x, w: x, lambda x, w, g: (g, 0 * w)),
        (lambda x, w: 0.0, lambda x, w, g: (0.0, 0.0)),
        (lambda x, w: np.full(len(x) + 1, 7.0), lambda x, w, g: (x * 0 + 7, w * 0 + 7)),
        (np.convolve, lambda x, w, g: (0 * g, 0 * w)),
        (lambda x, w: np.full(len(x), x.sum()), lambda x, w, g: (x * 0 + g.sum(), 0 * w)),
        (lambda x, w: np.full(len(x), w.sum()), lambda x, w, g: (0 * x, w * 0 + g.sum())),
        (lambda x, w: np.arange(len(x)) * 1.0, lambda x, w, g: (x, w)),
        (lambda x, w: np.array([1.0]), lambda x, w, g: (x, g)),
        (lambda x, w: conv.forward(x, w)[: len(w)], lambda x, w, g: (g, w)),
        (lambda x, w: x[: len(w)] * w[: len(x)], lambda x, w, g: (g, x[: len(w)])),
        (
            lambda x, w: conv.forward(x, w) if len(w) == 2 else np.zeros(len(x) + 1),
            lambda x, w, g: (
                (conv.grad_input(g, w), conv.grad_kernel(x, g, len(w)))
                if len(w) == 2
                else (0 * x + 1, 0 * w + 1)
            ),
        ),
    ],
    ids=(
        *("zeros", "identity", "scalar", "longer", "full and zeros", "sum of x", "sum of w"),
        *("counts", "one number", "cut", "products", "two taps only"),
    ),
)
def test_what_is_not_work_is_worth_nothing(
    lab: Lab, forward: Callable[..., Any], backward: Callable[..., Any]
) -> None:
    """Issue 16: points without the work."""
    functions = {
        "conv1d_forward": forward,
        "conv1d_backward": backward,
        "conv1d_update": lambda w, g, lr: w,
        "maxpool1d_forward": lambda x, k: (
            forward(x, x[:k])[: len(x) - k + 1] if np.ndim(forward(x, x[:k])) else 0.0
        ),
        "maxpool1d_backward": lambda x, k, g: backward(x, x[:k], x)[0],
    }
    context = lab.ask(functions)
    for check, part, _ in CHECKED:
        found = CHECKS[check](context, part)
        assert found.credit == 0, (check, found.message)


def test_a_forward_of_all_samples_is_no_pooling(lab: Lab) -> None:
    functions = {
        "maxpool1d_forward": lambda x, k: np.full(len(x) - k + 1, x.sum()),
        "maxpool1d_backward": lambda x, k, g: np.full(len(x), g.sum()),
    }
    assert CHECKS["pool_backward"](lab.ask(functions), "3d").outcome is Outcome.FAIL


def test_a_changed_argument_is_found_by_the_host_whatever_the_kernel_says(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Issue 16: `probing._same` patched; now nothing that the kernel says of it is read."""
    monkeypatch.setattr(probing, "_changes", lambda *_: False)

    def forward(x: Any, w: Any) -> Any:
        out = conv.forward(x, w)
        x[:] = 0
        return out

    finding = CHECKS["conv_forward"](lab.ask({"conv1d_forward": forward}), "1a")
    assert (finding.outcome, finding.code) == (Outcome.PARTIAL, "function.in_place")


def test_an_argument_that_did_not_come_back_counts_as_changed() -> None:
    call = m.CallFact(
        key="demo0@numpy",
        outputs=[m.Output(name="demo0@numpy/0", kind="ndarray")],
        error=None,
    )
    sent = {"demo0": (np.ones((2, 3)), None)}
    out = {"demo0@numpy/0": np.ones((2, 3))}

    def changed(**more: Any) -> tuple[int, ...]:
        arrays = {**out, **{f"demo0@numpy/{name}": array for name, array in more.items()}}
        body = m.ProbeBody(probe="conv1d_forward", calls=[call])
        (value,) = reply_of(body, arrays, lambda *_: ArrayStore().put(SIGNAL), sent).values
        return value.changed_arguments

    assert changed(argument0=np.ones((2, 3))) == ()
    for left in (None, np.ones((1, 3)), np.ones((2, 4)), np.zeros((2, 3)), np.float64(1)):
        assert changed(**({} if left is None else {"argument0": left})) == (0,)


SIGNAL, OTHER = np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0])


@pytest.mark.parametrize(
    ("returned", "count", "wanted"),
    [
        (SIGNAL, 1, [SIGNAL]),
        ((SIGNAL, (SIGNAL, OTHER, None)), 1, [SIGNAL]),
        ([SIGNAL, {"x": OTHER}], 1, [SIGNAL]),
        ({"out": SIGNAL, "cache": [OTHER, "same"]}, 1, [SIGNAL]),
        ((1.0, 2.0, 3.0), 1, [SIGNAL]),
        ([[1.0], [2.0], [3.0]], 1, [SIGNAL[:, None]]),
        (torch.tensor([1.0, 2.0, 3.0], dtype=torch.bfloat16), 1, [SIGNAL]),
        (SIGNAL.astype(complex), 1, [SIGNAL]),
        ((SIGNAL, OTHER, {"cache": None}), 2, [SIGNAL, OTHER]),
        (((SIGNAL, OTHER), "cache"), 2, [SIGNAL, OTHER]),
        ([SIGNAL, OTHER], 2, [SIGNAL, OTHER]),
        (SIGNAL, 2, [SIGNAL]),
    ],
)
def test_only_the_results_that_are_asked_for_are_read(
    returned: Any, count: int, wanted: list[Any]
) -> None:
    found = results_of(returned, count)
    assert len(found) == len(wanted)
    for one, right in zip(found, wanted, strict=True):
        assert one.array is not None
        assert np.array_equal(one.array, right)


@pytest.mark.parametrize(
    ("returned", "what"),
    [
        (None, "nothing (None)"),
        ("0.5", "text"),
        (np.array([1j, 2.0]), "complex numbers"),
        ((v for v in SIGNAL), "a generator"),
    ],
)
def test_what_is_no_array_of_numbers_is_told_as_what_it_is(returned: Any, what: str) -> None:
    (found,) = results_of(returned, 1)
    assert found.unreadable == what


@pytest.mark.parametrize("scale", [1e-14, 1e-9, 1e-7])
def test_a_forward_so_faint_that_zeros_fit_it_is_no_target(lab: Lab, scale: float) -> None:
    context = lab.ask(
        {
            "conv1d_forward": lambda x, w: scale * np.asarray(conv.forward(x, w)),
            "conv1d_backward": lambda x, w, _: (0 * np.asarray(x), 0 * np.asarray(w)),
            "maxpool1d_forward": lambda x, k: scale * np.asarray(pool.forward(x, k)[0]),
            "maxpool1d_backward": lambda x, *_: 0 * np.asarray(x),
        }
    )
    for check, part, _ in CHECKED:
        if check != "conv_update":
            finding = CHECKS[check](context, part)
            assert (finding.outcome, finding.credit) == (Outcome.FAIL, 0.0), finding

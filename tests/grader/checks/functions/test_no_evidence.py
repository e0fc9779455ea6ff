"""No evidence is never a pass; only the results that are asked for are read (issues 15 and 16)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from grader.checks import CHECKS
from grader.checks.functions.examples import row
from grader.checks.functions.replies import Answers
from grader.execution import messages as m
from grader.execution.probe_replies import reply_of
from grader.kernel import probing
from grader.kernel.outputs import results_of
from grader.model.records import Outcome
from grader.testing import ArrayStore
from reference import conv, pool
from tests.grader.checks.support import Lab

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

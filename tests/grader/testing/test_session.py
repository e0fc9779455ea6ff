"""A question answered by the fake session gives the record that one through the wire gives."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grader.checks import evidence_reader, probes_of
from grader.execution.collector import Collector
from grader.kernel import probing
from grader.kernel.channel import Channel
from grader.model.assignment import load_assignment
from grader.model.records import ProbeReply
from grader.testing import ArrayStore, ask, question_of
from reference.errors import GraderFault
from tests.accuracy.notebook_run import FakeKernel

PROBES = tuple(p for p in probes_of(load_assignment(), 3) if p.probe_id == "maxpool1d_forward")


def maxpool1d_forward(x: np.ndarray, k: int) -> list[float]:
    if k == 1:
        raise ValueError("a window of one entry")
    return [max(x[i : i + k]) for i in range(len(x) - k + 1)]


FUNCTIONS = {"maxpool1d_forward": maxpool1d_forward}


def without_arrays(reply: ProbeReply) -> ProbeReply:
    return replace(reply, values=tuple(replace(value, array=None) for value in reply.values))


def test_it_is_the_record_that_the_wire_gives(tmp_path: Path) -> None:
    store, on_disk = ArrayStore(), evidence_reader(tmp_path)
    collector = Collector(folder=tmp_path, nonce="n", asking=PROBES[0])
    channel = Channel(FakeKernel(collector), "n")
    probing.answer(channel, dict(FUNCTIONS), question_of(PROBES[0].source))

    (fake,), (real,) = ask(FUNCTIONS, PROBES, store), collector.replies.values()

    assert collector.problems == []
    assert without_arrays(fake) == without_arrays(real)
    assert any(value.error_name == "ValueError" for value in fake.values)
    pairs = [(f.array, r.array) for f, r in zip(fake.values, real.values, strict=True) if f.array]
    assert len(pairs) > 10
    for one, other in pairs:
        assert one is not None
        assert other is not None
        np.testing.assert_array_equal(store(one), on_disk(other))
        assert (one.shape, one.dtype) == (other.shape, other.dtype)


def test_what_is_not_there_is_not_asked() -> None:
    assert ask({}, PROBES, ArrayStore()) == ()


def test_an_array_is_a_copy_and_a_lost_one_is_our_fault() -> None:
    store = ArrayStore()
    reference = store.put([1.0, 2.0])
    store(reference)[0] = 9.0
    assert store(reference).tolist() == [1.0, 2.0]
    with pytest.raises(GraderFault, match="evidence has changed"):
        store(replace(reference, path="another.npy"))
    assert ArrayStore(behind=store)(reference).tolist() == [1.0, 2.0]

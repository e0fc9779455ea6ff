"""One conversation through client, collector and the driver's last word: no kernel, no box."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from grader.checks import probes_of
from grader.checks.stored_arrays import evidence_reader
from grader.execution.collector import MOST_PROBLEMS
from grader.kernel.bounds import MAX_MODELS, MAX_PREDICTIONS, MAX_RUNS
from grader.model.records import ArrayRef, Evidence, ProbeSpec
from tests import factories
from tests.fuzz.conversations import Message, conversation
from tests.fuzz.measure import Worst
from tests.fuzz.target import Fault
from tests.grader.execution.fake_kernel import FakeKernel

SLOW_S = 6.0
"""Processor seconds that one message may take on a slow machine; a usual one takes 0.0005."""
MOST_MIB = 1000.0
"""Memory that one message may take: two of the greatest, unpacked, are held at most."""


@lru_cache(maxsize=1)
def _probe() -> ProbeSpec:
    return next(p for p in probes_of(factories.ASSIGNMENT, 1) if p.probe_id == "conv1d_forward")


def go_through(seed: int, number: int, worst: Worst) -> str:
    """Hear a conversation out; return `heard`, or `ended` where a kernel is killed for it.

    Raises:
        Fault: what came of it is neither.
    """
    return hear(conversation(seed, number), worst)


def hear(said: list[Message], worst: Worst) -> str:
    """Hear these messages out, and read what the driver says of them."""
    result = "heard"
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        folder = Path(name)
        kernel = FakeKernel(folder, probes=(_probe(),))
        for message in said:
            with worst.of():
                if _take(kernel, message) == "ended":
                    result = "ended"
        with worst.of():
            evidence = kernel.end()
        _sound(evidence, folder)
    return result


def _take(kernel: FakeKernel, message: Message) -> str:
    match message.kind:
        case "cell":
            kernel.begin_cell((kernel.cell + 1) % len(kernel.notebook.cells))
        case "ask":
            kernel.ask(_probe())
        case "reply":
            try:
                kernel.reply(message.content)
            except Exception:  # noqa: BLE001 -- as `Session` takes it
                return "ended"
        case kind:
            return kernel.hear(kind, message.content, message.buffers, **message.header)
    return "heard"


def _sound(evidence: Evidence, folder: Path) -> None:
    """Raise a fault where the evidence is beyond its bounds, or not what lies on disk."""
    counts = (len(evidence.runs), len(evidence.predictions), len(evidence.models))
    if any(
        n > most for n, most in zip(counts, (MAX_RUNS, MAX_PREDICTIONS, MAX_MODELS), strict=True)
    ):
        raise Fault(f"more runs, predictions or networks than are kept: {counts}")
    notes = [note for note in evidence.notes if note.code == "kernel-message"]
    if len(notes) > MOST_PROBLEMS or any(len(note.message) > 400 for note in notes):
        raise Fault("too much is noted")
    references = list(_references(evidence))
    places = [(one.path, one.member) for one in references]
    if len(set(places)) < len(places):
        raise Fault("two records of one array")
    read = evidence_reader(folder / "evidence")
    for one in references:
        if read(one).shape != one.shape:
            raise Fault(f"{one.path} is not what the record says")
    if {path.name for path in folder.iterdir()} != {"evidence", "executed.ipynb"}:
        raise Fault(f"files beside the evidence: {sorted(folder.iterdir())}")


def _references(evidence: Evidence) -> Iterator[ArrayRef]:
    waiting: list[object] = [evidence]
    while waiting:
        one = waiting.pop()
        if isinstance(one, ArrayRef):
            yield one
        elif isinstance(one, tuple):
            waiting += one
        elif hasattr(one, "__dataclass_fields__"):
            waiting += [getattr(one, name) for name in one.__dataclass_fields__]

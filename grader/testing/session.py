"""A session without a kernel: functions of the test answer the probes' questions directly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

import numpy as np

from grader.execution.messages import ProbeBody
from grader.execution.probe_replies import reply_of
from grader.kernel import probing
from grader.kernel.channel import Channel
from grader.model.records import ArrayRef, ProbeReply, ProbeSpec
from grader.planning.probes.questions import question_of, sent_by
from grader.testing.evidence import ArrayStore


class _Inbox:
    """Takes the answer to a probe as it is, in place of a channel that makes bytes of it."""

    def __init__(self) -> None:
        self.body: dict[str, Any] = {}
        self.arrays: Mapping[str, np.ndarray] = {}

    def send(
        self, kind: str, body: dict[str, Any], arrays: Mapping[str, np.ndarray] | None = None
    ) -> None:
        assert kind == "probe", kind  # noqa: S101 -- a fake for tests
        self.body, self.arrays = body, arrays or {}


def ask(
    functions: Mapping[str, Any], probes: Iterable[ProbeSpec], store: ArrayStore
) -> tuple[ProbeReply, ...]:
    """Ask every probe whose names are among the functions, as a kernel would be asked.

    Args:
        functions: What the notebook would have bound, by name.
        probes: Questions, as `probes_of(assignment, seed)` makes them.
        store: Where the answers' arrays are put.
    """
    replies = []
    for probe in probes:
        if not all(name in functions for name in probe.needs):
            continue
        inbox = _Inbox()
        probing.answer(cast("Channel", inbox), dict(functions), question_of(probe.source))

        def put(_: str, array: np.ndarray) -> ArrayRef:
            return store.put(array)

        body = ProbeBody.model_validate(inbox.body)
        replies.append(reply_of(body, inbox.arrays, put, sent_by(probe.source)))
    return tuple(replies)

"""From a message that answers a probe to a record."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from grader.execution import messages as m
from grader.model.records import UNREADABLE, ArrayRef, Outcome, ProbeReply, ProbeValue

Put = Callable[[str, np.ndarray], ArrayRef]
"""Keeps an array under the name of a member; returns how records refer to it."""


def reply_of(body: m.ProbeBody, arrays: Mapping[str, np.ndarray], put: Put) -> ProbeReply:
    """Return the record of an answer; an output whose array did not come has none."""
    values: list[ProbeValue] = []
    for number, call in enumerate(body.calls):
        if call.error is not None:
            values.append(_failed_call(call, call.error))
            continue
        for place, output in enumerate(call.outputs):
            array = None if output.unreadable else arrays.get(output.name)
            values.append(
                ProbeValue(
                    name=f"{call.key}/{place}",
                    array=None if array is None else put(f"{number}-{place}", array),
                    kind=output.kind,
                    changed_arguments=tuple(call.changed),
                    error_name=UNREADABLE if output.unreadable else "",
                    error_message=output.unreadable,
                )
            )
    return ProbeReply(
        probe_id=body.probe, outcome=Outcome.PASS, values=tuple(values), used=tuple(body.used)
    )


def _failed_call(call: m.CallFact, error: m.CallError) -> ProbeValue:
    return ProbeValue(
        name=f"{call.key}/0",
        array=None,
        kind="",
        error_name=error.name,
        error_message=" ".join(error.message.split()),
    )

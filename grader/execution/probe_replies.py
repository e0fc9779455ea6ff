"""From a message that answers a probe to a record."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from grader.execution import messages as m
from grader.model.records import UNREADABLE, ArrayRef, Outcome, ProbeReply, ProbeValue

Sent = Mapping[str, tuple[NDArray[np.generic] | None, ...]]
"""Key of a call to the arguments that went out, as `sent_by` reads them off the question."""

Put = Callable[[str, np.ndarray], ArrayRef]
"""Keeps an array under the name of a member; returns how records refer to it."""


SINGLE = "torch32"
"""The form of arguments that has single precision."""


def reply_of(
    body: m.ProbeBody, arrays: Mapping[str, np.ndarray], put: Put, sent: Sent
) -> ProbeReply:
    """Return the record of an answer; an output whose array did not come has none."""
    values: list[ProbeValue] = []
    for number, call in enumerate(body.calls):
        if call.error is not None:
            values.append(_failed_call(call, call.error))
            continue
        changed = _changed(call, arrays, sent)
        for place, output in enumerate(call.outputs):
            array = None if output.unreadable else arrays.get(output.name)
            values.append(
                ProbeValue(
                    name=f"{call.key}/{place}",
                    array=None if array is None else put(f"{number}-{place}", array),
                    kind=output.kind,
                    changed_arguments=changed,
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


def _changed(call: m.CallFact, arrays: Mapping[str, np.ndarray], sent: Sent) -> tuple[int, ...]:
    """Places of the arguments that came back as something else than was sent, or not at all."""
    key, _, form = call.key.rpartition("@")
    rows = {len(arrays[one.name]) for one in call.outputs if one.name in arrays}
    return tuple(
        place
        for place, given in enumerate(sent.get(key, ()))
        if given is not None
        and not _unchanged(given, arrays.get(f"{call.key}/argument{place}"), form, rows)
    )


def _unchanged(
    given: NDArray[np.generic], left: np.ndarray | None, form: str, rows: set[int]
) -> bool:
    """Whether all that is known of an argument, row by row, is what was handed over."""
    if left is None or left.ndim == 0 or len(left) == 0 or rows - {len(left)}:
        return False
    wanted = given.astype(np.float32) if form == SINGLE else given
    return bool(np.array_equal(left.astype(np.float64), wanted[: len(left)].astype(np.float64)))

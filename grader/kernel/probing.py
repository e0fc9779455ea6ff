"""The probe desk: calls the student's functions with given inputs, returns raw arrays.

A question's call is a set of rows, each a full list of arguments; the outputs of all rows of one
call come back stacked, so that a Jacobian is one array. Every call is tried in each form of
arguments that the question names (`numpy`, `torch`, `torch32`, `list`); which of the forms counts
is for the host to say.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from .channel import Channel
from .watching import functions_used

_FORMS: dict[str, Callable[[np.ndarray], Any]] = {
    "numpy": lambda values: values.copy(),
    "torch": lambda values: torch.from_numpy(values).clone(),
    "torch32": lambda values: torch.from_numpy(values).to(torch.float32, copy=True),
    "list": lambda values: values.tolist(),
}
"""An array as an argument of its own, which the call may change."""


def _decoded(spec: dict[str, Any]) -> Any:
    """One argument: `{"int": 3}`, `{"float": 0.1}` or `{"array": …, "dtype": …}`."""
    if "array" in spec:
        return np.array(spec["array"], dtype=spec["dtype"])
    return spec["int"] if "int" in spec else spec["float"]


def _argument(value: Any, form: str) -> Any:
    return _FORMS[form](value) if isinstance(value, np.ndarray) else value


def _outputs(result: Any, expected: int) -> list[Any]:
    """The results one by one: a tuple taken apart unless it is one signal, others where it fits."""
    if isinstance(result, dict) and len(result) == expected:
        return list(result.values())
    if isinstance(result, tuple):
        one_signal = expected == 1 and all(np.ndim(_plain(v)) == 0 for v in result)
        return [list(result)] if one_signal else list(result)
    if isinstance(result, list) and expected > 1 and len(result) == expected:
        return result
    return [result]


def _plain(value: Any) -> Any:
    """Tensors inside lists and tuples as arrays."""
    if isinstance(value, torch.Tensor):
        return value.detach().cpu().numpy()
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value


def _as_array(value: Any) -> tuple[np.ndarray, str]:
    """Plain numeric array of a returned value, and the type it came as."""
    kind = str(value.dtype) if isinstance(value, torch.Tensor) else type(value).__name__
    array = np.asarray(_plain(value))
    if array.dtype.kind not in "fiub":
        raise TypeError(f"expected numbers, found {type(value).__name__} of {array.dtype}")
    return array, kind


def _same(before: Any, after: Any) -> bool:
    if isinstance(before, (int, float)):
        return True  # cannot be changed
    if isinstance(before, torch.Tensor):
        return torch.equal(before, after)
    return bool(np.array_equal(np.asarray(before), np.asarray(after)))


def _call(
    function: Any, row: list[Any], form: str, returns: int
) -> tuple[list[tuple[np.ndarray, str]], set[int]]:
    """Call once; return the outputs and the places of the arguments that it changed."""
    with torch._C.DisableTorchFunction():  # the shims are for the student's calls, not for ours
        arguments = [_argument(value, form) for value in row]
        pristine = [_argument(value, form) for value in row]
    returned = _outputs(function(*arguments), returns)
    with torch._C.DisableTorchFunction():
        outputs = [_as_array(value) for value in returned]
        pairs = enumerate(zip(pristine, arguments, strict=True))
        return outputs, {place for place, (a, b) in pairs if not _same(a, b)}


class OutputsDiffer(Exception):
    """Calls of one size gave outputs of several shapes, or several numbers of results."""


def _stacked(call: dict[str, Any], function: Any, form: str) -> tuple[dict[str, Any], list[Any]]:
    """All rows of one call, the outputs of one place stacked."""
    answers = [_call(function, row, form, call["returns"]) for row in call["rows"]]
    forms_seen = {tuple(array.shape for array, _ in outputs) for outputs, _ in answers}
    if len(forms_seen) > 1:
        raise OutputsDiffer("the output's shape is another from call to call")
    places = list(zip(*(outputs for outputs, _ in answers), strict=True))
    fact: dict[str, Any] = {
        "key": f"{call['key']}@{form}",
        "form": form,
        "changed": sorted(set().union(*(changed for _, changed in answers))),
        "error": None,
        "outputs": [],
    }
    arrays = []
    for place, values in enumerate(places):
        name = f"{fact['key']}/{place}"
        fact["outputs"].append({"name": name, "kind": values[0][1]})
        arrays.append((name, np.stack([array for array, _ in values])))
    return fact, arrays


def _failed(call: dict[str, Any], form: str, error: Exception) -> dict[str, Any]:
    text = {"name": type(error).__name__[:100], "message": str(error)[:500]}
    return {"key": f"{call['key']}@{form}", "form": form, "outputs": [], "error": text}


def answer(channel: Channel, namespace: dict[str, Any], payload: str) -> None:
    """Answer one probe: every call of the payload in every form, in one message."""
    question = json.loads(payload)
    names = {call["function"] for call in question["calls"]}
    if not all(callable(namespace.get(name)) for name in names):
        channel.send("probe", {"probe": question["probe"], "calls": [], "used": []})
        return
    facts: list[dict[str, Any]] = []
    arrays: dict[str, np.ndarray] = {}
    for call in question["calls"]:
        call["rows"] = [[_decoded(spec) for spec in row] for row in call["rows"]]
    for form in question["forms"]:
        for call in question["calls"]:
            try:
                fact, outputs = _stacked(call, namespace[call["function"]], form)
            except Exception as error:  # noqa: BLE001 -- reported, not hidden
                facts.append(_failed(call, form, error))
            else:
                facts.append(fact)
                arrays.update(outputs)
    used = _used(question, namespace)
    channel.send("probe", {"probe": question["probe"], "calls": facts, "used": used}, arrays)


def _used(question: dict[str, Any], namespace: dict[str, Any]) -> list[str]:
    """The listed library functions that the last call of the question makes, in any form."""
    listed, call = question["watched"], question["calls"][-1]
    function = namespace.get(call["function"])
    if not listed or not callable(function):
        return []
    row = call["rows"][0]
    used: set[str] = set()
    for form in question["forms"]:
        arguments = [_argument(value, form) for value in row]
        used |= set(functions_used(function, arguments, listed))
    return sorted(used)

"""The probe desk: calls the student's functions with given inputs, returns raw arrays.

A question's call is a set of rows, each a full list of arguments; the outputs of all rows of one
call come back stacked, so that a Jacobian is one array. Every call is tried with arguments of the
question's first form (`numpy` for layers, as documented). Where one of them raised, gave nothing
that can be read, or changed its arguments, all are tried in the other forms as well (`torch`,
`torch32`, `list`); which of the forms counts is for the host to say.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from .channel import Channel
from .outputs import Result, results_of
from .surroundings import randomness
from .trying import finished, tried
from .watching import functions_used

_FORMS: dict[str, Callable[[np.ndarray], Any]] = {
    "numpy": lambda values: values.copy(),
    "torch": lambda values: torch.from_numpy(values).clone(),
    "torch32": lambda values: torch.from_numpy(values).to(torch.float32, copy=True),
    "list": lambda values: values.tolist(),
}
"""An array as an argument of its own, which the call may change."""

_TENSORS = frozenset({"torch", "torch32"})

_DIFFERENT_SHAPES = "arrays of another shape from call to call"


def _decoded(spec: dict[str, Any]) -> Any:
    """One argument: `{"int": 3}`, `{"float": 0.1}` or `{"array": …, "dtype": …}`."""
    if "array" in spec:
        return np.array(spec["array"], dtype=spec["dtype"])
    return spec["int"] if "int" in spec else spec["float"]


def _argument(value: Any, form: str) -> Any:
    return _FORMS[form](value) if isinstance(value, np.ndarray) else value


def _same(before: Any, after: Any) -> bool:
    if isinstance(before, (int, float)):
        return True  # cannot be changed
    if isinstance(before, torch.Tensor):
        return torch.equal(before, after)
    return bool(np.array_equal(np.asarray(before), np.asarray(after)))


def _call(function: Any, row: list[Any], form: str, returns: int) -> tuple[list[Result], set[int]]:
    """Call once; return the results and the places of the arguments that it changed."""
    with torch._C.DisableTorchFunction():  # the shims are for the student's calls, not for ours
        arguments = [_argument(value, form) for value in row]
        pristine = [_argument(value, form) for value in row]
    returned = finished(function(*arguments))
    with torch._C.DisableTorchFunction():
        results = results_of(returned, returns)
        pairs = enumerate(zip(pristine, arguments, strict=True))
        return results, {place for place, (a, b) in pairs if not _same(a, b)}


def _stacked(call: dict[str, Any], function: Any, form: str) -> tuple[dict[str, Any], list[Any]]:
    """All rows of one call, the outputs of one place stacked."""
    answers: list[tuple[list[Result], set[int]]] = []
    for row in call["rows"]:
        answers.append(_call(function, row, form, call["returns"]))
        if any(_unreadable([results[0] for results, _ in answers if results])):
            break  # an output that grows from call to call would cost more and more
    fact: dict[str, Any] = {
        "key": f"{call['key']}@{form}",
        "form": form,
        "changed": sorted(set().union(*(changed for _, changed in answers))),
        "error": None,
        "outputs": [],
    }
    arrays = []
    fewest = min(len(results) for results, _ in answers)
    for place in range(fewest):
        values = [results[place] for results, _ in answers]
        name = f"{fact['key']}/{place}"
        unreadable = _unreadable(values)
        output = {"name": name, "kind": values[0].kind, "unreadable": unreadable}
        fact["outputs"].append(output)
        if not unreadable:
            arrays.append((name, np.stack([value.array for value in values])))  # type: ignore[misc]
    return fact, arrays


def _unreadable(values: list[Result]) -> str:
    """What the results of all rows are where they are not numbers of one shape."""
    told = next((value.unreadable for value in values if value.array is None), "")
    shapes = {value.array.shape for value in values if value.array is not None}
    return told or (_DIFFERENT_SHAPES if len(shapes) > 1 else "")


def _failed(call: dict[str, Any], form: str, error: Exception) -> dict[str, Any]:
    text = {"name": type(error).__name__[:100], "message": str(error)[:500]}
    return {"key": f"{call['key']}@{form}", "form": form, "outputs": [], "error": text}


def answer(channel: Channel, namespace: Mapping[str, Any], payload: str) -> None:
    """Answer one probe: every call of the payload, in as many forms as it takes, in one message.

    Where a function is not there, the answer has no calls. The notebook's generators go on
    afterwards from where they were.
    """
    with randomness().put_up():
        _answer(channel, namespace, payload)


def _answer(channel: Channel, namespace: Mapping[str, Any], payload: str) -> None:
    question = json.loads(payload)
    names = {call["function"] for call in question["calls"]}
    if not all(callable(namespace.get(name)) for name in names):
        channel.send("probe", {"probe": question["probe"], "calls": [], "used": []})
        return
    for call in question["calls"]:
        call["rows"] = [[_decoded(spec) for spec in row] for row in call["rows"]]
    documented, *others = question["forms"]
    told, given = _asked(question, namespace, documented)
    if _leaves_doubt(told):
        tensors_work = False
        for form in others:
            if tensors_work and form in _TENSORS:
                continue  # slow ones cost minutes, and these work
            more, of_form = _asked(question, namespace, form)
            tensors_work = tensors_work or (form in _TENSORS and not _leaves_doubt(more))
            told += more
            given.update(of_form)
    used = _used(question, namespace)
    channel.send("probe", {"probe": question["probe"], "calls": told, "used": used}, given)


def _asked(
    question: dict[str, Any], namespace: Mapping[str, Any], form: str
) -> tuple[list[dict[str, Any]], dict[str, np.ndarray]]:
    """Make every call with arguments of one form."""
    facts: list[dict[str, Any]] = []
    arrays: dict[str, np.ndarray] = {}
    for call in question["calls"]:
        function = namespace[call["function"]]
        answered = functools.partial(_stacked, call, function, form)
        try:
            fact, outputs = tried(function, answered)
        except Exception as error:  # noqa: BLE001 -- reported, not hidden
            facts.append(_failed(call, form, error))
        else:
            facts.append(fact)
            arrays.update(outputs)
    return facts, arrays


def _leaves_doubt(facts: list[dict[str, Any]]) -> bool:
    """Whether some call did not go as documented, so that arguments of another form may tell."""
    return any(
        fact["error"] or fact["changed"] or any(one["unreadable"] for one in fact["outputs"])
        for fact in facts
    )


def _used(question: dict[str, Any], namespace: Mapping[str, Any]) -> list[str]:
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

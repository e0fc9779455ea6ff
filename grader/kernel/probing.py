"""The probe desk: calls the student's functions with given inputs, returns raw arrays.

A question's call is a set of rows, each a full list of arguments; the outputs of all rows of one
call come back stacked, so that a Jacobian is one array. Every call is tried with arguments of the
question's first form (`numpy` for layers, as documented). Where one of them raised, gave nothing
that can be read, or changed its arguments, all are tried in the other forms as well (`torch`,
`torch32`, `list`); which of the forms counts is for the host to say.

What the call left of its arguments goes back, too: the host compares it with what it sent.
"""

from __future__ import annotations

import functools
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


def _left_of(argument: Any) -> np.ndarray | None:
    """What a call left of an argument; None where that is no array of numbers any more."""
    try:
        plain = argument.detach().cpu().numpy() if torch.is_tensor(argument) else argument
        array = np.array(plain)
    except Exception:  # noqa: BLE001 -- the call may have put anything into it
        return None
    return array if array.dtype.kind in "fiub" else None


def _call(function: Any, row: list[Any], form: str, returns: int) -> tuple[list[Result], list[Any]]:
    """Call once; return the results, and by place what was left of the arguments."""
    with torch._C.DisableTorchFunction():  # the shims are for the student's calls, not for ours
        arguments = [_argument(value, form) for value in row]
    returned = finished(function(*arguments))
    with torch._C.DisableTorchFunction():
        results = results_of(returned, returns)
        return results, [_left_of(one) for one in arguments]


def _stacked(call: dict[str, Any], function: Any, form: str) -> tuple[dict[str, Any], list[Any]]:
    """All rows of one call, the outputs of one place stacked, and the arguments afterwards."""
    answers: list[tuple[list[Result], list[Any]]] = []
    for row in call["rows"]:
        answers.append(_call(function, row, form, call["returns"]))
        if any(_unreadable([results[0] for results, _ in answers if results])):
            break  # an output that grows from call to call would cost more and more
    fact: dict[str, Any] = {
        "key": f"{call['key']}@{form}",
        "form": form,
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
    for place, value in enumerate(call["rows"][0]):
        left = [arguments[place] for _, arguments in answers]
        readable = isinstance(value, np.ndarray) and all(one is not None for one in left)
        if readable and len({one.shape for one in left}) == 1:
            arrays.append((f"{fact['key']}/argument{place}", np.stack(left)))
    return fact, arrays


def _unreadable(values: list[Result]) -> str:
    """What the results of all rows are where they are not numbers of one shape."""
    told = next((value.unreadable for value in values if value.array is None), "")
    shapes = {value.array.shape for value in values if value.array is not None}
    return told or (_DIFFERENT_SHAPES if len(shapes) > 1 else "")


def _failed(call: dict[str, Any], form: str, error: Exception) -> dict[str, Any]:
    text = {"name": type(error).__name__[:100], "message": str(error)[:500]}
    return {"key": f"{call['key']}@{form}", "form": form, "outputs": [], "error": text}


def answer(channel: Channel, namespace: Mapping[str, Any], question: dict[str, Any]) -> None:
    """Answer one probe: every call of the question, in as many forms as it takes, in one message.

    Where a function is not there, the answer has no calls. The notebook's generators go on
    afterwards from where they were.
    """
    with randomness().put_up():
        _answer(channel, namespace, question)


def _answer(channel: Channel, namespace: Mapping[str, Any], question: dict[str, Any]) -> None:
    names = {call["function"] for call in question["calls"]}
    if not all(callable(namespace.get(name)) for name in names):
        channel.send("probe", {"probe": question["probe"], "calls": [], "used": []})
        return
    for call in question["calls"]:
        call["rows"] = [[_decoded(spec) for spec in row] for row in call["rows"]]
    documented, *others = question["forms"]
    told, given = _asked(question, namespace, documented)
    if _leaves_doubt(question, told, given, documented):
        tensors_work = False
        for form in others:
            if tensors_work and form in _TENSORS:
                continue  # slow ones cost minutes, and these work
            more, of_form = _asked(question, namespace, form)
            works = form in _TENSORS and not _leaves_doubt(question, more, of_form, form)
            tensors_work = tensors_work or works
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


def _leaves_doubt(
    question: dict[str, Any],
    facts: list[dict[str, Any]],
    arrays: dict[str, np.ndarray],
    form: str,
) -> bool:
    """Whether some call did not go as documented, so that arguments of another form may tell."""
    return any(
        fact["error"] or any(one["unreadable"] for one in fact["outputs"]) for fact in facts
    ) or any(_changes(call, arrays, form) for call in question["calls"])


def _changes(call: dict[str, Any], arrays: dict[str, np.ndarray], form: str) -> bool:
    """Whether an argument is another one after some row of a call."""
    for place, value in enumerate(call["rows"][0]):
        if isinstance(value, np.ndarray):
            left = arrays.get(f"{call['key']}@{form}/argument{place}")
            given = np.array([_left_of(_argument(row[place], form)) for row in call["rows"]])
            if left is None or not np.array_equal(left, given[: len(left)]):
                return True
    return False


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

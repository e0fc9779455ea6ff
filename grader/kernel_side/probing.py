"""The probe desk: calls the student's functions with given inputs, returns raw arrays."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import torch

from .channel import Channel

_BUILD = {
    "numpy": lambda values, dtype: np.array(values, dtype=dtype),
    "torch": lambda values, dtype: torch.tensor(values, dtype=getattr(torch, dtype)),
    "list": lambda values, _dtype: values,
}


def _argument(spec: dict[str, Any], form: str) -> Any:
    """Build one argument: `{"int": 3}`, `{"float": 0.1}` or `{"array": …, "dtype": …}`."""
    if "array" in spec:
        return _BUILD[form](spec["array"], spec["dtype"])
    return spec["int"] if "int" in spec else spec["float"]


def _outputs(result: Any) -> list[Any]:
    """A tuple of results as a list; anything else as a list of one."""
    return list(result) if isinstance(result, tuple) else [result]


def _as_array(value: Any) -> tuple[np.ndarray, str]:
    """Plain numeric array of a returned value, and the type it came as."""
    if isinstance(value, torch.Tensor):
        return value.detach().cpu().numpy(), str(value.dtype)
    if isinstance(value, (list, tuple)):
        value = [v.detach().cpu().numpy() if isinstance(v, torch.Tensor) else v for v in value]
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"expected numbers, found {array.dtype}")
    return array, type(value).__name__


def _same(before: Any, after: Any) -> bool:
    return bool(np.array_equal(np.asarray(before), np.asarray(after)))


def _call(function: Any, call: dict[str, Any], form: str) -> tuple[list[Any], bool]:
    """Call once; return the outputs and whether the inputs were left as they were."""
    arguments = [_argument(spec, form) for spec in call["args"]]
    pristine = [_argument(spec, form) for spec in call["args"]]
    outputs = _outputs(function(*arguments))
    kept = all(_same(a, b) for a, b in zip(pristine, arguments, strict=True))
    return outputs, kept


def _attempt(function: Any, call: dict[str, Any], forms: list[str]) -> tuple[list[Any], bool, str]:
    """Try the argument forms in order; the first that raises nothing counts."""
    first_error: Exception | None = None
    for form in forms:
        try:
            outputs, kept = _call(function, call, form)
        except Exception as error:  # noqa: BLE001 -- whatever the student's code raises
            first_error = first_error or error
        else:
            return outputs, kept, form
    raise first_error or TypeError("no argument form was tried")


def answer(channel: Channel, namespace: dict[str, Any], payload: str) -> None:
    """Answer one probe: every call of the payload, in order, in one message."""
    question = json.loads(payload)
    facts: list[dict[str, Any]] = []
    arrays: dict[str, np.ndarray] = {}
    for call in question["calls"]:
        fact: dict[str, Any] = {"key": call["key"], "outputs": [], "error": None}
        facts.append(fact)
        try:
            function = namespace[call["function"]]
            outputs, fact["kept_inputs"], fact["form"] = _attempt(function, call, question["forms"])
            for number, value in enumerate(outputs):
                name = f"{call['key']}/{number}"
                arrays[name], kind = _as_array(value)
                fact["outputs"].append({"name": name, "kind": kind})
        except Exception as error:  # noqa: BLE001 -- reported, not hidden
            fact["error"] = {"name": type(error).__name__, "message": str(error)[:500]}
    channel.send("probe", {"probe": question["probe"], "calls": facts}, arrays)

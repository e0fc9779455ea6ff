"""Questions to the student's functions, and how the kernel gets them.

A check says what it asks; here that becomes JSON with inputs, in one statement that binds no name.
The JSON is compressed to a fifteenth: Jupyter reads every statement several times over.
"""

from __future__ import annotations

import ast
import base64
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from grader.model.records import ProbeSpec
from reference.errors import ConfigError

DOCUMENTED = "numpy"
"""How arrays are handed to a layer, as the notebook says."""

LAYER_FORMS = (DOCUMENTED, "torch", "torch32", "list")
"""Forms in which arrays are handed to a layer; the others only tell where the first is refused."""

FIRST = "demo0"
"""Key of the first call, a public one: what a function keeps from it is no hidden number."""

AGAIN = "again"
"""Key of the first call repeated: a function that keeps state gives another answer then."""

Argument: TypeAlias = NDArray[np.float32] | NDArray[np.float64] | int | float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Call:
    """Some calls of one function, answered by one stack of outputs per place."""

    key: str
    """Name within the replies; that of the first call is `FIRST`."""
    rows: tuple[tuple[Argument, ...], ...]
    """Arguments, row by row."""
    returns: int = 1
    """Number of results that the function is to return."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """What a function of the student is asked. Several checks may ask the same."""

    function: str
    """Its name."""
    calls: tuple[Call, ...]
    """Its calls, public ones first."""
    may_call: tuple[str, ...] = ()
    """Other functions of the student that it may call, so that they must be there before.

    It is then asked once behind the cell that binds the last of them all, and once
    (`…_alone`) behind its own cell, for a notebook that has no such function or ends earlier.
    """
    forms: tuple[str, ...] = ()
    """How arrays are handed over; empty for `LAYER_FORMS`."""
    again: bool = True
    """Whether the first call is repeated at the end, which shows a function that keeps state."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Names that must be bound when it is asked."""
        return (*self.may_call, self.function)


def probes_for(
    questions: Iterable[Question], watched: Mapping[str, tuple[str, ...]]
) -> tuple[ProbeSpec, ...]:
    """Return the probes that ask some questions; the same question is asked once.

    Args:
        questions: In any order; it says nothing about that of the probes.
        watched: Function of the student to the library functions whose calls are to be told.

    Raises:
        ConfigError: two questions for one function differ.
    """
    found: dict[str, ProbeSpec] = {}
    # By name, a function before those that may call it.
    for question in sorted(questions, key=lambda q: q.needs):
        for probe in _probes(question, watched.get(question.function, ())):
            if found.setdefault(probe.probe_id, probe) != probe:
                raise ConfigError(
                    f"two checks of this offering ask {question.function} different questions; "
                    "expected the same ones: let both checks share one function for `probes`"
                )
    return tuple(found.values())


def _probes(question: Question, watched: tuple[str, ...]) -> Iterable[ProbeSpec]:
    name = question.function
    yield ProbeSpec(probe_id=name, needs=question.needs, source=_source(name, question, watched))
    if question.may_call:
        alone = f"{name}_alone"
        yield ProbeSpec(
            probe_id=alone,
            needs=(name,),
            source=_source(alone, question, watched),
            makeshift_for=name,
        )


def _source(probe_id: str, question: Question, watched: tuple[str, ...]) -> str:
    calls = [*question.calls]
    if question.again:
        first = calls[0]
        calls.append(Call(key=AGAIN, rows=first.rows[:1], returns=first.returns))
    asked = {
        "probe": probe_id,
        "forms": question.forms or LAYER_FORMS,
        "watched": watched,
        "calls": [
            {
                "key": call.key,
                "function": question.function,
                "returns": call.returns,
                "rows": [[_encoded(argument) for argument in row] for row in call.rows],
            }
            for call in calls
        ],
    }
    packed = base64.b64encode(zlib.compress(json.dumps(asked).encode())).decode()
    return f"__import__('sys').modules['_pset4.start'].answer({packed!r})"


def _encoded(argument: Argument) -> dict[str, object]:
    if isinstance(argument, np.ndarray):
        return {"array": argument.tolist(), "dtype": argument.dtype.name}
    return {"int": argument} if isinstance(argument, int) else {"float": argument}


def question_of(source: str) -> dict[str, Any]:
    """Return what a probe's statement asks, as `probes_for` makes it."""
    call = ast.parse(source, mode="eval").body
    if not isinstance(call, ast.Call):
        raise TypeError(f"expected a call, found {source[:80]}")
    found: dict[str, Any] = json.loads(
        zlib.decompress(base64.b64decode(ast.literal_eval(call.args[0])))
    )
    return found


def sent_by(source: str) -> Mapping[str, tuple[NDArray[np.generic] | None, ...]]:
    """Return the arguments that a probe's statement hands over, call by call.

    Returns:
        Key of the call to what stands at each place, (rows, ...) in the order of its rows; None
        for a number, which no call can change.
    """
    calls = question_of(source)["calls"]
    return {call["key"]: tuple(map(_column, zip(*call["rows"], strict=True))) for call in calls}


def _column(values: tuple[Mapping[str, list[float]], ...]) -> NDArray[np.generic] | None:
    if "array" not in values[0]:
        return None
    return np.array([value["array"] for value in values], dtype=str(values[0]["dtype"]))

"""The questions as the kernel gets them: JSON with inputs, in one statement that binds no name."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from grader.model.records import ProbeSpec
from grader.planning.probes.cases import (
    conv_cases,
    conv_demos,
    conv_rows,
    pool_cases,
    pool_demos,
    pool_rows,
    tie_cases,
    tie_demos,
    tie_rows,
    update_cases,
    update_demos,
)
from grader.planning.probes.predictions import logits_cases, logits_demos

LAYER_FORMS = ("numpy", "torch", "torch32", "list")
"""How arrays are handed to a layer, in the order in which the checks prefer them."""

FIRST = "demo0"
"""Key of the first call, a public one: what a function keeps from it is no hidden number."""

AGAIN = "again"
"""Key of the first call repeated: a function that keeps state gives another answer then."""

Argument: TypeAlias = NDArray[np.float32] | NDArray[np.float64] | int | float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """Some calls of one function, answered by one stack of outputs per place."""

    key: str
    """Name within the replies."""
    rows: tuple[tuple[Argument, ...], ...]
    """Arguments, row by row."""
    returns: int = 1
    """Number of results that the function is to return."""


FUNCTION_OF: Mapping[str, str] = {
    "conv_forward": "conv1d_forward",
    "conv_grad_input": "conv1d_backward",
    "conv_grad_kernel": "conv1d_backward",
    "pool_forward": "maxpool1d_forward",
    "pool_backward": "maxpool1d_backward",
}
"""Check to the function that it asks."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A layer's function and what it is asked."""

    function: str
    calls: list[_Call]
    after: tuple[str, ...] = ()
    suffix: str = ""


def all_probes(
    seed: int, short_cuts: Mapping[str, tuple[str, ...]] | None = None
) -> tuple[ProbeSpec, ...]:
    """Return every question for one seed.

    Args:
        seed: Of the hidden inputs.
        short_cuts: Check to the library functions whose calls are to be told.

    The backward passes are asked twice: once behind the cell that binds the last of forward and
    backward, since a backward may call its forward, and once (`…_alone`) behind the backward's own
    cell, for a notebook that has no forward or ends before it is there.
    """
    watched: dict[str, tuple[str, ...]] = {}
    for check, names in (short_cuts or {}).items():
        function = FUNCTION_OF.get(check, "")
        watched[function] = tuple(dict.fromkeys((*watched.get(function, ()), *names)))
    conv = [
        _Call(key=c.key, rows=((np.array(c.x), np.array(c.w), np.array(c.grad_out)),), returns=2)
        for c in (*conv_demos(), *conv_cases(seed))
    ]
    pool = [
        _Call(key=c.key, rows=((np.array(c.x), c.k, np.array(c.grad_out)),))
        for c in (*pool_demos(), *pool_cases(seed))
    ]
    ties = [
        _Call(key=c.key, rows=tuple((np.array(c.x), c.k, g) for g in tie_rows(c)))
        for c in (*tie_demos(), *tie_cases(seed))
    ]
    asked = (
        _Asked("conv1d_forward", _conv_forward(seed)),
        _Asked("conv1d_backward", conv, after=("conv1d_forward",)),
        _Asked("conv1d_backward", conv, suffix="_alone"),
        _Asked("conv1d_update", _update(seed)),
        _Asked("maxpool1d_forward", _pool_forward(seed)),
        _Asked("maxpool1d_backward", [*pool, *ties], after=("maxpool1d_forward",)),
        _Asked("maxpool1d_backward", [*pool, *ties], suffix="_alone"),
    )
    layers = (_layer(one, watched.get(one.function, ())) for one in asked)
    return (*layers, _output2prob(seed))


def _conv_forward(seed: int) -> list[_Call]:
    return [_Call(key=c.key, rows=conv_rows(c)) for c in (*conv_demos(), *conv_cases(seed))]


def _pool_forward(seed: int) -> list[_Call]:
    distinct = [
        _Call(key=c.key, rows=tuple((x, c.k) for x in pool_rows(c)))
        for c in (*pool_demos(), *pool_cases(seed))
    ]
    ties = [_Call(key=c.key, rows=((np.array(c.x), c.k),)) for c in tie_cases(seed)]
    return [*distinct, *ties]


def _update(seed: int) -> list[_Call]:
    return [
        _Call(key=c.key, rows=((np.array(c.w), np.array(c.grad_w), c.lr),))
        for c in (*update_demos(), *update_cases(seed))
    ]


def _layer(asked: _Asked, watched: tuple[str, ...]) -> ProbeSpec:
    first = asked.calls[0]
    repeated = _Call(key=AGAIN, rows=first.rows[:1], returns=first.returns)
    probe_id = f"{asked.function}{asked.suffix}"
    calls = [*asked.calls, repeated]
    return ProbeSpec(
        probe_id=probe_id,
        needs=(*asked.after, asked.function),
        source=_source(probe_id, asked.function, LAYER_FORMS, calls, watched),
        makeshift_for=asked.function if asked.suffix else "",
    )


def _output2prob(seed: int) -> ProbeSpec:
    name = "output2prob"
    cases = (*logits_demos(), *logits_cases(seed))
    calls = [_Call(key=c.key, rows=((c.logits,),)) for c in cases]
    return ProbeSpec(probe_id=name, needs=(name,), source=_source(name, name, ("torch",), calls))


def _source(
    probe_id: str,
    function: str,
    forms: tuple[str, ...],
    calls: Iterable[_Call],
    watched: tuple[str, ...] = (),
) -> str:
    question = {
        "probe": probe_id,
        "forms": forms,
        "watched": watched,
        "calls": [
            {
                "key": call.key,
                "function": function,
                "returns": call.returns,
                "rows": [[_encoded(argument) for argument in row] for row in call.rows],
            }
            for call in calls
        ],
    }
    text = json.dumps(question)
    return f"__import__('sys').modules['_pset4.start'].answer(get_ipython(), {text!r})"


def _encoded(argument: Argument) -> dict[str, object]:
    if isinstance(argument, np.ndarray):
        return {"array": argument.tolist(), "dtype": argument.dtype.name}
    return {"int": argument} if isinstance(argument, int) else {"float": argument}

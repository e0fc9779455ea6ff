"""Wrong layers by rule: one operator, constant or bound of the solved functions changed at a time.

Whether a mutant is wrong is decided here, without the grader: the solved function and the mutant
are called with many drawn arguments. A mutant that does the same, or that follows another
convention, is left out; so is one that never ends.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from reference import conv
from reference.conv import CONVENTIONS, DEFAULT_CONVENTION
from tests.accuracy.corpus import FAMILIES, Case, base_cells

MOST_PER_FUNCTION = 14
"""Mutants that are taken from one function, spread over its text."""
TRIES = 30

PARTS = {
    "conv1d_forward": "1a",
    "conv1d_update": "3b",
    "maxpool1d_forward": "1b",
    "maxpool1d_backward": "3d",
}
"""Functions that are mutated, and the part at which a mutant must lose.

Of `conv1d_backward` one result may stay right, so its mutants name their parts one by one.
"""

_SWAPS: dict[type[ast.operator], ast.operator] = {
    ast.Add: ast.Sub(),
    ast.Sub: ast.Add(),
    ast.Mult: ast.Add(),
    ast.FloorDiv: ast.Mult(),
}


def by_mutation() -> tuple[Case, ...]:
    """Every wrong mutant of the solved layer functions, with the parts at which it must lose."""
    cases = []
    for cell in base_cells(FAMILIES["layers"]):
        tree = ast.parse(cell.source)
        functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        if len(functions) == 1 and functions[0].name in {*PARTS, "conv1d_backward"}:
            cases += _mutants(cell.source, functions[0].name)
    return tuple(cases)


def _mutants(source: str, name: str) -> list[Case]:
    found = []
    original = _function(source, name)
    for number, mutated in enumerate(_changed(source)):
        loses = _wrong_parts(name, original, _function(mutated, name))
        if loses:
            found.append(
                Case(
                    family="layers",
                    id=f"mutated-{name}-{number}",
                    kind="mutant",
                    code=mutated,
                    loses=loses,
                    names=frozenset({name}),
                )
            )
    spread = np.linspace(0, len(found) - 1, min(MOST_PER_FUNCTION, len(found)))
    return [found[int(i)] for i in spread]


def _changed(source: str) -> Iterator[str]:
    """The source with one node changed."""
    tree = ast.parse(source)
    for place, node in enumerate(ast.walk(tree)):
        for change in _changes(node):
            other = copy.deepcopy(tree)
            change(list(ast.walk(other))[place])
            yield ast.unparse(ast.fix_missing_locations(other))


def _changes(node: ast.AST) -> Iterator[Callable[[Any], None]]:
    if isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in _SWAPS:
        swapped = _SWAPS[type(node.op)]
        yield lambda n: setattr(n, "op", swapped)
    if isinstance(node, ast.Constant) and type(node.value) is int:
        yield lambda n: setattr(n, "value", n.value + 1)
        yield lambda n: setattr(n, "value", n.value - 1)
    if isinstance(node, ast.Attribute) and node.attr in {"max", "argmax"}:
        other = {"max": "min", "argmax": "argmin"}[node.attr]
        yield lambda n: setattr(n, "attr", other)


def _function(source: str, name: str) -> Callable[..., Any]:
    namespace: dict[str, Any] = {"np": np, "torch": torch, "F": F}
    exec(compile(source, name, "exec"), namespace)  # noqa: S102 -- our own text
    function: Callable[..., Any] = namespace[name]
    return function


@dataclass(frozen=True, slots=True)
class _Call:
    """Arguments of one try; convolutions know x and w, to compare with other conventions."""

    arguments: tuple[Any, ...]


def _calls(name: str) -> list[_Call]:
    rng = np.random.default_rng(11)
    calls = []
    for _ in range(TRIES):
        n = int(rng.integers(2, 12))
        k = int(rng.integers(1, n + 1))
        x, w = rng.permutation(n) - n / 2 + rng.uniform(0, 0.5), rng.standard_normal(k)
        arguments: dict[str, tuple[Any, ...]] = {
            "conv1d_forward": (x, w),
            "conv1d_backward": (x, w, rng.standard_normal(n)),
            "conv1d_update": (w, rng.standard_normal(k), float(rng.uniform(0.1, 0.9))),
            "maxpool1d_forward": (x, k),
            "maxpool1d_backward": (x, k, rng.standard_normal(n - k + 1)),
        }
        calls.append(_Call(arguments[name]))
    return calls


def _wrong_parts(
    name: str, original: Callable[..., Any], mutant: Callable[..., Any]
) -> tuple[str, ...]:
    calls = _calls(name)
    wanted = [original(*call.arguments) for call in calls]
    try:
        found = [mutant(*copy.deepcopy(call.arguments)) for call in calls]
    except Exception:  # noqa: BLE001 -- a mutant may raise anything; that is wrong
        return ("3a", "3b") if name == "conv1d_backward" else (PARTS[name],)
    if name == "conv1d_backward":
        places = {"3a": 0, "3b": 1}
        return tuple(
            part
            for part, place in places.items()
            if not all(_same(f[place], w[place]) for f, w in zip(found, wanted, strict=True))
        )
    if all(_same(f, w) for f, w in zip(found, wanted, strict=True)):
        return ()
    if name == "conv1d_forward" and (_follows_another(calls, found) or _one_sided(calls, found)):
        return ()
    return (PARTS[name],)


def _follows_another(calls: list[_Call], found: list[Any]) -> bool:
    pairs = [(call.arguments, f) for call, f in zip(calls, found, strict=True)]
    return any(
        all(_same(f, conv.forward(x, w, convention)) for (x, w), f in pairs)
        for convention in CONVENTIONS
    )


def _one_sided(calls: list[_Call], found: list[Any]) -> bool:
    """Whether the kernel lies wholly before, or behind, each output: that is for a person."""
    pairs = [(*call.arguments, f) for call, f in zip(calls, found, strict=True)]
    return any(
        all(_same(f, conv.one_sided(x, w, DEFAULT_CONVENTION, before=before)) for x, w, f in pairs)
        for before in (True, False)
    )


def _same(one: Any, other: Any) -> bool:
    a, b = np.asarray(one), np.asarray(other)
    return a.shape == b.shape and bool(np.allclose(a, b))

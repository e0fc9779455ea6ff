"""The values of a formula on small arrays, by a walk over its tree with a bound on its steps."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from grader.model.formulas.reading import ALIASES, TARGETS
from grader.model.formulas.tree import Definition, Kind, Misread, Node
from reference.convention import Boundary, source
from reference.signals import Floats

MOST_STEPS = 20_000
"""Nodes that are visited for all entries of one result; a gradient of max-pooling takes 6,000."""
LARGEST = 2.0**53
"""Above it not every whole number is a float, so a value there is no index and no answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How indices are meant."""

    base: int
    """Index of the first entry: 0 or 1."""
    boundary: Boundary | None
    """What stands beyond the ends of x; None where nothing does, and reading it is refused."""


@dataclass(slots=True)
class Values:
    """The values of some definitions for given arrays."""

    definitions: Sequence[Definition]
    arrays: Mapping[str, Sequence[float]]
    """By the grader's names: x, W, g, and dW where it is given."""
    scalars: Mapping[str, float]
    """By the grader's names: N, k, eta."""
    reach: Reach
    outside: bool = False
    """Whether x was read beyond its ends."""
    beyond: bool = False
    """Whether another array was read beyond its ends; it is 0 there."""
    steps: int = 0
    known: dict[tuple[str, int], float] = field(default_factory=dict)

    def of(self, definition: Definition, length: int) -> Floats:
        """Return the entries of an array that is defined.

        Raises:
            Misread: it cannot be evaluated.
        """
        at = self.definitions.index(definition)
        first = self.reach.base
        entries = (self._entry(at, place) for place in range(first, first + length))
        return np.array(list(entries), dtype=np.float64)

    def _entry(self, at: int, place: int) -> float:
        key = (str(at), place)
        if key not in self.known:
            one = self.definitions[at]
            scope = {one.index: float(place)} if one.index else {}
            self.known[key] = self._value(one.value, scope, at)
        return self.known[key]

    def _value(self, node: Node, scope: Mapping[str, float], at: int) -> float:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise Misread("formula.steps", most=MOST_STEPS)
        match node.kind:
            case Kind.NUMBER:
                value = float(node.text)
            case Kind.NAME:
                value = self._scalar(node.text, scope, at)
            case Kind.ITEM:
                value = self._item(node.text, self._whole(node.parts[0], scope, at), at)
            case Kind.NEGATIVE:
                value = -self._value(node.parts[0], scope, at)
            case Kind.NOT:
                value = float(not self._value(node.parts[0], scope, at))
            case Kind.CHAIN:
                value = self._chain(node, scope, at)
            case Kind.CALL:
                value = self._call(node, scope, at)
        if not abs(value) < LARGEST:
            raise Misread("formula.not_finite")
        return value

    def _scalar(self, name: str, scope: Mapping[str, float], at: int) -> float:
        if name in scope:
            return scope[name]
        own = self._defined(name, at, indexed=False)
        return self._entry(own, 0) if own is not None else self.scalars[ALIASES[name]]

    def _item(self, name: str, index: int, at: int) -> float:
        own = self._defined(name, at, indexed=True)
        if own is not None:
            return self._entry(own, index)
        called = ALIASES.get(name) or TARGETS[name]
        if called not in self.arrays:
            raise Misread("formula.unknown", name=name)
        entries, place = self.arrays[called], index - self.reach.base
        if 0 <= place < len(entries):
            return entries[place]
        if called != "x":
            self.beyond = True
            return 0.0
        self.outside = True
        if self.reach.boundary is None or not -len(entries) < place < 2 * len(entries) - 1:
            raise Misread("formula.outside", name=name)
        found = source(place, len(entries), self.reach.boundary)
        return entries[found] if found is not None else 0.0

    def _defined(self, name: str, at: int, *, indexed: bool) -> int | None:
        """Return the last line before this one that defines a name."""
        for place in range(at - 1, -1, -1):
            one = self.definitions[place]
            if name in {one.written, one.name} and bool(one.index) == indexed:
                return place
        return None

    def _whole(self, node: Node, scope: Mapping[str, float], at: int) -> int:
        value = self._value(node, scope, at)
        if value != math.floor(value):
            raise Misread("formula.no_whole_number")
        return int(value)

    # -- what is made of several ------------------------------------------------------------------

    def _chain(self, node: Node, scope: Mapping[str, float], at: int) -> float:
        first = node.signs[0]
        if first in {"and", "or"}:
            wanted = first == "or"
            found = any(bool(self._value(part, scope, at)) is wanted for part in node.parts)
            return float(found is wanted)
        values = [self._value(part, scope, at) for part in node.parts]
        if first in _COMPARED:
            pairs = zip(node.signs, pairwise(values), strict=True)
            return float(all(_COMPARED[sign](a, b) for sign, (a, b) in pairs))
        total = values[0]
        for sign, value in zip(node.signs, values[1:], strict=True):
            total = _computed(sign, total, value)
        return total

    def _call(self, node: Node, scope: Mapping[str, float], at: int) -> float:
        if len(node.parts) == 4:  # index, first, last, expression
            return self._over(node, scope, at)
        if node.text == "if":
            condition, then, other = node.parts
            chosen = then if self._value(condition, scope, at) else other
            return self._value(chosen, scope, at)
        values = [self._value(part, scope, at) for part in node.parts]
        if node.text == "mod":
            return _computed("%", *values)
        return float(_PLAIN[node.text](*values))

    def _over(self, node: Node, scope: Mapping[str, float], at: int) -> float:
        """A sum, an extremum or its place over a bound index; both ends are included."""
        index, first, last, each = node.parts
        start, stop = self._whole(first, scope, at), self._whole(last, scope, at)
        if stop - start > MOST_STEPS:
            raise Misread("formula.steps", most=MOST_STEPS)
        places = range(start, stop + 1)
        values = [self._value(each, {**scope, index.text: float(place)}, at) for place in places]
        if node.text == "sum":
            return math.fsum(values)
        if not values:
            raise Misread("formula.over_nothing", name=node.text)
        if node.text == "argmax":
            return float(places[values.index(max(values))])
        return max(values) if node.text == "max" else min(values)


def _computed(sign: str, a: float, b: float) -> float:
    if sign in {"/", "//", "%"} and b == 0:
        raise Misread("formula.divided_by_zero")
    if sign == "^" and not (abs(b) <= 64 and (a > 0 or (b == math.floor(b) and b >= 0))):
        raise Misread("formula.not_finite")
    try:
        return _COMPUTED[sign](a, b)
    except OverflowError:
        raise Misread("formula.not_finite") from None


_COMPUTED: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "^": lambda a, b: math.exp(b * math.log(a)) if b != math.floor(b) else _power(a, int(b)),
}
_COMPARED: dict[str, Callable[[float, float], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
}
_PLAIN: dict[str, Callable[..., float]] = {
    "max": max,
    "min": min,
    "abs": abs,
    "floor": math.floor,
    "ceil": math.ceil,
}


def _power(a: float, b: int) -> float:
    value = 1.0
    for _ in range(abs(b)):
        value *= a
        if not abs(value) < LARGEST:
            raise Misread("formula.not_finite")
    return value if b >= 0 else 1.0 / value

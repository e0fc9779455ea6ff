"""What a formula computes: the conventions of the layers that it agrees with, or none of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from grader.checks.formulas.evaluating import Reach, Values
from grader.checks.tolerance import agrees
from grader.model.formulas.tree import Definition, Misread
from grader.planning.probes import ConvCase, PoolCase
from reference import conv, pool
from reference.convention import CONVENTIONS, Boundary, Convention, Operation
from reference.signals import Floats

LONGEST = 9
"""Samples of the signals on which formulas are evaluated."""
RATE = 0.5
"""Learning rate with which the update is evaluated."""
BASES = (0, 1)
"""Index of the first entry, in the order of the tries."""
BOUNDARIES: tuple[Boundary, ...] = ("zero", "edge", "reflect", "symmetric", "circular")
ENDLESS = "formula.steps"
"""What is said of a formula that takes too long, however its indices are meant."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Computed:
    """The values of one formula under one reading of its indices."""

    base: int
    """Index of the first entry."""
    boundary: Boundary
    """What stands beyond the ends of x."""
    values: tuple[Floats, ...]
    """One result per case."""
    outside: bool
    """Whether x was read beyond its ends: else the boundary does not matter."""
    beyond: bool
    """Whether another array was."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Compared:
    """What one formula computes."""

    definition: Definition
    """The formula."""
    conventions: tuple[Convention, ...]
    """Those that it agrees with in all cases; of max-pooling none, see `right`."""
    right: bool
    """Whether it agrees with a convention of the convolution, or with max-pooling."""
    causal: str
    """The operation of which it is the one-sided kind, no sample after or before; or empty."""
    base: int
    """Index of the first entry as the formula means it."""
    tried: tuple[Computed, ...]
    """Its values under each reading that could be evaluated."""
    fingerprint: str
    """The same for formulas with the same values."""

    @property
    def borders_open(self) -> bool:
        """Whether it agrees with several boundaries, and leaves to the text which is meant."""
        return len({one.boundary for one in self.conventions}) > 1


def compare_conv(
    definitions: Sequence[Definition], target: Definition, cases: Sequence[ConvCase]
) -> Compared:
    """Compare a formula of the convolution layer with every convention.

    Args:
        definitions: All lines of the cell.
        target: The line in question: `out`, `dx`, `dW`, or `W_new`.
        cases: Signals, kernels and cotangents; those up to `LONGEST` samples are used.

    Raises:
        Misread: it cannot be evaluated in any reading of its indices.
    """
    used = [case for case in cases if len(case.x) <= LONGEST]
    sizes = [len(c.w) if target.name in {"dW", "W_new"} else len(c.x) for c in used]
    inputs = [_conv_inputs(case, definitions) for case in used]
    tried = tuple(_tries(definitions, target, inputs, sizes, BOUNDARIES))
    found: list[tuple[Computed, Convention]] = []

    @cache
    def wanted(convention: Convention) -> list[Floats]:
        return [_wanted(target.name, case, convention) for case in used]

    for computed in tried:
        for convention in CONVENTIONS:
            same = convention.boundary == computed.boundary or not computed.outside
            if same and _fits(computed, wanted(convention)):
                found.append((computed, convention))
    base = found[0][0].base if found else tried[0].base
    conventions = tuple(dict.fromkeys(one for computed, one in found if computed.base == base))
    given = target.name == "W_new" and any(
        _fits(one, [update_of_given(case) for case in used]) for one in tried
    )
    causal = "" if found or target.name != "out" else _causal(tried, used)
    return Compared(
        definition=target,
        conventions=conventions,
        right=bool(conventions) or given,
        causal=causal,
        base=base,
        tried=tried,
        fingerprint=_fingerprint(target, tried, base, conventions),
    )


def compare_pool(
    definitions: Sequence[Definition], target: Definition, cases: Sequence[PoolCase]
) -> Compared:
    """Compare a formula of max-pooling, `out` or `dx`, with windows wholly inside the signal.

    Raises:
        Misread: it cannot be evaluated in any reading of its indices.
    """
    used = [case for case in cases if len(case.x) <= LONGEST]
    sizes = [len(c.x) if target.name == "dx" else len(c.x) - c.k + 1 for c in used]
    inputs = [
        ({"x": c.x, "g": c.grad_out}, {"N": float(len(c.x)), "k": float(c.k), "eta": RATE})
        for c in used
    ]
    wanted = [
        pool.grad_input(c.x, c.k, c.grad_out) if target.name == "dx" else pool.forward(c.x, c.k)[0]
        for c in used
    ]
    tried = tuple(_tries(definitions, target, inputs, sizes, ("zero",)))
    fitting = [one for one in tried if _fits(one, wanted) and not one.outside]
    base = fitting[0].base if fitting else tried[0].base
    return Compared(
        definition=target,
        conventions=(),
        right=bool(fitting),
        causal="",
        base=base,
        tried=tried,
        fingerprint=_fingerprint(target, tried, base, ()),
    )


def agrees_with(compared: Compared, values: Sequence[Floats | None]) -> bool | None:
    """Return whether a formula has these values, in the order of its cases; None where none is."""
    if not values or any(one is None for one in values):
        return None
    return any(_fits(one, values) for one in compared.tried)


def _tries(
    definitions: Sequence[Definition],
    target: Definition,
    inputs: Sequence[tuple[Mapping[str, Sequence[float]], Mapping[str, float]]],
    sizes: Sequence[int],
    boundaries: Sequence[Boundary],
) -> Iterator[Computed]:
    """Yield the values under each reading; a boundary that does not matter is tried once."""
    reason: Misread | None = None
    some = False
    for base in BASES:
        for boundary in boundaries:
            try:
                computed = _compute(definitions, target, inputs, sizes, (base, boundary))
            except Misread as misread:
                if misread.code == ENDLESS:
                    raise
                reason = reason or misread
                continue
            some = True
            yield computed
            if not computed.outside:
                break
    if not some and reason is not None:
        raise reason


def _compute(
    definitions: Sequence[Definition],
    target: Definition,
    inputs: Sequence[tuple[Mapping[str, Sequence[float]], Mapping[str, float]]],
    sizes: Sequence[int],
    reach: tuple[int, Boundary],
) -> Computed:
    base, boundary = reach
    results, outside, beyond = [], False, False
    for (arrays, scalars), size in zip(inputs, sizes, strict=True):
        values = Values(
            definitions=definitions,
            arrays=arrays,
            scalars=scalars,
            reach=Reach(base=base, boundary=boundary),
        )
        results.append(values.of(target, size))
        outside, beyond = outside or values.outside, beyond or values.beyond
    return Computed(
        base=base, boundary=boundary, values=tuple(results), outside=outside, beyond=beyond
    )


def _conv_inputs(
    case: ConvCase, definitions: Sequence[Definition]
) -> tuple[Mapping[str, Sequence[float]], Mapping[str, float]]:
    arrays = {"x": case.x, "W": case.w, "g": case.grad_out}
    if not any(one.name == "dW" for one in definitions):
        arrays["dW"] = _given_gradient(case)
    return arrays, {"N": float(len(case.x)), "k": float(len(case.w)), "eta": RATE}


def _given_gradient(case: ConvCase) -> tuple[float, ...]:
    """A gradient to the kernel, for an update that is written with it."""
    return case.grad_out[: len(case.w)]


def _wanted(name: str, case: ConvCase, convention: Convention) -> Floats:
    x, w, g, k = case.x, case.w, case.grad_out, len(case.w)
    match name:
        case "out":
            return conv.forward(x, w, convention)
        case "dx":
            return conv.grad_input(g, w, convention)
        case "dW":
            return conv.grad_kernel(x, g, k, convention)
    return conv.update(w, conv.grad_kernel(x, g, k, convention), RATE)


def update_of_given(case: ConvCase) -> Floats:
    """Return the new kernel for the gradient that a formula of the update was given."""
    return conv.update(case.w, _given_gradient(case), RATE)


def _fits(computed: Computed, wanted: Sequence[Floats | None]) -> bool:
    pairs = zip(computed.values, wanted, strict=True)
    return all(there is not None and agrees(value, there) for value, there in pairs)


def _causal(tried: Sequence[Computed], cases: Sequence[ConvCase]) -> str:
    """Name the operation whose outputs all lie on one side of the center; empty for none."""
    for operation, before in _SIDES:
        convention = Convention(operation=operation)
        wanted = [conv.one_sided(c.x, c.w, convention, before=before) for c in cases]
        if any(one.boundary == "zero" and _fits(one, wanted) for one in tried):
            side = "before" if before else "after"
            return f"{operation}, out[n] reads x[n] and those {side} it"
    return ""


_SIDES: tuple[tuple[Operation, bool], ...] = (
    ("convolution", True), ("cross-correlation", False),
    ("convolution", False), ("cross-correlation", True),
)  # fmt: skip
"""Operation, and whether an output reads what stands before it; the usual ones first."""


def _fingerprint(
    target: Definition,
    tried: Sequence[Computed],
    base: int,
    conventions: Sequence[Convention],
) -> str:
    """Digest the values, of which each number counts to six digits."""
    digest = hashlib.sha256(f"{target.name} {len(conventions)}".encode())
    for computed in tried:
        if computed.base == base:
            for values in computed.values:
                digest.update(" ".join(f"{value + 0.0:.6g}" for value in values).encode() + b"\n")
    return digest.hexdigest()[:16]

"""A check of one function with one result, from its cases and what is right: about 30 lines each.

    CHECKS = (
        function_check(
            id="avgpool_forward",
            function="avgpool1d_forward",
            demos=(([1, 3], 2), ([1, 3, -2, 4], 3)),
            draw=lambda rng: [(rng.standard_normal(n), k) for n, k in ((8, 3), (9, 2), (5, 5))],
            expected=lambda x, k: np.convolve(x, np.ones(k) / k, "valid"),
        ),
    )

It asks with arrays, tensors and lists, and knows exceptions, stubs, wrong shapes, state that is
kept and arguments that are changed; a lost point comes with the smallest public example.
"""

from __future__ import annotations

import inspect
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from grader.checks.context import CheckContext
from grader.checks.credit import Credit, PartialCredit, Share, shares_of
from grader.checks.declaration import UNCHANGED, Basis, Check, Reads, Rests
from grader.checks.findings import Verdict, failed, partly, passed, say
from grader.checks.functions.examples import (
    compared,
    counterexample,
    has_example,
    keeps_state,
    row,
    stems,
    tried,
)
from grader.checks.functions.forms import judge_layer
from grader.checks.functions.replies import Answers, no_result
from grader.checks.functions.rounding import lost_digits
from grader.checks.stored_arrays import Array
from grader.checks.tolerance import agrees
from grader.model.records import Outcome, Remark
from grader.planning.probes import Call, Question
from grader.planning.probes.questions import Argument
from reference.errors import ConfigError
from reference.signals import Floats

Arguments: TypeAlias = Sequence[Any]
"""Of one call: lists or arrays of numbers, whole numbers, numbers."""

Formula: TypeAlias = Callable[..., ArrayLike]
"""From the arguments to a result."""

Explain: TypeAlias = Callable[["Tried"], Remark | None]
"""Says what is wrong with answers that are; None where it knows no better than the generic ways."""

CREDIT: Credit = {
    "in_place": PartialCredit(meaning="right values, but arguments are changed", default=0.8)
}

_DECIMALS = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FunctionCase:
    """Arguments of one call."""

    key: str
    """Name within the replies."""
    arguments: tuple[Argument, ...]
    """In the order of the function's parameters."""
    size: str
    """In words, such as `len(x) = 8, k = 3`: no hidden number is in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSpec:
    """What there is to know of a function."""

    function: str
    """Its name in the notebook."""
    demos: tuple[FunctionCase, ...]
    """Public cases, the smallest first; keys `demo0`, `demo1` …"""
    cases: Callable[[int], tuple[FunctionCase, ...]]
    """From the seed to the hidden cases."""
    expected: Formula
    """The right result."""
    result: str = "output"
    """What the result is, in words."""
    may_call: tuple[str, ...] = ()
    """Other functions of the student that it may call."""
    may_change: frozenset[int] = frozenset()
    """Places of arguments that it may work on in place."""
    explain: Explain = lambda _: None
    """What is often got wrong."""
    right: str = ""
    """Code of what a right answer is told, without values; empty for the generic sentence."""
    wrong: str = ""
    """Code of what a wrong answer is told that nothing explains, likewise."""
    plotted: bool = True
    """Whether a public example is plotted."""
    credit: Credit = field(default_factory=lambda: CREDIT)
    """Shares for answers that are partly right; `in_place` is among them."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Tried:
    """What a function returned for the hidden cases."""

    spec: FunctionSpec
    """The function."""
    answers: Answers
    """All that it returned."""
    outputs: tuple[tuple[FunctionCase, Array | None], ...]
    """Of the hidden cases, then of the public ones; None where it gave no numbers."""

    def fits(self, formula: Formula) -> bool:
        """Whether a formula gives every output."""
        return all(y is not None and agrees(y, _result(formula, c)) for c, y in self.outputs)


def function_check(
    *,
    id: str,  # noqa: A002 -- as offerings call it
    function: str,
    demos: Sequence[Arguments],
    draw: Callable[[np.random.Generator], Iterable[Arguments]],
    expected: Formula,
    **more: Any,
) -> Check:
    """Declare a check of a function with one result.

    Args:
        id: Name by which offerings ask for the check.
        function: Name of the student's function.
        demos: Arguments of public calls, the smallest first.
        draw: From a generator to the arguments of the hidden calls.
        expected: The right result, from the same arguments.
        more: Further fields of `FunctionSpec`.

    Raises:
        ConfigError: there is no public or no hidden call, one has other arguments than `expected`
            takes, or no right result.
    """
    names = tuple(inspect.signature(expected).parameters)
    for call in (*demos, *draw(np.random.default_rng(0))):
        if not isinstance(call, Sequence) or len(call) != len(names):
            raise ConfigError(
                f"the check {id}: expected calls with {len(names)} arguments "
                f"({', '.join(names)}), as `expected` takes them, found {call!r}"
            )

    def cases(seed: int) -> tuple[FunctionCase, ...]:
        # Each function has inputs of its own, whatever else the offering asks.
        rng = np.random.default_rng([seed, zlib.crc32(function.encode())])
        return _cases("case", names, draw(rng))

    spec = FunctionSpec(
        function=function,
        demos=_cases("demo", names, demos),
        cases=cases,
        expected=expected,
        **more,
    )
    return check_of(id, spec)


def check_of(check_id: str, spec: FunctionSpec) -> Check:
    """Declare the check of a function.

    Raises:
        ConfigError: there is no public or no hidden call, or no right result of one.
    """
    if not spec.demos or not spec.cases(0):
        raise ConfigError(
            f"the check {check_id}: expected at least one public and one hidden call, found none; "
            "without them every answer would pass"
        )

    for case in (*spec.demos, *spec.cases(0)):
        _try(check_id, spec, case)

    def judge(context: CheckContext, part_id: str) -> Verdict:
        share = shares_of(context.assignment, check_id, spec.credit)
        cases = (*spec.cases(context.seed), *spec.demos)
        keys = [case.key for case in cases]
        return judge_layer(
            context, spec.function, part_id, keys, lambda a: _judge(spec, a, cases, share)
        )

    def asked(seed: int) -> tuple[Question, ...]:
        calls = tuple(
            Call(key=case.key, rows=(case.arguments,)) for case in (*spec.demos, *spec.cases(seed))
        )
        return (Question(function=spec.function, calls=calls, may_call=spec.may_call),)

    return Check(
        id=check_id,
        judge=judge,
        reads=frozenset({Reads.REPLIES}),
        rests=(
            Rests(
                on=Basis.PROBED, what=f"the {spec.result} for hidden inputs, against the formula"
            ),
            UNCHANGED,
        ),
        credit=spec.credit,
        function=spec.function,
        probes=asked,
    )


def _try(check_id: str, spec: FunctionSpec, case: FunctionCase) -> None:
    """Refuse a formula that fails: every answer would be a fault of the grader."""
    try:
        right = _result(spec.expected, case)
    except Exception as error:
        raise ConfigError(
            f"the check {check_id}: `expected` raised {type(error).__name__} for {case.size}: "
            f"{error}"
        ) from error
    if not np.isfinite(right).all():
        raise ConfigError(
            f"the check {check_id}: `expected` gave a result that is not finite for {case.size}"
        )


def _judge(
    spec: FunctionSpec, answers: Answers, cases: tuple[FunctionCase, ...], share: Share
) -> Verdict:
    outputs = tuple((case, answers.first(case.key)) for case in cases)
    verdict = _verdict(Tried(spec=spec, answers=answers, outputs=outputs), share)
    tries = [tried(answers, d.key, d.arguments, _result(spec.expected, d)) for d in spec.demos]
    if verdict.outcome is Outcome.FAIL and not has_example(verdict):
        verdict = verdict.adding(*counterexample(spec.function, tries))
    comparisons = [compared(y, _result(spec.expected, c)) for c, y in outputs]
    title = f"{spec.function} on a public example"
    return replace(
        verdict,
        measurements=(row(f"{spec.result} of {spec.function}", comparisons),),
        exhibits=stems(title, tries[-1].returned, tries[-1].expected) if spec.plotted else (),
    )


def _verdict(tried: Tried, share: Share) -> Verdict:
    spec, answers = tried.spec, tried.answers
    if not answers.repeats_itself():
        return keeps_state(spec.function, answers, spec.demos[0].arguments)
    if not tried.fits(spec.expected):
        return failed(_explained(tried))
    if answers.changed_arguments - spec.may_change:
        return partly(say("function.in_place", function=spec.function), share("in_place"))
    generic = say("function.right", function=spec.function, what=spec.result)
    verdict = passed(say(spec.right) if spec.right else generic)
    if answers.changed_arguments:
        return verdict.adding(say("function.changes_what_it_may", function=spec.function))
    return verdict


def _explained(tried: Tried) -> Remark:
    """Say what is wrong: what the check itself knows first, then what is often wrong anywhere."""
    spec, what = tried.spec, tried.spec.result
    sizes = [(case.key, case.size) for case, _ in tried.outputs]
    nothing = no_result(spec.function, sizes, tried.answers)
    if nothing is not None:
        return nothing
    known = spec.explain(tried)
    if known is not None:
        return known
    there = [(c, y, _result(spec.expected, c)) for c, y in tried.outputs if y is not None]
    for case, output, wanted in there:
        if output.size != wanted.size:
            found, expected = str(output.shape), str(wanted.shape)
            return say("function.shape", what=what, size=case.size, found=found, expected=expected)
    if not there or any(not np.isfinite(y).all() for _, y, _ in there):
        return say("function.not_finite", what=what)
    measured = np.concatenate([y.astype(np.float64).ravel() for _, y, _ in there])
    wanted = np.concatenate([w.ravel() for _, _, w in there])
    if agrees(measured, np.zeros_like(wanted)):
        return say("function.zeros", what=what)
    factor = float(measured @ wanted / (wanted @ wanted)) if wanted.any() else 0.0
    if factor and agrees(measured, factor * wanted):
        return say("function.scaled", what=what, factor=factor)
    wrong = sum(not agrees(y, w) for _, y, w in there)
    generic = say("function.wrong", what=what, wrong=wrong, cases=len(there))
    return lost_digits(measured, wanted, what) or (say(spec.wrong) if spec.wrong else generic)


def _result(formula: Formula, case: FunctionCase) -> Floats:
    """Apply a formula to copies, which it may change."""
    copies = (a.copy() if isinstance(a, np.ndarray) else a for a in case.arguments)
    return np.asarray(formula(*copies), dtype=np.float64)


def _cases(
    prefix: str, names: tuple[str, ...], calls: Iterable[Arguments]
) -> tuple[FunctionCase, ...]:
    return tuple(_case(f"{prefix}{i}", names, call) for i, call in enumerate(calls))


def _case(key: str, names: tuple[str, ...], call: Arguments) -> FunctionCase:
    arguments: list[Argument] = []
    sizes = []
    for name, value in zip(names, call, strict=True):
        if isinstance(value, (int, np.integer)):
            arguments.append(int(value))
            sizes.append(f"{name} = {value}")
        elif isinstance(value, (float, np.floating)):
            arguments.append(float(np.round(value, _DECIMALS)))
        else:
            array = np.round(np.asarray(value), _DECIMALS).astype(np.float64)
            arguments.append(array)
            sizes.append(f"len({name}) = {len(array)}")
    return FunctionCase(key=key, arguments=tuple(arguments), size=", ".join(sizes))

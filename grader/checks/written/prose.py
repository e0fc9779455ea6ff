"""Written answers: always for a person, with what is worth seeing beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from grader.checks.context import CheckContext
from grader.checks.declaration import Check, Reads
from grader.checks.findings import Verdict, needs_human
from grader.checks.functions.conv_forward import own_forward
from grader.checks.functions.replies import in_report
from grader.checks.images.recorded_runs import RecordedRun, recorded_runs_of
from grader.model.records import Outcome

COMPARED = ("4a", "4b")
"""Parts whose images 4(c) compares."""

LONGEST_QUOTE = 4000
"""Characters of an answer that the staff detail quotes."""


def check_prose(context: CheckContext, part_id: str) -> Verdict:
    """3(c), 3(e), 4(c): never decided here."""
    beside = _BESIDE.get(part_id, _nothing)(context)
    answer = context.answer(part_id)
    if not answer:
        verdict = in_report(context, part_id, "no answer in the notebook's own cell")
        if verdict.outcome is Outcome.NEEDS_HUMAN:
            verdict = needs_human("A person reads this answer in the report.", staff=verdict.staff)
        return verdict.noting(beside)
    quoted = answer[:LONGEST_QUOTE] + (" ..." if len(answer) > LONGEST_QUOTE else "")
    staff = f"{beside} Also see {context.pages(part_id)}. The answer in the notebook: {quoted}"
    return needs_human("A person reads this answer.", staff=staff.strip())


def _nothing(_: CheckContext) -> str:
    return ""


def _convolution(context: CheckContext) -> str:
    """The convention that the answer must fit."""
    forward = own_forward(context)
    if forward is None:
        return "There is no working conv1d_forward to compare the answer with."
    if forward.convention is None:
        return "The code of 1(a) follows none of the known conventions."
    return f"The code of 1(a) is a {forward.convention.describe(2)}."


def _pooling(_: CheckContext) -> str:
    return (
        "To compare with: windows that lie wholly inside (N - k + 1 outputs), or padding with "
        "minus infinity; zeros as padding would win over negative samples."
    )


def _distances(context: CheckContext) -> str:
    """How far the two attacks moved, which is what 4(c) is about."""
    told = []
    all_recorded = recorded_runs_of(context)
    for part_id in COMPARED:
        experiment = context.experiment(part_id)
        moved = [
            distance(a)
            for a in all_recorded
            if a.run.class_id == experiment.target
            and a.network == experiment.network
            and a.space.value == experiment.space
            and a.final is not None
        ]
        if moved:
            told.append(f"{part_id}: l2 distance {moved[-1]:.1f}")
    reference = {a.id: a for a in context.expected.attacks}
    told += [
        f"reference {part_id}: {reference[part_id].distance_l2:.1f}"
        for part_id in COMPARED
        if part_id in reference
    ]
    return "; ".join(told) + "." if told else ""


def distance(recorded: RecordedRun) -> float:
    """Return how far an attack moved, as l2 distance in its own space; NaN where not known."""
    if recorded.start is None or recorded.final is None:
        return float("nan")
    return float((recorded.final - recorded.start).norm())


_BESIDE: Mapping[str, Callable[[CheckContext], str]] = {
    "3c": _convolution,
    "3e": _pooling,
    "4c": _distances,
}

CHECKS = (
    Check(
        id="prose",
        judge=check_prose,
        reads=frozenset({Reads.TEXT}),
    ),
)

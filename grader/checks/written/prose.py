"""Written answers: always for a person, with what is worth seeing beside them."""

from __future__ import annotations

from grader.checks.context import CheckContext
from grader.checks.declaration import Check, Reads
from grader.checks.findings import Verdict, needs_human
from grader.checks.functions.conv_forward import own_forward
from grader.checks.functions.replies import in_report
from grader.checks.images.recorded_runs import RecordedRun, recorded_runs_of
from grader.model.assignment import Part
from grader.model.records import Outcome

LONGEST_QUOTE = 4000
"""Characters of an answer that the staff detail quotes."""


def check_prose(context: CheckContext, part_id: str) -> Verdict:
    """Never decided here."""
    part = context.assignment.part(part_id)
    beside = f"{part.notes} {_beside(context, part)}".strip()
    answer = context.answer(part_id)
    if not answer:
        verdict = in_report(context, part_id, "no answer in the notebook's own cell")
        if verdict.outcome is Outcome.NEEDS_HUMAN:
            verdict = needs_human("A person reads this answer in the report.", staff=verdict.staff)
        return verdict.noting(beside)
    quoted = answer[:LONGEST_QUOTE] + (" ..." if len(answer) > LONGEST_QUOTE else "")
    staff = f"{beside} Also see {context.pages(part_id)}. The answer in the notebook: {quoted}"
    return needs_human("A person reads this answer.", staff=staff.strip())


def _beside(context: CheckContext, part: Part) -> str:
    """What the run tells that the answer must fit."""
    match part.compare_with:
        case "convolution":
            return _convolution(context)
        case "distances":
            return _distances(context, part.compared)
        case _:
            return ""


def _convolution(context: CheckContext) -> str:
    """The convention that the answer must fit."""
    forward = own_forward(context)
    if forward is None:
        return "There is no working conv1d_forward to compare the answer with."
    if forward.convention is None:
        return "conv1d_forward follows none of the known conventions."
    return f"conv1d_forward is a {forward.convention.describe(2)}."


def _distances(context: CheckContext, part_ids: tuple[str, ...]) -> str:
    """How far the parts' attacks moved."""
    told = []
    all_recorded = recorded_runs_of(context)
    for part_id in part_ids:
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
        for part_id in part_ids
        if part_id in reference
    ]
    return "; ".join(told) + "." if told else ""


def distance(recorded: RecordedRun) -> float:
    """Return how far an attack moved, as l2 distance in its own space; NaN where not known."""
    if recorded.start is None or recorded.final is None:
        return float("nan")
    return float((recorded.final - recorded.start).norm())


CHECKS = (
    Check(
        id="prose",
        judge=check_prose,
        reads=frozenset({Reads.TEXT}),
    ),
)

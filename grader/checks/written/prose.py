"""Written answers: always for a person, with what is worth seeing beside them."""

from __future__ import annotations

from grader.checks.context import CheckContext
from grader.checks.declaration import Basis, Check, Reads, Rests
from grader.checks.findings import Verdict, needs_human, say, where_to_look
from grader.checks.functions.conv_forward import own_forward
from grader.checks.functions.replies import in_report
from grader.checks.images.recorded_runs import RecordedRun, recorded_runs_of
from grader.model.assignment import Part
from grader.model.records import Outcome, Remark

LONGEST_QUOTE = 4000
"""Characters of an answer that the staff detail quotes."""


def check_prose(context: CheckContext, part_id: str) -> Verdict:
    """Never decided here."""
    part = context.assignment.part(part_id)
    beside = (
        *((say("prose.notes", notes=part.notes),) if part.notes else ()),
        *_run(context, part),
    )
    place = where_to_look(context, part_id)
    answer = context.answer(part_id)
    if answer:
        quoted = answer[:LONGEST_QUOTE] + (" ..." if len(answer) > LONGEST_QUOTE else "")
        quote = say("prose.quote", answer=quoted)
        return needs_human(say("prose.needs_grading")).adding(*beside, place, quote)
    verdict = in_report(context, part_id, say("prose.no_answer"))
    if verdict.outcome is Outcome.NEEDS_HUMAN:
        verdict = needs_human(say("prose.in_report")).adding(place)
    return verdict.adding(*beside)


def _run(context: CheckContext, part: Part) -> list[Remark]:
    """What the run tells that the answer must fit."""
    match part.compare_with:
        case "convolution":
            return [_convolution(context)]
        case "distances":
            remarks = (_distance(context, other) for other in part.compared)
            return [remark for remark in remarks if remark is not None]
        case _:
            return []


def _convolution(context: CheckContext) -> Remark:
    """The convention that the answer must fit."""
    forward = own_forward(context)
    if forward is None:
        return say("prose.convolution_missing")
    if forward.convention is None:
        return say("prose.convolution_unknown")
    return say("prose.convolution", convention=forward.convention.describe(2))


def _distance(context: CheckContext, part_id: str) -> Remark | None:
    """How far a part's attack moved, and the reference's."""
    experiment = context.experiment(part_id)
    moved = [
        distance(a)
        for a in recorded_runs_of(context)
        if a.run.class_id == experiment.target
        and a.network == experiment.network
        and a.space.value == experiment.space
        and a.final is not None
        and a.start is not None
    ]
    wanted = [a.distance_l2 for a in context.expected.attacks if a.id == part_id]
    if moved and wanted:
        distances = {"distance": moved[-1], "wanted": wanted[-1]}
        return say("prose.distance_compared", part=part_id, **distances)
    if moved:
        return say("prose.distance", part=part_id, distance=moved[-1])
    if wanted:
        return say("prose.distance_reference", part=part_id, wanted=wanted[-1])
    return None


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
        rests=(Rests(on=Basis.READ, what="the answer, by a person"),),
    ),
)

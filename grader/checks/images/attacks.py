"""Targeted attacks, recomputed from their images with trusted weights."""

from __future__ import annotations

from dataclasses import replace

from grader.checks.blame import why_missing
from grader.checks.context import CheckContext
from grader.checks.credit import PartialCredit, shares_of
from grader.checks.declaration import OBJECTIVE, STEPS, Basis, Check, Reads, Rests
from grader.checks.findings import (
    Verdict,
    needs_human,
    say,
    where_to_look,
)
from grader.checks.images.attack_judge import judge_attack
from grader.checks.images.recorded_runs import (
    RecordedRun,
    pictures,
    recorded_runs_of,
)
from grader.model.assignment import Experiment
from reference.run_records import Space

ATTACK = "generate_adversarial_example"
MOST_JUDGED = 4
"""Runs of one part that are judged, the last ones; the best of them counts."""


def check_targeted_attack(context: CheckContext, part_id: str) -> Verdict:
    """From the corgi to the target of the part's experiment, by its network, space and ball."""
    experiment = context.experiment(part_id)
    target = _target(experiment)
    all_recorded = recorded_runs_of(context)
    candidates = _candidates(context, all_recorded, experiment, target)
    if not candidates:
        return _none(context, part_id, all_recorded, experiment)
    share = shares_of(context.assignment, "targeted_attack", _CREDIT)
    verdicts = [judge_attack(context, part_id, a, share) for a in candidates[-MOST_JUDGED:]]
    return min(reversed(verdicts), key=Verdict.rank)


def _target(experiment: Experiment) -> int:
    return -1 if experiment.target is None else experiment.target


def _candidates(
    context: CheckContext,
    all_recorded: tuple[RecordedRun, ...],
    experiment: Experiment,
    target: int,
) -> tuple[RecordedRun, ...]:
    """Runs towards the target; of one target in two experiments, by network, then by space."""
    aimed = [a for a in all_recorded if a.run.class_id == target]
    aimed += [a for a in all_recorded if _inline_towards(context, a, experiment, target)]
    space = Space(experiment.space)
    rivals = {
        (e.network, e.space) for e in context.assignment.experiments if e.target == target
    } - {(experiment.network, experiment.space)}
    own = [a for a in aimed if a.network == experiment.network and a.space is space]
    if own:
        return tuple(own)
    return tuple(
        a
        for a in aimed
        if (a.network == experiment.network or a.space is space)
        and (a.network, a.space.value) not in rivals
    )


def _inline_towards(
    context: CheckContext, recorded: RecordedRun, experiment: Experiment, target: int
) -> bool:
    """Whether a loop without the attack function led from the corgi to the target."""
    if recorded.run.function or recorded.final is None or recorded.from_corgi == "other":
        return False
    if recorded.space is not Space(experiment.space):
        return False
    logits = context.networks.logits(experiment.network, recorded.final)
    return int(logits[0].argmax()) == target


def _none(
    context: CheckContext,
    part_id: str,
    all_recorded: tuple[RecordedRun, ...],
    experiment: Experiment,
) -> Verdict:
    """No run towards the target in this setting."""
    names = context.networks.class_names
    wanted = names[_target(experiment)]
    others = [
        a
        for a in all_recorded
        if a.run.class_id is not None
        and a.network == experiment.network
        and a.space is Space(experiment.space)
        and a.final is not None
        and not a.run.error
        and not _asked_elsewhere(context, a, part_id)
    ]
    if others:
        last = others[-1]
        found = last.run.class_id or 0
        name = names[found] if 0 <= found < len(names) else "no class"
        classes = {"found": found, "wanted": _target(experiment)}
        verdict = needs_human(say("attack.other_target", name=name, wanted_name=wanted, **classes))
        verdict = verdict.adding(where_to_look(context, part_id))
        return replace(
            verdict,
            exhibits=pictures(last, "", f"class {found}: {name}"),
            evidence_ids=(last.run.run_id,),
        )
    # A cell of the student's own that failed is this part's only where the target stands in it.
    towards = rf"\b{ATTACK}\b(?s:.*)(?<![\w.]){_target(experiment)}(?![\w.])"
    return why_missing(context, part_id, f"An attack toward {wanted}", towards)


def _asked_elsewhere(context: CheckContext, recorded: RecordedRun, part_id: str) -> bool:
    """Whether a run is what another part asks for."""
    return any(
        e.part_id != part_id
        and e.target == recorded.run.class_id
        and e.network == recorded.network
        and e.space == recorded.space.value
        for e in context.assignment.experiments
    )


_CREDIT = {
    "weak_gain": PartialCredit(
        meaning="the right direction, but only part of the way", default=0.5
    ),
    "constraint": PartialCredit(meaning="works, but leaves the ball or the pixel box", default=0.5),
    "other_objective": PartialCredit(
        meaning="reaches the target by another objective than its log-probability", default=0.8
    ),
    "untargeted": PartialCredit(meaning="only leads away from the true class", default=0.0),
}

CHECKS = (
    Check(
        id="targeted_attack",
        judge=check_targeted_attack,
        objective="log_probability",
        reads=frozenset({Reads.RUNS}),
        rests=(
            Rests(
                on=Basis.RECOMPUTED,
                what="start, gain, ball and pixel box, from the first and last "
                "picture with trusted weights",
            ),
            OBJECTIVE,
            STEPS,
            Rests(on=Basis.CLAIMED, what="whose probabilities the notebook shows"),
        ),
        credit=_CREDIT,
    ),
)

"""The verdict on one attack: direction, gain, constraint, start; all from its images."""

from __future__ import annotations

from dataclasses import replace

import torch

from grader.checks.context import RUN_ENDED, CheckContext
from grader.checks.credit import Share
from grader.checks.findings import (
    Verdict,
    error_text,
    failed,
    how_ended,
    needs_human,
    not_attempted,
    partly,
    passed,
    say,
    student_error,
    where_to_look,
    without_credit,
)
from grader.checks.images.attack_case import AttackCase, measure_attack
from grader.checks.images.attack_exhibits import exhibits_of, rows_of
from grader.checks.images.logit_objectives import (
    LOG_PROBABILITY,
    LOWERED,
    OTHER_LOWERED,
    OTHERS,
    UNCLEAR,
)
from grader.checks.images.recognition import structure_correlation
from grader.checks.images.recorded_runs import (
    RecordedRun,
    images_along,
    lacks_its_way,
    network_words,
    space_shown,
)
from grader.checks.images.shown_results import shown_instead
from grader.checks.tolerance import threshold
from grader.model.records import Remark
from grader.model.text import cell_label
from reference.images import from_pixels, to_pixels
from reference.run_records import Space


def judge_attack(
    context: CheckContext, part_id: str, recorded: RecordedRun, share: Share
) -> Verdict:
    """Judge one run as an answer to a part that asks for an attack on one class."""
    experiment = context.experiment(part_id)
    final = recorded.final
    ended = _ended_early(context, recorded)
    if ended is not None:
        return ended
    if final is None or not bool(torch.isfinite(final).all()):
        return failed(say("attack.no_image", run=recorded.run.run_id))
    corgi = context.networks.corgi(recorded.space)
    if final.shape != corgi.shape:
        shapes = {"shape": str(tuple(final.shape)), "wanted": str(tuple(corgi.shape))}
        return failed(say("attack.other_shape", **shapes))
    if recorded.network not in {experiment.network, "other", ""}:
        networks = {"network": recorded.network, "wanted": experiment.network}
        other = failed(say("attack.other_network", **networks))
        return replace(other, evidence_ids=(recorded.run.run_id,))
    case = measure_attack(context, part_id, recorded, final)
    return replace(
        _verdict(context, case, share),
        measurements=rows_of(case),
        exhibits=exhibits_of(context, case),
        evidence_ids=(recorded.run.run_id, cell_label(recorded.run.cell_index)),
    )


def _ended_early(context: CheckContext, recorded: RecordedRun) -> Verdict | None:
    """A run that an exception or a limit ended."""
    run = recorded.run
    cell = next((c for c in context.evidence.cells if c.cell_index == run.cell_index), None)
    cut = cell is not None and cell.outcome in RUN_ENDED
    if not run.error and not (cut and recorded.final is None):
        return None
    if cell is not None and cut:
        found = say("attack.not_finished")
        ended = without_credit(cell.outcome, found, evidence_ids=(run.run_id,))
        return ended.adding(how_ended(cell))
    if run.error_name == "NotImplementedError":
        return not_attempted(say("attack.stub"))
    error = error_text(run.error_name, run.error_message)
    return student_error(say("attack.exception", error=error))


def _verdict(context: CheckContext, case: AttackCase, share: Share) -> Verdict:
    start = _wrong_start(case)
    if start is not None:
        return start
    if case.facts.distance_l2 <= threshold("no_change"):
        if case.direction.heading == "nowhere":
            return failed(say("attack.zero_gradient")).adding(say("attack.unchanged"))
        return failed(say("attack.unchanged"))
    if not is_still_the_corgi(context, case.recorded):
        return failed(say("attack.another_picture"))
    name = context.networks.class_names[case.target]
    aimed = _aimed(context, case)
    if case.share < threshold("gain_some") or aimed is False:
        return _no_gain(context, case, name)
    gain: dict[str, str | float] = {"target": name, "gain": case.facts.log_gain}
    if case.recorded.run.reduced and not case.direction.objective:
        return needs_human(say("attack.reduced", **gain)).adding(*_doubts(context, case))
    if aimed is None or case.direction.objective in {UNCLEAR, LOWERED}:
        return needs_human(say("attack.unclear", **gain)).adding(*_doubts(context, case))
    return _of_a_gain(context, case, share, gain)


def _of_a_gain(
    context: CheckContext, case: AttackCase, share: Share, gain: dict[str, str | float]
) -> Verdict:
    """The verdict on an attack that went for its target and came nearer to it."""
    name = context.networks.class_names[case.target]
    faults = _faults(context, case, name)
    remarks = [remark for _, remark in faults]
    if all(fault != "weak_gain" for fault, _ in faults):
        remarks.append(say("attack.gain", **gain))
    else:
        remarks += _why_weak(context, case)
    earned = min((share(fault) for fault, _ in faults), default=1.0)
    doubts = _doubts(context, case)
    if _kept_elsewhere(case):
        measured = {"distance": case.facts.distance_l2, "radius": case.experiment.eps_l2 or 0.0}
        return needs_human(say("attack.start_unlike", **measured)).adding(*doubts)
    if lacks_its_way(case.recorded):
        return needs_human(say("attack.way_unseen", **gain)).adding(*doubts)
    if case.direction.transformed and [fault for fault, _ in faults] == ["weak_gain"]:
        return needs_human(_by_transformed(case, name)).adding(*doubts)
    if earned < 1:
        return replace(partly(remarks[0], earned), remarks=(*remarks, *doubts))
    if case.direction.heading == "unknown" and case.recorded.run.steps:
        return needs_human(say("attack.direction_unseen", **gain))
    shown = shown_instead(context, case.experiment.part_id, case.recorded)
    if shown:
        held = needs_human(say(shown, **gain))
        return held.adding(where_to_look(context, case.experiment.part_id), *doubts)
    if faults:
        return passed(say("attack.accepted", **gain)).adding(*remarks, *doubts)
    return passed(say("attack.right", **gain)).adding(*doubts)


def _faults(context: CheckContext, case: AttackCase, name: str) -> list[tuple[str, Remark]]:
    """What is wrong with an attack that goes for its target: the name of its share, and a remark.

    The cause comes before what it leaves of the gain.
    """
    found = []
    objective = case.direction.objective
    if objective in OTHERS:
        found.append(("other_objective", say(_OTHER_OBJECTIVES[objective], target=name)))
    if objective == "untargeted":
        found.append((objective, say(_OTHER_OBJECTIVES[objective], target=name)))
    # The class that was asked for is the first: more of its probability is not what is asked.
    if not case.reached and not _comes_first(context, case):
        gains = {"gain": case.facts.log_gain, "wanted": case.wanted_gain}
        found.append(("weak_gain", say("attack.weak_gain", target=name, **gains)))
    broken = _broken_constraint(case)
    if broken is not None:
        found.append(("constraint", broken))
    return found


_OTHER_OBJECTIVES = {
    "logit": "attack.logit",
    "margin": "attack.margin",
    "centered_logit": "attack.centered_logit",
    "softmax_twice": "attack.softmax_twice",
    "binary_cross_entropy": "attack.binary_cross_entropy",
    "squared_error": "attack.squared_error",
    "label_smoothing": "attack.label_smoothing",
    "untargeted": "attack.untargeted",
    LOWERED: "attack.lowered",
}
"""What is said of objectives that are not the one asked for."""


def _aimed(context: CheckContext, case: AttackCase) -> bool | None:
    """Whether the steps went for the target; None where that is not clear.

    Any way to a uniform distribution raises a tiny probability too.
    """
    direction = case.direction
    if direction.heading in {"nowhere", "downhill"} and not case.reached:
        return False
    if case.reached or direction.objective in {LOG_PROBABILITY, *OTHERS}:
        return True
    if direction.objective == UNCLEAR:
        return None
    if direction.objective:
        return False
    if _comes_first(context, case):
        return True
    astray = all(abs(value) < threshold("uphill") for _, value in direction.cosines)
    return False if direction.heading == "elsewhere" and astray else None


def _comes_first(context: CheckContext, case: AttackCase) -> bool:
    logits = context.networks.logits(case.experiment.network, case.final)
    return int(logits[0].argmax()) == case.target


def is_still_the_corgi(context: CheckContext, recorded: RecordedRun) -> bool:
    """Whether the image has the corgi's coarse structure, or steps were seen to lead to it."""
    before = [context.networks.corgi(recorded.space)]
    if recorded.final is None:
        return False
    before += [image for _, image in images_along(context, recorded)[:-1]][-1:]
    coarse = threshold("same_picture")
    return any(structure_correlation(image, recorded.final) >= coarse for image in before)


def _wrong_start(case: AttackCase) -> Verdict | None:
    if case.recorded.from_result:
        return needs_human(say("attack.start_is_result", run=case.recorded.from_result))
    if case.recorded.from_corgi != "other":
        return None
    if case.recorded.start is None:
        return needs_human(say("attack.start_unseen", run=case.recorded.run.run_id))
    bounded = case.experiment.eps_l2 is not None
    if bounded and case.reached and _broken_constraint(case) is None:
        return None  # the result lies in the ball round the corgi, wherever it came from
    return needs_human(say("attack.other_start"))


def _no_gain(context: CheckContext, case: AttackCase, name: str) -> Verdict:
    """Say why an attack does not reach its target, and how far it got."""
    before, after = case.facts.log_probability_before, case.facts.log_probability_after
    change = say("attack.change", target=name, before=before, after=after)
    if case.recorded.network == "other" and not case.recorded.run.untrained:
        moved = case.recorded.run.training
        code = "attack.training_mode_moved" if moved else "attack.unknown_network"
        return needs_human(say(code)).adding(change)
    direction = case.direction
    if direction.transformed and direction.objective == LOG_PROBABILITY:
        return needs_human(_by_transformed(case, name)).adding(change)
    verdict = failed(_why_no_gain(context, case, name)).adding(*_habits(case), change)
    return verdict.adding(*_other_space(context, case))


def _other_space(context: CheckContext, case: AttackCase) -> tuple[Remark, ...]:
    """What is said where the network was shown the image in another space than the part's."""
    shown = space_shown(context, case.recorded)
    if shown is None or shown.value == case.experiment.space:
        return ()
    normalized = shown is Space.NORMALISED
    return (say("attack.ran_normalized" if normalized else "attack.ran_pixels"),)


def _why_weak(context: CheckContext, case: AttackCase) -> tuple[Remark, ...]:
    """The cause of too small a gain where it is known, else advice where it helps."""
    space = _other_space(context, case)
    if space or case.direction.objective != LOG_PROBABILITY or _habits(case):
        return space
    return (say("attack.longer_steps"),)


def _by_transformed(case: AttackCase, name: str) -> Remark:
    """Random shifts and the like are not asked for, and cost some of the gain."""
    gains = {"gain": case.facts.log_gain, "wanted": case.wanted_gain}
    return say("attack.transformed", target=name, **gains)


def _why_no_gain(context: CheckContext, case: AttackCase, name: str) -> Remark:
    direction, run = case.direction, case.recorded.run
    if case.recorded.network == "other" and run.untrained:
        return say("attack.untrained")
    if direction.heading == "downhill":
        return say("attack.downhill")
    if direction.heading == "nowhere":
        return say("attack.zero_gradient")
    if run.training:
        return say("attack.training_mode")
    if direction.objective in _OTHER_OBJECTIVES:
        return say(_OTHER_OBJECTIVES[direction.objective], target=name)
    if direction.other_class is not None:
        other = context.networks.class_names[direction.other_class]
        lowered = direction.objective == OTHER_LOWERED
        code = "attack.other_lowered" if lowered else "attack.other_class"
        return say(code, target=name, other=other)
    return say("attack.no_gain", target=name, wanted=case.wanted_gain)


def _broken_constraint(case: AttackCase) -> Remark | None:
    facts, radius = case.facts, case.experiment.eps_l2
    if radius is not None and facts.ball_excess_l2 > threshold("ball_excess") * radius:
        return say("attack.ball", distance=facts.distance_l2, radius=radius)
    if facts.box_violations > threshold("box_violations") * case.final.numel():
        return say("attack.box", count=facts.box_violations)
    return None


def _kept_elsewhere(case: AttackCase) -> bool:
    """Whether the ball was left round the corgi but kept round a start that is like it."""
    start, radius = case.recorded.start, case.experiment.eps_l2
    if start is None or radius is None or case.own_start or case.recorded.from_corgi != "similar":
        return False
    space = Space(case.experiment.space)
    start = from_pixels(to_pixels(start, case.recorded.space), space)
    allowed = (1 + threshold("ball_excess")) * radius
    return float((case.final - start).norm()) <= allowed < case.facts.distance_l2


def _doubts(context: CheckContext, case: AttackCase) -> list[Remark]:
    """What staff should know of an attack that gains."""
    run, direction = case.recorded.run, case.direction
    notes = []
    if case.recorded.from_corgi == "similar":
        notes.append(say("attack.note_resized"))
    if case.recorded.space.value != case.experiment.space:
        notes.append(say("attack.note_space", space=case.recorded.space.value))
    if case.recorded.network in {"other", ""} or run.training:
        notes.append(say("attack.note_network", network=network_words(case.recorded)))
    if direction.heading == "unknown":
        notes.append(say("attack.note_no_steps", seconds=run.seconds))
    if direction.heading in {"partly", "elsewhere"} and not direction.objective:
        notes.append(say("attack.note_not_gradient"))
    if run.repeats:
        aimed = next((r.class_id for r in context.evidence.runs if r.run_id == run.repeats), None)
        classes = {"aimed": "unknown" if aimed is None else aimed, "target": case.target}
        notes.append(say("attack.note_repeated", **classes))
        notes.append(where_to_look(context, case.experiment.part_id))
    steps, wanted = case.recorded.steps, case.experiment.n_steps
    if steps not in {0, wanted} and (case.reached or steps > wanted):
        notes.append(say("attack.note_steps", steps=steps, wanted=wanted))
    return [*_habits(case), *notes]


def _habits(case: AttackCase) -> list[Remark]:
    """What may be the cause of too small a gain, and costs nothing by itself."""
    run, steps, wanted = case.recorded.run, case.recorded.steps, case.experiment.n_steps
    found = []
    if run.carried > steps / 2 > 0:
        found.append(say("attack.accumulated"))
    if 0 < run.looked < steps / 2:
        found.append(say("attack.gradient_reused", steps=steps, looked=run.looked))
    if 0 < steps < wanted and not case.reached:
        found.append(say("attack.short", steps=steps, wanted=wanted))
    return found

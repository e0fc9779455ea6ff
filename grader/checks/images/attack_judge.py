"""The verdict on one attack: direction, gain, constraint, start; all from its images."""

from __future__ import annotations

from dataclasses import replace

import torch

from grader.checks.context import RUN_ENDED, CheckContext
from grader.checks.credit import Share
from grader.checks.findings import (
    Verdict,
    failed,
    needs_human,
    not_attempted,
    partly,
    passed,
    sentence_of,
    student_error,
    without_credit,
)
from grader.checks.images.attack_case import AttackCase, measure_attack
from grader.checks.images.attack_exhibits import exhibits_of, rows_of
from grader.checks.images.recognition import structure_correlation
from grader.checks.images.recorded_runs import RecordedRun, images_along
from grader.checks.tolerance import threshold
from grader.model.text import cell_label


def judge_attack(
    context: CheckContext, part_id: str, recorded: RecordedRun, share: Share
) -> Verdict:
    """Judge one run as an answer to 4(a), 4(b) or 4(e)."""
    experiment = context.experiment(part_id)
    final = recorded.final
    ended = _ended_early(context, recorded)
    if ended is not None:
        return ended
    if final is None or not bool(torch.isfinite(final).all()):
        return failed(
            "The attack did not return an image of the start's shape with finite values."
        ).noting(recorded.run.run_id)
    corgi = context.networks.corgi(recorded.space)
    if final.shape != corgi.shape:
        return failed(f"The attacked image has the shape {tuple(final.shape)}, not the corgi's.")
    if recorded.network not in {experiment.network, "other", ""}:
        other = failed(
            f"The attack ran on the {recorded.network} network; this part asks for the "
            f"{experiment.network} one."
        )
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
        return without_credit(
            cell.outcome,
            f"The attack did not come to its end. {sentence_of(cell)}.",
            evidence_ids=(run.run_id,),
        )
    if run.error_name == "NotImplementedError":
        return not_attempted("generate_adversarial_example is still the unfinished stub.")
    return student_error(f"The attack ended with an exception: {run.error}.")


def _verdict(context: CheckContext, case: AttackCase, share: Share) -> Verdict:
    start = _wrong_start(case)
    if start is not None:
        return start
    direction = case.direction
    if case.facts.distance_l2 <= threshold("no_change"):
        why = (
            ": the gradient that was stepped along is zero"
            if direction.heading == "nowhere"
            else ""
        )
        return failed(f"The attacked image is the start, it was never changed{why}.")
    if not _still_the_corgi(context, case):
        return failed(
            "The attacked image is another picture, not the corgi with a perturbation: the steps "
            "that were seen do not lead there."
        )
    name = context.networks.class_names[case.target]
    if case.share < threshold("gain_some") or not _aimed(context, case):
        return failed(_why_no_gain(context, case, name))
    words = [f"the log-probability of {name} rises by {case.facts.log_gain:.1f} nats"]
    earned = 1.0
    if direction.objective in _OBJECTIVE_WORDS:
        earned = min(earned, share(direction.objective))
        words.append(
            f"but what is climbed is {_OBJECTIVE_WORDS[direction.objective]}, not the "
            "log-probability"
        )
    if not case.reached:
        earned = min(earned, share("weak_gain"))
        words.append(f"but the reference reaches {case.wanted_gain:.1f}: take more or longer steps")
    broken = _broken_constraint(case)
    if broken:
        earned = min(earned, share("constraint"))
        words.append(f"but {broken}")
    if earned < 1:
        return partly(
            f"The attack works: {'; '.join(words)}.", earned, staff=_doubts(context, case)
        )
    if direction.heading == "unknown" and case.recorded.run.steps:
        return needs_human(
            f"The attack works: {words[0]}. But which way its steps went was not seen; a person "
            "looks at it.",
            staff="Steps were recorded, their directions were not: another objective is possible.",
        )
    return passed(f"Right: {words[0]}, and the constraints are kept.", staff=_doubts(context, case))


def _aimed(context: CheckContext, case: AttackCase) -> bool:
    """Whether the steps went for the target: by their direction, or by where they ended.

    Any way to a uniform distribution raises a tiny probability too.
    """
    direction = case.direction
    if case.reached or direction.objective in {"log_probability", "logit", "margin"}:
        return True
    if direction.objective:
        return False
    logits = context.networks.logits(case.experiment.network, case.final)
    return int(logits[0].argmax()) == case.target


def _still_the_corgi(context: CheckContext, case: AttackCase) -> bool:
    """Whether the image has the corgi's coarse structure, or steps were seen to lead to it."""
    before = [context.networks.corgi(case.recorded.space)]
    if case.recorded.final is None:
        return False
    before += [image for _, image in images_along(context, case.recorded)[:-1]][-1:]
    coarse = threshold("same_picture")
    return any(structure_correlation(image, case.recorded.final) >= coarse for image in before)


def _wrong_start(case: AttackCase) -> Verdict | None:
    if case.recorded.from_corgi != "other":
        return None
    if case.recorded.start is None:
        return needs_human(
            "The start image of the attack was not seen; a person looks at it.",
            staff=f"{case.recorded.run.run_id} has no start image",
        )
    bounded = case.experiment.eps_l2 is not None
    if bounded and case.reached and not _broken_constraint(case):
        return None  # the result lies in the ball round the corgi, wherever it came from
    return needs_human(
        "The attack does not start from the corgi as `prepare_image` gives it; a person looks at "
        "it.",
        staff="Another start, such as the result of an earlier attack or another picture.",
    )


def _why_no_gain(context: CheckContext, case: AttackCase, name: str) -> str:
    change = (
        f"the log-probability of {name} goes from {case.facts.log_probability_before:.1f} to "
        f"{case.facts.log_probability_after:.1f} nats"
    )
    direction = case.direction
    if case.recorded.space.value != case.experiment.space:
        change = (
            f"{change} (the attack ran in {_SPACE_WORDS[case.recorded.space.value]}, but this part "
            f"feeds {_SPACE_WORDS[case.experiment.space]})"
        )
    if direction.heading == "downhill":
        return (
            f"The steps descend instead of ascending: {change}. Move along the gradient of the "
            "log-probability, or against that of the cross-entropy."
        )
    if direction.heading == "nowhere":
        return f"The gradient is zero, so the image is not led anywhere: {change}."
    if direction.objective == "untargeted":
        return f"The steps only lead away from the true class, not to {name}: {change}."
    if direction.objective.startswith("class "):
        other = context.networks.class_names[int(direction.objective.removeprefix("class "))]
        return f"The steps climb the log-probability of {other} instead of {name}: {change}."
    if direction.objective in {"logit", "margin"}:
        climbed = _OBJECTIVE_WORDS[direction.objective]
        return f"The steps climb {climbed}, but do not get far: {change}."
    return (
        f"The attack does not reach its aim: {change}; the reference gains {case.wanted_gain:.1f}."
    )


_SPACE_WORDS = {"normalised": "normalised space", "pixels": "pixels in [0, 1]"}

_OBJECTIVE_WORDS = {
    "logit": "the logit alone",
    "margin": "the margin to the next class",
    "untargeted": "the distance from the true class",
}


def _broken_constraint(case: AttackCase) -> str:
    facts, radius = case.facts, case.experiment.eps_l2
    if radius is not None and facts.ball_excess_l2 > threshold("ball_excess") * radius:
        return f"the image is {facts.distance_l2:.1f} away from the corgi, more than {radius:g}"
    allowed = threshold("box_violations") * case.final.numel()
    if facts.box_violations > allowed:
        return f"{facts.box_violations} values lie outside of the range of valid pixels"
    return ""


def _doubts(context: CheckContext, case: AttackCase) -> str:
    notes = []
    if case.recorded.from_corgi == "similar":
        notes.append("The corgi was resized in another way than by prepare_image.")
    if case.recorded.space.value != case.experiment.space:
        notes.append(f"It ran in {case.recorded.space.value} space.")
    if case.recorded.network in {"other", ""}:
        notes.append("The network in use was none of the trusted ones; judged by its images.")
    if case.direction.heading == "unknown":
        notes.append(
            f"No step was recorded in the {case.recorded.run.seconds:.1f} s of this run; judged by "
            "gain and constraint. The image may have been computed elsewhere: look at the code."
        )
    if case.direction.heading in {"partly", "elsewhere"} and not case.direction.objective:
        notes.append("The first direction is not the gradient; judged by gain and constraint.")
    if case.recorded.run.repeats:
        aimed = next(
            (r.class_id for r in context.evidence.runs if r.run_id == case.recorded.run.repeats),
            None,
        )
        notes.append(
            f"In the notebook as handed in this attack goes to class {aimed}; the student's own "
            f"function was run again with {case.target}, and that is judged. Look at "
            f"{context.pages(case.experiment.part_id)}."
        )
    if case.recorded.run.steps not in {0, case.experiment.n_steps}:
        notes.append(f"{case.recorded.run.steps} steps instead of {case.experiment.n_steps}.")
    return " ".join(notes)

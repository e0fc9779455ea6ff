"""4(f): attacks toward further classes of the student's choice."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from grader.checks.blame import blame_of, why_missing
from grader.checks.context import TRUSTED, CheckContext
from grader.checks.declaration import OBJECTIVE, STEPS, Basis, Check, Reads, Rests
from grader.checks.findings import (
    Verdict,
    failed,
    needs_human,
    not_attempted,
    passed,
    say,
    where_to_look,
)
from grader.checks.images.attack_judge import is_still_the_corgi
from grader.checks.images.attacks import ATTACK
from grader.checks.images.directions import direction_of
from grader.checks.images.logit_objectives import (
    LOG_PROBABILITY,
    LOWERED,
    OTHER_LOWERED,
    OTHERS,
)
from grader.checks.images.recorded_runs import (
    RecordedRun,
    lacks_its_way,
    log_probability_curve,
    pictures,
    recorded_runs_of,
)
from grader.checks.tolerance import threshold
from grader.model.records import Exhibit, Measurement, Remark
from reference.attack import BOX_ROUNDING
from reference.classify import log_probability
from reference.errors import GraderFault
from reference.images import box_bounds
from reference.run_records import Space

MOST_SHOWN = 3
"""Examples that are shown."""

MOST_JUDGED = 12
"""Runs that are judged, the last ones."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Further:
    """An attack toward a class that no part asks for."""

    recorded: RecordedRun
    gain: float
    """Rise of the target's log-probability, in nats, with trusted weights."""
    least: float
    """Rise that is enough."""
    fault: Remark | None
    """Why it is no example, whatever it gains."""
    doubt: Remark | None
    """Why a person has to look at it."""

    @property
    def target(self) -> int:
        """Class id."""
        return self.recorded.run.class_id or 0

    @property
    def ok(self) -> bool:
        """Whether it is an example."""
        return self.fault is None and self.doubt is None and self.gain >= self.least


def check_attack_bonus(context: CheckContext, part_id: str) -> Verdict:
    """Further classes, of the student's choice: from the corgi, which it still shows."""
    found = [_read(context, recorded) for recorded in _candidates(context)[-MOST_JUDGED:]]
    if not found:
        return _none(context, part_id)
    right = [one for one in found if one.ok]
    shown = right or found
    return replace(
        _verdict(context, part_id, found),
        measurements=tuple(_row(context, one) for one in found),
        exhibits=tuple(x for one in shown[:MOST_SHOWN] for x in _exhibits(context, one)),
        evidence_ids=tuple(one.recorded.run.run_id for one in shown),
    )


def _none(context: CheckContext, part_id: str) -> Verdict:
    """No attack that can be judged: nothing was written, or what was written left no trace."""
    if _may_be_written(context, part_id) or _are_aside(context):
        return why_missing(context, part_id, "An attack toward a further class", ATTACK)
    return not_attempted(say("attack_bonus.none")).adding(where_to_look(context, part_id))


def _may_be_written(context: CheckContext, part_id: str) -> bool:
    """Whether the part's own cell, or one that was never run, is not as it was handed out."""
    blame = blame_of(context)
    own = set(context.cells_of(part_id)) & blame.cells.keys()
    never_run = blame.cells.keys() - blame.runs.keys()
    return any(not context.is_given(blame.cells[index]) for index in own | never_run)


def _are_aside(context: CheckContext) -> bool:
    """Whether there is an attack toward a class of no part that cannot be judged."""
    asked = {experiment.target for experiment in context.assignment.experiments}
    return any(
        a.run.class_id not in asked and not a.run.repeats and not a.run.error
        for a in _towards_classes(context)
    )


def _verdict(context: CheckContext, part_id: str, found: list[_Further]) -> Verdict:
    names = context.networks.class_names
    right = tuple(dict.fromkeys(names[one.target] for one in found if one.ok))
    if right:
        return passed(say("attack_bonus.right", classes=", ".join(right)))
    doubts = [one.doubt for one in found if one.doubt is not None]
    if doubts:
        return needs_human(doubts[0]).adding(where_to_look(context, part_id))
    faults = [one.fault for one in found if one.fault is not None]
    other_start = [fault for fault in faults if fault.code == "attack_bonus.other_start"]
    if other_start:
        return needs_human(other_start[0]).adding(where_to_look(context, part_id))
    return failed(faults[0] if faults else say("attack_bonus.weak"))


def _towards_classes(context: CheckContext) -> list[RecordedRun]:
    """All runs toward a class that is one."""
    dropped = _cells_of_other_years(context)
    return [
        a
        for a in recorded_runs_of(context)
        if a.run.class_id is not None
        and 0 <= a.run.class_id < len(context.networks.class_names)
        and a.run.cell_index not in dropped
    ]


def _candidates(context: CheckContext) -> list[RecordedRun]:
    asked = {(e.target, e.network) for e in context.assignment.experiments}
    return [
        a
        for a in _towards_classes(context)
        if (a.run.class_id, a.network) not in asked
        and a.network in TRUSTED
        and not a.run.repeats
        and a.start is not None
        and a.final is not None
        and not a.run.error
    ]


def _cells_of_other_years(context: CheckContext) -> frozenset[int]:
    """Cells that the notebook has for parts that this offering does not ask: never a bonus."""
    asked = {part.id for part in context.assignment.parts}
    matches = context.alignment.matches
    return frozenset(m.cell_index for m in matches if m.part_id and m.part_id not in asked)


def _read(context: CheckContext, recorded: RecordedRun) -> _Further:
    fault, doubt = _fault(context, recorded), None
    gain, least = _gain(context, recorded), threshold("bonus_gain") * _usual_gain(context)
    if fault is None and gain >= least:
        fault, doubt = _aim(context, recorded, gain)
    return _Further(recorded=recorded, gain=gain, least=least, fault=fault, doubt=doubt)


def _aim(
    context: CheckContext, recorded: RecordedRun, gain: float
) -> tuple[Remark | None, Remark | None]:
    """What is wrong with where the steps of a run went that gains, and what is doubtful in it.

    A class also gains where the steps go for another one that is like it.
    """
    target, names = recorded.run.class_id or 0, context.networks.class_names
    direction = direction_of(context, recorded, recorded.network, target)
    told: dict[str, str | float] = {"target": names[target], "gain": gain}
    if direction.other_class is not None:
        lowered = direction.objective == OTHER_LOWERED
        code = "attack.other_lowered" if lowered else "attack.other_class"
        return say(code, target=names[target], other=names[direction.other_class]), None
    if direction.objective in _AWAY:
        return say(_AWAY[direction.objective], target=names[target]), None
    if direction.heading == "nowhere":
        return say("attack.zero_gradient"), None
    if direction.heading == "unknown" or lacks_its_way(recorded):
        return None, say("attack_bonus.unseen", **told)
    if direction.objective in {LOG_PROBABILITY, *OTHERS}:
        return None, None
    logits = context.networks.logits(recorded.network, _final(recorded))
    return None, None if int(logits[0].argmax()) == target else say("attack.unclear", **told)


_AWAY = {"untargeted": "attack.untargeted", LOWERED: "attack.lowered"}
"""Objectives that do not lead to the target, and what is said of them."""


def _final(recorded: RecordedRun) -> Tensor:
    if recorded.final is None:
        raise GraderFault(f"{recorded.run.run_id}: expected a run with a last image")
    return recorded.final


def _fault(context: CheckContext, recorded: RecordedRun) -> Remark | None:
    """What 4(a) asks too: another class, the corgi at the start and at the end, valid pixels."""
    final = recorded.final
    if final is None or not bool(torch.isfinite(final).all()):
        return say("attack.no_image", run=recorded.run.run_id)
    corgi = context.networks.corgi(recorded.space)
    if final.shape != corgi.shape:
        shapes = {"shape": str(tuple(final.shape)), "wanted": str(tuple(corgi.shape))}
        return say("attack.other_shape", **shapes)
    if recorded.run.class_id in _classes_of_the_corgi(context, recorded):
        name = context.networks.class_names[recorded.run.class_id or 0]
        return say("attack_bonus.own_class", target=name)
    if recorded.from_corgi == "other":
        return say("attack_bonus.other_start")
    if not is_still_the_corgi(context, recorded):
        return say("attack.another_picture")
    low, high = box_bounds(recorded.space, final)
    outside = int(((final < low - BOX_ROUNDING) | (final > high + BOX_ROUNDING)).sum())
    if outside > threshold("box_violations") * final.numel():
        return say("attack.box", count=outside)
    return None


def _classes_of_the_corgi(context: CheckContext, recorded: RecordedRun) -> set[int]:
    """What the networks see in the picture as it is."""
    fed = {(recorded.network, recorded.space), ("pretrained", Space.NORMALISED)}
    logits = (context.networks.logits(name, context.networks.corgi(space)) for name, space in fed)
    return {int(row[0].argmax()) for row in logits}


def _gain(context: CheckContext, recorded: RecordedRun) -> float:
    if recorded.start is None or recorded.final is None:
        return float("-inf")
    target = recorded.run.class_id or 0
    before, after = (
        float(log_probability(context.networks.logits(recorded.network, x), target))
        for x in (recorded.start, recorded.final)
    )
    gain = after - before
    return gain if gain == gain else float("-inf")


def _usual_gain(context: CheckContext) -> float:
    """The smallest gain of the reference's attacks on the robust network."""
    gains = [a.log_gain for a in context.expected.attacks if a.network == "robust"]
    return min(gains or [a.log_gain for a in context.expected.attacks])


def _row(context: CheckContext, one: _Further) -> Measurement:
    name = context.networks.class_names[one.target]
    return Measurement(
        quantity=f"gain in log-probability of {name} (nats)",
        measured=f"{one.gain:.2f}",
        expected=f"at least {one.least:.2f}",
        tolerance="",
        ok=one.gain >= one.least,
    )


def _exhibits(context: CheckContext, one: _Further) -> tuple[Exhibit, ...]:
    name, recorded = context.networks.class_names[one.target], one.recorded
    curve = log_probability_curve(context, recorded, recorded.network, one.target, ())
    return (*pictures(recorded, "", f"toward {name}"), curve)


CHECKS = (
    Check(
        id="attack_bonus",
        judge=check_attack_bonus,
        reads=frozenset({Reads.RUNS}),
        rests=(
            Rests(
                on=Basis.RECOMPUTED,
                what="start, gain and pixel box, from the first and last picture "
                "with trusted weights",
            ),
            OBJECTIVE,
            STEPS,
        ),
    ),
)

"""Feature inversion: a random image led to the corgi's features in several layers."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from grader.checks.blame import why_missing
from grader.checks.context import CheckContext
from grader.checks.declaration import STEPS, Basis, Check, Reads, Rests
from grader.checks.findings import (
    Verdict,
    failed,
    needs_human,
    passed,
    say,
    where_to_look,
)
from grader.checks.images.feature_distances import nearest_fall
from grader.checks.images.inversion_runs import (
    Inversion,
    exhibits_of,
    inversions_of,
    rows_of,
)
from grader.checks.images.recognition import corgi_space
from grader.checks.images.recorded_runs import lacks_its_way
from grader.checks.tolerance import threshold
from grader.model.records import Remark

MOST_SHOWN = 4
"""Runs that are shown."""


def check_feature_inversion(context: CheckContext, part_id: str) -> Verdict:
    """Layer, network, direction and fall of each run; enough layers."""
    found = inversions_of(context, part_id)
    wanted_network = context.experiment(part_id).network
    runs = [i for i in found if i.network == wanted_network]
    if not runs:
        return _none(context, part_id, found)
    good = _good(context, runs)
    shown = (list(good.values()) or runs)[:MOST_SHOWN]
    return replace(
        _verdict(context, part_id, runs, good),
        measurements=tuple(row for i in runs for row in rows_of(i)),
        exhibits=tuple(x for i in shown for x in exhibits_of(i)),
        evidence_ids=tuple(i.recorded.run.run_id for i in runs),
    )


def _good(context: CheckContext, runs: list[Inversion]) -> dict[str, Inversion]:
    """The runs that are right, one for each layer."""
    return {
        i.approach.distance.layer: i
        for i in runs
        if i.approach is not None and _fault(context, i) is None and not lacks_its_way(i.recorded)
    }


def _verdict(
    context: CheckContext, part_id: str, runs: list[Inversion], good: dict[str, Inversion]
) -> Verdict:
    experiment = context.experiment(part_id)
    wanted = experiment.different_objectives
    layers: dict[str, str | float] = {"count": len(good), "layers": ", ".join(good)}
    layers["network"] = experiment.network
    if len(good) >= wanted:
        return passed(say("inversion.right", **layers)).adding(*_doubts(good))
    faults = [fault for fault in (_run_fault(context, i) for i in runs) if fault is not None]
    unclear = [i.recorded.run.run_id for i in runs if _is_unclear(context, i)]
    if not good and not unclear:
        return failed(faults[0] if faults else say("inversion.no_approach"))
    notes = [*faults[:1], where_to_look(context, part_id)]
    if unclear:
        notes.append(say("inversion.note_unclear", runs=", ".join(unclear)))
    if not good:
        return needs_human(say("inversion.unclear")).adding(*notes)
    return needs_human(say("inversion.fewer", wanted=wanted, **layers)).adding(*notes)


def _none(context: CheckContext, part_id: str, others: tuple[Inversion, ...]) -> Verdict:
    """No run on this part's network: is the other network's work there twice?"""
    experiment = context.experiment(part_id)
    layers = Counter(i.approach.distance.layer for i in others if i.approach is not None)
    repeated = [layer for layer, count in layers.items() if count > 1]
    own_cells = set(context.cells_of(part_id))
    astray = [i for i in others if i.recorded.run.cell_index in own_cells]
    if 0 < len(astray) < len(others) or len(repeated) >= experiment.different_objectives:
        blamed = astray or others
        networks = {"network": blamed[-1].network, "wanted": experiment.network}
        verdict = failed(say("inversion.other_network", **networks))
        return replace(verdict, evidence_ids=tuple(i.recorded.run.run_id for i in blamed))
    return why_missing(
        context,
        part_id,
        f"An approach to the corgi's features on the {experiment.network} network",
        "model_layer|StepImage",
    )


def _fault(context: CheckContext, inversion: Inversion) -> Remark | None:
    """Say what is wrong with a run whose distance is known; None for nothing."""
    approach, distance = inversion.approach, inversion.words
    if inversion.recorded.from_corgi != "other":
        return say("inversion.from_corgi")
    if approach is None:
        return None
    if approach.away:
        ends = {"before": inversion.along[0][1], "after": inversion.along[-1][1]}
        return say("inversion.uphill", distance=distance, **ends)
    if not inversion.factor <= inversion.wanted_factor:
        factors = {"factor": inversion.factor, "wanted": inversion.wanted_factor}
        return say("inversion.weak", distance=distance, **factors)
    if not inversion.change_rms >= threshold("inversion_change"):
        return say("inversion.hardly_changed", distance=distance)
    if not inversion.from_noise:
        return say("inversion.from_picture", distance=distance)
    where = corgi_space(context, inversion.final)
    if where is not None and where[1] == "same":
        return say("inversion.pasted")
    return None


def _run_fault(context: CheckContext, inversion: Inversion) -> Remark | None:
    """The same for any run: one that is recognized as something else is named."""
    fault = _fault(context, inversion)
    climbed = inversion.climbed
    if inversion.approach is not None or fault is not None or climbed is None:
        return fault
    code = "inversion.descends" if climbed.downhill else "inversion.climbs"
    return say(code, objective=climbed.words)


def _is_unclear(context: CheckContext, inversion: Inversion) -> bool:
    """Whether a run may be right in a way that its direction does not show."""
    if inversion.recorded.from_corgi != "other":
        return False
    if inversion.climbed is not None:
        return False
    if lacks_its_way(inversion.recorded):
        return True
    if inversion.approach is None:
        fall = nearest_fall(context.networks, inversion.network, inversion.start, inversion.final)
        return fall <= threshold("inversion_alone")
    changed = inversion.change_rms >= threshold("inversion_change")
    another_way = inversion.reference is None or not inversion.from_noise
    return changed and another_way and not inversion.approach.away


def _doubts(good: dict[str, Inversion]) -> list[Remark]:
    notes = []
    hovering = [layer for layer, i in good.items() if i.factor >= 1]
    if hovering:
        notes.append(say("inversion.note_direction_only", layers=", ".join(hovering)))
    mixed = [
        layer
        for layer, i in good.items()
        if i.approach is not None and i.approach.distance.corgi is not i.space
    ]
    if mixed:
        notes.append(say("inversion.note_not_alike", layers=", ".join(mixed)))
    return notes


CHECKS = (
    Check(
        id="feature_inversion",
        judge=check_feature_inversion,
        objective="feature_distance",
        reads=frozenset({Reads.RUNS}),
        rests=(
            Rests(
                on=Basis.RECOMPUTED,
                what="the distance to the corgi's features along the recorded "
                "pictures, by trusted weights",
            ),
            Rests(
                on=Basis.RECOMPUTED, what="the direction of the steps against its trusted gradient"
            ),
            STEPS,
        ),
    ),
)

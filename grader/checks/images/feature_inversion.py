"""4(d) and 4(g) of 2022: a random image led to the corgi's features in three layers."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from grader.checks.context import CheckContext
from grader.checks.declaration import Check, Reads
from grader.checks.findings import Verdict, failed, needs_human, passed, why_missing
from grader.checks.images.feature_distances import nearest_fall
from grader.checks.images.inversion_runs import (
    Inversion,
    exhibits_of,
    inversions_of,
    rows_of,
)
from grader.checks.images.recognition import corgi_space
from grader.checks.tolerance import threshold

MOST_SHOWN = 4
"""Runs that are shown."""


def check_feature_inversion(context: CheckContext, part_id: str) -> Verdict:
    """4(d), 4(g) of 2022: layer, network, direction and fall of each run; three layers."""
    return _check(context, part_id)


def _check(context: CheckContext, part_id: str) -> Verdict:
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
        if i.approach is not None and not _fault(context, i)
    }


def _verdict(
    context: CheckContext, part_id: str, runs: list[Inversion], good: dict[str, Inversion]
) -> Verdict:
    experiment = context.experiment(part_id)
    wanted = experiment.different_objectives
    listed = ", ".join(good)
    if len(good) >= wanted:
        return passed(
            f"Right: the corgi's features are approached in {len(good)} different layers of the "
            f"{experiment.network} network ({listed}).",
            staff=_doubts(good),
        )
    faults = [text for text in (_run_fault(context, i) for i in runs) if text]
    unclear = [i.recorded.run.run_id for i in runs if _is_unclear(context, i)]
    if not good and not unclear:
        return failed(faults[0] if faults else "No run comes closer to the corgi's features.")
    staff = f"Look for the others in {context.pages(part_id)}."
    if unclear:
        staff += f" Runs that may be right in another way: {', '.join(unclear)}."
    if not good:
        why = faults[0] if faults else "A run comes closer to the corgi's features in its own way."
        return needs_human(f"{why} A person looks at it.", staff=staff)
    more = f" {faults[0]}" if faults else ""
    return needs_human(
        f"Found {len(good)} of {wanted} layers in the notebook ({listed}, {experiment.network} "
        f"network); a person looks for the others in the report.{more}",
        staff=staff,
    )


def _none(context: CheckContext, part_id: str, others: tuple[Inversion, ...]) -> Verdict:
    """No run on this part's network: is the other network's work there twice?"""
    experiment = context.experiment(part_id)
    layers = Counter(i.approach.distance.layer for i in others if i.approach is not None)
    repeated = [layer for layer, count in layers.items() if count > 1]
    own_cells = set(context.cells_of(part_id))
    astray = [i for i in others if i.recorded.run.cell_index in own_cells]
    if 0 < len(astray) < len(others) or len(repeated) >= experiment.different_objectives:
        blamed = astray or others
        verdict = failed(
            f"These runs are on the {blamed[-1].network} network; this part asks for the "
            f"{experiment.network} one. Load its weights before you run them."
        )
        return replace(verdict, evidence_ids=tuple(i.recorded.run.run_id for i in blamed))
    return why_missing(
        context,
        part_id,
        f"An approach to the corgi's features on the {experiment.network} network",
        ("model_layer", "StepImage"),
    )


def _fault(context: CheckContext, inversion: Inversion) -> str:
    """Say what is wrong with a run whose distance is known; empty for nothing."""
    approach = inversion.approach
    if inversion.recorded.from_corgi != "other":
        return "One run starts from the corgi itself, where the distance is zero already."
    if approach is None:
        return ""
    if approach.away:
        return (
            f"One run ascends instead of descending: the {inversion.words} goes from "
            f"{inversion.along[0][1]:.4g} to {inversion.along[-1][1]:.4g}. A step adds what it is "
            "given, so give it minus the gradient of the distance."
        )
    if not inversion.factor <= inversion.wanted_factor:
        return (
            f"One run hardly comes closer: the {inversion.words} goes to {inversion.factor:.2f} "
            f"times; expected at most {inversion.wanted_factor:.2f} times."
        )
    if not inversion.change_rms >= threshold("inversion_change"):
        return f"One image ({inversion.words}) can hardly be told from its start."
    if not inversion.from_noise:
        return f"One run ({inversion.words}) starts from a picture, not from a random image."
    where = corgi_space(context, inversion.final)
    if where is not None and where[1] == "same":
        return "One run ends at the corgi's own picture, which steps along gradients do not reach."
    return ""


def _run_fault(context: CheckContext, inversion: Inversion) -> str:
    """The same for any run: one that is recognised as something else is named."""
    fault = _fault(context, inversion)
    if inversion.approach is not None or fault:
        return fault
    if inversion.climbed is None:
        return ""
    verb = "descends" if inversion.climbed.downhill else "climbs"
    return (
        f"One run {verb} the {inversion.climbed.words}; this part asks for the distance to the "
        "corgi's features to fall."
    )


def _is_unclear(context: CheckContext, inversion: Inversion) -> bool:
    """Whether a run may be right in a way that its direction does not show."""
    if inversion.recorded.from_corgi != "other":
        return False
    if inversion.climbed is not None:
        return False
    if inversion.approach is None:
        fall = nearest_fall(context.networks, inversion.network, inversion.start, inversion.final)
        return fall <= threshold("inversion_alone")
    changed = inversion.change_rms >= threshold("inversion_change")
    another_way = inversion.reference is None or not inversion.from_noise
    return changed and another_way and not inversion.approach.away


def _doubts(good: dict[str, Inversion]) -> str:
    notes = []
    hovering = [layer for layer, i in good.items() if i.factor >= 1]
    if hovering:
        notes.append(
            f"Told by the direction alone: {', '.join(hovering)}. Steps of this length are too "
            "long to come closer there, for the reference too."
        )
    mixed = [
        layer
        for layer, i in good.items()
        if i.approach is not None and i.approach.distance.corgi is not i.space
    ]
    if mixed:
        notes.append(f"Start and corgi were not prepared alike: {', '.join(mixed)}.")
    return " ".join(notes)


CHECKS = (
    Check(
        id="feature_inversion",
        judge=check_feature_inversion,
        objective="feature_distance",
        reads=frozenset({Reads.RUNS}),
    ),
)

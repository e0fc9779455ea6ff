"""Feature visualization: different layers or units climbed from a random image."""

from __future__ import annotations

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
from grader.checks.images.directions import LAST
from grader.checks.images.dreams import Dream, dreams_of, from_the_corgi, grew
from grader.checks.images.recorded_runs import (
    change_rms,
    network_words,
    pictures,
    space_of_start,
)
from grader.checks.tolerance import threshold
from grader.model.records import CurveExhibit, Exhibit, Measurement, Remark

MOST_SHOWN = 4
"""Runs that are shown."""


def check_feature_visualisation(context: CheckContext, part_id: str) -> Verdict:
    """Which layer each run climbed, the gain, enough different ones, visibly changed."""
    dreams = dreams_of(context)
    if not dreams:
        return _none(context, part_id)
    different = {d.climbed.target: d for d in dreams if d.ok and d.climbed is not None}
    good = {d.climbed.words: d for d in different.values() if d.climbed is not None}
    verdict = _verdict(context, part_id, dreams, good)
    shown = (list(good.values()) or dreams)[:MOST_SHOWN]
    return replace(
        verdict,
        measurements=tuple(row for d in dreams for row in _rows(d)),
        exhibits=tuple(x for d in shown for x in _exhibits(d)),
        evidence_ids=tuple(d.recorded.run.run_id for d in dreams),
    )


def _none(context: CheckContext, part_id: str) -> Verdict:
    if from_the_corgi(context):
        held = needs_human(say("features.from_corgi"))
        return held.adding(where_to_look(context, part_id))
    what = "An optimization of a random image"
    return why_missing(context, part_id, what, "model_layer|StepImage")


def _verdict(
    context: CheckContext, part_id: str, dreams: list[Dream], good: dict[str, Dream]
) -> Verdict:
    wanted = context.experiment(part_id).different_objectives
    found, listed = list(good), "; ".join(good)
    if len(found) >= wanted:
        if _one_image(list(good.values())):
            return needs_human(say("features.one_image"))
        classes = [name for name, d in good.items() if _is_class(d)]
        if len(found) - len(classes) < wanted:
            held = say("features.classes", count=len(classes), objectives="; ".join(classes))
            return needs_human(held).adding(_runs(dreams))
        return passed(say("features.right", count=len(found), objectives=listed))
    faults = [fault for fault in map(_fault, dreams) if fault is not None]
    unclear = [d for d in dreams if _is_unclear(context, d)]
    short = _short(context, part_id, dreams)
    if not found and not unclear:
        verdict = failed(faults[0] if faults else say("features.no_response"))
        return verdict.adding(*short)
    notes = [*short, _runs(dreams), where_to_look(context, part_id)]
    unseen = [d for d in unclear if not d.known]
    if unseen:
        runs = ", ".join(d.recorded.run.run_id for d in unseen)
        notes.append(say("features.note_unrecognized", runs=runs))
    unseen_ways = [d.recorded.run.run_id for d in unclear if d.known and d.unseen]
    if unseen_ways:
        notes.append(say("features.note_way_unseen", runs=", ".join(unseen_ways)))
    if not found:
        known = all(d.known for d in unclear)
        held = say("features.unclear" if known else "features.unrecognized")
        return needs_human(held).adding(*faults[:1], *notes)
    counts = {"count": len(found), "wanted": wanted}
    verdict = needs_human(say("features.fewer", objectives=listed, **counts))
    return verdict.adding(*faults[:1], *notes)


def _is_class(dream: Dream) -> bool:
    """Whether a class was maximized: the last layer is no intermediate one."""
    return dream.climbed is not None and dream.climbed.layer == LAST


def _one_image(dreams: list[Dream]) -> bool:
    """Whether two runs that had different objectives end at images that no eye tells apart."""
    return any(
        one.final.shape == other.final.shape
        and change_rms(one.final, other.final) < threshold("distinguishable")
        for number, one in enumerate(dreams)
        for other in dreams[:number]
    )


def _is_unclear(context: CheckContext, dream: Dream) -> bool:
    """Whether a run may be right in a way that was not seen."""
    if dream.stuck or dream.changes:
        return False
    if dream.climbed is not None and (dream.climbed.negative or not dream.known):
        return True
    climbs = dream.climbed is not None and not dream.descends
    if climbs and dream.rose and dream.unseen:
        return True
    if dream.overshoots or dream.contradicts or (climbs and not dream.from_noise):
        return True
    return dream.climbed is None and (dream.unknown_network or grew(context, dream))


def _runs(dreams: list[Dream]) -> Remark:
    """Say which runs there were: network, start and objective of each."""
    told = "; ".join(
        f"{d.recorded.run.run_id}: {_words(d)}, on {network_words(d.recorded)}, from "
        + ("a random image" if d.from_noise else "an image that is not random")
        for d in dreams
    )
    return say("features.runs", runs=told)


def _short(context: CheckContext, part_id: str, dreams: list[Dream]) -> list[Remark]:
    """Name the runs that are not right and took fewer steps than the part asks for."""
    wanted = context.experiment(part_id).n_steps
    steps = {d.recorded.run.run_id: d.recorded.steps for d in dreams if not d.ok}
    short = [f"{run} took {count}" for run, count in steps.items() if 0 < count < wanted]
    return [say("features.short", wanted=wanted, runs=", ".join(short))] if short else []


def _words(dream: Dream) -> str:
    return "objective not recognized" if dream.climbed is None else dream.climbed.words


def _fault(dream: Dream) -> Remark | None:
    """Say what is wrong with a run whose objective is known; None for nothing."""
    if dream.stuck:
        return say("features.zero_gradient" if dream.no_gradient else "features.stuck")
    if dream.climbed is None or dream.climbed.negative or not dream.known:
        return None
    return _fault_of_ascent(dream, dream.climbed.words)


def _fault_of_ascent(dream: Dream, name: str) -> Remark | None:
    if dream.changes:
        return say("features.changes")
    if dream.descends:
        return say("features.downhill", objective=name, factor=dream.rise)
    if not dream.from_noise:
        return say("features.not_random", objective=name)
    if dream.overshoots:
        return say("features.overshoots", objective=name, factor=dream.rise)
    if not dream.rose:
        factors = {"factor": dream.rise, "wanted": dream.wanted_rise}
        return say("features.weak", objective=name, **factors)
    if dream.change_rms < threshold("distinguishable"):
        return say("features.hardly_changed", objective=name)
    return None


def _rows(dream: Dream) -> tuple[Measurement, ...]:
    run = dream.recorded.run.run_id
    if dream.climbed is None or not dream.known:
        return (
            Measurement(
                quantity=f"{run}: objective",
                measured=_words(dream),
                expected="a layer, channel or unit of the network",
                tolerance="",
                ok=False,
            ),
        )
    return (
        Measurement(
            quantity=f"{run}: {dream.climbed.words}, rise",
            measured=f"{dream.before:.4g} to {dream.after:.4g}",
            expected=f"to {dream.before * dream.wanted_rise:.4g} at least",
            tolerance=f"cosine of the direction {dream.climbed.cosine:.3f}",
            ok=not dream.climbed.downhill and dream.rose,
        ),
        Measurement(
            quantity=f"{run}: root mean square change of a pixel",
            measured=f"{dream.change_rms:.3f}",
            expected=f"at least {threshold('distinguishable'):g}",
            tolerance="",
            ok=dream.change_rms >= threshold("distinguishable"),
        ),
    )


def _exhibits(dream: Dream) -> tuple[Exhibit, ...]:
    shown = replace(dream.recorded, space=space_of_start(dream.start))
    climbed, reference = dream.climbed, dream.reference
    file = "" if reference is None else reference.image
    images = pictures(shown, file, _words(dream))
    if climbed is None or not dream.known:
        return images
    values = () if reference is None else reference.objectives
    curve = CurveExhibit(
        title=f"{climbed.words} over the steps",
        x_label="step",
        y_label="objective",
        yours_x=tuple(float(step) for step, _ in dream.values),
        yours_y=tuple(value for _, value in dream.values),
        reference_x=tuple(float(i) for i in range(len(values))),
        reference_y=values,
    )
    return (*images, curve)


CHECKS = (
    Check(
        id="feature_visualisation",
        judge=check_feature_visualisation,
        objective="layer_norm",
        reads=frozenset({Reads.RUNS}),
        rests=(
            Rests(
                on=Basis.RECOMPUTED,
                what="the objective, by pulling what the loss asked back through "
                "the trusted network",
            ),
            Rests(
                on=Basis.RECOMPUTED,
                what="its rise along the recorded pictures, the random start and "
                "the visible change",
            ),
            STEPS,
        ),
    ),
)

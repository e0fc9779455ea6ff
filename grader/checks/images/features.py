"""Feature visualization: different layers or units climbed from a random image."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from grader.checks.blame import why_missing
from grader.checks.context import TRUSTED, CheckContext
from grader.checks.declaration import Check, Reads
from grader.checks.findings import (
    Verdict,
    failed,
    needs_human,
    passed,
    say,
    where_to_look,
)
from grader.checks.images.directions import effective
from grader.checks.images.feature_objectives import Climbed, layer_norms, recognise, value_of
from grader.checks.images.recorded_runs import (
    RecordedRun,
    change_rms,
    images_along,
    is_stuck,
    noise_as_far,
    pictures,
    recorded_runs_of,
    space_of_start,
)
from grader.checks.tolerance import threshold
from grader.model.records import CurveExhibit, Exhibit, Measurement, Remark
from reference.expected import DreamResult

MOST_SHOWN = 4
"""Runs that are shown."""
MOST_JUDGED = 12
"""Runs that are looked at, the last ones."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Dream:
    """One run from an image that is not the corgi."""

    recorded: RecordedRun
    start: Tensor
    final: Tensor
    network: str
    climbed: Climbed | None
    before: float
    after: float
    change_rms: float
    stuck: bool
    reference: DreamResult | None

    @property
    def rise(self) -> float:
        """Factor by which the objective rose; below 1 where it fell."""
        if self.before <= 0:
            return 1 + (self.after - self.before) / max(abs(self.before), 1e-9)
        return self.after / self.before

    @property
    def wanted_rise(self) -> float:
        """Factor that is enough."""
        first, last = self.reference_values
        if first <= 0:
            return threshold("feature_rise")
        return 1 + threshold("feature_gain") * (last / first - 1)

    @property
    def reference_values(self) -> tuple[float, float]:
        """The reference's objective at its start and after as many steps; zeros for none."""
        values = () if self.reference is None else self.reference.objectives
        if not values:
            return 0.0, 0.0
        steps = self.recorded.run.steps
        few = steps < threshold("least_steps")
        return values[0], values[-1 if few else min(steps, len(values) - 1)]

    @property
    def rose(self) -> bool:
        """Whether it rose enough, or from another start to where the reference rises to."""
        first, last = self.reference_values
        level = first + threshold("feature_gain") * (last - first)
        there = 0 < level <= self.after and self.rise >= threshold("feature_rise")
        return self.rise >= self.wanted_rise or there

    @property
    def ok(self) -> bool:
        """Whether it is one of the images asked for."""
        return (
            self.climbed is not None
            and not self.climbed.downhill
            and not self.stuck
            and self.rose
            and self.change_rms >= threshold("distinguishable")
        )


def check_feature_visualisation(context: CheckContext, part_id: str) -> Verdict:
    """Which layer each run climbed, the gain, enough different ones, visibly changed."""
    runs = [a for a in recorded_runs_of(context) if _is_dream(a)][-MOST_JUDGED:]
    dreams = [d for d in (_dream(context, a) for a in runs) if d is not None]
    if not dreams:
        return why_missing(
            context, part_id, "An optimization of a random image", ("model_layer", "StepImage")
        )
    wanted = context.experiment(part_id).different_objectives
    verdict = _verdict(context, part_id, dreams, wanted)
    good = {d.climbed.words: d for d in dreams if d.ok and d.climbed is not None}
    shown = (list(good.values()) or dreams)[:MOST_SHOWN]
    return replace(
        verdict,
        measurements=tuple(row for d in dreams for row in _rows(d)),
        exhibits=tuple(x for d in shown for x in _exhibits(context, d)),
        evidence_ids=tuple(d.recorded.run.run_id for d in dreams),
    )


def _is_dream(recorded: RecordedRun) -> bool:
    """A run that begins at something else than the corgi and ends at an image."""
    return recorded.from_corgi == "other" and recorded.start is not None and not recorded.run.error


def _verdict(context: CheckContext, part_id: str, dreams: list[_Dream], wanted: int) -> Verdict:
    found = list(dict.fromkeys(d.climbed.words for d in dreams if d.ok and d.climbed is not None))
    listed = "; ".join(found)
    if len(found) >= wanted:
        return passed(say("features.right", count=len(found), objectives=listed))
    faults = [fault for fault in map(_fault, dreams) if fault is not None]
    unclear = [d for d in dreams if d.climbed is None and not d.stuck and _grew(context, d)]
    if not found and not unclear:
        return failed(faults[0] if faults else say("features.no_response"))
    notes = [where_to_look(context, part_id)]
    if unclear:
        runs = ", ".join(d.recorded.run.run_id for d in unclear)
        notes.append(say("features.note_unrecognized", runs=runs))
    if not found:
        return needs_human(say("features.unrecognized")).adding(*notes)
    counts = {"count": len(found), "wanted": wanted}
    verdict = needs_human(say("features.fewer", objectives=listed, **counts))
    return verdict.adding(*faults[:1], *notes)


def _fault(dream: _Dream) -> Remark | None:
    """Say what is wrong with a run whose objective is known; None for nothing."""
    if dream.stuck:
        return say("features.stuck")
    if dream.climbed is None:
        return None
    name = dream.climbed.words
    if dream.climbed.downhill or dream.rise < 1:
        return say("features.downhill", objective=name, factor=dream.rise)
    if not dream.rose:
        factors = {"factor": dream.rise, "wanted": dream.wanted_rise}
        return say("features.weak", objective=name, **factors)
    if dream.change_rms < threshold("distinguishable"):
        return say("features.hardly_changed", objective=name)
    return None


def _grew(context: CheckContext, dream: _Dream) -> bool:
    """Whether some layer responds more strongly than at the start, and than to noise as far away.

    Contrast alone makes layers respond, and a random walk raises it too.
    """
    network = context.networks.network(dream.network)
    noise = noise_as_far(dream.start, dream.final)
    others = [layer_norms(network, image) for image in (dream.start, noise)]
    after = layer_norms(network, dream.final)
    rise = threshold("feature_rise")
    return any(after[n] >= rise * max(norms[n] for norms in others) for n in after)


def _dream(context: CheckContext, recorded: RecordedRun) -> _Dream | None:
    start, final = recorded.start, recorded.final
    if start is None or final is None or not bool(torch.isfinite(final).all()):
        return None
    name = recorded.network if recorded.network in TRUSTED else "pretrained"
    network = context.networks.network(name)
    climbed = None
    samples = sorted(recorded.run.samples, key=lambda s: s.step)
    if samples:
        direction = effective(context, recorded, samples[0])
        if direction is not None and bool(direction.any()):
            climbed = recognise(network, context.tensor(samples[0].image), direction)
    before = after = 1.0
    if climbed is not None:
        before, after = (
            value_of(network, climbed.layer, climbed.objective, x) for x in (start, final)
        )
    return _Dream(
        recorded=recorded,
        start=start,
        final=final,
        network=name,
        climbed=climbed,
        before=before,
        after=after,
        change_rms=change_rms(start, final),
        stuck=is_stuck(context, recorded),
        reference=_reference(context, climbed, name),
    )


def _reference(context: CheckContext, climbed: Climbed | None, network: str) -> DreamResult | None:
    """The reference's plain run with the same objective, if there is one."""
    if climbed is None or network != "pretrained":
        return None
    return next(
        (
            d
            for d in context.expected.dreams
            if d.style == "plain"
            and d.layer == climbed.layer
            and d.objective == climbed.objective.name
        ),
        None,
    )


def _rows(dream: _Dream) -> tuple[Measurement, ...]:
    run = dream.recorded.run.run_id
    if dream.climbed is None:
        return (
            Measurement(
                quantity=f"{run}: objective",
                measured="not recognized",
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


def _exhibits(context: CheckContext, dream: _Dream) -> tuple[Exhibit, ...]:
    shown = replace(dream.recorded, space=space_of_start(dream.start))
    climbed, reference = dream.climbed, dream.reference
    file = "" if reference is None else reference.image
    words = "objective not recognized" if climbed is None else climbed.words
    images = pictures(shown, file, words)
    if climbed is None:
        return images
    network = context.networks.network(dream.network)
    along = images_along(context, dream.recorded)
    values = () if reference is None else reference.objectives
    curve = CurveExhibit(
        title=f"{climbed.words} over the steps",
        x_label="step",
        y_label="objective",
        yours_x=tuple(float(step) for step, _ in along),
        yours_y=tuple(value_of(network, climbed.layer, climbed.objective, x) for _, x in along),
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
    ),
)

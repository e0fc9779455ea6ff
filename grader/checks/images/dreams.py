"""Runs of 4(d), each with what its loss was taken of and how far that rose."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from grader.checks.context import TRUSTED, CheckContext
from grader.checks.images.asked_objectives import module_output, recognise_asked
from grader.checks.images.continued_runs import joined, starts_at_the_end
from grader.checks.images.feature_objectives import LAYERS, Climbed, layer_norms, recognise
from grader.checks.images.greatest_units import greatest_of_several
from grader.checks.images.pushes import Push, not_followed, pushes_of
from grader.checks.images.recorded_runs import (
    RecordedRun,
    change_rms,
    images_along,
    is_noise,
    is_stuck,
    lacks_its_way,
    noise_as_far,
    recorded_runs_of,
)
from grader.checks.tolerance import threshold
from grader.model.records import PartAsked
from reference.expected import DreamResult

MOST_JUDGED = 12
"""Runs that are looked at, the last ones."""

MOSTLY = 0.9
"""Share of the steps that must have one objective."""

COLOURS = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dream:
    """One run from an image that is not the corgi."""

    recorded: RecordedRun
    """The run."""
    start: Tensor
    """First image, (1, 3, H, W)."""
    final: Tensor
    """Last image, the same shape."""
    network: str
    """Trusted network that it is judged with."""
    climbed: Climbed | None
    """Its objective; None where it is not recognised."""
    values: tuple[tuple[int, float], ...]
    """(step, objective) at images along the way, first to last; empty for no objective."""
    changes: bool
    """Whether the objective was another one from step to step."""
    change_rms: float
    """Root mean square change of a pixel in [0, 1]."""
    stuck: bool
    """Whether the image never changed."""
    transformed: bool
    """Whether the network was shown the image shifted or the like, which costs some of the rise."""
    no_gradient: bool
    """Whether the gradient was zero at the start."""
    reference: DreamResult | None
    """The reference's plain run with the same objective, if there is one."""

    @property
    def known(self) -> bool:
        """Whether the objective is recognised: the layer, and the function of its output."""
        return self.climbed is not None and self.climbed.known

    @property
    def before(self) -> float:
        """The objective at the start."""
        return self.values[0][1] if self.values else 1.0

    @property
    def after(self) -> float:
        """The objective at the end."""
        return self.values[-1][1] if self.values else 1.0

    @property
    def rise(self) -> float:
        """Factor by which the objective rose; below 1 where it fell."""
        return self._factor(self.after)

    def _factor(self, value: float) -> float:
        if self.before <= 0:
            return 1 + (value - self.before) / max(abs(self.before), 1e-9)
        return value / self.before

    @property
    def overshoots(self) -> bool:
        """Whether the steps go uphill, but are so long that they end below the start."""
        climbed = self.climbed
        if climbed is None or climbed.downhill or self.stuck or self.changes:
            return False
        return self.rise < 1 and not climbed.negative

    @property
    def descends(self) -> bool:
        """Whether the steps go downhill, and the objective falls."""
        return self.climbed is not None and self.climbed.downhill and self.rise < 1

    @property
    def contradicts(self) -> bool:
        """Whether the objective rises although the steps go downhill."""
        return self.climbed is not None and self.climbed.downhill and self.rise >= 1

    @property
    def wanted_rise(self) -> float:
        """Factor that is enough."""
        first, last = self.reference_values
        if first <= 0 or self.transformed:
            return threshold("feature_rise")
        return 1 + threshold("feature_gain") * (last / first - 1)

    @property
    def reference_values(self) -> tuple[float, float]:
        """The reference's objective at its start and after as many steps; zeros for none."""
        values = () if self.reference is None else self.reference.objectives
        if not values:
            return 0.0, 0.0
        steps = self.recorded.steps
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
    def unseen(self) -> bool:
        """Whether the way to the last image was not seen: no pictures of it, or it leapt there."""
        return lacks_its_way(self.recorded) or self.leaps

    @property
    def leaps(self) -> bool:
        """Whether the objective rose at the very end only, behind the last picture of the way."""
        few = self.recorded.steps < threshold("least_steps")
        if few or len(self.values) < 2:
            return False
        return self._factor(self.values[-2][1]) < threshold("feature_rise")

    @property
    def from_noise(self) -> bool:
        """Whether the start is a random image."""
        return is_noise(self.start)

    @property
    def unknown_network(self) -> bool:
        """Whether the network is none of ours, so that its layers cannot be told."""
        return self.recorded.network not in TRUSTED

    @property
    def ok(self) -> bool:
        """Whether it is one of the images asked for."""
        return (
            self.climbed is not None
            and self.known
            and not self.climbed.downhill
            and not self.climbed.negative
            and not self.changes
            and not self.stuck
            and self.from_noise
            and self.rose
            and not self.unseen
            and self.change_rms >= threshold("distinguishable")
        )


def dreams_of(context: CheckContext) -> list[Dream]:
    """Read the runs that begin at something else than the corgi and end at an image.

    A run that goes on where an earlier one with the same objective ended is read as one with it.
    """
    found: list[Dream] = []
    for recorded in [a for a in recorded_runs_of(context) if _is_dream(a)][-MOST_JUDGED:]:
        dream = _read(context, recorded)
        earlier = next((d for d in found if dream and _goes_on(context, dream, d)), None)
        if dream is not None and earlier is not None:
            dream = _read(context, joined(earlier.recorded, recorded))
            found.remove(earlier)
        found += [] if dream is None else [dream]
    return found


def _goes_on(context: CheckContext, dream: Dream, earlier: Dream) -> bool:
    """Whether a run goes on where another one with the same objective ended."""
    one, other = earlier.climbed, dream.climbed
    if one is None or other is None or not (one.known and other.known):
        return False
    same = (one.words, one.downhill) == (other.words, other.downhill)
    same = same and (earlier.network, earlier.recorded.item) == (dream.network, dream.recorded.item)
    return same and starts_at_the_end(context, dream.recorded, earlier.recorded)


def from_the_corgi(context: CheckContext) -> bool:
    """Whether a loop climbs an inner layer from the corgi, which is no random image."""
    return any(
        look.layer not in {"", "avgpool", "fc"}
        for recorded in recorded_runs_of(context)
        if recorded.from_corgi != "other" and not recorded.run.function
        for look in recorded.run.looks[:1]
    )


def _is_dream(recorded: RecordedRun) -> bool:
    start = recorded.start
    return (
        recorded.from_corgi == "other"
        and start is not None
        and start.shape[1] == COLOURS
        and not recorded.run.error
    )


def _read(context: CheckContext, recorded: RecordedRun) -> Dream | None:
    start, final = recorded.start, recorded.final
    if start is None or final is None or not bool(torch.isfinite(final).all()):
        return None
    name = recorded.network if recorded.network in TRUSTED else "pretrained"
    network = context.networks.network(name)
    pushes = pushes_of(context, recorded)
    climbed = None if not pushes or not_followed(pushes) else _climbed(network, pushes)
    several = _several(recorded.run.parts, climbed)
    changes = False
    if climbed is not None and several:
        greatest = greatest_of_several(network, climbed, pushes, several)
        changes = greatest is None and not _mostly_one(several)
        climbed = greatest or replace(climbed, known=several[0].times == _most(several))
    values: tuple[tuple[int, float], ...] = ()
    if climbed is not None:
        function = value_at(network, climbed)
        values = tuple((step, function(x)) for step, x in _shown(context, recorded, pushes))
        if any(math.isnan(value) for _, value in values):
            climbed, values = replace(climbed, known=False), ()
        # Where an image is shifted before the network sees it, the way tells by the values alone.
        if pushes[0].asked is not None and pushes[0].followed is None and _rises(values):
            climbed = replace(climbed, downhill=False)
    return Dream(
        recorded=recorded,
        start=start,
        final=final,
        network=name,
        climbed=climbed,
        values=values,
        changes=changes,
        change_rms=change_rms(start, final),
        stuck=is_stuck(context, recorded),
        transformed=any(push.transformed for push in pushes),
        no_gradient=bool(pushes) and not bool(pushes[0].moved.any()),
        reference=_reference(context, climbed, name),
    )


def _climbed(network: nn.Module, pushes: tuple[Push, ...]) -> Climbed | None:
    push = pushes[0]
    if push.asked is not None:
        return recognise_asked(network, push, pushes[1:])
    return recognise(network, push.image, push.moved) if bool(push.moved.any()) else None


def _rises(values: tuple[tuple[int, float], ...]) -> bool:
    return bool(values) and values[-1][1] > values[0][1]


def value_at(network: nn.Module, climbed: Climbed) -> Callable[[Tensor], float]:
    """Return the function from an image to the value of an objective."""
    output = module_output(network, climbed.layer, climbed.call)

    def value(image: Tensor) -> float:
        with torch.no_grad():
            return float(climbed.objective.function(output(image)))

    return value


def _shown(
    context: CheckContext, recorded: RecordedRun, pushes: tuple[Push, ...]
) -> list[tuple[int, Tensor]]:
    """(step, image) as the network was shown it, the first and the last among them."""
    looks = recorded.run.looks
    shown = None if recorded.run.shown is None else context.tensor(recorded.run.shown)
    if looks and not looks[0].own and shown is not None and recorded.item < len(shown):
        last = shown[recorded.item : recorded.item + 1]
        return [*((p.step, p.image) for p in pushes), (recorded.run.looked, last)]
    along = list(images_along(context, recorded))
    first = [] if recorded.start is None or (along and along[0][0] == 0) else [recorded.start]
    return [*((0, image) for image in first), *along]


def _several(parts: tuple[PartAsked, ...], climbed: Climbed | None) -> tuple[PartAsked, ...]:
    """What the loss was taken of, where that was not the same channel or unit in all steps."""
    if climbed is None or climbed.grouped or not climbed.known:
        return ()
    unit = climbed.objective.name.startswith("unit")
    times: Counter[tuple[str, int, int, int]] = Counter()
    for part in parts:
        times[part.layer, part.call, part.channel, part.place if unit else -1] += part.times
    if len(times) <= 1:
        return ()
    return tuple(
        PartAsked(layer=layer, call=call, channel=channel, place=place, times=count)
        for (layer, call, channel, place), count in times.items()
    )


def _mostly_one(parts: tuple[PartAsked, ...]) -> bool:
    """Whether the loss was taken of one channel or unit in most steps."""
    return _most(parts) >= MOSTLY * sum(part.times for part in parts)


def _most(parts: tuple[PartAsked, ...]) -> int:
    return max(part.times for part in parts)


def grew(context: CheckContext, dream: Dream) -> bool:
    """Whether some layer responds more strongly than at the start, and than to noise as far away.

    Contrast alone makes layers respond, and a random walk raises it too.
    """
    network = context.networks.network(dream.network)
    noise = noise_as_far(dream.start, dream.final)
    others = [layer_norms(network, image) for image in (dream.start, noise)]
    after = layer_norms(network, dream.final)
    rise = threshold("feature_rise")
    return any(after[n] >= rise * max(norms[n] for norms in others) for n in LAYERS)


def _reference(context: CheckContext, climbed: Climbed | None, network: str) -> DreamResult | None:
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

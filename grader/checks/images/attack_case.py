"""One attack and all that is recomputed of it, in the part's own space with trusted weights."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from grader.checks.context import CheckContext
from grader.checks.images.directions import Direction, direction_of
from grader.checks.images.other_corgis import is_resized_corgi
from grader.checks.images.recorded_runs import RecordedRun, step_config
from grader.checks.tolerance import threshold
from grader.model.assignment import Experiment
from reference.attack import Verification, verify
from reference.expected import AttackResult
from reference.images import from_pixels, to_pixels


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AttackCase:
    """Everything about one attack."""

    experiment: Experiment
    """What the part asks for."""
    recorded: RecordedRun
    """What was seen."""
    reference: AttackResult
    """What the reference gets."""
    target: int
    """Class id."""
    final: Tensor
    """(1, 3, H, W), in the experiment's space."""
    facts: Verification
    """Recomputed from the first and last image."""
    own_start: bool
    """Whether the first image is the student's corgi, resized in another way; else ours."""
    direction: Direction
    """Where the steps went."""
    wanted_gain: float
    """The reference's gain in as many steps, in nats."""

    @property
    def share(self) -> float:
        """Gain as a share of the reference's."""
        return self.facts.log_gain / self.wanted_gain if self.wanted_gain > 0 else 0.0

    @property
    def reached(self) -> bool:
        """Whether the gain is as good as the reference's."""
        return self.facts.log_gain >= self.wanted_gain - threshold("gain_shortfall")


def measure_attack(
    context: CheckContext, part_id: str, recorded: RecordedRun, final: Tensor
) -> AttackCase:
    """Recompute everything from the image, with trusted weights."""
    experiment = context.experiment(part_id)
    reference = context.expected.attack(part_id)
    target = reference.target if experiment.target is None else experiment.target
    config = step_config(experiment)
    network = context.networks.network(experiment.network)
    device = next(network.parameters()).device
    corgi = context.networks.corgi(config.space)
    # The picture is what counts: one made in another space is judged in the part's own.
    final = from_pixels(to_pixels(final, recorded.space), config.space)
    own = _own_start(context, recorded)
    if own is not None:
        corgi = from_pixels(to_pixels(own, recorded.space), config.space)
    return AttackCase(
        experiment=experiment,
        recorded=recorded,
        reference=reference,
        target=target,
        final=final,
        facts=verify(network, corgi.to(device), final.to(device), target, config),
        own_start=own is not None,
        direction=direction_of(context, recorded, experiment.network, target),
        wanted_gain=gain_to_reach(reference, recorded.steps, experiment.n_steps),
    )


def _own_start(context: CheckContext, recorded: RecordedRun) -> Tensor | None:
    """The start image where it is the corgi, resized as other libraries do: its ball is round it.

    What somebody made to be like the corgi is none: no ball may be moved towards the target.
    """
    start = recorded.start
    if start is None or recorded.from_corgi != "similar" or recorded.from_result:
        return None
    return start if is_resized_corgi(context, start, recorded.space) else None


def gain_to_reach(reference: AttackResult, steps: int, asked: int) -> float:
    """Return the reference's gain in nats after as many steps.

    Args:
        reference: What it got.
        steps: That the student took; 0 where nobody counted. Few are not the measure: then it is
            the gain after all that are asked for.
        asked: Steps that the part asks for.
    """
    trace = [s.log_probability for s in reference.trace]
    counted = asked if steps < min(threshold("least_steps"), asked) else steps
    if counted >= reference.n_steps or counted >= len(trace):
        return reference.log_gain
    before, after = trace[0], trace[counted]
    return reference.log_gain if before is None or after is None else after - before

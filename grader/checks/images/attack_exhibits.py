"""What the pages show of an attack: numbers, pictures, bars and a curve."""

from __future__ import annotations

import math

from torch import Tensor

from grader.checks.context import CheckContext
from grader.checks.images.attack_case import AttackCase
from grader.checks.images.recorded_runs import log_probability_curve, pictures
from grader.checks.tolerance import threshold
from grader.model.records import Bar, BarsExhibit, Exhibit, Measurement
from reference.classify import top_k
from reference.run_records import Space

TOP = 5
"""Classes that the bars show."""


def rows_of(case: AttackCase) -> tuple[Measurement, ...]:
    """Return the numbers of an attack."""
    facts, radius = case.facts, case.experiment.eps_l2
    rows = [
        Measurement(
            quantity="gain in log-probability, trusted weights (nats)",
            measured=f"{facts.log_gain:.2f}",
            expected=f"{case.wanted_gain:.2f}",
            tolerance=f"{threshold('gain_shortfall'):g} less",
            ok=case.reached,
        ),
        Measurement(
            quantity="probability of the target, before and after",
            measured=f"{_probability(facts.probability_before)} to "
            f"{_probability(facts.probability_after)}",
            expected=f"{_probability(case.reference.p_before)} to "
            f"{_probability(case.reference.p_after)}",
            tolerance="",
            ok=facts.probability_after > facts.probability_before,
        ),
        Measurement(
            quantity=f"l2 distance to the corgi ({case.experiment.space})",
            measured=f"{facts.distance_l2:.1f}",
            expected="any" if radius is None else f"at most {radius:g}",
            tolerance="" if radius is None else f"{threshold('ball_excess'):.1%}",
            ok=radius is None or facts.ball_excess_l2 <= threshold("ball_excess") * radius,
        ),
        Measurement(
            quantity="values outside the pixel box",
            measured=str(facts.box_violations),
            expected="0",
            tolerance=f"{threshold('box_violations'):.2%} of them",
            ok=facts.box_violations <= threshold("box_violations") * case.final.numel(),
        ),
    ]
    for step, value in case.direction.cosines:
        first = step == case.direction.cosines[0][0]
        rows.append(
            Measurement(
                quantity=f"cosine of the direction with the gradient, step {step}",
                measured=f"{value:.3f}",
                expected="1" if first else "1 (not decisive)",
                tolerance=f"{threshold('same_direction'):g} or more" if first else "",
                ok=not first or value >= threshold("same_direction"),
            )
        )
    return tuple(rows)


def _probability(value: float) -> str:
    return f"{value:.3f}" if value >= 0.001 else f"{value:.1e}"


def exhibits_of(context: CheckContext, case: AttackCase) -> tuple[Exhibit, ...]:
    """Return its pictures, bars and curve."""
    reference = case.reference
    trace = tuple(
        s.log_probability
        for s in reference.trace
        if s.log_probability is not None and math.isfinite(s.log_probability)
    )
    name = context.networks.class_names[case.target]
    caption = f"{name} {_probability(case.facts.probability_after)}"
    corgi = context.networks.corgi(Space(case.experiment.space))
    return (
        *pictures(case.recorded, reference.image, caption),
        _bars(context, "before", case, corgi),
        _bars(context, "after", case, case.final),
        log_probability_curve(context, case.recorded, case.experiment.network, case.target, trace),
    )


def _bars(context: CheckContext, title: str, case: AttackCase, image: Tensor) -> BarsExhibit:
    logits = context.networks.logits(case.experiment.network, image)
    top = top_k(logits, context.networks.class_names, TOP)
    return BarsExhibit(
        title=title,
        bars=tuple(
            Bar(
                class_id=p.class_id,
                name=p.name,
                probability=p.probability,
                is_target=p.class_id == case.target,
            )
            for p in top
        ),
    )

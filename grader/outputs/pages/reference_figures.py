"""What the reference run shows for a part: facts and figures, by its checks and experiment."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from grader.model.assignment import Assignment, Part
from grader.model.records import Bar, BarsExhibit, CurveExhibit, StemExhibit
from grader.outputs.pages.figures import FigureRow, figure_rows, picture_row, wide_row
from grader.outputs.pages.pictures import Pixels, load_file, to_pixels
from grader.outputs.pages.words import part_label
from reference import conv, numgrad, pool
from reference.dream import random_start
from reference.expected import AttackResult, DreamResult, Expected
from reference.laboratory import SIDE_BY_SIDE
from reference.run_records import Space, TopClass

POOL_K = 4
"""Window of the pooling examples."""
EXAMPLE_TOLERANCE = 1e-9
"""What central differences of float64 may be off in the layers' examples."""

Content: TypeAlias = tuple[tuple[tuple[str, str], ...], tuple[FigureRow, ...]]
"""Facts and figures of one part."""
Showing: TypeAlias = Callable[[Part, Expected, Assignment], Content]
"""From a part, the reference runs of its offering, and the offering, to what there is to show."""


def content(part: Part, expected: Expected, assignment: Assignment) -> Content:
    """Return facts and figures of one part.

    Args:
        part: Of the offering.
        expected: As `reference_runs` returns it for the offering.
        assignment: The offering.
    """
    found = [_BY_CHECK[check.id] for check in part.checks if check.id in _BY_CHECK]
    found += [_BY_OBJECTIVE[e.objective] for e in assignment.experiments if e.part_id == part.id]
    made = [show(part, expected, assignment) for show in found]
    return tuple(fact for facts, _ in made for fact in facts), tuple(
        row for _, rows in made for row in rows
    )


def _signal() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return x of 16 samples, w of 5 and dC/dy of 16, the same in every example."""
    rng = np.random.default_rng(4)
    return rng.normal(size=16), rng.normal(size=5), rng.normal(size=16)


def conv_forward(_: Part, expected: Expected, __: Assignment) -> Content:
    """The convolution against explicit loops."""
    x, w, _g = _signal()
    y, loops = conv.forward(x, w), conv.forward_loops(x, w)
    stems = _stems("an example, N = 16 and k = 5, against explicit loops", y, loops)
    return (), figure_rows((stems,), expected.folder)


def pool_forward(_: Part, expected: Expected, __: Assignment) -> Content:
    """The pooling against explicit loops."""
    x = _signal()[0]
    y, loops = pool.forward(x, POOL_K)[0], pool.forward_loops(x, POOL_K)[0]
    stems = _stems(f"an example, N = 16 and k = {POOL_K}, against explicit loops", y, loops)
    return (), figure_rows((stems,), expected.folder)


def conv_gradients(_: Part, expected: Expected, __: Assignment) -> Content:
    """Both gradients of the convolution against central differences."""
    x, w, g = _signal()
    in_x = numgrad.vjp(lambda v: conv.forward(v, w), x, g, eps=numgrad.LINEAR_EPS)
    in_w = numgrad.vjp(lambda v: conv.forward(x, v), w, g, eps=numgrad.LINEAR_EPS)
    grad_x, grad_w = conv.grad_input(g, w), conv.grad_kernel(x, g, w.size)
    stems = (
        _stems("∂C/∂x of an example, against central differences", grad_x, in_x),
        _stems("∂C/∂W of an example, against central differences", grad_w, in_w),
    )
    return (), figure_rows(stems, expected.folder)


def pool_gradient(_: Part, expected: Expected, __: Assignment) -> Content:
    """The gradient of the pooling against central differences."""
    x, _w, g = _signal()
    g = g[: x.size - POOL_K + 1]
    in_x = numgrad.vjp(lambda v: pool.forward(v, POOL_K)[0], x, g)
    grad_x = pool.grad_input(x, POOL_K, g)
    stems = _stems("∂C/∂x of an example, against central differences", grad_x, in_x)
    return (), figure_rows((stems,), expected.folder)


def _stems(title: str, measured: np.ndarray, expected: np.ndarray) -> StemExhibit:
    return StemExhibit(
        title=title,
        measured=tuple(map(float, measured)),
        expected=tuple(map(float, expected)),
        tolerance=EXAMPLE_TOLERANCE,
        worst=int(np.argmax(np.abs(measured - expected))),
    )


def in_features(_: Part, expected: Expected, __: Assignment) -> Content:
    """How many features enter the last layer."""
    return (("Features that enter the last layer", str(expected.in_features)),), ()


def random_network(_: Part, expected: Expected, __: Assignment) -> Content:
    """The picture, and what the random network makes of it."""
    corgi = picture_row((("the picture", "", load_file(expected.path("corgi.png"))),))
    bars = _bars("random network", expected.predictions.random_top5)
    return (), (corgi, *figure_rows((bars,), expected.folder))


def top_predictions(_: Part, expected: Expected, __: Assignment) -> Content:
    """What the pretrained network makes of the picture."""
    found = expected.predictions.pretrained_top5
    facts = (
        (
            f"Top prediction: {found[0].name} (class {found[0].class_id})",
            f"{found[0].probability:.4f}",
        ),
    )
    bars = _bars("pretrained network", found)
    return facts, figure_rows((bars,), expected.folder)


def attack(part: Part, expected: Expected, _: Assignment) -> Content:
    """The attack that the part asks for."""
    found = expected.attack(part.id)
    return _attack_facts(found), _attack_rows(found, expected)


def further_attacks(_: Part, expected: Expected, assignment: Assignment) -> Content:
    """Attacks by the settings of some part towards classes that no part asks for."""
    asked = {e.target for e in assignment.experiments}
    ways = [(e.network, e.step) for e in assignment.experiments if e.objective == "log_probability"]
    found = [a for a in expected.attacks if a.target not in asked and (a.network, a.step) in ways]
    facts = tuple(fact for one in found for fact in _attack_facts(one))
    return facts, tuple(row for one in found for row in _attack_rows(one, expected))


def comparison(part: Part, expected: Expected, _: Assignment) -> Content:
    """The attacks that the part compares, side by side."""
    if not part.compared:
        return (), ()
    found = [expected.attack(part_id) for part_id in part.compared]
    pictures = (
        (f"{part_label(one.id)} {one.target_name}", "", load_file(expected.path(one.image)))
        for one in found
    )
    original = ("original", "", load_file(expected.path("corgi.png")))
    facts = tuple(
        (
            f"l2 distance of {part_label(one.id)} from the original ({_space(one)})",
            f"{one.distance_l2:.1f}",
        )
        for one in found
    )
    return facts, (picture_row((original, *pictures)),)


def inversions(part: Part, expected: Expected, assignment: Assignment) -> Content:
    """Random pictures that were led to the features of the corgi."""
    network = assignment.experiment(part.id).network
    found = [one for one in expected.inversions if one.network == network]
    facts = tuple(
        (f"l2 distance in {one.layer}", f"{one.distances[0]:.4g} → {one.distances[-1]:.4g}")
        for one in found
    )
    pictures = tuple(
        (
            one.layer,
            f"distance ÷ {one.distances[0] / one.distances[-1]:.3g}",
            load_file(expected.path(one.image)),
        )
        for one in found
    )
    return facts, (picture_row(pictures),) if pictures else ()


def _attack_facts(attack: AttackResult) -> tuple[tuple[str, str], ...]:
    target = f"{attack.target_name} (class {attack.target})"
    radius = attack.step.eps_l2
    ball = "no ball" if radius is None else f"ball of {radius:g}"
    return (
        (
            f"Probability of {target}, before and after {attack.n_steps} steps",
            f"{_probability(attack.log_p_before)} → {_probability(attack.log_p_after)}",
        ),
        (
            f"l2 distance from the original ({_space(attack)}, {ball})",
            f"{attack.distance_l2:.1f}",
        ),
    )


def _attack_rows(attack: AttackResult, expected: Expected) -> tuple[FigureRow, ...]:
    original = load_file(expected.path("corgi.png"))
    result = load_file(expected.path(attack.image))
    shown = picture_row(
        (
            ("original", "", original),
            (f"{attack.target_name}", f"after {attack.n_steps} steps", result),
        ),
        difference=True,
    )
    steps = tuple(
        (float(at), step.log_probability)
        for at, step in enumerate(attack.trace)
        if step.log_probability is not None
    )
    curve = CurveExhibit(
        title=f"log-probability of {attack.target_name}",
        x_label="step",
        y_label="log p",
        yours_x=tuple(at for at, _ in steps),
        yours_y=tuple(value for _, value in steps),
        reference_x=(),
        reference_y=(),
    )
    before = _bars("before", attack.top5_before, attack.target)
    after = _bars("after", attack.top5_after, attack.target)
    return (shown, *figure_rows((before, after, curve), expected.folder))


def dreams(_: Part, expected: Expected, __: Assignment) -> Content:
    """Pictures that excite a layer or a channel, plain and in Distill's way."""
    plain = sorted(
        (dream for dream in expected.dreams if dream.style == "plain"),
        key=lambda dream: (dream.channel is not None, dream.layer),
    )
    facts = tuple(
        (
            _dream_name(dream),
            f"{dream.value_before:.4g} → {dream.value_after:.4g} (× {dream.gain:.3g})",
        )
        for dream in plain
    )
    seeds = {dream.start_seed for dream in plain}
    starts = tuple(
        ("random start", "uniform noise", _random_pixels(seed)) for seed in sorted(seeds)[:1]
    )
    results = tuple(
        (_dream_name(dream), f"objective × {dream.gain:.3g}", load_file(expected.path(dream.image)))
        for dream in plain
    )
    rows = [picture_row((*starts, *results))]
    curves = tuple(_dream_curve(dream) for dream in plain if dream.channel is None)
    rows += figure_rows(curves, expected.folder)
    both = expected.path(SIDE_BY_SIDE)
    if both.is_file():
        words = (
            "above: plain ascent; below: the same objectives with random transformations and "
            "decorrelated Fourier parameters, as in Olah et al. (2017)"
        )
        rows.append(wide_row("Feature visualisation", words, load_file(both)))
    return facts, tuple(rows)


def _dream_name(dream: DreamResult) -> str:
    return dream.layer if dream.channel is None else f"{dream.layer}, channel {dream.channel}"


def _dream_curve(dream: DreamResult) -> CurveExhibit:
    return CurveExhibit(
        title=f"l2 norm of {dream.layer}",
        x_label="step",
        y_label="objective",
        yours_x=tuple(map(float, range(len(dream.objectives)))),
        yours_y=dream.objectives,
        reference_x=(),
        reference_y=(),
    )


def _random_pixels(seed: int) -> Pixels:
    return to_pixels(random_start(seed).numpy(), normalised=False, where="random start")


def _bars(title: str, top: tuple[TopClass, ...], target: int | None = None) -> BarsExhibit:
    return BarsExhibit(
        title=title,
        bars=tuple(
            Bar(
                class_id=one.class_id,
                name=one.name,
                probability=one.probability,
                is_target=one.class_id == target,
            )
            for one in top
        ),
    )


def _probability(log_p: float) -> str:
    p = math.exp(log_p)
    return f"{p:.4f}" if p >= 5e-5 else f"{p:.1e}"


def _space(attack: AttackResult) -> str:
    return "normalised space" if attack.step.space is Space.NORMALISED else "pixel space"


_BY_CHECK: Mapping[str, Showing] = {
    "conv_forward": conv_forward,
    "pool_forward": pool_forward,
    "conv_grad_kernel": conv_gradients,
    "pool_backward": pool_gradient,
    "in_features": in_features,
    "random_network": random_network,
    "top_predictions": top_predictions,
    "attack_bonus": further_attacks,
    "prose": comparison,
}
"""What is shown for a check; nothing for those that are not here."""

_BY_OBJECTIVE: Mapping[str, Showing] = {
    "log_probability": attack,
    "layer_norm": dreams,
    "feature_distance": inversions,
}
"""What is shown for an experiment."""

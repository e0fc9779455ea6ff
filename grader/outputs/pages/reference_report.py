"""The report of the reference run: expected outputs, and the solved notebook's words and code."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from grader.model.records import Bar, BarsExhibit, CurveExhibit, Exhibit, StemExhibit
from grader.model.resources import templates
from grader.outputs.pages.figures import FigureRow, figure_rows, picture_row, wide_row
from grader.outputs.pages.notebooks import NotebookCell, read_cells, snippets, without_prompts
from grader.outputs.pages.pictures import Pixels, load_file, to_pixels
from grader.outputs.pages.questions import QUESTIONS, Question
from grader.outputs.pages.required_report import ReportPart, ReportSource
from reference import conv, numgrad, pool
from reference.classify import TopClass
from reference.dream import random_start
from reference.expected import AttackResult, DreamResult, Expected
from reference.images import Space
from reference.laboratory import SIDE_BY_SIDE

SOLVED = templates() / "notebook" / "pset4_solved.ipynb"
"""The notebook with our own answers and code."""
EXAMPLE_TOLERANCE = 1e-9
"""What central differences of float64 may be off in the layers' examples."""
_RELEVANT = frozenset({"todo", "run"})

Content = tuple[tuple[tuple[str, str], ...], tuple[FigureRow, ...]]
"""Facts and figures of one part."""


def from_reference(expected: Expected, notebook: Path = SOLVED) -> ReportSource:
    """Return the report of the reference run.

    Args:
        expected: outputs of `make reference`.
        notebook: the solved notebook; its answer cells and code are marked with their part.

    Raises:
        ConfigError: the notebook or a picture is missing.
    """
    cells = read_cells(notebook)
    parts = tuple(_part(question, expected, cells) for question in QUESTIONS)
    versions = expected.manifest.versions
    made_with = f"PyTorch {versions['torch']}" if "torch" in versions else "PyTorch"
    return ReportSource(
        title="Problem Set 4",
        author="Reference solution",
        subtitle=f"MIT 6.819/6.869 · weights and pictures of the bundle {expected.bundle_name} · "
        f"{made_with} on {expected.manifest.device}",
        parts=parts,
    )


def _part(question: Question, expected: Expected, cells: tuple[NotebookCell, ...]) -> ReportPart:
    mine = [cell for cell in cells if cell.part == question.part]
    answer = [cell.source for cell in mine if cell.role == "answer" and cell.kind == "markdown"]
    code = [cell for cell in mine if cell.kind == "code" and cell.role in _RELEVANT]
    facts, figures = _content(question.part, expected)
    return ReportPart(
        id=question.part,
        title=question.title,
        question=question.text,
        answer=without_prompts("\n\n".join(answer)),
        facts=facts,
        figures=figures,
        snippets=snippets(code),
    )


def _content(part: str, expected: Expected) -> Content:
    if part[0] in "13":
        return (), figure_rows(_layer_example(part), expected.folder)
    if part[0] == "2":
        return _inference(part, expected)
    if part == "4c":
        return _comparison(expected)
    if part == "4d":
        return _dreams(expected)
    facts: list[tuple[str, str]] = []
    rows: list[FigureRow] = []
    for attack in expected.attacks:
        if attack.id.partition("-")[0] == part:
            facts += _attack_facts(attack)
            rows += _attack_rows(attack, expected)
    return tuple(facts), tuple(rows)


def _layer_example(part: str) -> tuple[Exhibit, ...]:
    """Return a small example of a layer: the vectorised code against loops or differences."""
    rng = np.random.default_rng(4)
    x, w, g = rng.normal(size=16), rng.normal(size=5), rng.normal(size=16)
    k = 4
    if part == "1a":
        y, loops = conv.forward(x, w), conv.forward_loops(x, w)
        return (_stems("an example, N = 16 and k = 5, against explicit loops", y, loops),)
    if part == "1b":
        y, loops = pool.forward(x, k)[0], pool.forward_loops(x, k)[0]
        return (_stems("an example, N = 16 and k = 4, against explicit loops", y, loops),)
    if part == "3b":
        in_x = numgrad.vjp(lambda v: conv.forward(v, w), x, g, eps=numgrad.LINEAR_EPS)
        in_w = numgrad.vjp(lambda v: conv.forward(x, v), w, g, eps=numgrad.LINEAR_EPS)
        grad_x, grad_w = conv.grad_input(g, w), conv.grad_kernel(x, g, w.size)
        return (
            _stems("∂C/∂x of an example, against central differences", grad_x, in_x),
            _stems("∂C/∂W of an example, against central differences", grad_w, in_w),
        )
    if part == "3d":
        g = g[: x.size - k + 1]
        in_x = numgrad.vjp(lambda v: pool.forward(v, k)[0], x, g)
        grad_x = pool.grad_input(x, k, g)
        return (_stems("∂C/∂x of an example, against central differences", grad_x, in_x),)
    return ()


def _stems(title: str, measured: np.ndarray, expected: np.ndarray) -> StemExhibit:
    return StemExhibit(
        title=title,
        measured=tuple(map(float, measured)),
        expected=tuple(map(float, expected)),
        tolerance=EXAMPLE_TOLERANCE,
        worst=int(np.argmax(np.abs(measured - expected))),
    )


def _inference(part: str, expected: Expected) -> Content:
    found = expected.predictions
    if part == "2a":
        return (("Features that enter the last layer", str(expected.in_features)),), ()
    corgi = picture_row((("the picture", "", load_file(expected.path("corgi.png"))),))
    if part == "2b":
        bars = _bars("random network", found.random_top5)
        return (), (corgi, *figure_rows((bars,), expected.folder))
    top = found.pretrained_top5[0]
    bars = _bars("pretrained network", found.pretrained_top5)
    facts = ((f"Top prediction: {top.name} (class {top.class_id})", f"{top.probability:.4f}"),)
    return facts, figure_rows((bars,), expected.folder)


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


def _comparison(expected: Expected) -> Content:
    free, near = expected.attack("4a"), expected.attack("4b")
    original = load_file(expected.path("corgi.png"))
    row = picture_row(
        (
            ("original", "", original),
            *(
                (
                    f"({attack.id[1]}) {attack.target_name}",
                    "",
                    load_file(expected.path(attack.image)),
                )
                for attack in (free, near)
            ),
        )
    )
    facts = tuple(
        (
            f"l2 distance of ({attack.id[1]}) from the original ({_space(attack)})",
            f"{attack.distance_l2:.1f}",
        )
        for attack in (free, near)
    )
    return facts, (row,)


def _dreams(expected: Expected) -> Content:
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

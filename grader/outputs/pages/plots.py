"""Plots as inline SVG: curves over the steps, and bars of class probabilities."""

from __future__ import annotations

import math

from markupsafe import Markup

from grader.model.records import BarsExhibit, CurveExhibit
from grader.outputs.pages import palette
from grader.outputs.pages.svg import Scale, document, el, label, line, number, text, ticks, widened

WIDTH = 328.0
"""Width of a plot in CSS pixels: two stand side by side on US Letter."""
LEFT = 46.0
"""Room for the tick labels of the ordinate."""
RIGHT = 10.0
"""Air at the right edge."""
TOP = 22.0
"""Room for the key."""
MAX_POINTS = 400
"""More points than this are thinned out; the eye could not part them."""
MAX_NAME = 20
"""Longer class names are cut, in characters."""

SOLID: dict[str, str | float] = {
    "fill": "none",
    "stroke": palette.BLUE,
    "stroke_width": 2,
    "class_": "yours",
}
"""The student's line."""
DASHED: dict[str, str | float] = {
    "fill": "none",
    "stroke": palette.MUTED,
    "stroke_width": 1.6,
    "stroke_dasharray": "5 3",
    "class_": "ref",
}
"""The reference's line."""
FRAME: dict[str, str | float] = {"fill": "none", "stroke": palette.GRID, "class_": "grid"}
"""Frames and grid lines."""

Points = list[tuple[float, float]]


def curve_svg(curve: CurveExhibit) -> Markup:
    """Return the student's curve (solid) and the reference's (dashed) on one axis."""
    height, bottom = 216.0, 36.0
    yours, reference = _curves(curve)
    every = [*yours, *reference]
    x_low, x_high = (min(x for x, _ in every), max(x for x, _ in every)) if every else (0.0, 1.0)
    right = x_high if x_high > x_low else x_low + 1
    x = Scale(low=x_low, high=right, start=LEFT, end=WIDTH - RIGHT)
    low, high = widened(tuple(y for _, y in every))
    y = Scale(low=low, high=high, start=height - bottom, end=TOP)
    parts = [frame(x, y), x_axis(x, y.start, curve.x_label), y_axis(y, x)]
    parts.append(text(0, 11, curve.y_label, muted=True))
    parts += [el("polyline", points=_joined(reference, x, y), **DASHED)] if reference else []
    parts += [el("polyline", points=_joined(yours, x, y), **SOLID)] if yours else []
    if yours and reference:
        parts.append(_key(WIDTH - RIGHT))
    return document(WIDTH, height, curve_alt(curve), *parts)


def curve_alt(curve: CurveExhibit) -> str:
    """Return the curve in words."""
    both = _curves(curve)
    names = ("yours ", "reference ") if all(both) else ("", "")
    told = []
    for name, points in zip(names, both, strict=True):
        if points:
            (x0, y0), (x1, y1) = points[0], points[-1]
            told.append(f"{name}from {label(y0)} at {label(x0)} to {label(y1)} at {label(x1)}")
    return f"Curve, {curve.title}: {'; '.join(told) or 'no finite values'}."


def bars_svg(bars: BarsExhibit) -> Markup:
    """Return class probabilities as horizontal bars on one axis from 0 to 1."""
    row, names = 16.5, 124.0
    height = 18 + row * max(len(bars.bars), 1)
    x = Scale(low=0, high=1, start=names, end=WIDTH - 44)
    parts = []
    for at in (0.0, 0.5, 1.0):
        parts.append(line(x(at), 2, x(at), height - 15, **FRAME))
        parts.append(text(x(at), height - 3, label(at), anchor="middle", muted=True))
    for index, bar in enumerate(bars.bars):
        top = 2 + index * row
        share = min(max(bar.probability, 0.0), 1.0) if math.isfinite(bar.probability) else 0.0
        name = bar.name if len(bar.name) <= MAX_NAME else bar.name[: MAX_NAME - 1] + "…"
        parts.append(text(names - 6, top + 11, name, anchor="end", bold=bar.is_target))
        paint = (palette.BLUE, "bar-target") if bar.is_target else (palette.SKY, "bar")
        size = {"width": max(x(share) - names, 1.0), "height": row - 4}
        parts.append(el("rect", x=names, y=top + 1, **size, fill=paint[0], class_=paint[1]))
        inside = bar.is_target and share >= 0.5
        shown = probability(bar.probability) + (" target" if bar.is_target and not inside else "")
        target = bar.is_target
        parts.append(text(x(share) + 5, top + 11, shown, muted=not target, bold=target))
        if inside:
            parts.append(
                text(x(share) - 6, top + 11, "target", anchor="end", bold=True, on_bar=True)
            )
    return document(WIDTH, height, bars_alt(bars), *parts)


def bars_alt(bars: BarsExhibit) -> str:
    """Return the bars in words."""
    told = ", ".join(
        f"{bar.name}{' (target)' if bar.is_target else ''} {probability(bar.probability)}"
        for bar in bars.bars
    )
    return f"Class probabilities, {bars.title}: {told or 'none'}."


def probability(value: float) -> str:
    """Return a probability with three decimals; a smaller one is not called zero."""
    return "<0.001" if 0 < value < 0.0005 else f"{value:.3f}"


def frame(x: Scale, y: Scale) -> Markup:
    """Return the box around the data."""
    size = {"width": x.end - x.start, "height": y.start - y.end}
    return el("rect", x=x.start, y=y.end, **size, **FRAME)


def x_axis(x: Scale, bottom: float, name: str) -> Markup:
    """Return the ticks and the name of the abscissa."""
    marks = [
        text(x(at), bottom + 13, label(at), anchor="middle", muted=True)
        for at in ticks(math.ceil(x.low), x.high)
    ]
    middle = (x.start + x.end) / 2
    return el("g", *marks, text(middle, bottom + 27, name, anchor="middle", muted=True))


def y_axis(y: Scale, x: Scale, at_most: int = 5) -> Markup:
    """Return the ticks of the ordinate, with grid lines."""
    parts = []
    for at in ticks(y.low, y.high, at_most):
        parts.append(line(x.start, y(at), x.end, y(at), **FRAME))
        parts.append(text(x.start - 5, y(at) + 4, label(at), anchor="end", muted=True))
    return el("g", *parts)


def _curves(curve: CurveExhibit) -> tuple[Points, Points]:
    yours = _thinned(curve.yours_x, curve.yours_y)
    return yours, _thinned(curve.reference_x, curve.reference_y)


def _thinned(xs: tuple[float, ...], ys: tuple[float, ...]) -> Points:
    points = [
        (at, value)
        for at, value in zip(xs, ys, strict=False)
        if math.isfinite(at) and math.isfinite(value)
    ]
    if len(points) <= MAX_POINTS:
        return points
    stride = math.ceil(len(points) / MAX_POINTS)
    return [*points[:-1:stride], points[-1]]


def _joined(points: Points, x: Scale, y: Scale) -> str:
    return " ".join(f"{number(x(at))},{number(y(value))}" for at, value in points)


def _key(right: float) -> Markup:
    return el(
        "g",
        line(right - 130, 7, right - 112, 7, **SOLID),
        text(right - 108, 11, "yours"),
        line(right - 74, 7, right - 56, 7, **DASHED),
        text(right - 52, 11, "reference"),
    )

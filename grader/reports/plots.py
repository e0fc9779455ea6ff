"""Plots as inline SVG: curves over the steps, stems of a layer, bars of class probabilities."""

from __future__ import annotations

import math

from markupsafe import Markup

from grader.records import BarsExhibit, CurveExhibit, StemExhibit
from grader.reports import palette
from grader.reports.svg import Scale, document, el, label, line, number, text, ticks, widened

WIDTH = 328.0
"""Width of a plot in CSS pixels: two stand side by side on US Letter."""
LEFT, RIGHT, TOP = 46.0, 10.0, 22.0
MAX_POINTS = 400
"""More points than this are thinned out; the eye could not part them."""
YOURS = "yours"
REFERENCE = "reference"


def curve_svg(curve: CurveExhibit) -> Markup:
    """Return the student's curve (solid) and the reference's (dashed) on one axis."""
    height, bottom = 190.0, 36.0
    pairs = {
        YOURS: _finite(curve.yours_x, curve.yours_y),
        REFERENCE: _finite(curve.reference_x, curve.reference_y),
    }
    every = [point for points in pairs.values() for point in points]
    x_low, x_high = (min(x for x, _ in every), max(x for x, _ in every)) if every else (0.0, 1.0)
    x = Scale(
        low=x_low, high=x_high if x_high > x_low else x_low + 1, start=LEFT, end=WIDTH - RIGHT
    )
    low, high = widened(tuple(y for _, y in every))
    y = Scale(low=low, high=high, start=height - bottom, end=TOP)
    parts = [_frame(x, y), _x_axis(x, y.start, curve.x_label), _y_axis(y, x)]
    parts.append(text(0, 11, curve.y_label, muted=True))
    both = all(pairs.values())
    for name, points in pairs.items():
        if points:
            parts.append(_path(points, x, y, name))
    if both:
        parts.append(_key(WIDTH - RIGHT))
    return document(WIDTH, height, curve_alt(curve), *parts)


def curve_alt(curve: CurveExhibit) -> str:
    """Return the curve in words."""
    told = []
    for name, points in (
        (YOURS, _finite(curve.yours_x, curve.yours_y)),
        (REFERENCE, _finite(curve.reference_x, curve.reference_y)),
    ):
        if points:
            (x0, y0), (x1, y1) = points[0], points[-1]
            told.append(f"{name} from {label(y0)} at {label(x0)} to {label(y1)} at {label(x1)}")
    return f"Curve, {curve.title}: {'; '.join(told) or 'no finite values'}."


def bars_svg(bars: BarsExhibit) -> Markup:
    """Return class probabilities as horizontal bars on one axis from 0 to 1."""
    row, names = 19.0, 124.0
    height = 20 + row * max(len(bars.bars), 1)
    x = Scale(low=0, high=1, start=names, end=WIDTH - 44)
    parts = [
        line(x(at), 2, x(at), height - 16, stroke=palette.GRID, class_="grid")
        for at in (0.0, 0.5, 1.0)
    ]
    parts += [
        text(x(at), height - 3, label(at), anchor="middle", muted=True) for at in (0.0, 0.5, 1.0)
    ]
    for index, bar in enumerate(bars.bars):
        top = 3 + index * row
        share = min(max(bar.probability, 0.0), 1.0) if math.isfinite(bar.probability) else 0.0
        name = bar.name if len(bar.name) <= 20 else bar.name[:19] + "…"
        parts.append(text(names - 6, top + 12, name, anchor="end", bold=bar.is_target))
        parts.append(
            el(
                "rect",
                x=names,
                y=top + 1,
                width=max(x(share) - names, 1.0),
                height=row - 5,
                fill=palette.BLUE if bar.is_target else palette.SKY,
                class_="bar-target" if bar.is_target else "bar",
            )
        )
        shown = f"{bar.probability:.3f}" + (" target" if bar.is_target and share < 0.55 else "")
        parts.append(
            text(x(share) + 5, top + 12, shown, muted=not bar.is_target, bold=bar.is_target)
        )
        if bar.is_target and share >= 0.55:
            parts.append(_on_bar(x(share) - 6, top + 12, "target"))
    return document(WIDTH, height, bars_alt(bars), *parts)


def bars_alt(bars: BarsExhibit) -> str:
    """Return the bars in words."""
    told = ", ".join(
        f"{bar.name}{' (target)' if bar.is_target else ''} {bar.probability:.3f}"
        for bar in bars.bars
    )
    return f"Class probabilities, {bars.title}: {told or 'none'}."


def stems_svg(stems: StemExhibit) -> Markup:
    """Return expected and measured on top of each other, and the residual with its band below."""
    height, split = 214.0, 128.0
    measured, expected, residual = _stem_rows(stems)
    x = Scale(
        low=-0.5, high=max(len(measured), len(expected), 1) - 0.5, start=LEFT, end=WIDTH - RIGHT
    )
    low, high = widened((*(v for _, v in measured), *(v for _, v in expected), 0.0), 0.1)
    y = Scale(low=low, high=high, start=split, end=TOP)
    reach = 1.15 * max([abs(v) for _, v in residual] + [abs(stems.tolerance) * 1.3, 1e-30])
    r = Scale(low=-reach, high=reach, start=height - 26, end=split + 18)
    zero = y(0.0)
    parts = [_frame(x, y), _y_axis(y, x, 4), _frame(x, r), _x_axis(x, r.start, "index")]
    parts.append(line(x.start, zero, x.end, zero, stroke=palette.MUTED, class_="axis"))
    parts += [_worst(x, stems, height - 26)] if stems.worst in dict(residual) else []
    for at, value in expected:
        parts.append(
            el(
                "circle",
                cx=x(at),
                cy=y(value),
                r=4.2,
                fill="none",
                stroke=palette.MUTED,
                stroke_width=1.4,
                class_="ref",
            )
        )
    for at, value in measured:
        parts.append(line(x(at), zero, x(at), y(value), stroke=palette.BLUE, class_="yours"))
        parts.append(el("circle", cx=x(at), cy=y(value), r=2.2, fill=palette.BLUE, class_="dot"))
    parts += _residual(x, r, residual, stems)
    parts.append(_stem_key())
    return document(WIDTH, height, stems_alt(stems), *parts)


def stems_alt(stems: StemExhibit) -> str:
    """Return the stems in words."""
    _, _, residual = _stem_rows(stems)
    worst = dict(residual).get(stems.worst)
    if worst is None:
        return f"{stems.title}: {len(stems.measured)} values, {len(stems.expected)} expected."
    return (
        f"{stems.title}: {len(stems.measured)} values; the greatest residual is {label(worst)} "
        f"at index {stems.worst}, the tolerance is {label(stems.tolerance)}."
    )


def _residual(
    x: Scale, r: Scale, residual: list[tuple[int, float]], stems: StemExhibit
) -> list[Markup]:
    top, bottom = r(abs(stems.tolerance)), r(-abs(stems.tolerance))
    parts = [
        el(
            "rect",
            x=x.start,
            y=top,
            width=x.end - x.start,
            height=max(bottom - top, 0.8),
            fill=palette.GREEN,
            fill_opacity=0.22,
            class_="band",
        ),
        text(x.start - 5, (r.start + r.end) / 2 + 4, "0", anchor="end", muted=True),
        text(
            x.end,
            r.end - 4,
            f"residual, tolerance ±{label(stems.tolerance)}",
            anchor="end",
            muted=True,
        ),
    ]
    for at, value in residual:
        mark = palette.VERMILION if abs(value) > abs(stems.tolerance) else palette.BLUE
        kind = "bad" if abs(value) > abs(stems.tolerance) else "dot"
        parts.append(el("circle", cx=x(at), cy=r(value), r=2.2, fill=mark, class_=kind))
    return parts


def _worst(x: Scale, stems: StemExhibit, bottom: float) -> Markup:
    at = x(stems.worst)
    return line(
        at, TOP, at, bottom, stroke=palette.VERMILION, stroke_dasharray="2 3", class_="worst"
    )


def _stem_rows(
    stems: StemExhibit,
) -> tuple[list[tuple[int, float]], list[tuple[int, float]], list[tuple[int, float]]]:
    measured = [(i, v) for i, v in enumerate(stems.measured[:MAX_POINTS]) if math.isfinite(v)]
    expected = [(i, v) for i, v in enumerate(stems.expected[:MAX_POINTS]) if math.isfinite(v)]
    known = dict(expected)
    return measured, expected, [(i, v - known[i]) for i, v in measured if i in known]


def _stem_key() -> Markup:
    return el(
        "g",
        el("circle", cx=LEFT + 4, cy=8, r=2.2, fill=palette.BLUE, class_="dot"),
        text(LEFT + 12, 12, "measured"),
        el(
            "circle",
            cx=LEFT + 74,
            cy=8,
            r=4.2,
            fill="none",
            stroke=palette.MUTED,
            stroke_width=1.4,
            class_="ref",
        ),
        text(LEFT + 83, 12, "expected"),
        line(
            LEFT + 139,
            2,
            LEFT + 139,
            14,
            stroke=palette.VERMILION,
            stroke_dasharray="2 3",
            class_="worst",
        ),
        text(LEFT + 145, 12, "worst"),
    )


def _key(right: float) -> Markup:
    return el(
        "g",
        line(right - 130, 7, right - 112, 7, stroke=palette.BLUE, stroke_width=2, class_="yours"),
        text(right - 108, 11, YOURS),
        line(
            right - 74,
            7,
            right - 56,
            7,
            stroke=palette.MUTED,
            stroke_width=1.6,
            stroke_dasharray="5 3",
            class_="ref",
        ),
        text(right - 52, 11, REFERENCE),
    )


def _on_bar(x: float, y: float, content: str) -> Markup:
    return el(
        "text",
        content,
        x=x,
        y=y,
        text_anchor="end",
        font_family="Source Sans 3, sans-serif",
        font_size=11,
        font_weight=600,
        fill="#ffffff",
        class_="on-bar",
    )


def _frame(x: Scale, y: Scale) -> Markup:
    return el(
        "rect",
        x=x.start,
        y=y.end,
        width=x.end - x.start,
        height=y.start - y.end,
        fill="none",
        stroke=palette.GRID,
        class_="grid",
    )


def _x_axis(x: Scale, bottom: float, name: str) -> Markup:
    marks = [
        text(x(at), bottom + 13, label(at), anchor="middle", muted=True)
        for at in ticks(math.ceil(x.low), x.high)
    ]
    middle = (x.start + x.end) / 2
    return el("g", *marks, text(middle, bottom + 26, name, anchor="middle", muted=True))


def _y_axis(y: Scale, x: Scale, at_most: int = 5) -> Markup:
    parts = []
    for at in ticks(y.low, y.high, at_most):
        parts.append(line(x.start, y(at), x.end, y(at), stroke=palette.GRID, class_="grid"))
        parts.append(text(x.start - 5, y(at) + 4, label(at), anchor="end", muted=True))
    return el("g", *parts)


def _path(points: list[tuple[float, float]], x: Scale, y: Scale, name: str) -> Markup:
    joined = " ".join(f"{number(x(at))},{number(y(value))}" for at, value in points)
    if name == YOURS:
        return el(
            "polyline",
            points=joined,
            fill="none",
            stroke=palette.BLUE,
            stroke_width=2,
            stroke_linejoin="round",
            class_="yours",
        )
    return el(
        "polyline",
        points=joined,
        fill="none",
        stroke=palette.MUTED,
        stroke_width=1.6,
        stroke_dasharray="5 3",
        stroke_linejoin="round",
        class_="ref",
    )


def _finite(xs: tuple[float, ...], ys: tuple[float, ...]) -> list[tuple[float, float]]:
    points = [
        (at, value)
        for at, value in zip(xs, ys, strict=False)
        if math.isfinite(at) and math.isfinite(value)
    ]
    if len(points) <= MAX_POINTS:
        return points
    stride = math.ceil(len(points) / MAX_POINTS)
    return [*points[:-1:stride], points[-1]]

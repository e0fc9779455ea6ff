"""A layer's output or gradient as inline SVG: expected and measured, the residual below."""

from __future__ import annotations

import math
from dataclasses import dataclass

from markupsafe import Markup

from grader.model.records import StemExhibit
from grader.outputs.pages import palette
from grader.outputs.pages.plots import LEFT, MAX_POINTS, RIGHT, TOP, WIDTH, frame, x_axis, y_axis
from grader.outputs.pages.svg import Scale, document, el, label, line, text, widened

HEIGHT = 216.0
"""Of the whole plot in CSS pixels."""
SPLIT = 128.0
"""Where the upper panel ends."""

Row = tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stems:
    """Finite values with their indices."""

    measured: Row
    expected: Row
    residual: Row
    worst: tuple[int, float] | None
    tolerance: float


def stems_svg(stems: StemExhibit) -> Markup:
    """Return expected and measured on top of each other, and the residual with its band below."""
    rows = _rows(stems)
    last = max(len(stems.measured), len(stems.expected), 1)
    x = Scale(low=-0.5, high=min(last, MAX_POINTS) - 0.5, start=LEFT, end=WIDTH - RIGHT)
    values = (*(v for _, v in rows.measured), *(v for _, v in rows.expected), 0.0)
    low, high = widened(values, 0.1)
    y = Scale(low=low, high=high, start=SPLIT, end=TOP)
    reach = 1.15 * max([abs(v) for _, v in rows.residual] + [rows.tolerance * 1.3, 1e-30])
    r = Scale(low=-reach, high=reach, start=HEIGHT - 34, end=SPLIT + 22)
    parts = [frame(x, y), y_axis(y, x, 4), *_band(x, r, rows.tolerance), frame(x, r)]
    parts += [x_axis(x, r.start, "index"), _key()]
    if rows.worst is not None:
        parts.append(_worst_line(x(rows.worst[0]), TOP, SPLIT))
        parts.append(_worst_line(x(rows.worst[0]), r.end, r.start))
    parts += _upper(rows, x, y)
    for at, value in rows.residual:
        outside = abs(value) > rows.tolerance
        parts.append(_dot(x(at), r(value), outside=outside))
    return document(WIDTH, HEIGHT, stems_alt(stems), *parts)


def stems_alt(stems: StemExhibit) -> str:
    """Return the stems in words."""
    rows = _rows(stems)
    if rows.worst is None:
        return f"{stems.title}: {len(stems.measured)} values, {len(stems.expected)} expected."
    return (
        f"{stems.title}: {len(stems.measured)} values; the greatest residual is "
        f"{label(rows.worst[1])} at index {rows.worst[0]}, "
        f"the tolerance is {label(rows.tolerance)}."
    )


def _rows(stems: StemExhibit) -> _Stems:
    measured = tuple((i, v) for i, v in enumerate(stems.measured[:MAX_POINTS]) if math.isfinite(v))
    expected = tuple((i, v) for i, v in enumerate(stems.expected[:MAX_POINTS]) if math.isfinite(v))
    known = dict(expected)
    residual = tuple((i, v - known[i]) for i, v in measured if i in known)
    there = dict(residual)
    worst = (stems.worst, there[stems.worst]) if stems.worst in there else None
    return _Stems(
        measured=measured,
        expected=expected,
        residual=residual,
        worst=worst,
        tolerance=abs(stems.tolerance) if math.isfinite(stems.tolerance) else 0.0,
    )


def _upper(rows: _Stems, x: Scale, y: Scale) -> list[Markup]:
    zero = y(0.0)
    parts = [line(x.start, zero, x.end, zero, stroke=palette.MUTED, class_="axis")]
    parts += [_ring(x(at), y(value)) for at, value in rows.expected]
    for at, value in rows.measured:
        parts.append(line(x(at), zero, x(at), y(value), stroke=palette.BLUE, class_="yours"))
        parts.append(_dot(x(at), y(value)))
    return parts


def _band(x: Scale, r: Scale, tolerance: float) -> list[Markup]:
    top, bottom = r(tolerance), r(-tolerance)
    size = {"width": x.end - x.start, "height": max(bottom - top, 0.8)}
    paint: dict[str, str | float] = {"fill": palette.GREEN, "fill_opacity": 0.22, "class_": "band"}
    return [
        el("rect", x=x.start, y=top, **size, **paint),
        text(x.start - 5, (r.start + r.end) / 2 + 4, "0", anchor="end", muted=True),
        text(x.start, r.end - 5, f"residual (band: tolerance ±{label(tolerance)})", muted=True),
    ]


def _ring(x: float, y: float) -> Markup:
    paint: dict[str, str | float] = {"fill": "none", "stroke": palette.MUTED, "class_": "ref"}
    return el("circle", cx=x, cy=y, r=4.2, stroke_width=1.4, **paint)


def _dot(x: float, y: float, *, outside: bool = False) -> Markup:
    if outside:  # a cross besides the colour: black-and-white print keeps it
        ways = f"M{x - 3:.2f} {y - 3:.2f}l6 6m0-6l-6 6"
        return el("path", d=ways, stroke=palette.VERMILION, stroke_width=1.8, class_="worst")
    return el("circle", cx=x, cy=y, r=2.2, fill=palette.BLUE, class_="dot")


def _worst_line(x: float, top: float, bottom: float) -> Markup:
    paint: dict[str, str | float] = {"stroke": palette.VERMILION, "class_": "worst"}
    return line(x, top, x, bottom, stroke_dasharray="2 3", **paint)


def _key() -> Markup:
    return el(
        "g",
        _dot(LEFT + 4, 8),
        text(LEFT + 12, 12, "measured"),
        _ring(LEFT + 78, 8),
        text(LEFT + 87, 12, "expected"),
        _worst_line(LEFT + 147, 2, 14),
        text(LEFT + 153, 12, "worst"),
    )

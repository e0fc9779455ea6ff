"""A very small SVG builder, and the axes that the plots share.

Written by hand rather than drawn with matplotlib because a plot then takes under a millisecond
instead of about 50 ms, keeps its text as text, and follows the page's light or dark colours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from markupsafe import Markup, escape

from grader.outputs.pages import palette

FONT = "Source Sans 3, sans-serif"
"""Face of the text in a figure: the page's own."""
TEXT_PX = 11.5
"""Size of the text in a figure, in CSS pixels."""


def number(value: float) -> str:
    """Return a coordinate as short text."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def el(tag: str, *children: str, **attributes: str | float) -> Markup:
    """Return one element; `class_` and `font_size` stand for `class` and `font-size`."""
    written = []
    for name, value in attributes.items():
        shown = number(value) if isinstance(value, float | int) else value
        written.append(f' {name.rstrip("_").replace("_", "-")}="{escape(shown)}"')
    inner = "".join(escape(child) for child in children)
    return Markup(f"<{tag}{''.join(written)}>{inner}</{tag}>")  # noqa: S704 -- escaped above


def text(x: float, y: float, content: str, *, anchor: str = "start", **look: bool) -> Markup:
    """Return a line of text whose baseline is at (x, y).

    Args:
        x: where `anchor` of the text is, in CSS pixels.
        y: baseline, in CSS pixels.
        content: the words.
        anchor: `start`, `middle` or `end`.
        look: `muted`, `bold`, or `on_bar` for white on a dark bar.
    """
    fill, kind = palette.INK, "ink"
    if look.get("muted"):
        fill, kind = palette.MUTED, "muted"
    if look.get("on_bar"):
        fill, kind = palette.PAPER, "on-bar"
    extra: dict[str, str | float] = {"font_weight": 600} if look.get("bold") else {}
    place: dict[str, str | float] = {"x": x, "y": y, "text_anchor": anchor}
    face: dict[str, str | float] = {"font_family": FONT, "font_size": TEXT_PX}
    return el("text", content, **place, **face, fill=fill, class_=kind, **extra)


def line(x1: float, y1: float, x2: float, y2: float, **attributes: str | float) -> Markup:
    """Return a straight line."""
    return el("line", x1=x1, y1=y1, x2=x2, y2=y2, **attributes)


def document(width: float, height: float, alt: str, *children: str) -> Markup:
    """Return an inline SVG whose alternative text is `alt`."""
    return el(
        "svg",
        el("title", alt),
        *children,
        class_="plot",
        role="img",
        width=width,
        height=height,
        viewBox=f"0 0 {number(width)} {number(height)}",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A linear map from data to pixels."""

    low: float
    """Data at `start`."""
    high: float
    """Data at `end`."""
    start: float
    """Pixel of `low`."""
    end: float
    """Pixel of `high`."""

    def __call__(self, value: float) -> float:
        """Return the pixel of `value`."""
        share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def ticks(low: float, high: float, at_most: int = 5) -> tuple[float, ...]:
    """Return round values (1, 2 or 5 times a power of ten) inside [low, high]."""
    span = high - low
    if not math.isfinite(span) or span <= 0:
        return (low,)
    raw = span / max(at_most - 1, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return tuple(index * step for index in range(first, last + 1))


def widened(values: tuple[float, ...], share: float = 0.06) -> tuple[float, float]:
    """Return a range that holds all finite values with some air; never of zero length."""
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return 0.0, 1.0
    low, high = min(finite), max(finite)
    air = (high - low) * share or max(abs(high) * share, 1e-12)
    return low - air, high + air


def label(value: float) -> str:
    """Return a tick's text: at most three significant digits, a real minus sign."""
    if value == 0:
        return "0"
    shown = f"{value:.0e}" if abs(value) < 1e-3 or abs(value) >= 1e5 else f"{value:.4g}"
    mantissa, _, exponent = shown.partition("e")
    if exponent:
        shown = f"{mantissa}e{int(exponent)}"
    return shown.replace("-", "\u2212")

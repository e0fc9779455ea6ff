"""Histograms of a class as inline SVG."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from grader.batch.exports.distribution import Bin, Distribution, histogram
from grader.outputs.pages import palette
from grader.outputs.pages.svg import Scale, document, el, label, line, text, ticks
from grader.outputs.pages.words import plural, points

WIDTH = 1060.0
"""Width of the totals' histogram in CSS pixels."""
HEIGHT = 210.0
"""Its height."""
SMALL_WIDTH, SMALL_HEIGHT = 132.0, 26.0
"""A part's histogram, in CSS pixels."""
SHARES = 6
"""Bars of a part: nothing, four quarters, everything."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 34.0, 12.0, 30.0, 36.0
_BAR: dict[str, str | float] = {"fill": palette.SKY, "class_": "column"}
_AXIS: dict[str, str | float] = {"stroke": palette.MUTED, "class_": "axis"}
_GRID: dict[str, str | float] = {"stroke": palette.GRID, "class_": "grid"}


def totals_svg(spread: Distribution, most: float) -> Markup:
    """Return the histogram of totals, with the median and the middle half marked.

    Args:
        spread: The totals.
        most: Points to be had without bonus: the axis reaches it.
    """
    width = next((one for one in (0.5, 1.0, 2.0, 5.0) if most / one <= 26), most / 20)
    bars = histogram(spread, min(0.0, spread.values[0]), most, width)
    x = Scale(low=bars[0].low, high=bars[-1].high, start=_LEFT, end=WIDTH - _RIGHT)
    tallest = max(bar.count for bar in bars)
    y = Scale(low=0, high=tallest, start=HEIGHT - _BOTTOM, end=_TOP)
    parts = [
        el(
            "rect",
            x=x(spread.low_quartile),
            y=_TOP - 9,
            width=max(x(spread.high_quartile) - x(spread.low_quartile), 2),
            height=5,
            fill=palette.BLUE,
            class_="column-full",
            opacity=0.55,
        )
    ]
    for tick in ticks(0, tallest, 6):
        if tick == int(tick):
            parts.append(line(_LEFT, y(tick), WIDTH - _RIGHT, y(tick), **_GRID))
            parts.append(text(_LEFT - 6, y(tick) + 4, label(tick), anchor="end", muted=True))
    parts += [_bar(bar, x, y) for bar in bars if bar.count]
    parts.append(line(_LEFT, y.start, WIDTH - _RIGHT, y.start, **_AXIS))
    parts += [
        text(x(tick), y.start + 15, label(tick), anchor="middle", muted=True)
        for tick in ticks(bars[0].low, bars[-1].high, 12)
    ]
    parts.append(text(WIDTH - _RIGHT, HEIGHT - 4, "points", anchor="end", muted=True))
    parts.append(text(0, 11, "students", muted=True))
    middle = x(spread.median)
    parts.append(
        line(
            middle, _TOP - 11, middle, y.start, stroke=palette.BLUE, stroke_width=2, class_="yours"
        )
    )
    end = "end" if middle > WIDTH / 2 else "start"
    words = f"median {points(spread.median)}"
    parts.append(text(middle + (-5 if end == "end" else 5), 14, words, anchor=end, bold=True))
    return document(WIDTH, HEIGHT, _alt(bars, spread), *parts)


def share_counts(values: Sequence[float], most: float) -> tuple[int, ...]:
    """Return how many students have nothing, each quarter, and everything of a part's points."""
    counts = [0] * SHARES
    for value in values:
        share = value / most
        if share >= 1 - 1e-6:
            counts[-1] += 1
        elif share <= 1e-6:
            counts[0] += 1
        else:
            counts[1 + min(int(share * (SHARES - 2)), SHARES - 3)] += 1
    return tuple(counts)


def shares_svg(counts: Sequence[int]) -> Markup:
    """Return a part's histogram: six bars on one line, the last one dark."""
    tallest = max(*counts, 1)
    step = SMALL_WIDTH / SHARES
    base = SMALL_HEIGHT - 2
    parts = [line(0, base, SMALL_WIDTH, base, **_AXIS)]
    for index, count in enumerate(counts):
        if count:
            height = max((base - 1) * count / tallest, 1.5)
            look = {**_BAR, "fill": palette.BLUE, "class_": "column-full"}
            parts.append(
                el(
                    "rect",
                    x=index * step + 1.5,
                    y=base - height,
                    width=step - 3,
                    height=height,
                    **(look if index == SHARES - 1 else _BAR),
                )
            )
    alt = (
        f"{counts[0]} with nothing, {' / '.join(map(str, counts[1:-1]))} in the quarters between, "
        f"{counts[-1]} with everything"
    )
    return document(SMALL_WIDTH, SMALL_HEIGHT, alt, *parts)


def _bar(bar: Bin, x: Scale, y: Scale) -> Markup:
    wide = x(bar.high) - x(bar.low)
    return el(
        "rect",
        el("title", f"{points(bar.low)} to {points(bar.high)}: {bar.count}"),
        x=x(bar.low) + 1,
        y=y(bar.count),
        width=max(wide - 2, 1),
        height=y.start - y(bar.count),
        **_BAR,
    )


def _alt(bars: Sequence[Bin], spread: Distribution) -> str:
    told = ", ".join(
        f"{bar.count} from {points(bar.low)} to {points(bar.high)}" for bar in bars if bar.count
    )
    many = plural(len(spread.values), "total", "totals")
    return f"Histogram of {many}, median {points(spread.median)}: {told}."

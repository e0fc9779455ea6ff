"""Exhibits to figures: rows of pictures at one scale, rows of plots, each with words for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Literal

import numpy as np
from markupsafe import Markup

from grader.model.records import BarsExhibit, CurveExhibit, Exhibit, ImageExhibit, StemExhibit
from grader.outputs.pages import pictures, plots, stems
from reference.errors import ConfigError

Kind = Literal["picture", "plot", "wide"]
"""Pictures stand four in a row, plots two, a wide picture alone."""


ANOTHER_PICTURE = 0.2
"""A mean absolute change above this leaves nothing of the original: no difference is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One picture or plot, ready for a template."""

    kind: Kind
    """Decides the width."""
    title: str
    """Bold words above a plot or below a picture."""
    caption: str
    """Small print; may be empty."""
    alt: str
    """The figure in words."""
    source: str
    """Data URI of a picture; empty for a plot or a missing picture."""
    svg: Markup
    """Inline SVG of a plot; empty for a picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureRow:
    """Figures of one kind that stand side by side."""

    kind: Kind
    """Of all of them."""
    columns: tuple[tuple[Figure, ...], ...]
    """From left to right; a column of plots may hold two, one above the other."""


def picture_row(
    shown: Sequence[tuple[str, str, pictures.Pixels]], *, difference: bool = False
) -> FigureRow:
    """Return a row of pictures, each (title, caption, pixels).

    Args:
        shown: the pictures, from left to right.
        difference: whether the amplified difference of the second to the first follows.
    """
    figures = [picture(title, caption, pixels) for title, caption, pixels in shown]
    if difference:
        figures += _difference(shown[1][2], shown[0][2])
    return FigureRow(kind="picture", columns=tuple((figure,) for figure in figures))


def wide_row(title: str, caption: str, pixels: pictures.Pixels) -> FigureRow:
    """Return one picture that has a row of its own, such as a figure that a notebook drew."""
    return FigureRow(kind="wide", columns=((picture(title, caption, pixels),),))


def picture(title: str, caption: str, pixels: pictures.Pixels) -> Figure:
    """Return a picture with its words."""
    words = ", ".join(filter(None, (title, caption)))
    return Figure(
        kind="picture",
        title=title,
        caption=caption,
        alt=f"Picture: {words}",
        source=pictures.png_data_uri(pixels),
        svg=Markup(),
    )


@dataclass(frozen=True)
class _Loaded:
    """A picture exhibit whose pixels are read at most once."""

    exhibit: ImageExhibit
    folder: Path

    @cached_property
    def pixels(self) -> pictures.Pixels | str:
        """Pixels in [0, 1], or a sentence that says why there are none."""
        shown = self.exhibit
        try:
            if shown.array is None:
                return pictures.load_file_below(shown.reference_file, self.folder)
            return pictures.load_pixels(shown.array, self.folder, normalised=shown.normalised)
        except ConfigError as error:
            return str(error)


def figure_rows(exhibits: Iterable[Exhibit], folder: Path) -> tuple[FigureRow, ...]:
    """Return the figures of one finding: rows of pictures in order, then one row of all plots.

    Neighbouring pictures share a row; where it has an `original` and a `yours`, their amplified
    difference follows.

    Args:
        exhibits: what the check wants to be seen.
        folder: where the arrays of the evidence lie.
    """
    rows = []
    plotted: list[Exhibit] = []
    for is_image, group in groupby(exhibits, lambda exhibit: isinstance(exhibit, ImageExhibit)):
        if is_image:
            images = tuple(e for e in group if isinstance(e, ImageExhibit))
            columns = tuple((figure,) for figure in _pictures(images, folder))
            rows.append(FigureRow(kind="picture", columns=columns))
        else:
            plotted += group
    if plotted:
        rows.append(FigureRow(kind="plot", columns=_columns(tuple(plotted))))
    return tuple(rows)


def _columns(exhibits: tuple[Exhibit, ...]) -> tuple[tuple[Figure, ...], ...]:
    """Stack two bar charts (before and after) where a curve stands beside them."""
    beside_a_curve = any(isinstance(exhibit, CurveExhibit) for exhibit in exhibits)
    columns: list[tuple[Figure, ...]] = []
    open_pair = False
    for exhibit in exhibits:
        figure = _plot(exhibit)
        is_bars = beside_a_curve and isinstance(exhibit, BarsExhibit)
        if is_bars and open_pair:
            columns[-1] = (*columns[-1], figure)
        else:
            columns.append((figure,))
        open_pair = is_bars and not open_pair
    return tuple(columns)


def _pictures(images: tuple[ImageExhibit, ...], folder: Path) -> tuple[Figure, ...]:
    loaded = [_Loaded(image, folder) for image in images]
    figures = []
    original: _Loaded | None = None
    for one in loaded:
        figures.append(_picture(one))
        if one.exhibit.label == "original":
            original = one
        elif one.exhibit.label == "yours" and original is not None:
            figures += _difference(one.pixels, original.pixels)
            original = None
    return tuple(figures)


def _picture(one: _Loaded) -> Figure:
    shown, pixels = one.exhibit, one.pixels
    if isinstance(pixels, str):
        return Figure(
            kind="picture",
            title=shown.label,
            caption=f"No picture: {pixels}",
            alt=f"Missing picture: {shown.label}",
            source="",
            svg=Markup(),
        )
    return picture(shown.label, shown.caption, pixels)


def _difference(
    yours: pictures.Pixels | str, original: pictures.Pixels | str
) -> tuple[Figure, ...]:
    if isinstance(yours, str) or isinstance(original, str) or yours.shape != original.shape:
        return ()
    factor = pictures.DIFFERENCE_FACTOR
    change = float(np.abs(yours - original).mean())
    if change > ANOTHER_PICTURE:
        return ()
    return (
        Figure(
            kind="picture",
            title=f"difference ×{factor}",
            caption=f"grey is no change; on average {change:.3f} per pixel",
            alt=f"Picture: yours minus original, amplified {factor} times around mid-grey; "
            f"mean absolute change {change:.3f} of the range 0 to 1",
            source=pictures.png_data_uri(pictures.difference(yours, original, factor)),
            svg=Markup(),
        ),
    )


def _plot(exhibit: Exhibit) -> Figure:
    match exhibit:
        case CurveExhibit():
            svg, alt = plots.curve_svg(exhibit), plots.curve_alt(exhibit)
        case StemExhibit():
            svg, alt = stems.stems_svg(exhibit), stems.stems_alt(exhibit)
        case BarsExhibit():
            svg, alt = plots.bars_svg(exhibit), plots.bars_alt(exhibit)
        case ImageExhibit():  # pragma: no cover -- groupby keeps pictures out
            raise TypeError("a picture is not a plot")
    return Figure(kind="plot", title=exhibit.title, caption="", alt=alt, source="", svg=svg)

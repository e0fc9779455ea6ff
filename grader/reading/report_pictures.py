"""Which pictures of a page are known ones: the corgi, and the last images of the recorded runs.

The measure is the normalised correlation of *details* at `SIDE` pixels (see `report_families`). Two
unrelated pictures correlate below 0.1; a drawing or photograph with itself after JPEG, scaling and
reduction to 24 colours above 0.6; a fine texture of 4(d) above 0.5, and above 0.3 in 24 colours.

Pictures of one attack look alike, and the change of 4(b) cannot be seen on paper at all. So a
match names every known picture that it may be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from grader.reading.report_families import (
    COARSE_BLUR,
    COARSE_SIDE,
    SIDE,
    Family,
    Plane,
    details_of,
    product,
    resized,
    unit,
)
from grader.reading.report_pages import Rgb
from grader.reading.report_panels import PixelBox, is_busy, overlap, panels_on, strips_of

MATCH = 0.3
"""Least correlation of a match: between 0.1 (unrelated) and 0.6 (the same after JPEG)."""
VISIBLE = 0.02
"""1 - correlation below which two known pictures look the same on paper: JPEG at quality 60 and a
scale to 180 pixels alone make 0.02 to 0.2."""
UNSURE, CHANGED = 0.06, 0.12
"""Share of a variant's change from which on a panel may be it, and from which on it is not the
unchanged picture. After scaling to 180 pixels and JPEG at quality 30 to 90, pages with the corgi
have shares up to 0.05, pages with the very variant 0.4 and more, and pages with the end of another
run of the same attack, started 1e-5 away, 0.15 and more."""
MARGIN = 6
"""Pixels, of `SIDE`, around a box in which the picture may lie."""
COARSE_MATCH = 0.45
"""Least correlation of a place that is looked at closely; by chance, a page reaches 0.3."""
LEAST_SHARE, GREATEST_SHARE, SHARE_STEP = 0.1, 0.95, 1.12
"""Widths of a picture as shares of the page's width that are tried, and the factor between two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A picture found on a page."""

    box: PixelBox
    """Where, in pixels of the page."""
    names: tuple[str, ...]
    """Known pictures that it may be, the likeliest first; empty for none."""
    likeness: float
    """Correlation of grey details with the picture that they are variants of; 0 for no name."""


def find_pictures(
    page: Rgb, families: Sequence[Family], dots_per_inch: float, most: int
) -> tuple[Panel, ...]:
    """Return the pictures on a drawn page in reading order: rows from the top, each from the left.

    Args:
        page: (H, W, 3).
        families: The known pictures.
        dots_per_inch: Resolution of the page.
        most: Number of panels that are compared, the largest first.
    """
    boxes = [box for box in panels_on(page, dots_per_inch) if is_busy(page, box)][:most]
    found: list[Panel] = []
    for box in boxes:
        panels = _recognised(page, box, families)
        found += [p for p in panels if not _covered(p, found)]
    if not any(panel.names for panel in found):
        slid = [p for p in _slid(page, families, most) if p.names]
        found = [p for p in found if not _covered(p, slid)] + slid
    return tuple(_read_in_order(found))


def _read_in_order(panels: Sequence[Panel]) -> Iterator[Panel]:
    """Row by row: a panel that begins above the middle of a row's first one stands beside it."""
    rows: list[list[Panel]] = []
    for panel in sorted(panels, key=lambda panel: panel.box[1]):
        if rows and panel.box[1] < _middle(rows[-1][0].box):
            rows[-1].append(panel)
        else:
            rows.append([panel])
    for row in rows:
        yield from sorted(row, key=lambda panel: panel.box[0])


def _middle(box: PixelBox) -> float:
    return box[1] + box[3] / 2


def _covered(panel: Panel, others: Sequence[Panel]) -> bool:
    return any(overlap(panel.box, other.box) > 0.5 for other in others)


def _recognised(page: Rgb, box: PixelBox, families: Sequence[Family]) -> list[Panel]:
    """Compare a box as a whole, then its parts; a box that is neither is a picture of no name."""
    whole = _match(page, box, families)
    if whole.names:
        return [whole]
    for strip in strips_of(box):
        parts = [_match(page, part, families) for part in strip]
        if any(part.names for part in parts):
            return parts
    return [whole]


# -- one panel ------------------------------------------------------------------------------------


def _match(page: Rgb, box: PixelBox, families: Sequence[Family], *, rough: bool = False) -> Panel:
    """Compare a box with every family; `rough` for a box whose edges are not certain."""
    patch = _cut(page, box)
    grey = details_of(cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY))
    nothing = Panel(box=box, names=(), likeness=0.0)
    sizes = [(family.rough if rough else family.close, family) for family in families]
    # Every second size tells the family; the sizes between them tell the place.
    first = [(_best_place(grey, templates[::2]), templates, f) for templates, f in sizes]
    if not first:
        return nothing
    best, templates, family = max(first, key=lambda found: found[0].likeness)
    place = max(best, _best_place(grey, templates[1::2]))
    if place.likeness < MATCH:
        return nothing
    likeness, x, y, side = place
    details = unit(details_of(resized(patch[y : y + side, x : x + side], SIDE, SIDE)))
    if details is None:
        return nothing
    return Panel(box=box, names=_names(details, family), likeness=likeness)


def _names(details: Plane, family: Family) -> tuple[str, ...]:
    """Return the variants that a panel may show, the likeliest first.

    The first variant is the ground on which the others are made. The share of a variant's own
    change that a panel has is 0 for the ground itself and 1 for the variant; less than 1 where
    scaling has blurred the change, or where a run on another device changed other pixels.
    """
    ground = family.variants[0]
    scores = {v.name: float(np.vdot(details, v.details)) for v in family.variants}
    level = scores[ground.name]
    same = [v.name for v in family.variants if 1 - product(ground, v) < VISIBLE]
    shares = {
        v.name: _share(scores[v.name], level, product(ground, v))
        for v in family.variants
        if v.name not in same
    }
    most = max(shares.values(), default=0.0)
    changed = sorted(
        (name for name, share in shares.items() if share >= max(UNSURE, most / 2)),
        key=lambda name: -shares[name],
    )
    return tuple(changed if most >= CHANGED else [*same, *changed])


def _share(score: float, level: float, alike: float) -> float:
    """Return how much of a variant's change is in a panel, of 1.

    Args:
        score: The panel's product with the variant.
        level: The panel's product with the ground.
        alike: The ground's product with the variant.
    """
    return (score - alike * level) * alike / ((1 - alike**2) * max(level, MATCH))


def _cut(page: Rgb, box: PixelBox) -> Rgb:
    """Return a box with its margin, brought to SIDE pixels and MARGIN on each side."""
    x, y, width, height = box
    margin_x, margin_y = round(width * MARGIN / SIDE), round(height * MARGIN / SIDE)
    rows, columns = page.shape[:2]
    left, top = x - margin_x, y - margin_y
    right, bottom = x + width + margin_x, y + height + margin_y
    inside = page[max(top, 0) : min(bottom, rows), max(left, 0) : min(right, columns)]
    framed = cv2.copyMakeBorder(
        inside,
        max(-top, 0),
        max(bottom - rows, 0),
        max(-left, 0),
        max(right - columns, 0),
        cv2.BORDER_REPLICATE,
    )
    return resized(framed, SIDE + 2 * MARGIN, SIDE + 2 * MARGIN)


# -- the whole page -------------------------------------------------------------------------------


def _slid(page: Rgb, families: Sequence[Family], most: int) -> Iterator[Panel]:
    """Yield what is found by sliding each family's first picture over the page at many sizes."""
    hits: list[tuple[float, PixelBox]] = []
    coarse = [family.coarse for family in families if family.coarse is not None]
    height, width = page.shape[:2]
    finest = COARSE_SIDE / (LEAST_SHARE * width)
    grey = cv2.cvtColor(page, cv2.COLOR_RGB2GRAY)
    grey = resized(grey, round(height * finest), round(width * finest))
    share = LEAST_SHARE
    while coarse and share <= GREATEST_SHARE:
        factor = COARSE_SIDE / (share * width)
        small = resized(grey, round(height * factor), round(width * factor))
        if min(small.shape) >= COARSE_SIDE:
            details = details_of(small, COARSE_BLUR)
            for template in coarse:
                hits += _peaks(details, template, factor)
        share *= SHARE_STEP
    taken: list[PixelBox] = []
    for _, box in sorted(hits, key=lambda hit: -hit[0]):
        if len(taken) < most and not any(overlap(box, other) > 0.3 for other in taken):
            taken.append(box)
            yield _match(page, box, families, rough=True)


def _peaks(details: Plane, template: Plane, factor: float) -> Iterator[tuple[float, PixelBox]]:
    scores = cv2.matchTemplate(details, template, cv2.TM_CCOEFF_NORMED)
    side = round(COARSE_SIDE / factor)
    summits = scores >= np.maximum(cv2.dilate(scores, np.ones((5, 5))), COARSE_MATCH)
    for row, column in zip(*np.nonzero(summits), strict=True):
        yield (
            float(scores[row, column]),
            (round(column / factor), round(row / factor), side, side),
        )


class _Place(NamedTuple):
    """Where a template fits best; the greater, the better."""

    likeness: float
    x: int
    y: int
    side: int


def _best_place(grey: Plane, templates: Sequence[Plane]) -> _Place:
    """Return the place of the greatest correlation, in pixels of `grey`."""
    best = _Place(-1.0, 0, 0, 0)
    for template in templates:
        scores = cv2.matchTemplate(grey, template, cv2.TM_CCOEFF_NORMED)
        _, likeness, _, (x, y) = cv2.minMaxLoc(scores)
        best = max(best, _Place(float(likeness), int(x), int(y), template.shape[0]))
    return best

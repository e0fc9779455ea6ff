"""The notebook as submitted against our own run of it: findings for staff, never a penalty.

A run elsewhere prints other numbers for good reasons (device, versions, seeds), and students rerun
and edit cells as they work. So only what these do not explain is said, in one sentence per kind.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence

from grader.model.records import Note, Severity
from grader.model.text import cell_label, one_line
from grader.reading.notebook_outputs import CellOutputs
from grader.reading.notes import note, words
from grader.reading.output_text import (
    PrintedLine,
    PrintedNumber,
    comparable_lines,
    in_features_printed,
)
from grader.reading.seeded import seeded_cells
from reference.bundle_files import FULL_IN_FEATURES

PRINTED_ATOL = 0.03
"""Absolute tolerance of two printed numbers.

Ends of an attack differ by up to 0.1 nats between devices (`gain_shortfall` in the tolerances),
which is 0.025 of a probability of one half; predictions differ by 0.005. Tiny probabilities, which
differ by factors, lie within it.
"""
PRINTED_RTOL = 0.05
"""Relative tolerance of two printed numbers: logits and distances at the end of an attack of 200
steps, whose path is another on each device; predictions differ by 1e-3."""
SAME_NETWORK = frozenset({FULL_IN_FEATURES, FULL_IN_FEATURES // 8})
"""`in_features` of ResNet-50 and of the narrow bundle's, which stands for it."""
MOST_NAMED = 4
"""Cells that a sentence names."""
MOST_QUOTED = 80
"""Characters of a printed line that a sentence quotes."""

_ARROW_LINE = re.compile(r"^-{2,}>\s*\d+\s(?P<code>.*)$", re.MULTILINE)


def compare_with_rerun(
    handed_in: Sequence[CellOutputs], executed: Sequence[CellOutputs]
) -> tuple[Note, ...]:
    """Compare the code cells as submitted with the same cells as our run left them.

    Args:
        handed_in: With the outputs stored in the file, in order.
        executed: With the outputs of our run; a cell is matched by its index.

    Returns:
        At most one note per kind of finding, all for staff only.
    """
    cells = [cell for cell in handed_in if cell.source.strip()]
    if not cells:
        return ()
    if all(cell.execution_count is None and not cell.outputs for cell in cells):
        return (note("stored-not-run", cells=len(cells)),)
    reruns = {cell.index: cell for cell in executed}
    seeded = seeded_cells([cell.source for cell in cells])
    steady = [
        (cell, reruns[cell.index])
        for place, cell in enumerate(cells)
        if cell.index in reruns and place not in seeded
    ]
    pairs = [(cell, reruns[cell.index]) for cell in cells if cell.index in reruns]
    found = (
        _partly_run(cells),
        _out_of_order(cells),
        _edited(cells),
        _other_ends(pairs),
        _stale(steady),
        _numbers(steady),
    )
    return tuple(note for note in found if note is not None)


# -- by the file alone ----------------------------------------------------------------------------


def _partly_run(cells: Sequence[CellOutputs]) -> Note | None:
    never = [cell for cell in cells if cell.execution_count is None]
    if not never:
        return None
    if len(never) == len(cells):
        return note("stored-no-counts")
    counts = {"never": len(never), "cells": len(cells)}
    return note("stored-cells-not-run", Severity.INFO, listing=_named(never), **counts)


def _out_of_order(cells: Sequence[CellOutputs]) -> Note | None:
    """Cells that stand outside of the longest increasing sequence of counts."""
    run = [(cell, cell.execution_count) for cell in cells if cell.execution_count is not None]
    keep = _longest_increasing([number for _, number in run])
    astray = [(cell, number) for i, (cell, number) in enumerate(run) if i not in keep]
    if not astray:
        return None
    listed = ", ".join(
        f"{cell_label(cell.index)} (count {number})" for cell, number in astray[:MOST_NAMED]
    )
    listing = listed + _and_more(len(astray))
    return note("stored-out-of-order", Severity.INFO, listing=listing)


def _longest_increasing(values: Sequence[int]) -> frozenset[int]:
    """Return the positions of one longest strictly increasing subsequence."""
    ends: list[int] = []
    tails: list[int] = []
    previous: list[int | None] = []
    for place, value in enumerate(values):
        length = bisect_left(ends, value)
        previous.append(tails[length - 1] if length else None)
        ends[length : length + 1] = [value]
        tails[length : length + 1] = [place]
    found = set()
    place_of: int | None = tails[-1] if tails else None
    while place_of is not None:
        found.add(place_of)
        place_of = previous[place_of]
    return frozenset(found)


def _edited(cells: Sequence[CellOutputs]) -> Note | None:
    """Cells whose stored traceback quotes code that is no longer there."""
    found = []
    for cell in cells:
        first = _ARROW_LINE.search(cell.traceback)
        quoted = first["code"].strip() if first else ""
        if quoted and quoted not in cell.source and _is_of_cell(cell):
            found.append(cell)
    if not found:
        return None
    return note("stored-edited", listing=_named(found))


def _is_of_cell(cell: CellOutputs) -> bool:
    """Whether the traceback begins in the cell and not in a file."""
    head = cell.traceback[: cell.traceback.find("-->")]
    return "<ipython-input-" in head or "Cell In" in head or "Input In" in head


# -- against the rerun ----------------------------------------------------------------------------


def _other_ends(pairs: Iterable[tuple[CellOutputs, CellOutputs]]) -> Note | None:
    told = []
    for cell, rerun in pairs:
        if cell.execution_count is None or bool(cell.error) == bool(rerun.error):
            continue
        told.append(
            words("cell-ended.failed", cell=cell_label(cell.index), error=cell.error)
            if cell.error
            else words("cell-ended.passed", cell=cell_label(cell.index), error=rerun.error)
        )
    return _listing_note("stored-other-end", told)


def _stale(pairs: Iterable[tuple[CellOutputs, CellOutputs]]) -> Note | None:
    """Stored text that the code as submitted does not print."""
    told = []
    for cell, rerun in pairs:
        if cell.error or rerun.error or rerun.execution_count is None:
            continue
        lines = comparable_lines(cell.text)
        printed = {line.words for line in comparable_lines(rerun.text)}
        other = next((line for line in lines if line.words not in printed), None)
        if other is not None:
            code = "cell-shows.other" if rerun.text.strip() else "cell-shows.nothing"
            told.append(words(code, cell=cell_label(cell.index), line=_quoted(other)))
    return _listing_note("stored-stale", told)


def _numbers(pairs: Iterable[tuple[CellOutputs, CellOutputs]]) -> Note | None:
    """Stored numbers that the rerun does not give."""
    told = []
    for cell, rerun in pairs:
        if cell.error or rerun.error:
            continue
        difference = _width_difference(cell, rerun) or _number_difference(cell, rerun)
        if difference:
            told.append(difference)
    return _listing_note("stored-numbers", told, atol=PRINTED_ATOL, rtol=PRINTED_RTOL)


def _width_difference(cell: CellOutputs, rerun: CellOutputs) -> str:
    stored, ours = in_features_printed(cell.text), in_features_printed(rerun.text)
    if stored is None or ours is None or stored == ours or {stored, ours} <= SAME_NETWORK:
        return ""
    return words("cell-number.width", cell=cell_label(cell.index), stored=stored, ours=ours)


def _number_difference(cell: CellOutputs, rerun: CellOutputs) -> str:
    """Compare lines of the same words, in order."""
    ours: dict[str, list[PrintedLine]] = {}
    for line in comparable_lines(rerun.text):
        ours.setdefault(line.words, []).append(line)
    for line in comparable_lines(cell.text):
        same = ours.get(line.words)
        if not same:
            continue
        other = same.pop(0)
        for stored, ours_now in zip(line.numbers, other.numbers, strict=False):
            if not numbers_agree(stored, ours_now):
                return words(
                    "cell-number.value",
                    cell=cell_label(cell.index),
                    line=_quoted(line),
                    ours=ours_now.text,
                    stored=stored.text,
                )
    return ""


def numbers_agree(one: PrintedNumber, other: PrintedNumber) -> bool:
    """Whether two printed numbers may be one quantity: whole numbers exactly, others nearly."""
    if one.value == other.value or (one.half_unit == 0 and other.half_unit == 0):
        return one.value == other.value
    allowed = PRINTED_ATOL + PRINTED_RTOL * max(abs(one.value), abs(other.value))
    return abs(one.value - other.value) <= allowed + max(one.half_unit, other.half_unit)


# -- words ----------------------------------------------------------------------------------------


def _named(cells: Sequence[CellOutputs]) -> str:
    listed = ", ".join(cell_label(cell.index) for cell in cells[:MOST_NAMED])
    return listed + _and_more(len(cells))


def _and_more(number: int) -> str:
    return f" and {number - MOST_NAMED} more" if number > MOST_NAMED else ""


def _quoted(line: PrintedLine) -> str:
    cut = "..." if len(line.text) > MOST_QUOTED else ""
    return f'"{one_line(line.text[:MOST_QUOTED])}{cut}"'


def _listing_note(code: str, told: Sequence[str], **values: str | float) -> Note | None:
    if not told:
        return None
    listing = "; ".join(told[:MOST_NAMED]) + _and_more(len(told))
    return note(code, Severity.WARNING, listing=listing, **values)

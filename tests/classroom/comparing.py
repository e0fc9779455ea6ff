"""A gradebook against what `class.toml` says must come out."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from authoring.class_samples import ExpectedRow

ROUNDED = 0.0051
"""Points within which a gradebook's rounded figure is the same."""


def read_gradebook(path: Path) -> dict[str, dict[str, str]]:
    """Rows of gradebook.csv by kerberos."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {row["kerberos"]: row for row in csv.DictReader(file)}


def differences(
    expected: Sequence[ExpectedRow], found: Mapping[str, Mapping[str, str]]
) -> list[str]:
    """One sentence per student, and per column, that is not as it must be."""
    names = {one.kerberos for one in expected}
    said = [f"{name}: not in the gradebook" for name in sorted(names - set(found))]
    said += [f"{name}: in the gradebook, handed in nothing" for name in sorted(set(found) - names)]
    for one in expected:
        if one.kerberos in found:
            said += _of_student(one, found[one.kerberos])
    return said


def _of_student(one: ExpectedRow, row: Mapping[str, str]) -> list[str]:
    wanted: dict[str, float | None] = {"total": one.total}
    if one.state == "graded":
        wanted |= {"pending": one.pending, "days late": one.days_late, **one.parts}
    said = [] if row["state"] == one.state else [f"state: {row['state']}, not {one.state}"]
    said += [
        f"{column}: {row[column] or 'empty'}, not {value}"
        for column, value in wanted.items()
        if not _same(value, row[column])
    ]
    return [f"{one.kerberos}: {text}" for text in said]


def _same(value: float | None, text: str) -> bool:
    """An empty cell is no figure; a part that waits for a person has none yet."""
    if value is None or not text:
        return not text and not value
    return abs(float(text) - value) < ROUNDED

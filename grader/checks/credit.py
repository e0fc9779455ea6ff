"""Shares of a check's points for answers that are partly right.

A check names its faults with default shares; an offering may set others, under `[credit.<check>]`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from grader.model.assignment import Assignment

Share: TypeAlias = Callable[[str], float]
"""From the name of a fault to the share of the points that is left, 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialCredit:
    """What is left of a check's points for one kind of fault."""

    meaning: str
    """Of the fault, for whoever writes an offering."""
    default: float
    """Share of the points that is left, 0 to 1, where the offering names none."""


Credit: TypeAlias = Mapping[str, PartialCredit]
"""By fault."""


def shares_of(assignment: Assignment, check_id: str, credit: Credit) -> Share:
    """Return a check's shares: the offering's where it names them, else the check's own."""
    named = assignment.credit.get(check_id, {})
    return lambda fault: named.get(fault, credit[fault].default)

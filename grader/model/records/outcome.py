"""The closed set of outcomes, and whose fault each one is."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What became of a check, a part or a cell. Nothing else ever stands for a verdict."""

    PASS = "PASS"  # noqa: S105 -- an outcome, not a secret
    PARTIAL = "PARTIAL"
    FAIL = "FAIL"
    NOT_ATTEMPTED = "NOT_ATTEMPTED"
    STUDENT_ERROR = "STUDENT_ERROR"
    TIMEOUT = "TIMEOUT"
    RESOURCE_LIMIT = "RESOURCE_LIMIT"
    NEEDS_HUMAN = "NEEDS_HUMAN"
    GRADER_FAULT = "GRADER_FAULT"


DECIDED = frozenset(
    {
        Outcome.PASS,
        Outcome.PARTIAL,
        Outcome.FAIL,
        Outcome.NOT_ATTEMPTED,
        Outcome.STUDENT_ERROR,
        Outcome.TIMEOUT,
        Outcome.RESOURCE_LIMIT,
    }
)
"""Outcomes whose points are final; the other two need grading, or are our error."""

"""What the grader brings to every submission today, as workers and coordinator reckon it."""

from __future__ import annotations

from grader.bounded.asking import keys_of, standard
from grader.model.assignment import Assignment
from grader.model.stage_keys import GraderKeys


def todays_keys(assignment: Assignment, bundle_name: str) -> GraderKeys:
    """Return today's keys.

    Raises:
        ConfigError: assignment, bundle, checks and expected outputs do not go together.
    """
    return keys_of(standard(assignment, bundle_name))

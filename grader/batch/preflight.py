"""What would fail every submission is found before the first one is run."""

from __future__ import annotations

from grader.assignment import Assignment
from grader.checks import validate_credit
from grader.reference_runs import reference_runs
from reference.bundles import Bundle
from reference.expected import load_expected


def check_before_running(assignment: Assignment, bundle: Bundle) -> None:
    """Refuse an assignment that the bundle's expected outputs, or the checks, do not go with.

    Raises:
        ConfigError: see there.
    """
    validate_credit(assignment)
    reference_runs(load_expected(bundle.name), assignment)

"""What would fail every submission is found before the first one is run."""

from __future__ import annotations

from concurrent.futures import Executor

from grader.model.assignment import Assignment
from reference.errors import ConfigError, PsetError


def check_before_running(
    assignment: Assignment, bundle_name: str, executor: Executor, workers: int
) -> None:
    """Refuse an assignment that the bundle's expected outputs, or the checks, do not go with.

    The workers look, all at once: so they import what they need at the same time.

    Raises:
        ConfigError: see there; or no worker could be started.
    """
    looks = [executor.submit(look, assignment, bundle_name) for _ in range(workers)]
    for one in looks:
        try:
            one.result()
        except PsetError:
            raise
        except Exception as error:
            raise ConfigError(
                f"The workers cannot work: {type(error).__name__}: {error}; nothing was graded"
            ) from error


def look(assignment: Assignment, bundle_name: str) -> None:
    """Check in a worker.

    Raises:
        ConfigError: the assignment does not go with the bundle or the checks.
    """
    from grader.checks import validate_offering
    from grader.planning.reference_runs import reference_runs
    from reference.bundles import get_bundle
    from reference.expected import load_expected

    validate_offering(assignment)
    reference_runs(load_expected(get_bundle(bundle_name).name), assignment)

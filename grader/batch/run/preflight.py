"""What would fail every submission is found before the first one is run."""

from __future__ import annotations

from concurrent.futures import Executor

from grader.batch.run.dispatch import TRIES
from grader.batch.run.keys import todays_keys
from grader.model.assignment import Assignment
from grader.model.stage_keys import GraderKeys
from reference.errors import ConfigError, PsetError


def check_before_running(
    assignment: Assignment, bundle_name: str, executor: Executor, workers: int, keys: GraderKeys
) -> None:
    """Refuse workers that would not grade as this process says.

    They look all at once: so they import what they need at the same time.

    Raises:
        ConfigError: the assignment does not go with a worker's bundle or checks, a worker runs
            other code, or none could be started.
    """
    looks = [executor.submit(todays_keys, assignment, bundle_name) for _ in range(workers)]
    spare = workers * (TRIES - 1)
    while looks:
        try:
            found = looks.pop(0).result()
        except PsetError:
            raise
        except Exception as error:
            if not spare:
                raise ConfigError(
                    f"The workers cannot work: {type(error).__name__}: {error}; nothing was graded"
                ) from error
            spare -= 1  # it was lost; another has taken its place
            looks.append(executor.submit(todays_keys, assignment, bundle_name))
            continue
        if found != keys:
            raise ConfigError(
                "The workers run another version of the grader, of Python or of the bundle than "
                "this command; install the same on all hosts. Nothing was graded"
            )

"""The checks that an offering brings along: `checks.py` of its folder, staff's own code.

Its source travels with the assignment, so that workers on other machines judge by it too. It is
trusted as the rest of the grader is: only the folder that staff name is ever read.
"""

from __future__ import annotations

import functools
import hashlib
import sys
import traceback
from collections.abc import Mapping
from types import ModuleType

from grader.checks.declaration import Check
from grader.model.assignment import Assignment
from grader.model.offering_files import CHECKS as FILE_NAME
from reference.errors import ConfigError


def own_checks_of(assignment: Assignment) -> Mapping[str, Check]:
    """Return an offering's own checks by their ids; empty where it has none.

    Raises:
        ConfigError: its `checks.py` cannot be run, or does not declare checks.
    """
    if not assignment.own_checks:
        return {}
    return _loaded(assignment.own_checks, f"{assignment.name}/{FILE_NAME}")


@functools.lru_cache(maxsize=8)
def _loaded(source: str, where: str) -> Mapping[str, Check]:
    module = ModuleType(f"offering_{hashlib.sha256(source.encode()).hexdigest()[:16]}")
    sys.modules[module.__name__] = module  # dataclasses look their module up
    try:
        exec(compile(source, where, "exec"), module.__dict__)  # noqa: S102 -- staff's own code
    except (Exception, SystemExit) as error:
        lines = [
            frame.lineno
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename == where
        ]
        at = f":{lines[-1]}" if lines else ""
        if isinstance(error, ConfigError):
            raise ConfigError(f"{where}{at}: {error}") from error
        raise ConfigError(
            f"{where}{at}: expected Python that can be run, found {type(error).__name__}: {error}"
        ) from error
    declared = getattr(module, "CHECKS", None)
    if not isinstance(declared, (tuple, list)):
        found = "none" if declared is None else f"one of type {type(declared).__name__}"
        comma = "; put a comma behind it" if isinstance(declared, Check) else ""
        raise ConfigError(f"{where}: expected CHECKS, a tuple of Check, found {found}{comma}")
    for one in declared:
        if not isinstance(one, Check):
            raise ConfigError(f"{where}: CHECKS: expected a Check, found {one!r}")
    checks = {check.id: check for check in declared}
    if len(checks) < len(declared):
        raise ConfigError(f"{where}: CHECKS: expected each id once, found one twice")
    return checks

"""Checks: what was seen against what is right, one finding per check. Nothing is run here.

`run_checks` is the stage. Verdicts fail closed: missing or malformed evidence is never a pass, and
a fault of the grader's own is its own outcome.
"""

from __future__ import annotations

from grader.checks.context import CheckContext, TrustedNetworks
from grader.checks.declaration import Check
from grader.checks.offering import validate_offering
from grader.checks.registry import CHECKS, checks_of, probes_of, run_checks
from grader.checks.stored_arrays import evidence_reader

__all__ = [
    "CHECKS",
    "Check",
    "CheckContext",
    "TrustedNetworks",
    "checks_of",
    "evidence_reader",
    "probes_of",
    "run_checks",
    "validate_offering",
]

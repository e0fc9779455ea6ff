"""Checks: what was seen against what is right, one finding per check. Nothing is run here.

`run_checks` is the stage. Verdicts fail closed: missing or malformed evidence is never a pass, and
a fault of the grader's own is its own outcome.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grader.checks.context import CheckContext
    from grader.checks.declaration import Check
    from grader.checks.offering import validate_offering
    from grader.checks.registry import CHECKS, checks_of, probes_of, run_checks
    from grader.checks.stored_arrays import evidence_reader
    from grader.checks.trusted_networks import TrustedNetworks

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
_PLACES = {
    "context": ("CheckContext",),
    "declaration": ("Check",),
    "offering": ("validate_offering",),
    "registry": ("CHECKS", "checks_of", "probes_of", "run_checks"),
    "stored_arrays": ("evidence_reader",),
    "trusted_networks": ("TrustedNetworks",),
}
"""Module of each name. Some import torch, which takes seconds; sentences of the checks do not."""


def __getattr__(name: str) -> object:
    """Import a name when it is asked for."""
    for module, names in _PLACES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""When two runs must give the same: the cache's key."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from pydantic import TypeAdapter

from grader.model.assignment import Assignment, Course
from grader.model.records import Limits

_ASSIGNMENT = TypeAdapter(Assignment)
_ONLY_SCORED = ("sha256", "title", "deadline", "time_zone", "late", "problems")
"""Fields of an assignment that a run does not depend on: a change of them only scores anew."""
_ONLY_SCORED_OF_PART = ("title", "question", "problem", "required_for", "kind", "bonus_points")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunKey:
    """Everything that a run depends on, but for chance."""

    zip_sha256: str
    """Digest of the zip."""
    zip_name: str
    """What the student called it: notes speak of it."""
    kerberos: str
    """Whose results folder it fills."""
    course: Course
    """Which variant."""
    assignment: str
    """Digest of what a run takes from the assignment, see `run_digest`."""
    bundle: str
    """Name and version of the bundle."""
    code: str
    """Version of this project's code."""
    device: str
    """As asked for."""
    limits: Limits
    """Bounds of the run."""

    def digest(self) -> str:
        """Return the key: SHA-256, hexadecimal."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def run_digest(assignment: Assignment) -> str:
    """Return a digest that stays the same when only points, weights, titles or dates change."""
    facts = _ASSIGNMENT.dump_python(assignment, mode="json")
    for name in _ONLY_SCORED:
        del facts[name]
    for part in facts["parts"]:
        for name in _ONLY_SCORED_OF_PART:
            del part[name]
        part["checks"] = [check["id"] for check in part["checks"]]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

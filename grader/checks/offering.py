"""Whether an offering and the checks go together: said before anything is graded."""

from __future__ import annotations

from collections.abc import Mapping

from grader.checks.declaration import Check
from grader.checks.registry import checks_of
from grader.checks.sentences import validate_sentences
from grader.model.assignment import Assignment, Part
from reference.errors import ConfigError


def validate_offering(assignment: Assignment) -> None:
    """Refuse an offering that the checks cannot judge.

    Raises:
        ConfigError: it names a check that there is not, a share or short cuts of none, a check
            without the experiment that it judges; or its own checks or sentences cannot be used.
    """
    checks = checks_of(assignment)
    validate_sentences(assignment)
    for part in assignment.parts:
        for named in part.checks:
            place = f"{assignment.name}: part {part.id}: checks"
            if named.id not in checks:
                raise ConfigError(
                    f"{place}: expected one of {', '.join(sorted(checks))}, found {named.id!r}"
                )
            _validate_experiment(checks[named.id], part, assignment, place)
    _validate_credit(assignment, checks)
    for check_id in assignment.short_cuts:
        if check_id not in checks:
            raise ConfigError(
                f"{assignment.name}: short_cuts.{check_id}: there is no such check; mind the "
                "spelling, or take it out"
            )


def _validate_experiment(check: Check, part: Part, assignment: Assignment, place: str) -> None:
    if not check.objective:
        return
    found = next((e for e in assignment.experiments if e.part_id == part.id), None)
    if found is None:
        raise ConfigError(
            f"{place}: {check.id} judges an experiment, and part {part.id} has none; add "
            f"[experiments.{part.id}]"
        )
    if found.objective != check.objective:
        raise ConfigError(
            f"{assignment.name}: experiments.{part.id}.objective: expected {check.objective!r}, "
            f"which {check.id} judges, found {found.objective!r}"
        )


def _validate_credit(assignment: Assignment, checks: Mapping[str, Check]) -> None:
    for check_id, named in assignment.credit.items():
        known = checks[check_id].credit if check_id in checks else {}
        for fault in named:
            if fault not in known:
                shares = ", ".join(sorted(known)) or "no share at all"
                raise ConfigError(
                    f"{assignment.name}: credit.{check_id}.{fault}: no check uses this share "
                    f"({check_id}: {shares}); mind the spelling, or take it out"
                )

"""Whether an offering and the checks go together: said before anything is graded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from grader.checks.declaration import Check
from grader.checks.registry import checks_of
from grader.checks.sentences import validate_sentences
from grader.model.assignment import Assignment, Part
from reference.errors import ConfigError


def validate_offering(assignment: Assignment) -> None:
    """Refuse an offering that the checks cannot judge.

    Raises:
        ConfigError: see `offering_faults`.
    """
    for fault in offering_faults(assignment):
        raise ConfigError(fault)


def offering_faults(assignment: Assignment) -> Iterator[str]:
    """Say what of an offering the checks cannot judge.

    It names a check that there is not, a share or short cuts of none, a check without the
    experiment that it judges; or its own checks or sentences cannot be used.
    """
    try:
        checks = checks_of(assignment)
        validate_sentences(assignment)
    except ConfigError as error:
        yield str(error)
        return
    for part in assignment.parts:
        for named in part.checks:
            place = f"{assignment.name}: part {part.id}: checks"
            if named.id in checks:
                yield from _experiment_faults(checks[named.id], part, assignment, place)
            else:
                yield f"{place}: expected one of {', '.join(sorted(checks))}, found {named.id!r}"
    yield from _credit_faults(assignment, checks)
    for check_id in assignment.short_cuts:
        if check_id not in checks:
            yield (
                f"{assignment.name}: short_cuts.{check_id}: there is no such check; mind the "
                "spelling, or take it out"
            )


def _experiment_faults(
    check: Check, part: Part, assignment: Assignment, place: str
) -> Iterator[str]:
    if not check.objective:
        return
    found = next((e for e in assignment.experiments if e.part_id == part.id), None)
    if found is None:
        yield (
            f"{place}: {check.id} judges an experiment, and part {part.id} has none; add "
            f"[experiments.{part.id}]"
        )
    elif found.objective != check.objective:
        yield (
            f"{assignment.name}: experiments.{part.id}.objective: expected {check.objective!r}, "
            f"which {check.id} judges, found {found.objective!r}"
        )


def _credit_faults(assignment: Assignment, checks: Mapping[str, Check]) -> Iterator[str]:
    for check_id, named in assignment.credit.items():
        known = checks[check_id].credit if check_id in checks else {}
        for fault in named:
            if fault not in known:
                shares = ", ".join(sorted(known)) or "no share at all"
                yield (
                    f"{assignment.name}: credit.{check_id}.{fault}: no check uses this share "
                    f"({check_id}: {shares}); mind the spelling, or take it out"
                )

"""The checks by name, as they declare themselves; a check's own failure is caught here."""

from __future__ import annotations

import importlib
import pkgutil
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from types import ModuleType

from grader.checks import functions, images, written
from grader.checks.context import CheckContext
from grader.checks.declaration import Check, Reads
from grader.checks.findings import annotated, not_attempted, say, without_credit
from grader.checks.formulas.notes import formula_notes
from grader.checks.functions.short_cuts import held_for_short_cuts
from grader.checks.machine import held_for_machine
from grader.checks.own_checks import own_checks_of
from grader.checks.rules import rule_of
from grader.checks.stored_arrays import EvidenceChanged
from grader.checks.tampering import held_for_tampering
from grader.checks.written.report_notes import report_notes
from grader.model.assignment import Assignment
from grader.model.records import Finding, Outcome, ProbeSpec
from grader.planning.probes import probes_for
from grader.planning.untouched import is_untouched
from grader.sandbox.apart_server import is_shortage
from reference.errors import ConfigError


def _declared(*packages: ModuleType) -> Iterator[Check]:
    """Yield what the modules of the packages declare, in the order of their names."""
    for package in packages:
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            yield from getattr(importlib.import_module(found.name), "CHECKS", ())


CHECKS: Mapping[str, Check] = {check.id: check for check in _declared(functions, images, written)}
"""The checks of the grader, which every offering may name."""


def checks_of(assignment: Assignment) -> Mapping[str, Check]:
    """Return the checks that an offering may name, by their ids: the grader's and its own.

    Raises:
        ConfigError: its own cannot be used, or one has the name of one of the grader's.
    """
    own = own_checks_of(assignment)
    taken = sorted(set(own) & set(CHECKS))
    if taken:
        raise ConfigError(
            f"{assignment.name}: {taken[0]!r} is the name of a check of the grader; give the "
            "offering's own check another"
        )
    return {**CHECKS, **own} if own else CHECKS


def probes_of(assignment: Assignment, seed: int) -> tuple[ProbeSpec, ...]:
    """Return what the checks that an offering names ask, each question once.

    Args:
        assignment: Its parts name the checks, and its `short_cuts` the calls to be told.
        seed: Of the hidden inputs.

    Raises:
        ConfigError: two of the checks ask the same function different things.
    """
    checks = checks_of(assignment)
    named = {one.id for part in assignment.parts for one in part.checks}
    asking = [check for check_id, check in checks.items() if check_id in named]
    watched: dict[str, tuple[str, ...]] = {}
    for check_id, names in assignment.short_cuts.items():
        if check_id in named and check_id in checks:
            function = checks[check_id].function
            watched[function] = tuple(dict.fromkeys((*watched.get(function, ()), *names)))
    return probes_for((question for check in asking for question in check.probes(seed)), watched)


def parts_of_runs(assignment: Assignment) -> frozenset[str]:
    """Return the parts of an offering that are judged by optimizations of an image."""
    checks = checks_of(assignment)
    return frozenset(
        part.id
        for part in assignment.parts
        if any(Reads.RUNS in checks[one.id].reads for one in part.checks if one.id in checks)
    )


def run_checks(assignment: Assignment, context: CheckContext) -> Mapping[str, tuple[Finding, ...]]:
    """Run every check of the assignment; findings by part id, in the file's order."""
    found: dict[str, tuple[Finding, ...]] = {part.id: () for part in assignment.parts}
    for part_id, _, run in each_check(assignment, context):
        found[part_id] = (*found[part_id], run())
    return found


def each_check(
    assignment: Assignment, context: CheckContext
) -> Iterator[tuple[str, str, Callable[[], Finding]]]:
    """Yield the part and id of each check, and what runs it, in the file's order."""
    checks = checks_of(assignment)
    for part in assignment.parts:
        for check in part.checks:
            yield part.id, check.id, partial(_run, check.id, checks.get(check.id), context, part.id)


def _run(check_id: str, check: Check | None, context: CheckContext, part_id: str) -> Finding:
    """Run one check; whatever it raises is a fault of the grader, never a grade.

    Raises:
        EvidenceChanged: there is nothing to judge; a finding would stand for the student's work.
        MemoryError: there is no more memory, whichever library says so.
    """
    if check is None:
        return _fault(check_id, f"the assignment names the check {check_id!r}, which there is not")
    if context.is_untouched:
        return not_attempted(say("missing.untouched")).finding(check_id)
    try:
        if is_untouched(part_id, context.assignment, context.submission, context.alignment):
            return not_attempted(say("missing.untouched_part")).finding(check_id)
        finding = held_for_machine(check(context, part_id), context, part_id, check.function)
        finding = held_for_tampering(finding, context, check)
        reports = report_notes(context, part_id, finding)
        finding = held_for_short_cuts(finding, context, check_id, check.function)
        finding = replace(finding, rule=rule_of(finding, check, context.assignment))
        return annotated(finding, *reports, *formula_notes(context, part_id, check_id))
    except EvidenceChanged:
        raise
    except Exception as error:  # the boundary: nothing of this is the student's
        if is_shortage(error):
            raise MemoryError(str(error)) from error
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{place.filename.rsplit('/', maxsplit=1)[-1]}:{place.lineno}"
        return _fault(check_id, f"{type(error).__name__} at {where}: {error}")


def _fault(check_id: str, detail: str) -> Finding:
    return without_credit(Outcome.GRADER_FAULT, say("grader_fault", detail=detail)).finding(
        check_id
    )

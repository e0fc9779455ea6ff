"""A part that depends on what the machine lacks waits for a person, whatever its check found.

The run goes on without a statement that needs a module, a file or a network that is not here
(`grader/kernel/going_on.py`). What then fails is no proof of a fault, so it costs nothing; what
turns out right is right, except with weights that are not the course's.
"""

from __future__ import annotations

from collections.abc import Iterator

from grader.checks.context import RUN_ENDED, CheckContext
from grader.checks.findings import held, say
from grader.model.notebook_code import names_meant
from grader.model.records import Finding, LeftOut, Outcome, Remark
from grader.model.text import cell_number

LOSES = frozenset(
    {
        Outcome.FAIL,
        Outcome.PARTIAL,
        Outcome.STUDENT_ERROR,
        Outcome.TIMEOUT,
        Outcome.RESOURCE_LIMIT,
    }
)
"""Outcomes that cost points."""
ABSENT = frozenset({"ModuleNotFoundError", "ImportError"})
"""Exceptions of a function that uses what is not installed here."""
_ABOUT_IT = frozenset({"machine", "device"})
"""Reasons for which an assertion that was left out says nothing about what follows it."""
_BY_NAME_ONLY = ("import ", "from ", "%", "!")
"""Beginnings of statements that matter only where a name of theirs is read."""


def held_for_machine(
    finding: Finding, context: CheckContext, part_id: str, function: str
) -> Finding:
    """Return the finding, or one that waits where the machine may be the reason for it.

    Args:
        finding: What the check found.
        context: Of the submission.
        part_id: The part in question.
        function: The student's function that the check asks; empty for none.
    """
    if finding.outcome not in LOSES and finding.outcome is not Outcome.PASS:
        return finding
    if finding.outcome is Outcome.PASS:
        own = _lacks(context, set(context.cells_of(part_id)))
        other = next((found for found in own if found[1].reason == "weights"), None)
        return finding if other is None else _waiting(finding, *other)
    if finding.outcome in RUN_ENDED:
        return _waiting_for_pace(finding, context)
    lacks = next(_lacks(context, _cells_concerned(context, part_id, function)), None)
    if lacks is None:
        return _waiting_for_module(finding, context, function)
    return _waiting(finding, *lacks)


def _waiting(finding: Finding, cell_index: int, lack: LeftOut) -> Finding:
    code = "machine.weights" if lack.reason == "weights" else "machine.left_out"
    error = f"{lack.error_name}: {lack.error_message}" if lack.error_name else lack.error_message
    where = {"cell": cell_number(cell_index), "line": lack.line}
    why = say(code, text=lack.code, error=error.rstrip(" .:"), **where)
    return held(finding, why, _found(finding))


def _waiting_for_pace(finding: Finding, context: CheckContext) -> Finding:
    """Whether a limit ended a cell that ended well as handed in, or that had to wait for others."""
    well = context.submission.ended_well()
    reached = [run for run in context.evidence.cells if run.outcome is finding.outcome]
    busy = next((run for run in reached if run.machine_was_busy), None)
    if busy is not None:
        why = say("machine.busy", cell=cell_number(busy.cell_index))
        return held(finding, why, _found(finding))
    run = next((run for run in reached if run.cell_index in well), None)
    if run is None:
        return finding
    why = say("machine.limit", cell=cell_number(run.cell_index))
    return held(finding, why, _found(finding))


def _waiting_for_module(finding: Finding, context: CheckContext, function: str) -> Finding:
    """Whether calls of the function ended because it uses a module that is not installed."""
    errors = (
        value.error_message
        for reply in context.evidence.replies
        if function and reply.probe_id.startswith(function)
        for value in reply.values
        if value.error_name in ABSENT
    )
    error = next(errors, None)
    if error is None:
        return finding
    why = say("machine.module", function=function, error=error.rstrip(" .:"))
    return held(finding, why, _found(finding))


def _found(finding: Finding) -> Remark:
    return say("machine.found", found=finding.message)


def _lacks(context: CheckContext, cells: set[int]) -> Iterator[tuple[int, LeftOut]]:
    """(cell, statement) of what was left out and these cells depend on."""
    every = [(run.cell_index, one) for run in context.evidence.cells for one in run.left_out]
    for run in context.evidence.cells:
        if run.cell_index not in cells:
            continue
        for leaning in run.leans_on:
            if leaning.left_out < len(every):
                yield every[leaning.left_out]
        for one in run.left_out:
            asserted = one.code.startswith("assert ") and one.reason in _ABOUT_IT
            if not asserted and not one.code.startswith(_BY_NAME_ONLY):
                yield run.cell_index, one


def _cells_concerned(context: CheckContext, part_id: str, function: str) -> set[int]:
    """The part's cells, and those that bind its function or hold one of its anchors."""
    anchors = next((p.anchors for p in context.assignment.parts if p.id == part_id), ())
    named = {
        cell.index
        for cell in context.submission.cells
        if cell.kind == "code"
        and (
            (function and function in names_meant(cell.code))
            or any(anchor in cell.source for anchor in anchors)
        )
    }
    return named | set(context.cells_of(part_id))

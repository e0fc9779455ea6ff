"""Which cells are to blame where the run shows nothing of what was to be seen.

A cell is to blame only where it does the work itself, or binds a name that the work needs, and
failed before. An exception elsewhere, or after, explains nothing.
"""

from __future__ import annotations

import ast
import bisect
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from grader.checks.context import RUN_ENDED, CheckContext, once_per_context
from grader.checks.findings import (
    Verdict,
    how_ended,
    needs_human,
    not_attempted,
    say,
    where_to_look,
    without_credit,
)
from grader.model.notebook_code import names_meant, parsed
from grader.model.records import Cell, CellRun, Outcome
from grader.model.text import cell_label

_NO_FAILURE = frozenset({Outcome.PASS, Outcome.NEEDS_HUMAN})
"""Outcomes of a cell that is not to blame: it did all, or what was left out is the machine's."""
_WORK = frozenset({"run", ""})
"""Roles of a template's cell that does a part's work; a cell of the student's own has none."""
_DEFINES = frozenset({"todo", "given"})
"""Roles of a template's cell that defines what the work uses."""
_LACKING = re.compile(r"name '(\w+)' is not defined")
_STUB = re.compile(
    r"^[^#\n]*[\w\])][^\S\n]*=[^\S\n]*"  # a target
    r"(?:#.*|(?:\.\.\.|None)[^\S\n]*#.*(?:your code|to.?do|fill|complete).*)?$",
    re.MULTILINE | re.IGNORECASE,
)
"""An assignment of nothing, as a notebook leaves it for the student: `loss = # Your code here.`"""


@dataclass(frozen=True, kw_only=True, eq=False)
class Blame:
    """The cells of one run, and which of them was to bind what."""

    cells: Mapping[int, Cell]
    """Code cells of the submission."""
    runs: Mapping[int, CellRun]
    """How those ended that were run."""

    def of(self, work: Iterable[int]) -> tuple[CellRun, ...]:
        """Return the cells to blame where work that stands in these cells left no trace.

        Empty where one of them ran to its end, or never ran and no limit was reached: then
        something else is the reason.
        """
        found: dict[int, CellRun] = {}
        for index in work:
            run = self.runs.get(index)
            causes = self.cut() if run is None else (self.cause(run),)
            if not causes or any(cause.outcome in _NO_FAILURE for cause in causes):
                return ()
            found |= {cause.cell_index: cause for cause in causes}
        return tuple(found[index] for index in sorted(found))

    def cause(self, run: CellRun) -> CellRun:
        """Return why a cell failed: itself, or an earlier one that was to bind what it lacks."""
        lacking = _LACKING.search(run.error_message) if run.error_name == "NameError" else None
        binder = self._binder(lacking[1], run.cell_index) if lacking else None
        before = self.runs.get(binder) if binder is not None else None
        if before is None or before.outcome is Outcome.PASS:
            return run
        return self.cause(before)

    def unfinished(self, run: CellRun) -> bool:
        """Whether a cell ended at the stub that the course put there."""
        if run.error_name == "NotImplementedError":
            return True
        source = self.cells[run.cell_index].source if run.cell_index in self.cells else ""
        wanting = {"SyntaxError", "IndentationError", "TypeError", "AttributeError"}
        return run.error_name in wanting and _STUB.search(source) is not None

    def cut(self) -> tuple[CellRun, ...]:
        """Return the cell at whose limit the run ended, where cells behind it never ran.

        A kernel that ended in some other way is no proof of anything about the cells behind.
        """
        last = max(self.runs.values(), key=lambda run: run.cell_index, default=None)
        if last is None or not self.cells.keys() - self.runs.keys():
            return ()
        return (last,) if last.outcome in RUN_ENDED else ()

    @cached_property
    def _binders(self) -> Mapping[str, tuple[int, ...]]:
        """By name: the cells that bind it, in order."""
        found: dict[str, tuple[int, ...]] = {}
        for index in sorted(self.cells):
            for name in names_meant(self.cells[index].code):
                found[name] = (*found.get(name, ()), index)
        return found

    def _binder(self, name: str, before: int) -> int | None:
        """The last cell before another that binds a name."""
        places = self._binders.get(name, ())
        here = bisect.bisect_left(places, before)
        return places[here - 1] if here else None

    def binders(self, name: str) -> tuple[int, ...]:
        """Return the cells that bind a name, in order."""
        return self._binders.get(name, ())


@once_per_context
def blame_of(context: CheckContext) -> Blame:
    """Return who needed whom in a submission's run."""
    return Blame(
        cells={
            cell.index: cell
            for cell in context.submission.cells
            if cell.kind == "code" and cell.source.strip()
        },
        runs={run.cell_index: run for run in context.evidence.cells},
    )


def blamed_for_part(context: CheckContext, part_id: str, known_by: str) -> tuple[CellRun, ...]:
    """Return the cells to blame where nothing of a part's work was seen, the first cause first.

    Args:
        context: Of the submission.
        part_id: The part.
        known_by: Pattern by which its work is known in cells that belong to no part.
    """
    blame = blame_of(context)
    work = _work(context, blame, part_id, known_by)
    return blame.of(work) if work else blame.cut()


def blamed_for_name(context: CheckContext, name: str) -> tuple[CellRun, ...]:
    """Return the cells to blame where a name that some cell is to bind was never there."""
    blame = blame_of(context)
    return blame.of(blame.binders(name))


def why_missing(context: CheckContext, part_id: str, what: str, known_by: str = "") -> Verdict:
    """Say why there is no evidence: a cell that failed, a run that was cut, or nothing written.

    Args:
        context: Of the submission.
        part_id: The part in question.
        what: What is missing, as the beginning of a sentence.
        known_by: Pattern in cells that count as this part's where they belong to no other.
    """
    blamed = blamed_for_part(context, part_id, known_by)
    if not blamed:
        return needs_human(say("missing.unknown", what=what, part=part_id)).adding(
            where_to_look(context, part_id)
        )
    first = blamed[0]
    if blame_of(context).unfinished(first):
        return not_attempted(say("missing.stub", what=what))
    where = tuple(cell_label(run.cell_index) for run in blamed)
    if first.outcome in RUN_ENDED:
        said, outcome = say("missing.run_ended", what=what), first.outcome
    else:
        said, outcome = say("missing.raised", what=what), Outcome.STUDENT_ERROR
    return without_credit(outcome, said, evidence_ids=where).adding(how_ended(first))


def _work(context: CheckContext, blame: Blame, part_id: str, known_by: str) -> tuple[int, ...]:
    """The cells that do a part's work, else those that define what it uses."""
    roles = {cell.cell_id: cell.role for cell in context.assignment.template}
    matches = {match.cell_index: match for match in context.alignment.matches}
    own, defining = [], []
    for index, cell in blame.cells.items():
        match = matches.get(index)
        role = roles.get(match.template_id, "") if match is not None else ""
        part = match.part_id if match is not None else ""
        named = bool(known_by) and not part and re.search(known_by, cell.source) is not None
        if role in _WORK and (part == part_id or named):
            own.append(index)
        elif role in _DEFINES and part == part_id:
            defining.append(index)
    doing = [index for index in own if _does_something(blame.cells[index])]
    return tuple(doing or own or defining)


def _does_something(cell: Cell) -> bool:
    """Whether a cell does more than define and import."""
    tree = parsed(cell.code) if cell.code else None
    defining = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    return tree is None or any(not isinstance(node, defining) for node in tree.body)

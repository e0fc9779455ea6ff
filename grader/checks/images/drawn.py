"""What a notebook shows by its own code, told by reading: nobody records it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from grader.checks.context import CheckContext
from grader.kernel.bounds import PLOT
from grader.model.notebook_code import parsed_as_python
from grader.model.records import Outcome

_SOFTMAX = re.compile(r"softmax|output2prob|\bexp\(", re.IGNORECASE)
_PROGRESS = re.compile(r"\d+%\|")
"""How far a progress bar has come."""
_SILENT = frozenset({"generate_adversarial_example", "eval", "to", "load_state_dict", "close"})
"""Calls that show nothing."""


def draws_itself(context: CheckContext, part_id: str, since: int) -> bool:
    """Whether a cell from the attack on may show its result in a way that is not recorded.

    Any call whose value is not kept may, in a cell that did not end with an exception. Cells of
    other parts count where they use a name that the attack's own cell binds.
    """
    failed = {c.cell_index for c in context.evidence.cells if c.outcome is Outcome.STUDENT_ERROR}
    cells = {c.index: c for c in context.submission.cells if c.index >= since}
    if since not in cells:
        return True
    parts = {m.cell_index: m.part_id for m in context.alignment.matches}
    attack = parsed_as_python(cells[since].code)
    if attack is None or printed_in(context, since):
        return True
    bound = {n.id for n in ast.walk(attack) if isinstance(n, ast.Name) and _stored(n)}
    for index, cell in cells.items():
        tree = parsed_as_python(cell.code)
        if tree is None:
            return True
        names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        concerned = parts.get(index, part_id) in {part_id, ""} or names & bound
        if concerned and index not in failed and any(True for _ in _calls(tree)):
            return True
    return False


def plots_probabilities_of_logits(context: CheckContext) -> bool:
    """Whether the helper that plots was rewritten so that it turns logits into probabilities."""
    marked = f"def {PLOT}"
    after = (c.code.partition(marked)[2] for c in context.submission.cells if marked in c.code)
    return any(_SOFTMAX.search(code) for code in after)


def printed_in(context: CheckContext, cell: int) -> str:
    """Return what a cell printed and showed as text, without progress bars."""
    said = "\n".join(run.said for run in context.evidence.cells if run.cell_index == cell)
    lines = re.split(r"[\r\n]+", said)
    return "\n".join(line for line in lines if not _PROGRESS.search(line)).strip()


def _stored(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)


def _calls(tree: ast.Module) -> Iterator[ast.expr]:
    """Expressions that stand alone and may show something."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Expr) or isinstance(node.value, ast.Constant):
            continue
        called = node.value.func if isinstance(node.value, ast.Call) else None
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if name not in _SILENT:
            yield node.value

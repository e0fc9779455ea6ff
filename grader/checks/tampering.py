"""A notebook that reaches into the grader's recorders: what rests on their word waits for a person.

No honest notebook names their package. What is recomputed or probed needs no such rule; it is kept.
"""

from __future__ import annotations

import re
from dataclasses import replace

from grader.checks.context import CheckContext, once_per_context
from grader.checks.declaration import Basis, Check
from grader.checks.findings import held, say
from grader.model.records import Finding
from grader.model.text import cell_number

_RECORDERS = re.compile(r"\b_pset4\b|__pset4")
"""The package that is loaded into the kernel, and the names that it gives to what it wraps."""


def held_for_tampering(finding: Finding, context: CheckContext, check: Check) -> Finding:
    """Return the finding, or one that waits where the kernel's word may have been forged for it.

    Args:
        finding: What the check found.
        context: Of the submission.
        check: Which check.
    """
    cell = _cell_that_reaches_in(context)
    claims = any(one.on is Basis.CLAIMED for one in check.rests)
    if cell is None or not claims or not finding.credit:
        return finding
    waiting = held(finding, say("tampering.held", cell=cell, found=finding.message))
    return replace(waiting, offered=0.0)  # what may be forged is not to be had by one key


@once_per_context
def _cell_that_reaches_in(context: CheckContext) -> int | None:
    """Number of the first cell that names the recorders; None where none does."""
    cells = (c for c in context.submission.cells if c.kind == "code")
    return next((cell_number(c.index) for c in cells if _RECORDERS.search(c.source)), None)

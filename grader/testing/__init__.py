"""Fakes for tests of checks: evidence in memory, and a session that is a function call.

For whoever writes a check for an offering. Nothing that grades uses them: a check reads a
`CheckContext`, and these make what stands in one without a kernel, a file or a message.

    arrays = ArrayStore()
    replies = ask({"conv1d_forward": mine}, probes_of(assignment, seed), arrays)
    evidence = blank_evidence(replies=replies)
"""

from __future__ import annotations

from grader.planning.probes.questions import question_of
from grader.testing.evidence import ArrayStore, blank_evidence, cell_run
from grader.testing.session import ask

__all__ = ["ArrayStore", "ask", "blank_evidence", "cell_run", "question_of"]

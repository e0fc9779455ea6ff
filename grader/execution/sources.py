"""Statements that the kernel runs for us, besides the student's cells; they bind no name."""

from __future__ import annotations

from grader.model.records import RepeatAttack


def repeat_source(step: RepeatAttack) -> str:
    """Return the statement that repeats an attack with the target that is asked for."""
    call = f"repeat_attack({step.class_id!r}, normalised={step.normalised!r})"
    return f"__import__('sys').modules['_pset4.start'].{call}"

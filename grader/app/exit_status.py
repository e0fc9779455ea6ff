"""How the `grader` command ends: the same statuses for every command."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """Exit statuses; `docs/reference/exit-statuses.md` is made of them."""

    DONE = 0
    """Done, also where parts still need grading. For `check`: the policy is met."""
    NOT_MET = 1
    """Done, and the answer is no: `check` found the policy not met, `rejudge` a submission that it
    could not judge, `decisions verify` a row that was changed, `doctor` a guarantee that does not
    hold."""
    UNUSABLE = 2
    """Input or options that cannot be used, or a full disk. One sentence says where, what was
    expected, what was found, and what to do; nothing is lost."""
    FAULT = 3
    """A fault of the grader, never of a student. The sentence names a log to send to the
    maintainers."""
    INTERRUPTED = 130
    """Ctrl-C. What was written is kept; the same command continues."""

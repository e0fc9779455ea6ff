"""Where faults of the grader are kept whole: people see a sentence, maintainers get the log."""

from __future__ import annotations

import os
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import platformdirs

from reference.errors import GraderFault, PsetError

_CASE = "while working on "


@contextmanager
def working_on(case: str) -> Iterator[None]:
    """Let what goes wrong in the block, by no fault of student or staff, carry the case's name."""
    try:
        yield
    except Exception as error:
        if isinstance(error, GraderFault) or not isinstance(error, PsetError):
            error.add_note(f"{_CASE}{case}")
        raise


def case_of(error: BaseException) -> str:
    """Return the case that an error carries, for the beginning of a sentence; empty for none."""
    notes = (note for note in getattr(error, "__notes__", ()) if note.startswith(_CASE))
    return next((f"{note.removeprefix(_CASE)}: " for note in notes), "")


def keep_fault(error: BaseException, case: str = "") -> Path:
    """Write a fault, with its traceback and notes, to the user's folder for logs; return the file.

    Where that folder cannot be written it is a temporary file.

    Args:
        error: What was raised.
        case: What was being done, such as a submission's name.
    """
    report = f"{case}\n" * bool(case) + "".join(traceback.format_exception(error))
    now = datetime.now().astimezone().strftime("%Y-%m-%d-%H%M%S")
    log = platformdirs.user_log_path("pset4-grader") / f"fault-{now}-{os.getpid()}.log"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(report)
    except OSError:
        number, name = tempfile.mkstemp(prefix="grader-fault-", suffix=".log")
        with os.fdopen(number, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(report)
        return Path(name)
    return log

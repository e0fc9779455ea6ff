"""Where faults of the grader are kept whole: people see a sentence, maintainers get the log."""

from __future__ import annotations

import os
import tempfile
import traceback
from datetime import datetime
from pathlib import Path

import platformdirs


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

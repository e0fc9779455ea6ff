"""Exceptions that mean a limit of the run, not a mistake in the code."""

from __future__ import annotations

import re
from collections.abc import Callable

from grader.model.records import Limits

_SENTENCES: tuple[tuple[str, Callable[[Limits], str]], ...] = (
    (
        (
            r"^OutOfMemoryError|^MemoryError|can't allocate memory|Cannot allocate memory"
            r"|Unable to allocate|CUDA out of memory"
        ),
        lambda limits: (
            f"The cell asked for more memory than the run may use, "
            f"{limits.memory_mib:.0f} MiB (or more than the GPU has)."
        ),
    ),
    (
        r"can't start new thread|\[Errno 11\]",
        lambda limits: (
            f"The cell started more processes and threads than the run may have, "
            f"{limits.processes}."
        ),
    ),
    (
        r"\[Errno 28\]",
        lambda limits: (
            f"The cell wrote more than the run's folders hold: {limits.work_mib:.0f} "
            f"MiB in the work folder, {limits.tmp_mib:.0f} MiB in /tmp, "
            f"{limits.shared_memory_mib:.0f} MiB in /dev/shm."
        ),
    ),
    (
        r"\[Errno 27\]",
        lambda limits: f"The cell wrote a file larger than {limits.file_mib:.0f} MiB.",
    ),
    (
        r"\[Errno 24\]|too many open files",
        lambda limits: f"The cell opened more files than {limits.open_files}.",
    ),
)


def limit_sentence(error_name: str, error_message: str, limits: Limits) -> str:
    """Return which limit the exception of a cell says was reached; empty for none.

    Student code may raise such exceptions itself; the cell has failed either way.
    """
    text = f"{error_name}: {error_message}"
    for pattern, sentence in _SENTENCES:
        if re.search(pattern, text):
            return sentence(limits)
    return ""

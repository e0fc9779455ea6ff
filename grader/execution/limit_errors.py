"""Exceptions that mean a limit of the run, not a mistake in the code."""

from __future__ import annotations

import re
from collections.abc import Callable

from grader.execution.notes import words
from grader.model.records import Limits

_SENTENCES: tuple[tuple[str, Callable[[Limits], str]], ...] = (
    (
        (
            r"^OutOfMemoryError|^MemoryError|can't allocate memory|Cannot allocate memory"
            r"|Unable to allocate|CUDA out of memory"
        ),
        lambda limits: words("memory.cell", limit_mib=limits.memory_mib),
    ),
    (
        r"can't start new thread|\[Errno 11\]",
        lambda limits: words("processes", limit=limits.processes),
    ),
    (
        r"\[Errno 28\]",
        lambda limits: words(
            "disk",
            work_mib=limits.work_mib,
            tmp_mib=limits.tmp_mib,
            shared_mib=limits.shared_memory_mib,
        ),
    ),
    (r"\[Errno 27\]", lambda limits: words("file-size", limit_mib=limits.file_mib)),
    (
        r"\[Errno 24\]|too many open files",
        lambda limits: words("open-files", limit=limits.open_files),
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

"""Which exceptions say that a limit of the run was reached."""

from __future__ import annotations

import pytest

from grader.execution.limit_errors import limit_sentence
from grader.model.records import Limits

LIMITS = Limits(memory_mib=100, processes=7, file_mib=3, work_mib=11, open_files=13)


@pytest.mark.parametrize(
    ("name", "message", "says"),
    [
        ("MemoryError", "", "100 MiB"),
        ("RuntimeError", "[enforce fail] DefaultCPUAllocator: can't allocate memory", "100 MiB"),
        ("OSError", "[Errno 12] Cannot allocate memory", "100 MiB"),
        ("OutOfMemoryError", "CUDA out of memory. Tried to allocate 2 GiB", "GPU"),
        ("BlockingIOError", "[Errno 11] Resource temporarily unavailable", "threads"),
        ("RuntimeError", "can't start new thread", " 7."),
        ("OSError", "[Errno 28] No space left on device", "11 MiB in the work folder"),
        ("OSError", "[Errno 27] File too large", "3 MiB"),
        ("OSError", "[Errno 24] Too many open files: 'x'", "13"),
        ("ValueError", "shapes do not match", ""),
        ("KeyError", "'MemoryError'", ""),
    ],
)
def test_sentence(name: str, message: str, says: str) -> None:
    sentence = limit_sentence(name, message, LIMITS)
    assert bool(sentence) == bool(says)
    assert says in sentence

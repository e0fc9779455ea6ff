"""How much memory the processes of a run use together, where no control group counts it."""

from __future__ import annotations

from contextlib import suppress

import psutil

MIB = 2**20
"""Bytes in one MiB."""


def tree_memory_mib(pid: int) -> float:
    """Memory in MiB of a process and all below it; pages that they share count once where told.

    A process that is gone, or may not be looked into, counts with what is known of it.
    """
    try:
        root = psutil.Process(pid)
        processes = [root, *root.children(recursive=True)]
    except psutil.Error:
        return 0.0
    return sum(_memory_bytes(process) for process in processes) / MIB


def _memory_bytes(process: psutil.Process) -> int:
    with suppress(psutil.Error):
        try:
            return int(process.memory_full_info().pss)
        except psutil.AccessDenied:
            return int(process.memory_info().rss)
    return 0

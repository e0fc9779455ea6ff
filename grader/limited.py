"""Run one of our own modules in a process with bounds: what reads files that anybody may have made.

Readers of PDFs are large and old, and a small file can make them take all memory, all time, or
crash. Here that ends a child, and the caller has a sentence to say about it.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Sequence

MIB = 1024 * 1024
"""Bytes in one MiB."""
_INHERITED = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "SYSTEMROOT")
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OPENCV_NUM_THREADS": "1"}


class TookTooLong(Exception):
    """The child did not answer in time, and was killed."""


def run_limited(
    module: str, arguments: Sequence[str] = (), *, stdin: bytes = b"", timeout_s: float
) -> bytes:
    """Run `python -m module` and return what it wrote to standard output, if it ended well.

    Args:
        module: One of ours; it calls `limit_this_process` before it opens anything.
        arguments: Of its command line.
        stdin: What it reads from standard input.
        timeout_s: Wall-clock seconds after which it is killed.

    Returns:
        Its standard output; empty where it failed or was stopped by its limits.

    Raises:
        TookTooLong: it was killed.
    """
    # Neither this folder (-P) nor the user's own packages (-s) take the place of ours.
    command = [sys.executable, "-P", "-s", "-m", module, *arguments]
    environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    try:
        done = subprocess.run(  # noqa: S603 -- our own module, no shell
            command,
            input=stdin,
            capture_output=True,
            timeout=timeout_s,
            env=environment | _ONE_THREAD,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TookTooLong from error
    return done.stdout if done.returncode == 0 else b""


def limit_this_process(*, memory_mib: float, cpu_s: int) -> None:
    """Bound this process for good.

    Args:
        memory_mib: Private memory in MiB; an allocation above it fails.
        cpu_s: CPU seconds; then the system ends it. Meant for a child whose parent is gone, which
            nobody kills on wall-clock time.
    """
    memory = int(memory_mib * MIB)
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

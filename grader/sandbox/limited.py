"""Run one of our own modules apart, with bounds: what reads files that anybody may have made.

Readers of PDFs are large and old, and a small file can make them take all memory, all time, crash,
or run what it holds. Here they run in the same kind of box as notebooks, where the host has one,
and see nothing but our code and the file; else in a process of their own. Either way the caller
goes on, with a sentence to say about it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from grader.sandbox.box import Box, Mount, write_etc
from grader.sandbox.boxed import run_boxed, run_folder
from grader.sandbox.launch import Entry
from grader.sandbox.stepping_down import may_step_down, step_down
from grader.sandbox.tiers import Tier, box_user, host_support

MIB = 1024 * 1024
"""Bytes in one MiB."""

CODE = "/box/code"
"""Where a box sees our code."""
VISIBLE_CODE = (
    "grader",
    *(f"reference/{name}.py" for name in ("__init__", "errors", "bundles", "bundle_files")),
)
"""What a reader needs of it; never the expected values."""

_INHERITED = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "SYSTEMROOT")
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "OPENCV_NUM_THREADS": "1"}
_LESS_THAN_ROOT = {"PSET4_STEP_DOWN": "1"}
"""Asks a reader that root starts without a box to be root no more; it may still read its files."""
_BOX_LIMITS = {"RLIMIT_CORE": 0, "RLIMIT_NPROC": 64, "RLIMIT_NOFILE": 256, "RLIMIT_FSIZE": 64 * MIB}


class TookTooLong(Exception):
    """The child did not answer in time, and was killed."""


def run_limited(
    module: str,
    arguments: Sequence[str] = (),
    *,
    files: Sequence[Path] = (),
    stdin: bytes = b"",
    timeout_s: float,
) -> bytes:
    """Run `python -m module` and return what it wrote to standard output, if it ended well.

    Args:
        module: One of ours; it calls `limit_this_process` before it opens anything.
        arguments: Of its command line.
        files: Absolute paths that it may read; in a box it sees no others.
        stdin: What it reads from standard input.
        timeout_s: Wall-clock seconds after which it is killed.

    Returns:
        Its standard output; empty where it failed or was stopped by its limits.

    Raises:
        TookTooLong: it was killed.
    """
    # Neither this folder (-P) nor the user's own packages (-s) take the place of ours.
    # What it reads and writes is UTF-8 wherever we run.
    command = [sys.executable, "-X", "utf8", "-P", "-s", "-m", module, *arguments]
    if host_support().tier is Tier.PROCESS:
        return _run_plain(command, stdin, timeout_s)
    return _run_in_box(command, files, stdin, timeout_s)


def _run_plain(command: list[str], stdin: bytes, timeout_s: float) -> bytes:
    environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    try:
        done = subprocess.run(  # noqa: S603 -- our own module, no shell
            command,
            input=stdin,
            capture_output=True,
            timeout=timeout_s,
            env=environment | _ONE_THREAD | _LESS_THAN_ROOT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TookTooLong from error
    return done.stdout if done.returncode == 0 else b""


def _run_in_box(command: list[str], files: Sequence[Path], stdin: bytes, timeout_s: float) -> bytes:
    uid, user_namespace = box_user()
    with tempfile.TemporaryDirectory(prefix=f"pset4-{os.getpid()}-") as name:
        folder = run_folder(name)
        root = Path(__file__).parents[2]
        code = [Mount(host=root / part, inside=f"{CODE}/{part}") for part in VISIBLE_CODE]
        shown = [
            Mount(host=_readable(path, folder / str(n)), inside=str(path))
            for n, path in enumerate(files)
        ]
        environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONPATH": CODE}
        box = Box(
            folder=folder,
            uid=uid,
            user_namespace=user_namespace,
            mounts=(*code, *shown),
            environment=tuple((environment | _ONE_THREAD).items()),
        )
        write_etc(box, b"")
        entry = Entry(command=tuple(command), limits=_BOX_LIMITS)
        done = run_boxed(box, entry, cgroup=None, timeout_s=timeout_s, stdin=stdin)
    if done.status is None:
        raise TookTooLong
    return done.output if done.status == 0 else b""


def _readable(path: Path, copy: Path) -> Path:
    """The file, or a copy of it where only its owner may read it: in a box nobody owns it."""
    if path.stat().st_mode & 0o004:
        return path
    shutil.copyfile(path, copy)
    copy.chmod(0o644)
    return copy


def limit_this_process(*, memory_mib: float, cpu_s: int) -> None:
    """Bound this process for good; where the system has no such limits, only the clock does.

    Args:
        memory_mib: Private memory in MiB; an allocation above it fails.
        cpu_s: CPU seconds; then the system ends it. Meant for a child whose parent is gone, which
            nobody kills on wall-clock time.
    """
    if os.environ.get("PSET4_STEP_DOWN") and may_step_down():
        step_down()
    try:
        import resource
    except ImportError:  # Windows
        return
    memory = int(memory_mib * MIB)
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

"""`grader batch` as a process, and ways to bring it down."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

TIMEOUT_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How one call of the command ended."""

    status: int
    output: str


def start(folder: Path, results: Path, *options: str) -> subprocess.Popen[str]:
    """Start the command."""
    command = [sys.executable, "-m", "grader.app", "batch", str(folder), "--out", str(results)]
    return subprocess.Popen(
        [*command, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )


def run(folder: Path, results: Path, *options: str) -> Ended:
    """Run the command to its end."""
    process = start(folder, results, *options)
    output, _ = process.communicate(timeout=TIMEOUT_S)
    return Ended(status=process.returncode, output=output)


Victim = Callable[[psutil.Process], Sequence[psutil.Process]]
"""Which processes below (and with) the coordinator are killed."""


def coordinator(root: psutil.Process) -> Sequence[psutil.Process]:
    """The command itself, as a power cut would."""
    return [root]


def worker(root: psutil.Process) -> Sequence[psutil.Process]:
    """One of the worker processes."""
    return _one(child for child in root.children() if "spawn_main" in _command(child))


def driver(root: psutil.Process) -> Sequence[psutil.Process]:
    """The process that drives a notebook."""
    return _one(one for one in root.children(recursive=True) if "driver" in _command(one))


def everything(root: psutil.Process) -> Sequence[psutil.Process]:
    """All processes at once."""
    return [root, *root.children(recursive=True)]


def run_and_kill(
    folder: Path, results: Path, victims: Sequence[Victim], chance: random.Random, *options: str
) -> Ended:
    """Run the command; a while after each result kill the next victim; see what comes of it."""
    output: list[str] = []
    left = list(victims)
    with start(folder, results, *options) as process:
        for line in process.stdout or ():
            output.append(line)
            if left and " of " in line and ": graded" in line:
                time.sleep(chance.uniform(0.0, 1.5))
                _kill(left.pop(0), process.pid)
    return Ended(status=process.returncode, output="".join(output))


def _kill(victim: Victim, pid: int) -> None:
    with suppress(psutil.Error):
        for one in victim(psutil.Process(pid)):
            with suppress(psutil.Error):
                one.send_signal(signal.SIGKILL)


def _command(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


def _one(found: object) -> Sequence[psutil.Process]:
    return list(found)[:1]  # type: ignore[call-overload,no-any-return]

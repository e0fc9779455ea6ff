"""`grader batch`, killed at a moment."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psutil

from grader.batch.store.store import FOLDER
from tests.classroom.running import Victim, coordinator, driver, everything, start, worker

VICTIMS: dict[str, Victim] = {
    "command": coordinator,
    "all": everything,
    "worker": worker,
    "driver": driver,
}
EARLY_S = 0.05
"""Seconds of a results folder's life in which `kill_early` kills."""
TIMEOUT_S = 600.0


def kill_early(folder: Path, results: Path, chance: random.Random, *options: str) -> str:
    """Kill all within the first moments of a new results folder; return what was done."""
    with start(folder, results, *options) as process:
        deadline = time.monotonic() + TIMEOUT_S
        while not (results / FOLDER).is_dir() and time.monotonic() < deadline:
            time.sleep(0.0002)
        moment_s = chance.uniform(0, EARLY_S)
        time.sleep(moment_s)
        _kill(everything, process)
        process.communicate(timeout=TIMEOUT_S)
    return f"all after {1000 * moment_s:.0f} ms"


def kill_later(folder: Path, results: Path, victim: str, after_s: float, *options: str) -> str:
    """Kill after so long; let what goes on without the victim come to its end."""
    with start(folder, results, *options) as process:
        with suppress(subprocess.TimeoutExpired):
            process.wait(after_s)
        _kill(VICTIMS[victim], process)
        process.communicate(timeout=TIMEOUT_S)
    return f"{victim} after {after_s:.0f} s"


def _kill(victim: Victim, process: subprocess.Popen[str]) -> None:
    with suppress(psutil.Error):
        for one in victim(psutil.Process(process.pid)):
            with suppress(psutil.Error):
                one.send_signal(signal.SIGKILL)

"""The process that drives a kernel: nbclient, apart from the grader and under limits of its own.

    python -m grader.execution.driver < request.json

It reads what student code says, so it may be stalled, swamped or brought down by it; then it is
killed, and the grader goes on. It knows the questions, never the answers. A root's driver is root
only until the kernel's box is made: what it then connects to and reads, it does as a user that may
write to nothing but this run's evidence.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import IO

from pydantic import TypeAdapter

from grader.execution.notebook_run import WarmFailed, run_notebook
from grader.execution.request import DriverRequest, DriverWord, Progress
from grader.model.disk import DiskFull, room_in
from grader.model.records.codec import from_json
from grader.sandbox.orphans import adopt_and_follow, kill_descendants
from grader.sandbox.stepping_down import give_away, may_step_down, step_down
from reference.errors import GraderFault

PROGRESS_INTERVAL_S = 0.1
"""Seconds between two signs of life about the same step."""

_WORDS = TypeAdapter(DriverWord)


def main() -> None:
    """Drive the run that standard input describes; talk on standard output, a line at a time."""
    adopt_and_follow()
    request = from_json(DriverRequest, sys.stdin.read(), where="the grader's request")
    with os.fdopen(os.dup(1), "wb") as mouth:
        os.dup2(2, 1)  # what a library prints must not mix with our words
        _limit_self(request.plan.limits.driver_memory_mib)
        try:
            with room_in(request.evidence_folder):
                evidence = run_notebook(request, _teller(mouth), partial(_box_made, request))
            word = DriverWord(evidence=evidence)
        except WarmFailed as failed:
            word = DriverWord(warm_failed=str(failed) or "no reason was given")
        except DiskFull as full:
            word = DriverWord(disk_full=str(full))
        except GraderFault as fault:
            word = DriverWord(fault=str(fault))
        finally:
            kill_descendants()
        _say(mouth, word)


def _box_made(request: DriverRequest) -> None:
    """Give up what only making a box took. Without a control group root looks at its memory."""
    if request.cgroup is None or not may_step_down():
        return
    request.executed_notebook.touch()
    if give_away((request.evidence_folder, request.executed_notebook, request.workspace.sockets)):
        step_down()


def _limit_self(memory_mib: float) -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return
    # The soft limit only: a kernel inherits the hard one, and has another bound than we.
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    resource.setrlimit(resource.RLIMIT_DATA, (int(memory_mib * 2**20), hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _say(mouth: IO[bytes], word: DriverWord) -> None:
    mouth.write(_WORDS.dump_json(word) + b"\n")
    mouth.flush()


def _teller(mouth: IO[bytes]) -> Callable[[Progress], None]:
    """Tell each step, and within a step no more often than a person can read."""
    last = (-1, "", 0.0)

    def tell(progress: Progress) -> None:
        nonlocal last
        now = time.monotonic()
        same = (progress.done, progress.label) == last[:2] and progress.attack_step != 0
        if same and now - last[2] < PROGRESS_INTERVAL_S:
            return
        last = (progress.done, progress.label, now)
        _say(mouth, DriverWord(progress=progress))

    return tell


if __name__ == "__main__":
    main()

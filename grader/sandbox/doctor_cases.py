"""How the doctor makes an attempt, and how two of them are judged from outside."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import psutil

from grader.sandbox.box import Box
from grader.sandbox.boxed import BoxedResult, run_boxed
from grader.sandbox.cgroups import Cgroup
from grader.sandbox.launch import Entry, launch, launch_plain
from grader.sandbox.memory import tree_memory_mib
from grader.sandbox.warm import Streams, WarmServer, launch_warm

TIMEOUT_S = 60.0
"""Wall-clock seconds for one attempt."""
GONE_S = 2.0
"""Seconds in which a box that is ended must be gone."""
DAEMONS = 5
"""Processes that heed no signal, for the attempt to leave some behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Where an attempt is made."""

    box: Box | None
    """None for a plain process."""
    entry: Entry
    """Its command."""
    cgroup: Cgroup | None
    """Group that it joins."""
    warm: WarmServer | None
    """Fork server that makes the box; None for bubblewrap."""
    memory_mib: float
    """Memory in MiB that it may use."""


def run_attempt(case: Case) -> BoxedResult:
    """Run it to its end."""
    if case.box is not None:
        return run_boxed(
            case.box, case.entry, cgroup=case.cgroup, timeout_s=TIMEOUT_S, warm=case.warm
        )
    with tempfile.TemporaryFile() as output:
        plain = launch_plain(case.entry, {"PATH": os.defpath}, stdout=output, stderr=output)
        with closing(plain):
            status = plain.process.wait(TIMEOUT_S)
        output.seek(0)
        return BoxedResult(status=status, output=output.read(), errors="")


def answer(result: BoxedResult) -> tuple[bool, str]:
    """Return whether it held, and what the attempt said of it."""
    try:
        answer = json.loads(result.output)
        return bool(answer["held"]), str(answer["found"])
    except (ValueError, KeyError):
        return False, f"no answer (status {result.status}): {result.errors[-200:]}"


def end_by_memory(case: Case) -> tuple[bool, str]:
    """The kernel ends it with a control group; without one, whoever looks at its memory."""
    if case.cgroup is not None:
        result = run_attempt(case)
        kills = case.cgroup.out_of_memory_kills()
        return kills > 0, f"ended by the kernel ({kills} kill, status {result.status})"
    with _started(case) as (pid, _):
        deadline = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline:
            used_mib = tree_memory_mib(pid)
            if used_mib > case.memory_mib:
                return True, f"seen at {used_mib:.0f} MiB of {case.memory_mib:.0f}, ended"
            time.sleep(0.1)
    return False, "its memory was not seen to grow"


@contextmanager
def _started(case: Case) -> Iterator[tuple[int, Callable[[], None]]]:
    """A box that runs; yields its process id and what ends it."""
    if case.box is None:
        raise OSError("without a box nothing is started")
    with tempfile.TemporaryFile() as output:
        if case.warm is None:
            boxed = launch(case.box, case.entry, cgroup=case.cgroup, stdout=output, stderr=output)
        else:
            streams = Streams(output.fileno(), output.fileno(), output.fileno())
            boxed = launch_warm(
                case.warm, case.box, case.entry, cgroup=case.cgroup, streams=streams
            )
        with closing(boxed):
            yield boxed.process.pid, boxed.kill


def act_as_driver(_: Case) -> tuple[bool, str]:
    """Step down as a driver does, outside of the box, and try what only root may."""
    with (
        tempfile.TemporaryDirectory(prefix="pset4-") as folder,
        socket.socket(socket.AF_UNIX) as listener,
    ):
        listener.bind(f"{folder}/s")
        listener.listen()
        done = subprocess.run(  # noqa: S603 -- our own module
            [sys.executable, "-P", "-m", "grader.sandbox.driver_attempts", folder],
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    errors = done.stderr.decode(errors="replace")
    return answer(BoxedResult(status=done.returncode, output=done.stdout, errors=errors))


def end_with_daemons(case: Case) -> tuple[bool, str]:
    """Wait until they run, end the box, and count who is left."""
    below = DAEMONS + (2 if case.warm is None else 1)  # bubblewrap is two processes itself
    with _started(case) as (pid, end):
        family: list[psutil.Process] = []
        deadline = time.monotonic() + TIMEOUT_S
        while len(family) < below and time.monotonic() < deadline:
            family = psutil.Process(pid).children(recursive=True)
            time.sleep(0.02)
        started = time.perf_counter()
        end()
        _, left = psutil.wait_procs(family, timeout=GONE_S)
        living = [one for one in left if one.is_running() and one.status() != "zombie"]
        seconds = time.perf_counter() - started
    found = f"{len(family)} processes, {len(living)} left after {seconds:.2f} s"
    return len(family) >= below and not living, found

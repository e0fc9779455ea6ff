"""One complete submission, `grader grade` from start to end, against plain nbclient, in turns.

    python -m tests.benchmarks.whole [--bundle studio] [--rounds 1] [--steps 200]

Plain nbclient runs the same cells with `.cuda()` made a no-op (without that it fails at once on a
machine with no GPU). Ours is the whole command: imports, intake, box, probes, checks, pages, PDF;
also with `EXACT=1`, and with `.backward()` where the course's notebook calls `autograd.grad`. What
a worker takes in memory is that of a batch with one worker and few steps an attack.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import nbformat
import psutil

from authoring.samples import build_notebook
from grader.batch.run.executors import IDLE_WORKER_MIB, LEAST_ROOM_MIB, SERVER_MIB, SPARE_MIB
from grader.execution.settings import DRIVER_ROOM_MIB
from reference.bundles import get_bundle
from tests.benchmarks.overhead import plain, read
from tests.benchmarks.record import Row, save
from tests.benchmarks.timed_batch import heard
from tests.classroom.running import start

MIB = 2**20
LOOK_S = 0.5
MACHINE_MIB = 16 * 1024.0
FEW_STEPS = 10
Edit = Callable[[str], str]


def as_it_is(source: str) -> str:
    """Leave a cell as it is."""
    return source


def with_backward(source: str) -> str:
    """Have a cell of the course's notebook call `.backward()`."""
    for image in ("x", "batch_tensor"):
        for asked in (f"[{image}]", image):
            call = f"gradient = torch.autograd.grad(loss, {asked})[0]"
            source = source.replace(call, f"loss.backward(); gradient = {image}.grad")
    return source


def make_zip(path: Path, steps: int, edit: Edit) -> None:
    """Write the course's notebook, answered, with so many steps an attack."""
    notebook = build_notebook("course_form")
    for cell in notebook.cells:
        source = cell.source.replace("=200)", f"={steps})").replace("(200)", f"({steps})")
        cell.source = edit(source)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("pset4.ipynb", nbformat.writes(notebook))  # type: ignore[no-untyped-call]


def command_seconds(steps: int, bundle: str, edit: Edit, *options: str) -> float:
    """Wall-clock seconds of `grader grade`."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        path = Path(name) / "course.zip"
        make_zip(path, steps, edit)
        command = [sys.executable, "-m", "grader.app", "grade", str(path), "--out", name]
        command += ["--bundle", bundle, *options]
        started = time.perf_counter()
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        seconds = time.perf_counter() - started
        if done.returncode or "4e" not in done.stdout:
            raise SystemExit(f"the grade failed: {done.stdout[-1500:]} {done.stderr[-1500:]}")
        return seconds


def plain_seconds(steps: int, bundle: str, edit: Edit) -> float:
    """Seconds of plain nbclient."""
    submission, _ = read(steps)
    cells = tuple(replace(cell, source=edit(cell.source)) for cell in submission.cells)
    return plain(replace(submission, cells=cells), get_bundle(bundle))


def worker_mib(bundle: str) -> float:
    """Most memory that a worker, its fork servers, driver and kernel take together.

    What processes share is counted once, in equal parts (proportional set size).
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name) / "in"
        folder.mkdir()
        make_zip(folder / "course.zip", FEW_STEPS, as_it_is)
        options = ("--workers", "1", "--bundle", bundle)
        process = start(folder, Path(name) / "results", *options)
        with _watched(process.pid) as seen:
            heard(process, time.perf_counter(), 1)
    return max(seen)


@contextmanager
def _watched(pid: int) -> Iterator[list[float]]:
    """The memory in MiB of all processes below one, again and again."""
    seen: list[float] = []
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(LOOK_S):
            with suppress(psutil.Error):
                below = psutil.Process(pid).children(recursive=True)
                seen.append(sum(map(_mib, below)))

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        ended.set()
        watcher.join()


def _mib(process: psutil.Process) -> float:
    with suppress(psutil.Error):
        return float(process.memory_full_info().pss) / MIB
    return 0.0


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bundle", default="studio")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--steps", type=int, default=200)
    options = parser.parse_args(arguments)
    steps, bundle = options.steps, options.bundle
    rounds = [
        (
            plain_seconds(steps, bundle, as_it_is),
            command_seconds(steps, bundle, as_it_is),
            command_seconds(steps, bundle, as_it_is, "--exact"),
            plain_seconds(steps, bundle, with_backward),
            command_seconds(steps, bundle, with_backward),
        )
        for _ in range(options.rounds)
    ]
    nbclient, ours, exact, slower, backward = (min(times) for times in zip(*rounds, strict=True))
    peak = worker_mib(bundle)
    what = f"complete notebook ({steps} steps an attack, {bundle}), all of `make grade`"
    save(
        "whole",
        [
            Row(
                what=f"{what}, against plain nbclient",
                bar="≤ 0.80 ×",
                found=f"{ours / nbclient:.2f} × ({ours:.0f} s, plain nbclient {nbclient:.0f} s)",
                reached=ours <= 0.8 * nbclient,
                why="what the grader adds to the notebook's own cells (its imports, the box, "
                "checks, pages) stands below, under `profile`",
            ),
            Row(
                what="the same without the shim `fast-resnet` (`EXACT=1`)",
                bar="",
                found=f"{exact / nbclient:.2f} × ({exact:.0f} s)",
                reached=None,
            ),
            Row(
                what="the same with `.backward()` in the student's code",
                bar="≤ 0.60 ×",
                found=f"{backward / slower:.2f} × ({backward:.0f} s, plain nbclient "
                f"{slower:.0f} s)",
                reached=backward <= 0.6 * slower,
                why=BACKWARD,
            ),
            _memory(peak),
        ],
        numbers={
            "seconds": ours,
            "exact": exact,
            "nbclient": nbclient,
            "backward": backward,
            "MiB": peak,
        },
    )


BACKWARD = (
    "gradients of weights are put off until somebody reads them, for as many steps as 512 MiB of "
    "images (some 640); later steps compute them"
)


def _memory(peak: float) -> Row:
    """What a worker takes, and how many a machine has room for."""
    kept = IDLE_WORKER_MIB + DRIVER_ROOM_MIB + LEAST_ROOM_MIB
    free = MACHINE_MIB - SPARE_MIB
    beside = free - 2 * SERVER_MIB  # which root's workers share
    return Row(
        what="peak memory of a worker with its fork servers, driver and kernel, complete notebook",
        bar="stated",
        found=f"{peak:.0f} MiB; a machine of 16 GiB has room for {free // peak:.0f} of them, and "
        f"the grader starts {beside // kept:.0f}",
        reached=None,
        why=f"{kept:.0f} MiB are kept for each worker, most of it for notebooks that take more",
    )


if __name__ == "__main__":
    main()

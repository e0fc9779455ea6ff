"""What isolation adds to a submission, and what a warm kernel saves.

    python -m tests.benchmarks.isolation [--rounds 8]

The same notebook in a plain process, in a box, and in a box of the fork server, in turns. The
driver is there in all of them, so what it costs is shown apart: a driver that is started, told
nothing useful, and ends. A kernel is ready when it listens and has imported torch and torchvision,
which the grader's own first request does.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from grader.execution import Job, Progress, execute, warm_kernels
from grader.model.records import Alignment
from grader.planning.plan import RunOptions, plan_run
from grader.sandbox.tiers import Tier, host_support
from grader.sandbox.warm import WarmServer
from reference.bundles import Bundle, get_bundle
from tests import factories


def run(bundle: Bundle, tier: Tier, warm: WarmServer | None = None) -> tuple[float, float]:
    """Seconds of one execution stage of a notebook with one small cell, and until its kernel is
    ready."""
    ready: list[float] = []

    def look(progress: Progress) -> None:
        if progress.label == "cell 1":
            ready.append(progress.seconds)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        submission = factories.submission(other_files=(), cells=(factories.cell(0, "1 + 1"),))
        options = RunOptions(device="cpu", seed=1, nonce="bench")
        nothing = Alignment(matches=(), missing=(), answers=())
        job = Job(
            submission=submission,
            submission_folder=folder,
            bundle=bundle,
            course_files={},
            evidence_folder=folder / "evidence",
            executed_notebook=folder / "executed.ipynb",
            threads=1,
            tier=tier,
            on_progress=look,
            warm=warm,
        )
        started = time.perf_counter()
        evidence = execute(plan_run(submission, nothing, (), bundle, options), job)
        seconds = time.perf_counter() - started
    if warm is not None and any(note.code == "kernel-cold" for note in evidence.notes):
        raise SystemExit(f"the kernel was not warm: {evidence.notes}")
    return seconds, ready[0]


def start_driver() -> float:
    """Seconds to start Python with all that a driver imports, beyond what the grader imports."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import grader.execution.driver"], check=True)
    return time.perf_counter() - started


def main() -> None:
    """Print a line per round, then medians and the differences."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=8)
    options = parser.parse_args()
    tier, bundle = host_support().tier, get_bundle("studio-narrow")
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores; {tier.value}")
    started = time.perf_counter()
    with warm_kernels(bundle, threads=1, tier=tier, device="cpu") as server:
        print(f"fork server up after {time.perf_counter() - started:.2f} s")
        rows = []
        for number in range(options.rounds):
            ways = [(Tier.PROCESS, None), (tier, None), (tier, server)]
            rows.append([*(run(bundle, *way) for way in ways), (start_driver(), 0.0)])
            print(f"round {number + 1}: " + ", ".join(map(_line, NAMES, rows[-1])))
    columns = list(zip(*rows, strict=True))
    medians = [tuple(map(statistics.median, zip(*column, strict=True))) for column in columns]
    print("medians: " + ", ".join(map(_line, NAMES, medians)))
    plain, cold, warm, _ = medians
    print(f"added by the box: {cold[0] - plain[0]:.2f} s")
    print(
        f"saved by a warm kernel: {cold[0] - warm[0]:.2f} s; ready {cold[1] / warm[1]:.1f} x sooner"
    )


NAMES = ("process", "box", "warm box", "driver's start")


def _line(name: str, seconds: tuple[float, ...]) -> str:
    ready = f" (kernel ready after {seconds[1]:.2f} s)" if seconds[1] else ""
    return f"{name} {seconds[0]:.2f} s{ready}"


if __name__ == "__main__":
    main()

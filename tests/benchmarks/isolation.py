"""What isolation adds to a submission: the same notebook in a plain process and in a box, in turns.

    python -m tests.benchmarks.isolation [--rounds 8]

The driver is there in both, so what it costs is shown apart: a driver that is started, told nothing
useful, and ends.
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

from grader.execution import Job, execute
from grader.isolation.tiers import Tier, host_support
from grader.plan import RunOptions, plan_run
from grader.records import Alignment
from reference.bundles import Bundle, get_bundle
from tests import factories


def run(bundle: Bundle, tier: Tier) -> float:
    """Seconds of one execution stage of a notebook with one small cell."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        submission = factories.submission(
            folder=name, other_files=(), cells=(factories.cell(0, "1 + 1"),)
        )
        options = RunOptions(device="cpu", seed=1, nonce="bench")
        nothing = Alignment(matches=(), missing=(), answers=())
        job = Job(
            submission=submission,
            bundle=bundle,
            course_files={},
            evidence_folder=folder / "evidence",
            executed_notebook=folder / "executed.ipynb",
            threads=1,
            tier=tier,
            on_progress=lambda _: None,
        )
        started = time.perf_counter()
        execute(plan_run(submission, nothing, (), bundle, options), job)
        return time.perf_counter() - started


def start_driver() -> float:
    """Seconds to start Python with all that a driver imports, beyond what the grader imports."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import grader.execution.driver"], check=True)
    return time.perf_counter() - started


def main() -> None:
    """Print a line per round, then medians and the difference."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=8)
    options = parser.parse_args()
    tier, bundle = host_support().tier, get_bundle("studio-narrow")
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores; {tier.value}")
    rows = []
    for number in range(options.rounds):
        rows.append((run(bundle, Tier.PROCESS), run(bundle, tier), start_driver()))
        print(
            f"round {number + 1}: process {rows[-1][0]:.2f} s, {tier.value} {rows[-1][1]:.2f} s, "
            f"driver's start {rows[-1][2]:.2f} s"
        )
    plain, boxed, driver = (statistics.median(column) for column in zip(*rows, strict=True))
    print(f"medians: process {plain:.2f} s, {tier.value} {boxed:.2f} s, driver {driver:.2f} s")
    print(f"added by the box: {boxed - plain:.2f} s")


if __name__ == "__main__":
    main()

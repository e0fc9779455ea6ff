"""One complete submission, `grader grade` from start to end, against plain nbclient, in turns.

    python -m tests.benchmarks.whole [--bundle studio] [--rounds 1] [--steps 200]

Plain nbclient runs the same cells with `.cuda()` made a no-op (without that it fails at once on a
machine with no GPU). Ours is the whole command: imports, intake, box, probes, checks, pages, PDF.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import nbformat

from authoring.samples import build_notebook
from reference.bundles import get_bundle
from tests.benchmarks.overhead import plain, read
from tests.benchmarks.record import Row, save


def command_seconds(steps: int, bundle: str) -> tuple[float, str]:
    """Wall-clock seconds of the command, and what it printed."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        notebook = build_notebook("course_form")
        for cell in notebook.cells:
            cell.source = cell.source.replace("=200)", f"={steps})").replace("(200)", f"({steps})")
        path = Path(name) / "course.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("pset4.ipynb", nbformat.writes(notebook))  # type: ignore[no-untyped-call]
        command = [sys.executable, "-m", "grader.app", "grade", str(path), "--out", name]
        started = time.perf_counter()
        command += ["--bundle", bundle]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        seconds = time.perf_counter() - started
        if done.returncode or "4e" not in done.stdout:
            raise SystemExit(f"the grade failed: {done.stdout[-1500:]} {done.stderr[-1500:]}")
        return seconds, done.stdout


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bundle", default="studio")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--steps", type=int, default=200)
    options = parser.parse_args(arguments)
    bundle, (submission, _) = get_bundle(options.bundle), read(options.steps)
    rounds = [
        (plain(submission, bundle), command_seconds(options.steps, bundle.name)[0])
        for _ in range(options.rounds)
    ]
    nbclient, ours = (min(column) for column in zip(*rounds, strict=True))
    what = (
        f"complete notebook ({options.steps} steps an attack, {bundle.name}), all of `make grade`"
    )
    save(
        "whole",
        [
            Row(
                what=f"{what}, against plain nbclient",
                bar="≤ 1.0 ×",
                found=f"{ours / nbclient:.2f} × ({ours:.0f} s, plain nbclient {nbclient:.0f} s)",
                reached=ours <= nbclient,
                why="what the grader adds to the notebook's own cells (its imports, the box, "
                "checks, pages) stands below, under `profile`",
            )
        ],
    )


if __name__ == "__main__":
    main()

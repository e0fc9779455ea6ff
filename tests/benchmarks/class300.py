"""A class of 300: to its grades, judged again, scored anew; the coordinator's memory meanwhile.

python -m tests.benchmarks.class300 [--size 300] [--workers 2]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from tests.benchmarks.batch import COST, copies
from tests.benchmarks.record import Row, save
from tests.benchmarks.timed_batch import Timed, heard, timed_rejudge
from tests.classroom.running import start

MIB = 2**20
LOOK_S = 2.0


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=300)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args(arguments)
    size = options.size
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        results = folder / "results"
        graded, memory = _grade(copies(folder, size), results, options.workers)
        again = _seconds(folder / f"of_{size}", results)
        for student in list(results.glob("s[0-9]*"))[: size // 2]:
            (student / "grades.toml").write_text('[parts.3c]\npoints = 0.5\nauthor = "ta"\n')
        scored = _score(results)
        judged = timed_rejudge(results, "--workers", str(options.workers))
    quarter = len(memory) // 4
    early, late = (
        statistics.median(memory[quarter : 2 * quarter]),
        statistics.median(memory[-quarter:]),
    )
    shown = ", ".join(f"{memory[i * (len(memory) - 1) // 8]:.0f}" for i in range(9))
    save(
        "class300",
        [
            Row(
                what=f"memory of the coordinator, {size} submissions",
                bar="flat",
                found=f"{early:.0f} MiB in the second quarter, {late:.0f} MiB in the last",
                reached=late <= 1.1 * early,
                why=f"MiB at nine moments from the first to the last: {shown}",
            ),
            Row(
                what=f"`grader score` of {size} after {size // 2} human grades: gradebook written",
                bar="≤ 5 s",
                found=f"{scored:.1f} s",
                reached=scored <= 5,
                why="the pages of those whose points changed are written afterwards",
            ),
            Row(
                what=f"{size} layer notebooks, to the last grade",
                bar="≤ 4 min",
                found=f"{graded.last / 60:.1f} min; with all PDFs {graded.all / 60:.1f} min",
                reached=graded.last <= 4 * 60,
                why=COST,
            ),
            Row(
                what=f"the same {size} judged again (`grader rejudge`, another share of credit)",
                bar="≤ 1.5 min",
                found=f"{judged.last / 60:.1f} min; with all PDFs {judged.all / 60:.1f} min",
                reached=judged.last <= 1.5 * 60,
                why="checks, and the pages of each; their PDFs are written behind all grades",
            ),
            Row(
                what=f"the same command again, {size} in the cache",
                bar="",
                found=f"{again:.1f} s",
                reached=None,
            ),
        ],
    )


def _grade(folder: Path, results: Path, workers: int) -> tuple[Timed, list[float]]:
    """Grade; return when, and the coordinator's resident memory in MiB over time."""
    started, number = time.perf_counter(), len(list(folder.glob("*.zip")))
    process = start(folder, results, "--workers", str(workers))
    root, memory = psutil.Process(process.pid), []

    def look() -> None:
        while process.poll() is None:
            memory.append(root.memory_info().rss / MIB)
            time.sleep(LOOK_S)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    graded = heard(process, started, number)
    watcher.join()
    return graded, memory


def _seconds(folder: Path, results: Path) -> float:
    started = time.perf_counter()
    process = start(folder, results)
    process.communicate()
    return time.perf_counter() - started


def _score(results: Path) -> float:
    """Seconds from the start of the command until the gradebook is there."""
    book = results / "gradebook.csv"
    before = book.stat().st_mtime_ns
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "grader.app", "score", str(results)], stdout=subprocess.DEVNULL
    )
    while book.stat().st_mtime_ns == before and process.poll() is None:
        time.sleep(0.02)
    seconds = time.perf_counter() - started
    process.kill()  # the pages are not what is measured
    process.wait()
    return seconds


if __name__ == "__main__":
    main()

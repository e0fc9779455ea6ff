"""nbgrader and Otter grade the layer notebooks of `batch`, in turns with plain nbclient and us.

    make bench-peers                    makes their environment, then this
    python -m tests.benchmarks.peers [--size 20] [--theirs 4] [--rounds 2]

A submission's own share is the slope between a batch of few and one of more, so that what a command
pays once is not in it; Otter grades one notebook per call. All use the same kernel.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.benchmarks.batch import copies, plain_seconds, timed
from tests.benchmarks.peer_courses import (
    nbgrader_autograde,
    nbgrader_course,
    otter_course,
    otter_run,
    prepare,
)
from tests.benchmarks.record import Row, save
from tests.nbgrader.hub import ENVIRONMENT, Hub

BAR = 12
DONE = (
    "they start a kernel per notebook, run it and a cell of tests in that same kernel with the "
    "rights of whoever grades, and keep the points; no box, no limit on memory, no inputs that the "
    "notebook cannot see, no feedback page (`nbgrader generate_feedback` and Otter's PDFs come on "
    "top), one notebook after the other. Ours has all of that but the PDF, and two workers"
)


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=20)
    parser.add_argument("--theirs", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args(arguments)
    if not (ENVIRONMENT / ".ready").is_file():
        sys.exit(
            f"Expected the environment of nbgrader and Otter in {ENVIRONMENT}, found none: "
            "`make bench-peers` makes it where a package index can be reached."
        )
    size, theirs = options.size, options.theirs
    plain, small, large, nbgrader_one, nbgrader_all, otter = [], [], [], [], [], []
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name).resolve()
        hub = Hub(folder=folder / "hub")
        prepare(hub)
        hand_ins = copies(folder, 1 + theirs)
        nbgrader_course(hub, hand_ins)
        first, *others = otter_course(hub, hand_ins)
        nbgrader_autograde(hub, "s0000")  # what is made at the first call is made
        otter_run(hub, first)
        for _ in range(options.rounds):
            plain.append(plain_seconds(folder))
            nbgrader_one.append(_seconds(lambda: nbgrader_autograde(hub, "s0000")))
            nbgrader_all.append(_seconds(lambda: nbgrader_autograde(hub, "*")))
            small.append(timed(folder, 2, 2, "--no-pdf").all)
            large.append(timed(folder, 2 + size, 2, "--no-pdf").all)
            otter += [_seconds(partial(otter_run, hub, one)) for one in others]
            plain.append(plain_seconds(folder))
    ours = (min(large) - min(small)) / size
    nbgrader = (min(nbgrader_all) - min(nbgrader_one)) / theirs
    one, nbclient = statistics.median(otter), statistics.median(plain)
    save(
        "peers",
        [
            Row(
                what="layer notebook to its grade against `nbgrader autograde` 0.9.6 and "
                "`otter run` 7.0, the same notebooks",
                bar=f"≥ {BAR} × fewer seconds",
                found=f"{nbgrader / ours:.1f} × (nbgrader {nbgrader:.2f} s each), "
                f"{one / ours:.1f} × (Otter {one:.2f} s); plain nbclient {nbclient:.2f} s, "
                f"ours {ours:.2f} s",
                reached=min(nbgrader, one) / ours >= BAR,
                why=DONE,
            )
        ],
    )


def _seconds(call: Callable[[], None]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()

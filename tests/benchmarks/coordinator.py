"""The coordinator of `scale`, as a process: a class through `run_batch`, and what that took.

python -m tests.benchmarks.coordinator ADDRESS FOLDER RESULTS
"""

from __future__ import annotations

import functools
import json
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from grader.batch.collect.platforms import find_hand_ins
from grader.batch.exports.class_files import write_exports
from grader.batch.run import batch
from grader.batch.run.decided import grades_in
from grader.batch.run.executors import dask_cluster
from grader.batch.run.options import BatchOptions, Found
from grader.batch.run.rescoring import class_rows, roster_of
from grader.batch.store.blobs import Blobs
from grader.batch.store.rows import RunRow
from grader.batch.store.store import Store, open_store
from grader.execution.settings import RunSettings
from grader.model.assignment import load_assignment
from reference.bundles import get_bundle
from tests.benchmarks.stub_worker import count_sent

MIB = 2**20
BUNDLE = "studio-narrow"
_seconds: dict[str, float] = defaultdict(float)


@dataclass
class Moments:
    """A watcher that notes when results came, and how large this process was."""

    seconds: list[float] = field(default_factory=list)
    mib: list[float] = field(default_factory=list)
    began: float = 0.0

    def stage(self, name: str) -> None:
        """See `Watcher`."""

    def begin(self, total: int, known: int) -> None:
        """Grading begins."""
        self.began = time.perf_counter()

    def under_way(self, names: tuple[str, ...]) -> None:
        """See `Watcher`."""

    def done(self, kerberos: str, run: RunRow, total: float | None, pending: float) -> None:
        """One has come back."""
        if run.state != "graded":
            sys.exit(f"{kerberos}: {run.state}, {run.sentence}")
        self.seconds.append(time.perf_counter())
        self.mib.append(psutil.Process().memory_info().rss / MIB)

    def judged(self, kerberos: str, before: float, after: float) -> None:
        """See `Watcher`."""

    def written(self, kerberos: str) -> None:
        """See `Watcher`."""

    def not_judged(self, kerberos: str, sentence: str) -> None:
        """See `Watcher`."""


def timed(owner: Any, name: str, what: str) -> None:
    """Add up the seconds in a function."""
    plain = getattr(owner, name)

    @functools.wraps(plain)
    def call(*args: Any, **named: Any) -> Any:
        started = time.perf_counter()
        try:
            return plain(*args, **named)
        finally:
            _seconds[what] += time.perf_counter() - started

    setattr(owner, name, call)


def main(address: str, folder: Path, results: Path) -> None:
    """Grade the class, write its tables, print what that took as JSON."""
    for owner, name in ((Store, "add_run"), (Blobs, "put"), (Blobs, "get")):
        timed(owner, name, "store seconds")
    timed(batch, "unpack", "files seconds")
    count_sent("coordinator")
    results.mkdir()
    assignment, moments = load_assignment(), Moments()
    started, cpu = time.perf_counter(), time.process_time()
    with open_store(results) as store, dask_cluster(address, gpus=False) as (executor, slots):
        options = BatchOptions(
            results=results,
            assignment=assignment,
            course="6.869",
            bundle=get_bundle(BUNDLE),
            settings=RunSettings(bundle=BUNDLE),
            shared_files=False,
            slots=slots,
        )
        roster = find_hand_ins(folder, (), assignment, "6.869")
        found = Found(roster=roster, manifest=())
        done = batch.run_batch(found, options, store, executor, moments)
        cpu, ended = time.process_time() - cpu, time.perf_counter()
        human = grades_in(store, assignment)
        rows = tuple(class_rows(store, done.batch_id, done.graded_now, assignment, human))
        write_exports(rows, roster_of(store, done.batch_id), assignment, results)
    number, quarter = len(moments.seconds), len(moments.seconds) // 4
    first, second, third, last = (moments.seconds[i] for i in (0, quarter, -quarter - 1, -1))
    told = {
        "number": number,
        "seconds": last - started,
        "before": moments.began - started,
        "rate": (number - 1) / (last - first),
        "early rate": quarter / (second - first),
        "late rate": quarter / (last - third),
        "cpu": cpu,
        "early MiB": moments.mib[quarter],
        "late MiB": moments.mib[-1],
        "end MiB": psutil.Process().memory_info().rss / MIB,
        "after": ended - last,
        "exports": time.perf_counter() - ended,
    }
    print(json.dumps(told | _seconds), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))

"""Thousands of inputs, in one worker after another; what was reached is written down as it goes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fuzz.measure import Worst
from tests.fuzz.seeds import CRASHERS
from tests.fuzz.subjects import SUBJECTS
from tests.fuzz.target import case

ROOT = Path(__file__).parents[2]
SAVED_EVERY = 200
"""Inputs between two times that the tally is written down."""


@dataclass
class Tally:
    """What came of the inputs of one subject."""

    subject: str
    """Its name."""
    seed: int
    """Another seed gives other damage."""
    at: int = 0
    """Number of the next input."""
    results: Counter[str] = field(default_factory=Counter)
    """By result."""
    faults: list[str] = field(default_factory=list)
    """What a user must never see, one line each."""
    seconds: float = 0.0
    """Wall-clock seconds."""
    worst: Worst = field(default_factory=Worst)
    """The greatest that one input took."""

    def lines(self) -> list[str]:
        """The tally in words."""
        subject = SUBJECTS[self.subject]
        counts = ", ".join(f"{n} {result}" for result, n in sorted(self.results.items()))
        times = f" of {subject.of_each} messages" if subject.of_each > 1 else ""
        number, worst = sum(self.results.values()), self.worst
        took = f"  at most {worst.seconds:.1f} s and {worst.mib:.0f} MiB for one"
        bounds = f"bounds {subject.slow_s:.0f} s, {subject.most_mib:.0f} MiB"
        return [
            f"{subject.title}: {number}{times} in {self.seconds:.0f} s: {counts}",
            f"{took} ({bounds}); {len(self.faults)} faults",
            *self.faults,
        ]

    def save(self, path: Path) -> None:
        """Write it down, whole or not at all."""
        partial = path.with_suffix(".part")
        told = {**vars(self), "worst": vars(self.worst)}
        partial.write_text(json.dumps(told), encoding="utf-8")
        partial.replace(path)


def resumed(path: Path, subject: str, seed: int) -> Tally:
    """Return the tally that was written down of this subject and seed, else a new one."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Tally(subject=subject, seed=seed)
    if (found["subject"], found["seed"]) != (subject, seed):
        return Tally(subject=subject, seed=seed)
    counts, worst = Counter(found.pop("results")), Worst(**found.pop("worst"))
    return Tally(**found, results=counts, worst=worst)


def campaign(
    tally: Tally, count: int, on_input: Callable[[], None] = lambda: None, saved: Path | None = None
) -> Tally:
    """Send inputs through until `count` have been; those that break something are kept."""
    before, began = tally.seconds, time.monotonic()

    def counted() -> None:
        tally.seconds = before + time.monotonic() - began
        on_input()
        if saved is not None and (tally.at % SAVED_EVERY == 0 or tally.at == count):
            tally.save(saved)

    while tally.at < count:
        _until_it_ends(tally, count, counted)
    return tally


def _until_it_ends(tally: Tally, last: int, counted: Callable[[], None]) -> None:
    """Run one worker; the tally then stands at the input after the last one it was given."""
    first = tally.at
    command = [sys.executable, "-m", "tests.fuzz.worker", tally.subject]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    begun, ended = first - 1, first - 1
    with subprocess.Popen(
        [*command, str(tally.seed), str(first), str(last)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        for line in process.stdout or ():
            found = json.loads(line)
            if "begins" in found:
                begun = found["number"]
            else:
                ended = found["number"]
                _count(found, tally)
                counted()
    if begun < first:
        raise RuntimeError(f"the worker ended with {process.returncode} before its first input")
    if begun > ended:
        _count({"number": begun, "result": _death(tally, begun)}, tally)
        counted()


def _death(tally: Tally, number: int) -> str:
    """A PDF may end the process that reads it: `grader.sandbox.limited` has a sentence for that."""
    pdf = tally.subject == "files" and case(tally.seed, number).kind == "pdf"
    return "stopped" if pdf else "fault"


def _count(found: dict[str, Any], tally: Tally) -> None:
    tally.at = found["number"] + 1
    tally.results[found["result"]] += 1
    tally.worst.take(found.get("seconds", 0.0), found.get("mib", 0.0))
    if found["result"] == "fault":
        why = found.get("why", "the process ended")
        tally.faults.append(f"{_kept(tally, found['number'])}: {why}")


def _kept(tally: Tally, number: int) -> str:
    """Keep what broke something: a file as it is, of others their numbers."""
    CRASHERS.mkdir(exist_ok=True)
    if tally.subject == "files":
        one = case(tally.seed, number)
        path = CRASHERS / f"seed{tally.seed}-{number}.{one.kind}"
        path.write_bytes(one.data)
    else:
        path = CRASHERS / f"{tally.subject}-{tally.seed}-{number}.json"
        again = {"subject": tally.subject, "seed": tally.seed, "number": number}
        path.write_text(json.dumps(again) + "\n", encoding="utf-8")
    return path.name

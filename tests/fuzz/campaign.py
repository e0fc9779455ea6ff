"""Thousands of damaged files, in one worker after another."""

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

from tests.fuzz.seeds import CRASHERS
from tests.fuzz.target import KINDS, Case, case

ROOT = Path(__file__).parents[2]


@dataclass
class Tally:
    """What came of the files."""

    results: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By kind of file and result."""
    faults: list[str] = field(default_factory=list)
    """What a user must never see, one line each."""
    seconds: float = 0.0
    """Wall-clock seconds."""

    def lines(self) -> list[str]:
        """The tally in words."""
        rows = []
        for kind in dict.fromkeys(KINDS):
            counts = {result: n for (k, result), n in self.results.items() if k == kind}
            words = ", ".join(f"{n} {result}" for result, n in sorted(counts.items()))
            rows.append(f"{kind:6} {sum(counts.values())}: {words}")
        return [*rows, f"{len(self.faults)} faults in {self.seconds:.0f} s", *self.faults]


def campaign(seed: int, count: int, on_file: Callable[[], None] = lambda: None) -> Tally:
    """Send `count` damaged files through; those that break something are kept in `crashers/`."""
    tally = Tally()
    began = time.monotonic()
    at = 0
    while at < count:
        at = _until_it_ends(seed, at, count, tally, on_file)
    tally.seconds = time.monotonic() - began
    return tally


def _until_it_ends(
    seed: int, first: int, last: int, tally: Tally, on_file: Callable[[], None]
) -> int:
    """Run one worker; return the number after the last file that it was given."""
    command = [sys.executable, "-m", "tests.fuzz.worker", str(seed), str(first), str(last)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    begun, ended = first - 1, first - 1
    with subprocess.Popen(
        command,
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
                _count(seed, found, tally)
                on_file()
    if begun < first:
        raise RuntimeError(f"the worker ended with {process.returncode} before its first file")
    if begun > ended:
        _count(seed, {"number": begun, "result": _death(seed, begun)}, tally)
        on_file()
    return begun + 1


def _death(seed: int, number: int) -> str:
    """A PDF may end the process that reads it: `grader.sandbox.limited` has a sentence for that."""
    return "stopped" if case(seed, number).kind == "pdf" else "fault"


def _count(seed: int, found: dict[str, Any], tally: Tally) -> None:
    one = case(seed, found["number"])
    tally.results[one.kind, found["result"]] += 1
    if found["result"] == "fault":
        why = found.get("why", "the process ended")
        tally.faults.append(f"{_kept(seed, found['number'], one)}: {why}")


def _kept(seed: int, number: int, one: Case) -> str:
    CRASHERS.mkdir(exist_ok=True)
    path = CRASHERS / f"seed{seed}-{number}.{one.kind}"
    path.write_bytes(one.data)
    return path.name

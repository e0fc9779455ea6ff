"""Runs the workers and reads what they say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.accuracy.corpus import FAMILIES
from tests.accuracy.selection import cases_of

ROOT = Path(__file__).parents[2]


def shares() -> list[tuple[str, tuple[str, ...]]]:
    """Return the work in pieces: a family and some of its cases."""
    pieces = []
    for name, family in FAMILIES.items():
        ids = [case.id for case in cases_of(name)]
        step = family.per_process
        pieces += [(name, tuple(ids[at : at + step])) for at in range(0, len(ids), step)]
    return pieces


def grade(
    family: str, ids: Sequence[str], on_case: Callable[[dict[str, Any]], None] = lambda _: None
) -> list[dict[str, Any]]:
    """Grade some cases of a family in a process of their own.

    Raises:
        RuntimeError: the process failed, or left a case out.
    """
    command = [sys.executable, "-m", "tests.accuracy.worker", family, *ids]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}
    results = []
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        for line in process.stdout or ():
            results.append(json.loads(line))
            on_case(results[-1])
        errors = process.stderr.read() if process.stderr else ""
    if {result["id"] for result in results} != set(ids):
        raise RuntimeError(f"{family}: a worker ended early:\n{errors[-3000:]}")
    return results


def grade_all(
    on_case: Callable[[dict[str, Any]], None], workers: int | None = None
) -> list[dict[str, Any]]:
    """Grade every case, several processes at a time; results in the corpus's order."""
    pieces = shares()
    with ThreadPoolExecutor(workers or len(os.sched_getaffinity(0))) as pool:
        done = list(pool.map(lambda piece: grade(piece[0], piece[1], on_case), pieces))
    return [result for results in done for result in results]

"""Forks the workers and reads what they say."""

from __future__ import annotations

import importlib
import json
import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

import matplotlib as mpl

from tests.accuracy.corpus import FAMILIES
from tests.accuracy.selection import cases_of
from tests.accuracy.worker import grade_cases

FORK = multiprocessing.get_context("fork")
"""Workers are forks: each would take seconds to import torch, which is here already."""


def shares() -> list[tuple[str, tuple[str, ...]]]:
    """Return the work in pieces: a family and some of its cases."""
    pieces = []
    for name, family in FAMILIES.items():
        ids = [case.id for case in cases_of(name)]
        step = family.per_process
        pieces += [(name, tuple(ids[at : at + step])) for at in range(0, len(ids), step)]
    return pieces


def grade(
    family: str,
    ids: Sequence[str],
    on_case: Callable[[dict[str, Any]], None] = lambda _: None,
    brief: bool = False,
) -> list[dict[str, Any]]:
    """Grade some cases of a family in a process of their own.

    Args:
        family: Of `FAMILIES`.
        ids: Of its cases.
        on_case: Told each case's result.
        brief: Whether parts that share code are asked by turns, as `make test` does.

    Raises:
        RuntimeError: the process failed, or left a case out.
    """
    importlib.import_module("matplotlib.pyplot")  # here once, not in every worker
    here, there = FORK.Pipe(duplex=False)
    process = FORK.Process(target=_work, args=(family, list(ids), there, brief))
    process.start()
    there.close()
    results: list[dict[str, Any]] = []
    with here, suppress(EOFError):
        while len(results) < len(ids):
            results.append(json.loads(here.recv_bytes()))
            on_case(results[-1])
    process.join()
    if {result["id"] for result in results} != set(ids):
        raise RuntimeError(f"{family}: a worker ended early, status {process.exitcode}")
    return results


def _work(family: str, ids: list[str], there: Connection, brief: bool) -> None:
    """Be a worker: the student's code changes global state, of this process alone."""
    mpl.use("agg")
    grade_cases(family, ids, lambda result: there.send_bytes(json.dumps(result).encode()), brief)


def grade_all(
    on_case: Callable[[dict[str, Any]], None], workers: int | None = None
) -> list[dict[str, Any]]:
    """Grade every case, several processes at a time; results in the corpus's order."""
    pieces = shares()
    with ThreadPoolExecutor(workers or len(os.sched_getaffinity(0))) as pool:
        done = list(pool.map(lambda piece: grade(piece[0], piece[1], on_case), pieces))
    return [result for results in done for result in results]

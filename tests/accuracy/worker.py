"""Grades cases, one after the other, in the process that it is called in; see `grading`."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from tests.accuracy.corpus import FAMILIES, base_cells, briefly, cells_of, parts_of
from tests.accuracy.judge import Result, misses, verdicts
from tests.accuracy.notebook_run import NotebookRun
from tests.accuracy.selection import cases_of


def grade_cases(
    family_name: str,
    wanted: Sequence[str],
    on_result: Callable[[dict[str, Any]], None],
    brief: bool = False,
) -> None:
    """Grade some cases of a family; the process is of no use for anything else afterwards.

    Args:
        family_name: Of `FAMILIES`.
        wanted: Ids of its cases.
        on_result: Told each case's result as soon as it is there.
        brief: Whether parts that share code are asked by turns.
    """
    torch.set_num_threads(1)
    family = FAMILIES[family_name]
    base = base_cells(family)
    # Hundreds of small arrays per case: in memory where the system has such a place.
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
    with tempfile.TemporaryDirectory(prefix="accuracy-", dir=memory) as folder:
        notebook = NotebookRun(folder=Path(folder))
        for whole in cases_of(family_name):
            if whole.id not in wanted:
                continue
            case = briefly(whole) if brief else whole
            began = time.perf_counter()
            found = verdicts(case, notebook.findings(cells_of(case, base), parts_of(case)))
            result = Result(
                id=case.id,
                family=case.family,
                kind=case.kind,
                marked=(*case.loses, *case.waits),
                misses=misses(case, found),
                verdicts=found,
                seconds=time.perf_counter() - began,
            )
            on_result(result.as_json())
        os.chdir("/")  # the working folder goes away

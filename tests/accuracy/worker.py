"""Grades cases in a process of its own: `python -m tests.accuracy.worker FAMILY [ID …]`.

One JSON object per case on standard output. Not meant to be called by hand; see `make accuracy`.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

import torch

from tests.accuracy.corpus import FAMILIES, base_cells, cells_of, parts_of
from tests.accuracy.judge import Result, misses, verdicts
from tests.accuracy.notebook_run import NotebookRun
from tests.accuracy.selection import cases_of


def main(family_name: str, wanted: list[str]) -> None:
    """Grade the family's cases, or those named."""
    torch.set_num_threads(1)
    family = FAMILIES[family_name]
    base = base_cells(family)
    out = sys.stdout
    # Hundreds of small arrays per case: in memory where the system has such a place.
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
    with tempfile.TemporaryDirectory(prefix="accuracy-", dir=memory) as folder:
        notebook = NotebookRun(folder=Path(folder))
        for case in cases_of(family_name):
            if wanted and case.id not in wanted:
                continue
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
            print(json.dumps(result.as_json()), file=out, flush=True)
        os.chdir("/")  # the working folder goes away


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])

"""Evidence records that hold what a test puts there, and no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from grader.checks.stored_arrays import Array
from grader.model.records import ArrayRef, CellRun, Evidence, HostFacts, Outcome, nothing_seen
from reference.errors import GraderFault


class ArrayStore:
    """Arrays of the evidence in memory; reads them as `evidence_reader` reads those on disk."""

    def __init__(self, behind: Callable[[ArrayRef], Array] | None = None) -> None:
        """`behind` reads what is not here, such as arrays on disk."""
        self._arrays: dict[str, Array] = {}
        self._behind = behind

    def put(self, array: Any) -> ArrayRef:
        """Keep a copy of an array, of any shape and type; return how records refer to it."""
        kept: Array = np.array(array)
        path = f"memory{len(self._arrays)}.npy"
        self._arrays[path] = kept
        return ArrayRef(path=path, sha256=path, dtype=kept.dtype.name, shape=kept.shape)

    def __call__(self, reference: ArrayRef) -> Array:
        """Return a copy of an array.

        Raises:
            GraderFault: it is not here, as where a file of the evidence is lost.
        """
        if reference.path in self._arrays:
            return self._arrays[reference.path].copy()
        if self._behind is not None:
            return self._behind(reference)
        raise GraderFault(f"{reference.path}: the evidence has changed since it was recorded")


def blank_evidence(*, seed: int = 0, **changes: Any) -> Evidence:
    """Return evidence of a run in which nothing was seen, but for the fields that are given."""
    host = HostFacts(device="cpu", isolation="process", versions=())
    return replace(nothing_seen(host, seed), **changes)


def cell_run(
    index: int, outcome: Outcome = Outcome.PASS, error_name: str = "", error_message: str = ""
) -> CellRun:
    """Return how the cell with this index ended, after 0.1 s."""
    return CellRun(
        cell_index=index,
        outcome=outcome,
        seconds=0.1,
        error_name=error_name,
        error_message=error_message,
    )

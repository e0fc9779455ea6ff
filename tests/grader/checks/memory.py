"""Arrays of the evidence kept in memory, so that they can be changed and lost one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from grader.checks import evidence_reader
from grader.checks.stored_arrays import Array
from grader.model.records import ArrayRef, ProbeReply
from grader.planning.probes import questions
from reference.errors import GraderFault
from tests.grader.checks.support import SEED, Lab, replies

FORMS = ("numpy", "torch32")
"""Forms of arguments that are asked for: one of each arithmetic, since two are enough here."""


class Memory:
    """A reader of the evidence, and a place to put some."""

    def __init__(self) -> None:
        self._arrays: dict[str, Array] = {}

    def put(self, array: Any) -> ArrayRef:
        """Keep an array."""
        kept = np.array(array)
        path = f"memory{len(self._arrays)}.npy"
        self._arrays[path] = kept
        return ArrayRef(path=path, sha256=path, dtype=kept.dtype.name, shape=kept.shape)

    def __call__(self, reference: ArrayRef) -> Array:
        """Read an array; one that is not here is a fault of ours, as on disk."""
        if reference.path not in self._arrays:
            raise GraderFault(f"{reference.path}: the evidence has changed since it was recorded")
        return self._arrays[reference.path].copy()

    def ask(
        self, lab: Lab, functions: Mapping[str, Any], seed: int = SEED
    ) -> tuple[ProbeReply, ...]:
        """Ask functions through the real desk, channel and collector; keep their answers here."""
        folder = Path(lab.folder) / "asked"
        folder.mkdir(exist_ok=True)
        with mock.patch.object(questions, "LAYER_FORMS", FORMS):
            found = replies(folder, functions, seed)
        read = evidence_reader(folder)
        return tuple(
            _replaced(reply, {v.name: self.put(read(v.array)) for v in reply.values if v.array})
            for reply in found
        )


def _replaced(reply: ProbeReply, arrays: Mapping[str, ArrayRef]) -> ProbeReply:
    values = tuple(replace(v, array=arrays.get(v.name)) for v in reply.values)
    return replace(reply, values=values)

"""A driver's run without a kernel: what one might say is heard as if it came over a socket."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import nbformat
from jupyter_client.session import Session as Wire
from nbclient.exceptions import CellControlSignal
from pydantic import TypeAdapter

from grader.execution.client import CappedClient
from grader.execution.course_files import course_files
from grader.execution.notebook_run import _Run
from grader.execution.request import DriverRequest, DriverWord
from grader.execution.unpacking import unpacked
from grader.model.records import CellRun, Evidence, Limits, Outcome, ProbeSpec, RunCell, RunPlan
from grader.sandbox.tiers import Tier
from tests import factories

NONCE = "n0"
"""Of every run here."""

_WORDS = TypeAdapter(DriverWord)


class FakeKernel:
    """Hears messages as they come over the wire; tells what became of them."""

    def __init__(
        self,
        folder: Path,
        *,
        cells: int = 3,
        probes: Sequence[ProbeSpec] = (),
        limits: Limits | None = None,
    ) -> None:
        self.limits = limits or Limits()
        (folder / "evidence").mkdir()
        submission = factories.submission(
            cells=tuple(factories.cell(number) for number in range(cells))
        )
        request = DriverRequest(
            plan=RunPlan(
                steps=tuple(RunCell(cell_index=number) for number in range(cells)),
                unplaced=tuple(probes),
                shims=(),
                limits=self.limits,
                seed=1,
                device="cpu",
                bundle="studio-narrow",
                nonce=NONCE,
            ),
            submission=submission,
            workspace=cast("Any", SimpleNamespace(left_out=())),
            routes={},
            evidence_folder=folder / "evidence",
            executed_notebook=folder / "executed.ipynb",
            tier=Tier.PROCESS,
            cgroup=None,
        )
        self.folder = folder
        self.run = _Run(request, course_files({}), cast("Any", None), lambda _: None, "")
        self.notebook: Any = self.run._notebook
        self.client: Any = CappedClient(self.notebook, allow_errors=True, record_timing=False)
        self.client.watch(
            self.run._on_evidence, self.limits, self.run._breaches, self.run._collector.problem
        )
        self._wire = Wire(key=b"", unpack=unpacked)
        self._numbers = itertools.count()
        self.begin_cell(0)

    def begin_cell(self, number: int) -> None:
        """What comes from now on comes from this cell."""
        self.run._collector.cell_index = number
        self.client.cell_bytes, self.client.reply = 0, {}
        self.client.clear_before_next_output = False
        self.run._breaches.next_cell()
        self.notebook.cells[number].outputs = []

    @property
    def cell(self) -> int:
        """The cell under way."""
        return self.run._collector.cell_index

    def ask(self, probe: ProbeSpec | None) -> None:
        """Wait for the answer to a probe, or for none."""
        self.run._collector.asking = probe

    def hear(self, kind: str, content: Any, buffers: Sequence[bytes] = (), **header: Any) -> str:
        """Take a message; return `heard`, or `ended` where a kernel that says so is killed."""
        head = {"msg_id": str(next(self._numbers)), "msg_type": kind, "version": "5.3", **header}
        return self.hear_parts((head, {}, {}, content), buffers)

    def hear_parts(self, parts: Sequence[Any], buffers: Sequence[bytes] = ()) -> str:
        """Take the parts of a message (header, parent, metadata, content), as JSON or to be it."""
        frames = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in parts]
        try:
            message = self._wire.deserialize([b"", *frames, *buffers])
            self.client.process_message(message, self.notebook.cells[self.cell], self.cell)
        except CellControlSignal:
            return "heard"  # the cell is idle
        except Exception:  # noqa: BLE001 -- as `Session` takes them: the kernel is killed for it
            return "ended"
        return "heard"

    def reply(self, content: Any) -> None:
        """Take the kernel's reply to the cell under way."""
        head = {"msg_id": "r", "msg_type": "execute_reply", "version": "5.3"}
        frames = [json.dumps(one).encode() for one in (head, {}, {}, content)]
        self.client._keep_reply(execute_reply=self._wire.deserialize([b"", *frames]))

    def end(self) -> Evidence:
        """End the run; return its evidence as the grader reads it from the driver's last word.

        Raises:
            Exception: the driver would have ended before its last word.
        """
        for number in range(len(self.notebook.cells)):
            run = CellRun(cell_index=number, outcome=Outcome.PASS, seconds=1.0)
            self.run._cells.append(self.run._collector.statements.finished(run))
        self.run._write()
        line = _WORDS.dump_json(DriverWord(evidence=self.run.evidence()))
        evidence = _WORDS.validate_json(line).evidence
        if evidence is None:
            raise ValueError("the driver's last word holds no evidence")
        nbformat.read(self.folder / "executed.ipynb", 4)  # type: ignore[no-untyped-call]
        return evidence

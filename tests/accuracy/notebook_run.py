"""A notebook's cells and the real probes and recorders, run in one process for many cases.

The kernel's side, the plan, the collector and the checks are the grader's own; what is left out is
the kernel process itself, which would take seconds per case. Only for a process of its own: the
shims patch torch.
"""

from __future__ import annotations

import atexit
import contextlib
import io
import os
import shutil
import sys
import time
import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from grader.checks import CheckContext, TrustedNetworks, evidence_reader, probes_of, run_checks
from grader.execution.asking import Asking
from grader.execution.collector import Collector
from grader.execution.sources import repeat_source
from grader.kernel import compat, recorder, start
from grader.kernel.channel import Channel
from grader.kernel.state import state_of
from grader.model.assignment import load_assignment
from grader.model.records import (
    Cell,
    CellRun,
    Evidence,
    Finding,
    HostFacts,
    Outcome,
    ProbeSpec,
    RepeatAttack,
    RunCell,
    RunPlan,
    Submission,
)
from grader.planning.alignment import align
from grader.planning.plan import RunOptions, plan_run, repeats_of
from reference.bundles import get_bundle
from reference.expected import load_expected
from reference.studio import narrow
from tests.accuracy.corpus import NotebookCell

SEED = 20210324
BUNDLE = "studio-narrow"
NONCE = "n"


class _FakeSession:
    def __init__(self, collector: Collector) -> None:
        self.collector = collector

    def send(self, *_: Any, content: Any, buffers: Any, **__: Any) -> None:
        self.collector.feed(content, buffers)


class FakeKernel:
    """As much of an ipykernel as the channel needs."""

    iopub_socket = None

    def __init__(self, collector: Collector) -> None:
        self.session = _FakeSession(collector)

    def get_parent(self) -> dict[str, Any]:
        return {}

    def topic(self, name: str) -> bytes:
        return name.encode()


@dataclass
class NotebookRun:
    """Runs cases one after the other, each in a shell of its own."""

    folder: Path
    """Working folder; the course's files are put there."""
    assignment_name: str = "pset4_sp21"
    _prepared: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        # Right is what has the right values: whether a library may be called for it, staff decide.
        self.assignment = replace(load_assignment(self.assignment_name), short_cuts={})
        self.bundle = get_bundle(BUNDLE)
        self.expected = load_expected(self.bundle.name)
        self.networks = TrustedNetworks.from_bundle(self.bundle, SEED)
        self.work = self.folder / "work"
        self.work.mkdir(parents=True)
        for path in (self.bundle.root / "files").iterdir():
            (self.work / path.name).symlink_to(path)
        torch.hub.set_dir(str(self.bundle.root / "torch/hub"))
        os.environ["MPLBACKEND"] = "agg"
        os.chdir(self.work)
        sys.modules["_pset4.start"] = start
        sys.modules["grader.kernel.narrow"] = narrow  # as the workspace lays it there

    def findings(
        self, cells: tuple[NotebookCell, ...], parts: tuple[str, ...]
    ) -> dict[str, tuple[Finding, ...]]:
        """Run the cells and return the findings of these parts, by part."""
        judged = replace(
            self.assignment, parts=tuple(p for p in self.assignment.parts if p.id in parts)
        )
        submission = _submission(cells)
        alignment = align(submission, self.assignment)
        options = RunOptions(device="cpu", seed=SEED, nonce=NONCE)
        repeats = repeats_of(self.assignment)
        probes = probes_of(judged, SEED)
        plan = plan_run(submission, alignment, probes, self.bundle, options, repeats)
        evidence_folder = self.folder / "evidence"
        shutil.rmtree(evidence_folder, ignore_errors=True)
        evidence_folder.mkdir()
        evidence = self._execute(plan, submission, evidence_folder)
        state_of().inside_recorder = True  # what the checks do here is not the notebook's
        context = CheckContext(
            evidence=evidence,
            arrays=evidence_reader(evidence_folder),
            expected=self.expected,
            networks=self.networks,
            bundle=self.bundle,
            assignment=self.assignment,
            submission=submission,
            alignment=alignment,
        )
        # The host of a real run has no shims.
        with torch._C.DisableTorchFunction():
            return dict(run_checks(judged, context))

    def _execute(self, plan: RunPlan, submission: Submission, folder: Path) -> Evidence:
        collector = Collector(folder=folder, nonce=NONCE)
        shell = _shell(collector)
        channel = Channel(shell.kernel, NONCE)
        if not self._prepared:
            compat.install(channel, [shim.name for shim in plan.shims])
            self._prepared = True
        start._channels[:] = [channel]
        compat.seed_generators(SEED)
        asking = Asking(plan)
        recorder.install(channel, shell, SEED, asking.names)
        began = time.perf_counter()
        runs = []

        def ask(probe: ProbeSpec) -> None:
            collector.asking = probe
            _run(shell, probe.source, silent=True)
            asking.asked(probe, collector.replies.get(probe.probe_id))

        for number, step in enumerate(plan.steps):
            if isinstance(step, RunCell):
                collector.cell_index = step.cell_index
                runs.append(_run_cell(shell, submission.cells[step.cell_index]))
                asking.found(collector.take_bound(), submission.cells[step.cell_index])
                for probe in asking.after(number):
                    ask(probe)
            elif isinstance(step, RepeatAttack):
                _run(shell, repeat_source(step), silent=True)
            elif asking.due(step.probe):
                ask(step.probe)
        for probe in asking.last():
            ask(probe)
        return Evidence(
            cells=tuple(runs),
            replies=tuple(collector.replies.values()),
            bindings=asking.bindings(),
            runs=tuple(collector.runs.values()),
            models=tuple(collector.models),
            predictions=tuple(collector.predictions),
            plotted=tuple(collector.plotted),
            shims=(),
            served=(),
            missed=(),
            notes=(),
            host=HostFacts(device="cpu", isolation="process", versions=()),
            seconds=time.perf_counter() - began,
            seed=SEED,
        )


def _submission(cells: tuple[NotebookCell, ...]) -> Submission:
    return Submission(
        kerberos="ada",
        zip_sha256="",
        notebook_path="ada.ipynb",
        report_path="report.pdf",
        report_pages=4,
        other_files=(),
        cells=tuple(
            Cell(
                index=index,
                cell_id=cell.cell_id,
                kind=cell.kind,
                source=cell.source,
                execution_count=None,
                stored_outputs=0,
            )
            for index, cell in enumerate(cells)
        ),
        notes=(),
    )


def _shell(collector: Collector) -> Any:
    InteractiveShell.clear_instance()
    shell: Any = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    # At exit each shell would have the whole heap collected: as long as grading its case took.
    atexit.unregister(shell.atexit_operations)
    shell.kernel = FakeKernel(collector)
    shell.showtraceback = lambda *_, **__: None
    shell.displayhook.write_output_prompt = lambda: None
    return shell


def _run(shell: Any, source: str, *, silent: bool, said: io.StringIO | None = None) -> Any:
    quiet = io.StringIO() if said is None else said
    with (
        contextlib.redirect_stdout(quiet),
        contextlib.redirect_stderr(quiet),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        return shell.run_cell(source, silent=silent, store_history=False)


def _run_cell(shell: Any, cell: Cell) -> CellRun:
    began = time.perf_counter()
    said = io.StringIO()
    result = _run(shell, cell.source, silent=False, said=said)
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
    error = result.error_before_exec or result.error_in_exec
    return CellRun(
        cell_index=cell.index,
        outcome=Outcome.PASS if error is None else Outcome.STUDENT_ERROR,
        seconds=time.perf_counter() - began,
        error_name="" if error is None else type(error).__name__,
        error_message="" if error is None else " ".join(str(error).split())[:500],
        said=said.getvalue(),
    )

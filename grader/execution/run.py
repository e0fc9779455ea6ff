"""The execution stage: a plan and its files in, evidence out."""

from __future__ import annotations

import asyncio
import importlib.metadata
import platform
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nbformat

from grader.execution.collector import Collector, StepProgress
from grader.execution.course_files import CourseFiles, serve_course_files
from grader.execution.session import Session, open_session
from grader.execution.sources import repeat_source
from grader.execution.workspace import KERNEL_PACKAGE, Workspace, make_workspace
from grader.records import (
    CellRun,
    Evidence,
    HostFacts,
    Note,
    Outcome,
    ProbeReply,
    ProbeSpec,
    RepeatAttack,
    RunCell,
    RunPlan,
    RunProbe,
    Severity,
    Submission,
)
from reference.bundles import Bundle
from reference.errors import GraderFault


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where the run is; handed to whoever shows it."""

    done: int
    """Steps of the plan that are done."""
    total: int
    """Steps of the plan."""
    label: str
    """What runs now: `cell 12 (4b)` or `probe conv1d_forward`."""
    seconds: float
    """Wall-clock seconds since the start of the run."""
    attack_step: int | None = None
    """Step of the optimisation under way; None outside of one."""
    attack_total: int | None = None
    """Its number of steps; None where not known."""


OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The files and places of one run."""

    submission: Submission
    """What was handed in."""
    bundle: Bundle
    """Where the course files come from."""
    course_files: Mapping[str, str]
    """URL to the file's path below the bundle's folder, as the assignment lists them."""
    evidence_folder: Path
    """Arrays are written here; emptied first."""
    executed_notebook: Path
    """The notebook as it came out of this run is written here."""
    threads: int
    """CPU threads that the kernel may use."""
    on_progress: OnProgress
    """Called at each step of the plan and within attacks."""


def execute(plan: RunPlan, job: Job) -> Evidence:
    """Run the notebook by the plan and return what was seen.

    Raises:
        GraderFault: the kernel could not be started or prepared; the student is not at fault.
    """
    shutil.rmtree(job.evidence_folder, ignore_errors=True)
    job.evidence_folder.mkdir(parents=True)
    collector = Collector(folder=job.evidence_folder, nonce=plan.nonce)
    submission = job.submission
    routes = {url: job.bundle.root / path for url, path in job.course_files.items()}
    started = time.perf_counter()
    with (
        make_workspace(
            Path(submission.folder), submission.other_files, job.bundle, threads=job.threads
        ) as workspace,
        serve_course_files(routes, workspace.root) as course_files,
    ):
        run = _Run(plan, job, collector, workspace, course_files, started)
        asyncio.run(run.go())
    return run.evidence()


def _fresh_notebook(submission: Submission) -> Any:
    """The submission's cells with no stored outputs, tags or kernel choice."""
    makers: dict[str, Any] = {
        "code": nbformat.v4.new_code_cell,
        "markdown": nbformat.v4.new_markdown_cell,
        "raw": nbformat.v4.new_raw_cell,
    }
    cells = []
    for cell in submission.cells:
        fresh = makers[cell.kind](cell.source)
        if cell.part_id:
            fresh.metadata["pset4"] = {"part": cell.part_id}
        cells.append(fresh)
    metadata = {"language_info": {"name": "python"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)  # type: ignore[no-untyped-call]


class _Run:
    """One run under way."""

    def __init__(
        self,
        plan: RunPlan,
        job: Job,
        collector: Collector,
        workspace: Workspace,
        course_files: CourseFiles,
        started: float,
    ) -> None:
        self._plan = plan
        self._job = job
        self._collector = collector
        self._workspace = workspace
        self._course_files = course_files
        self._started = started
        self._notebook = _fresh_notebook(job.submission)
        self._cells: list[CellRun] = []
        self._failed_probes: dict[str, ProbeReply] = {}
        self._done = 0
        self._label = "starting the kernel"

    async def go(self) -> None:
        """Start the kernel, take the steps of the plan, write the executed notebook."""
        environment = self._workspace.environment | self._course_files.environment()
        if self._plan.device == "cpu":
            environment["CUDA_VISIBLE_DEVICES"] = (
                ""  # the notebook must not find what was ruled out
            )
        limits = self._plan.limits
        self._report()
        async with open_session(
            self._notebook, self._workspace, limits, environment, self._on_evidence
        ) as session:
            await self._prepare(session)
            for step in self._plan.steps:
                if not session.alive:
                    break
                match step:
                    case RunCell():
                        await self._run_cell(session, step)
                    case RunProbe():
                        await self._ask(session, step)
                    case RepeatAttack():
                        await self._repeat(session, step)
                self._done += 1
        nbformat.write(self._notebook, self._job.executed_notebook)  # type: ignore[no-untyped-call]

    async def _prepare(self, session: Session) -> None:
        plan = self._plan
        code = (
            f"import sys; sys.path.insert(0, {str(self._workspace.side)!r})\n"
            f"import {KERNEL_PACKAGE}.start\n"
            "sys.path.pop(0)\n"
            f"{KERNEL_PACKAGE}.start.start(get_ipython(), nonce={plan.nonce!r}, "
            f"seed={plan.seed}, shims={[shim.name for shim in plan.shims]!r})\n"
            f"del sys, {KERNEL_PACKAGE}\n"
        )
        error = await session.run_hidden(code, plan.limits.startup_timeout_s)
        if error or self._collector.started is None:
            raise GraderFault(
                f"The kernel could not be prepared: {error or 'it did not report back'}. "
                "Nothing was graded; try again."
            )

    async def _run_cell(self, session: Session, step: RunCell) -> None:
        cell = self._notebook.cells[step.cell_index]
        suffix = f" ({step.part_id})" if step.part_id else ""
        self._label = f"cell {step.cell_index + 1}{suffix}"
        self._collector.cell_index = step.cell_index
        self._report()
        self._cells.append(await session.run_cell(cell, step.cell_index))

    async def _repeat(self, session: Session, step: RepeatAttack) -> None:
        self._label = f"attack towards class {step.class_id}, if it was overwritten"
        self._report()
        error = await session.run_hidden(repeat_source(step), self._plan.limits.cell_timeout_s)
        if error:
            self._collector.problems.append(f"attack repeated with {step.class_id}: {error}")

    async def _ask(self, session: Session, step: RunProbe) -> None:
        probe = step.probe
        self._label = f"probe {probe.probe_id}"
        self._report()
        self._collector.asking = probe.probe_id
        started = time.perf_counter()
        error = await session.run_hidden(probe.source, self._plan.limits.probe_timeout_s)
        seconds = time.perf_counter() - started
        reply = self._collector.replies.get(probe.probe_id)
        if reply is None:
            self._failed_probes[probe.probe_id] = _no_reply(probe, error, seconds)
        else:
            self._collector.replies[probe.probe_id] = replace(reply, seconds=seconds)
        self._collector.asking = ""

    def _on_evidence(self, content: Any, buffers: list[Any]) -> None:
        sign = self._collector.feed(content, buffers)
        if sign is not None:
            self._report(sign)

    def _report(self, sign: StepProgress | None = None) -> None:
        self._job.on_progress(
            Progress(
                done=self._done,
                total=len(self._plan.steps),
                label=self._label,
                seconds=time.perf_counter() - self._started,
                attack_step=sign.step if sign else None,
                attack_total=sign.total if sign else None,
            )
        )

    def evidence(self) -> Evidence:
        """Everything that was seen, as one record."""
        collector = self._collector
        took_effect = set(collector.shims)
        replies = {**collector.replies, **self._failed_probes}
        return Evidence(
            cells=tuple(self._cells),
            replies=tuple(replies[name] for name in sorted(replies)),
            runs=tuple(collector.runs.values()),
            models=tuple(collector.models),
            predictions=tuple(collector.predictions),
            shims=tuple(shim for shim in self._plan.shims if shim.name in took_effect),
            served=tuple(self._course_files.served),
            missed=tuple(self._course_files.missed),
            notes=_notes(collector.problems, self._course_files.missed),
            host=_host_facts(collector),
            seconds=time.perf_counter() - self._started,
            seed=self._plan.seed,
        )


def no_evidence(plan: RunPlan, folder: Path) -> Evidence:
    """What is seen of a submission without a notebook: nothing. `folder` is emptied."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return Evidence(
        cells=(),
        replies=(),
        runs=(),
        models=(),
        predictions=(),
        shims=(),
        served=(),
        missed=(),
        notes=(),
        host=HostFacts(device="not run", isolation="not run", versions=()),
        seconds=0.0,
        seed=plan.seed,
    )


def _no_reply(probe: ProbeSpec, error: str, seconds: float) -> ProbeReply:
    timed_out = error.startswith("no answer within")
    return ProbeReply(
        probe_id=probe.probe_id,
        outcome=Outcome.TIMEOUT if timed_out else Outcome.STUDENT_ERROR,
        values=(),
        message=error or "no well-formed reply came back",
        seconds=seconds,
    )


def _notes(problems: list[str], missed: list[str]) -> tuple[Note, ...]:
    notes = [
        Note(code="kernel-message", severity=Severity.WARNING, message=text, for_student=False)
        for text in problems
    ]
    notes += [
        Note(
            code="url-missed",
            severity=Severity.WARNING,
            message=f"The notebook asked for {url}, which is not one of the course's files.",
            for_student=False,
        )
        for url in dict.fromkeys(missed)
    ]
    return tuple(notes)


def _host_facts(collector: Collector) -> HostFacts:
    started = collector.started
    claimed = (
        (("torch", started.torch), ("torchvision", started.torchvision), ("numpy", started.numpy))
        if started
        else ()
    )
    return HostFacts(
        device=started.device if started else "unknown",
        isolation="process",
        versions=(
            ("python", platform.python_version()),
            *claimed,
            ("nbclient", importlib.metadata.version("nbclient")),
        ),
    )

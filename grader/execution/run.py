"""The execution stage: a plan and its files in, evidence out."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from pydantic import TypeAdapter, ValidationError

from grader.execution.array_files import clear_arrays
from grader.execution.drivers import started_driver
from grader.execution.request import DriverRequest, DriverWord, Progress
from grader.execution.session import MEMORY_LIMIT
from grader.execution.workspace import make_workspace
from grader.model.disk import DiskFull, room_in
from grader.model.records import (
    CellRun,
    Evidence,
    HostFacts,
    Limits,
    RunPlan,
    Submission,
    nothing_seen,
)
from grader.model.records.codec import to_json
from grader.sandbox.cgroups import Cgroup, cgroup_for
from grader.sandbox.leftovers import sweep
from grader.sandbox.making_way import may_make_way
from grader.sandbox.tiers import Tier
from grader.sandbox.warm import WarmServer
from reference.bundles import Bundle
from reference.errors import GraderFault

OnProgress = Callable[[Progress], None]

SLACK_S = 120.0
"""Wall-clock seconds that a run may take beyond the sum of its limits."""

_WORDS = TypeAdapter(DriverWord)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The files and places of one run."""

    submission: Submission
    """What was handed in."""
    submission_folder: Path
    """Where its files lie."""
    bundle: Bundle
    """Where the course files come from."""
    course_files: Mapping[str, str]
    """URL to the file's path below the bundle's folder, as the assignment lists them."""
    evidence_folder: Path
    """Arrays are written here; those of an earlier run go first."""
    executed_notebook: Path
    """The notebook as it came out of this run is written here."""
    threads: int
    """CPU threads that the kernel may use."""
    tier: Tier
    """How the kernel is kept apart."""
    on_progress: OnProgress
    """Called at each step of the plan and within attacks."""
    beside_others: bool = False
    """Whether other runs may go on beside it, and it can be made again alone."""
    warm: WarmServer | None = None
    """Fork server that starts the kernel, where it can; None for a cold start."""


def execute(plan: RunPlan, job: Job) -> Evidence:
    """Run the notebook by the plan and return what was seen.

    Raises:
        DiskFull: there is no room for the run's folder, or for what is recorded.
        GraderFault: the kernel could not be started or prepared, or its driver ended; the student
            is not graded down for it.
    """
    sweep()
    job.evidence_folder.mkdir(parents=True, exist_ok=True)
    clear_arrays(job.evidence_folder)
    submission, limits = job.submission, plan.limits
    with (
        make_workspace(
            job.submission_folder,
            submission.other_files,
            job.bundle,
            threads=job.threads,
            tier=job.tier,
            parent=_runs(job),
        ) as workspace,
        cgroup_for(
            memory_mib=limits.run_memory_mib,
            processes=limits.processes,
            cores=job.threads,
            wanted=job.tier is Tier.CGROUP,
        ) as cgroup,
    ):
        request = DriverRequest(
            plan=plan,
            submission=submission,
            workspace=workspace,
            routes={url: job.bundle.root / path for url, path in job.course_files.items()},
            evidence_folder=job.evidence_folder.absolute(),
            executed_notebook=job.executed_notebook.absolute(),
            tier=job.tier,
            cgroup=cgroup,
            warm=job.warm,
        )
        try:
            evidence = _drive(request, job.on_progress)
        except _MustStartCold as why:
            clear_arrays(job.evidence_folder)
            workspace.start_anew()
            evidence = _drive(replace(request, cold_because=str(why)), job.on_progress)
        if limits.run_memory_mib < limits.memory_mib and _reached_room(evidence, cgroup):
            raise NeedsRoom(
                f"The run reached the {limits.run_memory_mib:.0f} MiB that it had beside others."
            )
        made_again_alone(evidence.cells, beside_others=job.beside_others)
        return evidence


class NeedsRoom(GraderFault):
    """A run reached the memory or the time that it had beside others: it is made again alone."""


def made_again_alone(cells: Iterable[CellRun], *, beside_others: bool) -> None:
    """Raise `NeedsRoom` where the machine was too busy for one of the cells, and may be less so."""
    if beside_others and any(one.machine_was_busy for one in cells):
        raise NeedsRoom("A cell reached its time limit while others had the CPUs.")


def _reached_room(evidence: Evidence, cgroup: Cgroup | None) -> bool:
    """Whether the system or we ended any process of the run for its memory."""
    if cgroup is not None:
        return cgroup.out_of_memory_kills() > 0
    return any(cell.error_name == MEMORY_LIMIT for cell in evidence.cells)


class _MustStartCold(Exception):
    """A run could not be made with a warm kernel; it carries why."""


def _runs(job: Job) -> Path | None:
    """Where the run must be laid out; a server that is gone takes its folder along."""
    return job.warm.runs if job.warm is not None and job.warm.runs.is_dir() else None


def deadline_s(limits: Limits) -> float:
    """Return the wall-clock seconds after which a driver is killed, whatever it does."""
    return (
        2 * limits.startup_timeout_s
        + limits.notebook_timeout_s
        + limits.busy_machine_s
        + limits.probes_timeout_s
        + 2 * limits.interrupt_grace_s
        + SLACK_S
    )


def _drive(request: DriverRequest, on_progress: OnProgress) -> Evidence:
    """Let a driver do it; it and all below it are gone when this returns or raises."""
    server = request.warm.drivers if request.warm else None
    with tempfile.TemporaryFile() as complaints, tempfile.TemporaryFile() as question:
        with room_in(tempfile.gettempdir()):
            question.write(to_json(request).encode())
            question.flush()
            question.seek(0)
        ear, mouth = os.pipe()
        with (
            os.fdopen(ear, "rb") as words,
            started_driver(server, question, mouth, complaints) as driver,
        ):
            deadline = threading.Timer(deadline_s(request.plan.limits), driver.kill)
            deadline.daemon = True
            deadline.start()
            try:
                with may_make_way():
                    evidence = _listen(words, on_progress)
            finally:
                deadline.cancel()
                driver.kill()
                while words.read(2**16):  # until it is gone
                    continue
                _take_back(request)
        if evidence is not None:
            return evidence
        complaints.seek(0)
        said = complaints.read()[-8000:].decode(errors="replace").strip()
        last = said.rpartition("\n")[2].strip()[:300].rstrip(".")
        fault = GraderFault(
            "The process that drives the notebook ended before it was done: "
            f"{last or 'it said nothing'}. Nothing was graded; try again."
        )
        fault.add_note(said)  # for the log
        raise fault


def _take_back(request: DriverRequest) -> None:
    """Own again what a root's driver wrote as another user."""
    if os.getuid() != 0:
        return
    folder = request.evidence_folder
    for path in (folder, *folder.rglob("*"), request.executed_notebook):
        with suppress(FileNotFoundError):
            os.chown(path, 0, os.getgid(), follow_symlinks=False)


def _listen(words: IO[bytes], on_progress: OnProgress) -> Evidence | None:
    """Hear the driver out; None where it ended without its last word."""
    for line in words:
        try:
            word = _WORDS.validate_json(line)
        except ValidationError:
            return None  # cut off in the middle: it was killed
        if word.fault:
            raise GraderFault(word.fault)
        if word.disk_full:
            raise DiskFull(word.disk_full)
        if word.warm_failed:
            raise _MustStartCold(word.warm_failed)
        if word.progress is not None:
            on_progress(word.progress)
        if word.evidence is not None:
            return word.evidence
    return None


def no_evidence(plan: RunPlan, folder: Path) -> Evidence:
    """What is seen of a submission without a notebook: nothing. `folder` loses its arrays."""
    folder.mkdir(parents=True, exist_ok=True)
    clear_arrays(folder)
    return nothing_seen(HostFacts(device="not run", isolation="not run", versions=()), plan.seed)

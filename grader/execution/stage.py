"""From an opened submission to evidence: the stage that runs a notebook, and writes its records."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from grader.execution.run import Job, OnProgress, execute, no_evidence
from grader.execution.settings import DRIVER_ROOM_MIB, Partial, RunSettings, threads_of
from grader.model.assignment import Assignment
from grader.model.records import Alignment, Evidence, Limits, ProbeSpec, RunPlan, Submission
from grader.model.records.codec import save
from grader.model.results_folder import ResultFolder
from grader.planning.plan import RunOptions, plan_run, repeats_of
from grader.planning.selecting import cells_needed
from grader.sandbox.tiers import Tier
from grader.sandbox.warm import WarmServer
from reference.bundles import Bundle


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What a run needs besides the submission."""

    assignment: Assignment
    """Its course files, and the attacks that it wants repeated."""
    bundle: Bundle
    """Weights and pictures."""
    settings: RunSettings
    """How it is run."""
    device: str
    """`cpu` or `cuda`."""
    tier: Tier
    """How it is kept apart."""
    on_progress: OnProgress
    """Told how far it is."""
    warm: WarmServer | None = None
    """Fork server of its kernel; None for a cold start."""


def run_submission(
    submission: Submission,
    alignment: Alignment,
    probes: Sequence[ProbeSpec],
    seed: int,
    folder: ResultFolder,
    running: Running,
) -> Evidence:
    """Plan the run and run it; plan and evidence are in the folder when this returns.

    Raises:
        GraderFault: see `execute`.
    """
    settings = running.settings
    options = RunOptions(
        device=running.device,
        seed=seed,
        nonce=secrets.token_hex(16),
        limits=_limits(settings),
        only=_cells_of(settings.partial, running.assignment, submission, alignment),
        quick=settings.partial is not None and settings.partial.quick,
        exact=settings.exact,
    )
    repeats = () if settings.partial is not None else repeats_of(running.assignment)
    plan = plan_run(submission, alignment, tuple(probes), running.bundle, options, repeats)
    save(plan, folder.record("plan"))
    evidence = _run(plan, submission, folder, running)
    save(evidence, folder.record("evidence"))
    return evidence


def _cells_of(
    partial: Partial | None, assignment: Assignment, submission: Submission, alignment: Alignment
) -> frozenset[int] | None:
    """The cells that a try needs; None for all of them."""
    if partial is None or not partial.parts:
        return None
    return cells_needed(partial.parts, assignment, submission, alignment)


def _limits(settings: RunSettings) -> Limits:
    """The limits of a run; beside others it, and what drives it, have less memory.

    In a try somebody waits for each function that does not come to an end.
    """
    limits = settings.limits
    if settings.partial is not None:
        one, all_of_them = settings.partial.probe_timeout_s, settings.partial.probes_timeout_s
        limits = replace(
            limits,
            probe_timeout_s=min(limits.probe_timeout_s, one),
            probes_timeout_s=min(limits.probes_timeout_s, all_of_them),
        )
    if settings.room_mib is None:
        return limits
    driver = min(limits.driver_memory_mib, DRIVER_ROOM_MIB)
    return replace(limits, room_mib=settings.room_mib, driver_memory_mib=driver)


def _run(plan: RunPlan, submission: Submission, folder: ResultFolder, running: Running) -> Evidence:
    if not plan.steps:
        return no_evidence(plan, folder.evidence)
    job = Job(
        submission=submission,
        submission_folder=folder.submission,
        bundle=running.bundle,
        course_files=running.assignment.course_files,
        evidence_folder=folder.evidence,
        executed_notebook=folder.executed,
        threads=threads_of(running.settings),
        tier=running.tier,
        beside_others=running.settings.beside_others,
        on_progress=running.on_progress,
        warm=running.warm,
    )
    return execute(plan, job)

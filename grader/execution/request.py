"""What the grader and the driver of a run tell each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.execution.workspace import Workspace
from grader.model.records import Evidence, RunPlan, Submission
from grader.sandbox.cgroups import Cgroup
from grader.sandbox.tiers import Tier
from grader.sandbox.warm import WarmServer


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where the run is; handed to whoever shows it."""

    done: int
    """Steps of the plan that are done."""
    total: int
    """Steps of the plan."""
    label: str
    """What runs now: `cell 12 (4b)`, or `calling conv1d_forward`; once it takes long, its limit."""
    seconds: float
    """Wall-clock seconds since the start of the run."""
    attack_step: int | None = None
    """Step of the optimisation under way; None outside of one."""
    attack_total: int | None = None
    """Its number of steps; None where not known."""
    waiting: bool = False
    """Whether what runs now has been running for a while."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverRequest:
    """One run, for the driver: inputs and places, never an expected value."""

    plan: RunPlan
    """What to run."""
    submission: Submission
    """Its cells."""
    workspace: Workspace
    """Folders, laid out."""
    routes: Mapping[str, Path]
    """URL to file of the course."""
    evidence_folder: Path
    """Arrays are written here."""
    executed_notebook: Path
    """The notebook as it came out of the run is written here."""
    tier: Tier
    """How the kernel is kept apart."""
    cgroup: Cgroup | None
    """Group that it joins."""
    warm: WarmServer | None = None
    """Fork server that starts the kernel; None for a cold start."""
    cold_because: str = ""
    """Why the kernel is started cold although there is a fork server; empty where it is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverWord:
    """One line from the driver: just one of them."""

    progress: Progress | None = None
    """A sign of life."""
    evidence: Evidence | None = None
    """The end: what was seen."""
    fault: str = ""
    """The end: the grader's own fault, one sentence."""
    disk_full: str = ""
    """The end: there was no room for what is recorded, one sentence."""
    warm_failed: str = ""
    """The end: why the run could not be made warm; another driver makes it cold."""

"""How notebooks are run: one record from the command line to the worker."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from grader.model.records import Limits
from grader.sandbox.tiers import Wish

DRIVER_ROOM_MIB = 1024.0
"""Private memory in MiB of a driver beside others; of a complete submission it takes 170."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Partial:
    """A try of some of a notebook while it is being written; it gives no points."""

    parts: frozenset[str] = frozenset()
    """Parts that are checked; empty for all that can be."""
    quick: bool = False
    """Whether optimizations make a few steps only, so that nothing can be said of them."""
    probe_timeout_s: float = 20.0
    """Seconds for each function that is called, in place of the longer limit of grading."""
    probes_timeout_s: float = 60.0
    """Seconds for all functions together, likewise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """What the caller chooses about a run, be it of one submission or of a class."""

    bundle: str
    """Name of the bundle."""
    device: str = "auto"
    """`auto`, `cpu` or `cuda`."""
    limits: Limits = field(default_factory=Limits)
    """Bounds of each run."""
    threads: int | None = None
    """CPU threads of the kernel; None for as many as this process may use."""
    isolation: Wish = Wish.AUTO
    """How notebooks must be kept apart."""
    seed: int | None = None
    """Of the hidden inputs; None for a fresh one."""
    room_mib: float | None = None
    """Memory in MiB that a run has beside others; None where it is alone."""
    beside_others: bool = False
    """Whether other runs may go on beside it; one that is lost by that is made again alone."""
    partial: Partial | None = None
    """What of the notebook is tried; None for all of it, as grading does."""
    exact: bool = False
    """Whether networks are computed by torchvision's own code, not by the faster one."""
    warm: bool = False
    """Whether workers fork kernels from a server that has imported torch already."""


def threads_of(settings: RunSettings) -> int:
    """Return how many CPU threads a kernel may use."""
    return settings.threads or usable_cores()


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

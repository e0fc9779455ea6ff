"""From the limits of a run to resource limits of the operating system."""

from __future__ import annotations

from grader.model.records import Limits
from grader.sandbox.tiers import Tier

MIB = 2**20
"""Bytes in one MiB."""


def resource_limits(limits: Limits, tier: Tier, *, gpu: bool) -> dict[str, int]:
    """Return what `enter` sets for the command and its children, by name.

    RLIMIT_AS is never set: PyTorch maps 4 GB that it never touches, CUDA hundreds. RLIMIT_DATA
    counts what is touched or may be, and is left out with a GPU for the same reason. RLIMIT_NPROC
    counts a user's processes: only inside a box is that user nobody else.
    """
    bounds = {
        "RLIMIT_CORE": 0,
        "RLIMIT_CPU": int(limits.cpu_s),
        "RLIMIT_FSIZE": int(limits.file_mib * MIB),
        "RLIMIT_NOFILE": limits.open_files,
    }
    if tier is not Tier.PROCESS:
        bounds["RLIMIT_NPROC"] = limits.processes
    if not gpu:
        bounds["RLIMIT_DATA"] = int(limits.memory_mib * MIB)
    return bounds

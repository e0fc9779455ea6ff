"""The process from which checks and pages are forked, and what each of the two may take."""

from __future__ import annotations

from grader.sandbox.apart import Bounds, get_ready

MODULES = ("grader.bounded.judging", "grader.bounded.pages", "weasyprint")
"""What the process has imported from which they are forked."""
CHECKS = Bounds(memory_mib=3072, step_cpu_s=60, wall_s=300)
"""Of all checks of a submission, one step for each. A complete one takes 3 s and 0.6 GiB in all."""
PAGES_BOUNDS = Bounds(memory_mib=1536, step_cpu_s=60, wall_s=300)
"""Of all pages of a submission, one step for each. A complete one takes 4 s and 0.3 GiB in all."""

ASKING = Bounds(memory_mib=1536, step_cpu_s=60, wall_s=300)
"""Of what is asked of the checks about an offering; 16 runs' questions take 0.3 s."""


def prepare() -> None:
    """Start what the steps are forked from, while something else goes on."""
    get_ready(MODULES)

"""What one run needs starts while this process imports the rest: each takes seconds."""

from __future__ import annotations

import importlib
import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from grader.bounded.asking import device_of
from grader.bounded.limits import prepare
from grader.execution.settings import RunSettings, threads_of
from grader.execution.warm_kernels import warm_kernels
from grader.intake.hand_in import HandIn
from grader.intake.submission import read_submission
from grader.sandbox.tiers import choose_tier, host_support
from reference.bundles import get_bundle
from reference.errors import GraderFault

if TYPE_CHECKING:
    from grader.sandbox.warm import WarmServer


def refuse_unusable(hand_in: HandIn) -> None:
    """Look into the zip before anything is started that takes seconds.

    Raises:
        SubmissionError: nothing in it can be graded.
        ConfigError: there is no such file.
    """
    with tempfile.TemporaryDirectory(prefix=f"pset4-{os.getpid()}-look") as folder:
        read_submission(hand_in.path, Path(folder))


@contextmanager
def starting(settings: RunSettings) -> Iterator[WarmServer | None]:
    """Start what kernels and checks are forked from; yield it when the pipeline is imported too.

    None where there is no box, or the fork server cannot be had: then the kernel starts cold.

    Args:
        settings: Of the run.

    Raises:
        ConfigError: the bundle, the device or the isolation that was asked for is not to be had.
    """
    tier = choose_tier(settings.isolation, host_support())
    with ThreadPoolExecutor(max_workers=1) as pool, ExitStack() as servers:
        imported = pool.submit(importlib.import_module, "grader.pipeline")
        prepare()
        warm = None
        if tier.boxed:
            kernels = warm_kernels(
                get_bundle(settings.bundle),
                threads=threads_of(settings),
                tier=tier,
                device=device_of(settings.device),
            )
            with suppress(GraderFault):
                warm = servers.enter_context(kernels)
        imported.result()
        yield warm

"""What a worker process keeps from one submission to the next: its fork server."""

from __future__ import annotations

import atexit
import functools
import gc
from contextlib import AbstractContextManager
from dataclasses import dataclass

from grader.batch.run.task import GradeTask
from grader.execution.warm_kernels import warm_kernels
from grader.sandbox.tiers import Tier, choose_tier, host_support
from grader.sandbox.warm import WarmServer
from reference.bundles import get_bundle
from reference.device import choose_device
from reference.errors import GraderFault


@dataclass(slots=True)
class _Kept:
    """A server, and for which runs it is."""

    fits: tuple[object, ...]
    server: WarmServer | None
    keeper: AbstractContextManager[WarmServer] | None


_kept: list[_Kept] = []


def warm_for(task: GradeTask) -> WarmServer | None:
    """Return this process' fork server for such tasks; None where they start cold.

    It is started with the first task. Where it cannot be had, that is not tried again.
    """
    _import_once()
    tier = choose_tier(task.isolation, host_support())
    if not task.warm or tier is Tier.PROCESS:
        return None
    fits = (task.bundle, task.threads, tier, task.device)
    if not _kept or _kept[0].fits != fits:
        _end()
        _kept.append(_start(task, tier, fits))
    return _kept[0].server


@functools.cache
def _import_once() -> None:
    """Import all that a submission needs, and spare the collector looking through it again."""
    import weasyprint  # noqa: F401 -- before the freeze

    gc.collect()
    gc.freeze()


def _start(task: GradeTask, tier: Tier, fits: tuple[object, ...]) -> _Kept:
    keeper = warm_kernels(
        get_bundle(task.bundle),
        threads=task.threads,
        tier=tier,
        device=choose_device(task.device).type,
    )
    try:
        return _Kept(fits=fits, server=keeper.__enter__(), keeper=keeper)
    except GraderFault:
        return _Kept(fits=fits, server=None, keeper=None)


@atexit.register
def _end() -> None:
    gc.unfreeze()  # else torch's libraries count what they made as lost, and say so
    for kept in _kept:
        if kept.keeper is not None:
            kept.keeper.__exit__(None, None, None)
    _kept.clear()

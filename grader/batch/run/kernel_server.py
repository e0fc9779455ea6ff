"""What a worker process keeps from one submission to the next: its fork server."""

from __future__ import annotations

import atexit
import functools
import gc
from contextlib import AbstractContextManager
from dataclasses import dataclass

from grader.batch.run.shared_servers import lent_for
from grader.bounded.asking import device_of
from grader.execution.settings import RunSettings
from grader.execution.warm_kernels import warm_kernels
from grader.sandbox.tiers import Tier, choose_tier, host_support
from grader.sandbox.warm import WarmServer
from reference.bundles import get_bundle
from reference.errors import GraderFault


@dataclass(slots=True)
class _Kept:
    """A server, and for which runs it is."""

    fits: tuple[object, ...]
    server: WarmServer | None
    keeper: AbstractContextManager[WarmServer] | None


_kept: list[_Kept] = []


def warm_for(settings: RunSettings) -> WarmServer | None:
    """Return the fork server for such runs; None where they start cold.

    It is the one that all workers share, or this process' own, which is started with the first run.
    Where it cannot be had, that is not tried again.
    """
    _freeze_once()
    tier = choose_tier(settings.isolation, host_support())
    if not settings.warm or not tier.boxed:
        return None
    if (shared := lent_for(settings, tier)) is not None:
        return shared
    fits = (settings.bundle, settings.threads, tier, settings.device)
    if not _kept or _kept[0].fits != fits:
        _end()
        _kept.append(_start(settings, tier, fits))
    return _kept[0].server


@functools.cache
def _freeze_once() -> None:
    """Spare the collector looking again through all that was imported."""
    gc.collect()
    gc.freeze()


def _start(settings: RunSettings, tier: Tier, fits: tuple[object, ...]) -> _Kept:
    keeper = warm_kernels(
        get_bundle(settings.bundle),
        threads=settings.threads or 1,
        tier=tier,
        device=device_of(settings.device),
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

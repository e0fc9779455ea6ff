"""Fork servers that all workers of this machine share: PyTorch is imported once for all of them.

A worker that is started to try something once more shares nothing, and starts its own. So does each
worker where boxes have one user in common: its limit on processes would count those of all.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass

from grader.bounded.asking import device_of
from grader.bounded.limits import prepare
from grader.execution.settings import RunSettings
from grader.execution.warm_kernels import warm_kernels
from grader.sandbox.apart import Door, borrow, door, end_server
from grader.sandbox.tiers import Tier, choose_tier, host_support
from grader.sandbox.warm import WarmServer
from reference.bundles import get_bundle
from reference.errors import GraderFault


@dataclass(frozen=True, slots=True, kw_only=True)
class Lent:
    """A fork server of kernels, and for which runs it is."""

    server: WarmServer
    bundle: str
    threads: int | None
    tier: Tier
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What a worker gets of the process that starts it."""

    checks: Door | None = None
    """The way to what checks and pages are forked from."""
    kernels: Lent | None = None
    """What kernels are forked from."""


NOTHING_SHARED: Callable[[], Shared] = Shared
"""For workers that each have their own."""
_lent: list[Lent] = []


def kernels_are_shared() -> bool:
    """Whether kernels of several workers may come from one server: each of root's has a user."""
    return os.name == "posix" and os.getuid() == 0


def take_over(shared: Shared) -> None:
    """Use, in a worker, what it shares with the others."""
    borrow(shared.checks)
    _lent[:] = [shared.kernels] if shared.kernels is not None else []


def lent_for(settings: RunSettings, tier: Tier) -> WarmServer | None:
    """Return the shared fork server of kernels, if there is one and it is for such runs."""
    for lent in _lent:
        fits = (lent.bundle, lent.threads, lent.tier, lent.device)
        wanted = (settings.bundle, settings.threads, tier, settings.device)
        if fits == wanted and lent.server.address.exists():  # else it is gone
            return lent.server
    return None


def start_checks_anew() -> None:
    """Start what checks and pages are forked from, with the threads that workers have now."""
    end_server()
    prepare()


def checks_only() -> Shared:
    """Return what workers share that run no notebook."""
    return Shared(checks=door())


class SharedServers:
    """The fork servers for a class. `begin` may be called early, `wait` when workers are needed."""

    def __init__(self, settings: RunSettings) -> None:
        self._settings = settings
        self._tier = choose_tier(settings.isolation, host_support())
        self._found: Future[WarmServer | None] = Future()
        self._ending = threading.Event()
        self._keeper: threading.Thread | None = None

    def begin(self) -> None:
        """Start the fork server of kernels, while something else goes on."""
        possible = self._settings.warm and self._tier.boxed and kernels_are_shared()
        if self._keeper is None and possible:
            # It lives as long as what it starts, which ends with its thread.
            self._keeper = threading.Thread(target=self._keep, name="shared kernels", daemon=True)
            self._keeper.start()

    def wait(self) -> Shared:
        """Return what workers share, when it is there."""
        self.begin()
        server = self._found.result() if self._keeper is not None else None
        settings = self._settings
        if server is None:
            return Shared(checks=door())
        lent = Lent(
            server=server,
            bundle=settings.bundle,
            threads=settings.threads,
            tier=self._tier,
            device=settings.device,
        )
        return Shared(checks=door(), kernels=lent)

    def end(self) -> None:
        """End the fork server of kernels; none of them may be left."""
        self._ending.set()
        if self._keeper is not None:
            self._keeper.join()

    def _keep(self) -> None:
        try:
            with warm_kernels(
                get_bundle(self._settings.bundle),
                threads=self._settings.threads or 1,
                tier=self._tier,
                device=device_of(self._settings.device),
            ) as server:
                self._found.set_result(server)
                self._ending.wait()
        except GraderFault:
            self._found.set_result(None)  # each worker tries for itself
        except Exception as error:  # noqa: BLE001 -- whoever waits for it is to have it
            self._found.set_exception(error)


@contextmanager
def shared_servers(settings: RunSettings) -> Iterator[SharedServers]:
    """Give the fork servers for a class; they are gone when the block ends."""
    servers = SharedServers(settings)
    try:
        yield servers
    finally:
        servers.end()

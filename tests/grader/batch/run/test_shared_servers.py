"""All workers of a machine fork from the same servers, but one that tries something once more."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from grader.batch.run import shared_servers as shared
from grader.batch.run.executors import HasOwnWorkers, local_pool
from grader.batch.run.kernel_server import warm_for
from grader.batch.run.shared_servers import Lent, Shared, lent_for, take_over
from grader.execution.settings import RunSettings
from grader.model.assignment import load_assignment
from grader.sandbox.apart import end_server
from grader.sandbox.tiers import Tier, host_support
from grader.sandbox.warm import WarmServer

SETTINGS = RunSettings(bundle="studio-narrow", device="cpu", threads=1, warm=True)


@pytest.fixture
def lent(tmp_path: Path) -> Iterator[Lent]:
    """A server that is there: its socket is all that is looked at."""
    (tmp_path / "z").touch()
    server = WarmServer(
        address=tmp_path / "z", runs=tmp_path, mounts=(), environment=(), gpu=False, loaded=()
    )
    yield Lent(server=server, bundle="studio-narrow", threads=1, tier=Tier.BUBBLEWRAP, device="cpu")
    take_over(Shared())


def test_a_shared_server_is_for_runs_like_it_while_it_is_there(lent: Lent) -> None:
    assert lent_for(SETTINGS, Tier.BUBBLEWRAP) is None
    take_over(Shared(kernels=lent))
    assert lent_for(SETTINGS, Tier.BUBBLEWRAP) is lent.server
    assert lent_for(replace(SETTINGS, threads=2), Tier.BUBBLEWRAP) is None
    assert lent_for(replace(SETTINGS, bundle="studio"), Tier.BUBBLEWRAP) is None
    assert lent_for(SETTINGS, Tier.CGROUP) is None
    lent.server.address.unlink()
    assert lent_for(SETTINGS, Tier.BUBBLEWRAP) is None


def _where() -> tuple[str, int, int]:
    """In a worker: where its kernels come from, what its checks come from, and who it is."""
    from grader.bounded import asking
    from grader.sandbox import apart

    server = warm_for(SETTINGS)
    asking.parts_of_runs(load_assignment())
    own = [one for one in apart._servers if isinstance(one, apart._Server)]
    return (str(server.address) if server else "", len(own), os.getpid())


def servers_here() -> set[int]:
    """Process ids of the fork servers of kernels and drivers below this process."""
    found = set()
    for one in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if any("zygote" in word or "driver_server" in word for word in one.cmdline()):
                found.add(one.pid)
    return found


@pytest.mark.whole
@pytest.mark.kernel
def test_workers_share_and_one_that_tries_again_does_not() -> None:
    if host_support().tier is Tier.PROCESS or os.getuid() != 0:
        pytest.skip("this machine has no box, or its boxes one user in common")
    before = servers_here()  # of other tests, which keep theirs
    with (
        shared.shared_servers(SETTINGS) as servers,
        local_pool(2, threads=1, timeout_s=300, shared=servers.wait) as pool,
    ):
        shared.start_checks_anew()
        servers.begin()
        found = {one.result(300) for one in [pool.submit(_where) for _ in range(8)]}
        addresses = {address for address, _, _ in found}
        assert len(addresses) == 1
        assert {own for _, own, _ in found} == {0}
        address = Path(addresses.pop())
        assert address.exists()
        assert isinstance(pool, HasOwnWorkers)
        other, own, _ = pool.submit_fresh(_where).result(300)
        assert Path(other) != address
        assert own == 1
    assert not address.exists()
    end_server()
    assert servers_here() <= before

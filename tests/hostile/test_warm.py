"""Hostile notebooks in warm kernels get the verdicts that they get in cold ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from grader.sandbox.tiers import Tier, host_support
from grader.sandbox.warm import WarmServer
from tests.hostile.suite import judged, warm_server

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(host_support().tier is Tier.PROCESS, reason=host_support().why_not),
]

CASES = (
    "honest", "daemons", "exfiltration", "exit_hard", "fork_bomb", "kill_all", "memory_shared",
    "namespaces_again", "reads_process_1", "reads_secrets", "socket_swapped",
)  # fmt: skip
"""One of each kind of attack on the box; `python -m tests.hostile --warm` runs all cases."""


@pytest.fixture(scope="module")
def warm() -> Iterator[WarmServer]:
    with warm_server() as server:
        yield server


@pytest.mark.parametrize("name", CASES)
def test_verdict(name: str, warm: WarmServer) -> None:
    verdict = judged(name, warm)
    assert verdict.wrong == ()
    assert "kernel-cold" not in verdict.got.notes

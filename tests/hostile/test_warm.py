"""The quick ones of the hostile notebooks, in warm kernels: the verdicts are those of cold ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from grader.sandbox.tiers import Tier, host_support
from grader.sandbox.warm import WarmServer
from tests.hostile.suite import judged, names_of, warm_server
from tests.lanes import more

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.skipif(host_support().tier is Tier.PROCESS, reason=host_support().why_not),
]

SHOWN_ELSEWHERE = (
    *("daemons", "exfiltration", "exit_hard", "namespaces_again"),
    *("output_half_pairs", "reads_secrets", "socket_swapped"),
)
"""Left to `make test-all`: their like are here, in the doctor's trials, or in `test_driver.py`,
`test_run.py` and `test_warm_kernels.py` of `tests/grader/execution`."""
COLD_ONLY = "pickles_and_results"
CASES = tuple(name for name in names_of("grade", quick=True) if name != COLD_ONLY)
"""`python -m tests.hostile --warm` runs all cases."""


@pytest.fixture(scope="module")
def warm() -> Iterator[WarmServer]:
    with warm_server() as server:
        yield server


@pytest.mark.parametrize(
    "name", [*(name for name in CASES if name not in SHOWN_ELSEWHERE), *more(*SHOWN_ELSEWHERE)]
)
def test_verdict(name: str, warm: WarmServer) -> None:
    verdict = judged(name, warm)
    assert verdict.wrong == ()
    assert "kernel-cold" not in verdict.got.notes

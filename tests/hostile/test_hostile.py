"""Every hostile submission that needs no kernel, and some that are run in a cold kernel.

`test_warm.py` runs more of them; `make hostile` all.
"""

from __future__ import annotations

import pytest

from authoring.hostile_samples import HONEST, hostile_names
from grader.sandbox.tiers import Tier, host_support
from tests.hostile.suite import judged, lacking, names_of


@pytest.mark.slow
@pytest.mark.parametrize("name", names_of("intake"))
def test_what_is_only_read(name: str) -> None:
    assert judged(name).wrong == ()


COLD = ("honest", "pickles_and_results")
"""The second cannot be run in a warm one: it has a file named like a library. Others that are quick
are run by `test_warm`; `make hostile` runs every case cold."""
WARM = host_support().tier is not Tier.PROCESS


@pytest.mark.kernel
@pytest.mark.parametrize("name", COLD if WARM else names_of("grade", quick=True))
def test_what_is_run(name: str) -> None:
    verdict = judged(name)
    if lack := lacking(verdict.expected):
        pytest.skip(lack)
    assert verdict.wrong == ()


def test_the_honest_twin_is_one_of_them() -> None:
    assert hostile_names()[0] == HONEST

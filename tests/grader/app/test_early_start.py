"""Kernels and checks have servers to be forked from by the time the pipeline is imported."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from grader.app import early_start
from grader.app.early_start import starting
from grader.execution.settings import RunSettings
from grader.sandbox.tiers import Tier, Wish, host_support
from grader.sandbox.warm import WarmServer
from reference.errors import GraderFault


def test_without_a_box_there_is_no_fork_server() -> None:
    with starting(RunSettings(bundle="studio-narrow", isolation=Wish.PROCESS)) as warm:
        assert warm is None
        assert "grader.pipeline" in sys.modules


def test_a_server_that_cannot_be_had_leaves_the_run_cold(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def none_to_be_had(*_: object, **__: object) -> Iterator[WarmServer]:
        raise GraderFault("no fork server")
        yield

    monkeypatch.setattr(early_start, "warm_kernels", none_to_be_had)
    with starting(RunSettings(bundle="studio-narrow")) as warm:
        assert warm is None


@pytest.mark.kernel
def test_it_is_there_while_the_run_lasts() -> None:
    """And gone afterwards."""
    if host_support().tier is Tier.PROCESS:
        pytest.skip("this machine has no box")
    with starting(RunSettings(bundle="studio-narrow", threads=1)) as warm:
        assert warm is not None
        assert "torch" in warm.loaded
        assert warm.address.exists()
    assert not warm.address.exists()

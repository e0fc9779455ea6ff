"""One case from its sources to its verdict."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch

from authoring.hostile_samples import HONEST, Expectation, hostile_names, read_hostile
from grader.execution import warm_kernels
from grader.sandbox.tiers import host_support
from grader.sandbox.warm import WarmServer
from reference.bundles import get_bundle
from tests.hostile.invariants import broken, take_stock
from tests.hostile.judge import differences
from tests.hostile.running import BUNDLE, Got, cell_places, run_case


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A case, what came of it, and what is wrong with that."""

    name: str
    expected: Expectation
    got: Got
    wrong: tuple[str, ...]
    """Empty where all is as it must be."""


def names_of(stage: str, *, quick: bool = False) -> tuple[str, ...]:
    """Return the ids of a stage's cases, of `quick` ones only if asked."""
    found = ((name, read_hostile(name)) for name in hostile_names())
    return tuple(name for name, case in found if case.stage == stage and (case.quick or not quick))


def judged(name: str, warm: WarmServer | None = None) -> Verdict:
    """Build, run and judge one case in a folder of its own, which is gone afterwards."""
    expected = read_hostile(name)
    places = cell_places(name, expected)
    # Short, because the paths of sockets below it are bounded.
    with tempfile.TemporaryDirectory(prefix="h-") as folder:
        before = take_stock()
        got = run_case(name, expected, Path(folder), warm)
        wrong = (*differences(expected, got, places), *broken(before, got, _honest()))
    return Verdict(name=name, expected=expected, got=got, wrong=wrong)


@contextmanager
def warm_server() -> Iterator[WarmServer]:
    """Keep a fork server up for the cases that are run.

    Raises:
        GraderFault: it cannot be had here.
    """
    bundle, tier = get_bundle(BUNDLE), host_support().tier
    with warm_kernels(bundle, threads=1, tier=tier, device="cpu") as server:
        yield server


def lacking(expected: Expectation) -> str:
    """Return what this machine lacks for a case; empty for nothing."""
    return "no GPU" if expected.skip_without == "gpu" and not torch.cuda.is_available() else ""


@lru_cache(maxsize=1)
def _honest() -> Expectation:
    return read_hostile(HONEST)

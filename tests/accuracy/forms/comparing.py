"""Whether a change of form left every part's points and outcome as they were."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

import torch

from grader.execution import warm_kernels
from grader.model.records import Outcome
from grader.sandbox.tiers import Tier, host_support
from grader.sandbox.warm import WarmServer
from reference.bundles import get_bundle
from tests.accuracy.forms.catalog import Variation, alone, variation_of
from tests.accuracy.forms.running import BUNDLE, PartSeen, Seen, grade_variation

Fate = Literal["kept", "held", "lost"]
"""Kept as it was; held: a person must look; lost: points or an outcome are others."""

FORK = multiprocessing.get_context("fork")
"""Workers are forks: each would take seconds to import torch, which is here already."""

WAITS = frozenset({Outcome.NEEDS_HUMAN.value, Outcome.GRADER_FAULT.value})
EPSILON = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What became of one variation."""

    id: str
    kinds: tuple[str, ...]
    """Of its changes."""
    fate: Fate
    """The worst of its parts."""
    differences: tuple[str, ...]
    """Part by part, what was and what is."""
    seconds: float


def compare(variation: Variation, seen: Seen, base: Seen) -> Compared:
    """Compare a variation with its unchanged base."""
    before = {part.part: part for part in base.parts}
    fates: list[Fate] = ["lost"] if seen.failed else []
    differences = [f"not graded: {seen.failed}"] if seen.failed else []
    attempted = {form.attempts for form in variation.forms}
    for part in seen.parts:
        fate = "kept" if part.part in attempted else _fate(part, before[part.part])
        fates.append(fate)
        if fate != "kept":
            old = before[part.part]
            differences.append(
                f"{part.part} {fate}: {old.outcome} {old.points:.2f} -> {part.outcome} "
                f"{part.points:.2f}: {part.message}"
            )
    return Compared(
        id=variation.id,
        kinds=tuple(form.kind for form in variation.forms),
        fate=next((fate for fate in ("lost", "held") if fate in fates), "kept"),
        differences=tuple(differences),
        seconds=seen.seconds,
    )


def _fate(now: PartSeen, before: PartSeen) -> Fate:
    same = abs(now.points - before.points) < EPSILON and now.outcome == before.outcome
    if same and abs(now.pending - before.pending) < EPSILON:
        return "kept"
    none_lost = now.points + now.pending > before.points + before.pending - EPSILON
    return "held" if none_lost and now.outcome in WAITS else "lost"


@contextmanager
def warm_server() -> Iterator[WarmServer | None]:
    """Keep a fork server up; None where this machine cannot have one."""
    tier = host_support().tier
    if tier is Tier.PROCESS:
        yield None
        return
    with warm_kernels(get_bundle(BUNDLE), threads=1, tier=tier, device="cpu") as server:
        yield server


class Grader:
    """Grades variations, several at a time, and compares them with their bases."""

    def __init__(self, pool: Executor, warm: WarmServer | None) -> None:
        self._pool = pool
        self._warm = warm
        self._bases: dict[str, Seen] = {}

    def compare_all(
        self, variations: Sequence[Variation], on_result: Callable[[Compared], None]
    ) -> list[Compared]:
        """Return one result per change of form: a composition that is not kept is taken apart.

        Where each change alone is kept, or there is only one, the composition is the result.
        """
        self._grade_bases(variations)
        results: list[Compared] = []
        again: list[Variation] = []
        for variation, result in self._compared(variations):
            if result.fate != "kept" and len(variation.forms) > 1:
                again += alone(variation)
            results.append(result)
            on_result(result)
        taken_apart = {v.id: r for v, r in self._compared(again)}
        return [
            one
            for result in results
            for one in self._in_parts(variation_of(result.id), result, taken_apart)
        ]

    def _in_parts(
        self, variation: Variation, result: Compared, taken_apart: Mapping[str, Compared]
    ) -> list[Compared]:
        parts = [taken_apart[one.id] for one in alone(variation) if one.id in taken_apart]
        guilty = any(part.fate != "kept" for part in parts)
        return parts if guilty else [result]

    def _grade_bases(self, variations: Sequence[Variation]) -> None:
        needed = {_base_id(v): v for v in variations if _base_id(v) not in self._bases}
        bases = [replace(v, forms=()) for v in needed.values()]
        self._bases |= {seen.variation: seen for seen in self._seen(bases)}

    def _compared(self, variations: Sequence[Variation]) -> Iterator[tuple[Variation, Compared]]:
        for variation, seen in zip(variations, self._seen(variations), strict=True):
            yield variation, compare(variation, seen, self._bases[_base_id(variation)])

    def _seen(self, variations: Sequence[Variation]) -> Iterator[Seen]:
        return self._pool.map(_grade, [(v.id, self._warm) for v in variations])


@contextmanager
def open_grader(workers: int | None = None) -> Iterator[Grader]:
    """Start workers and what forks their kernels."""
    torch.set_num_threads(1)
    count = workers or len(os.sched_getaffinity(0))
    with warm_server() as warm, ProcessPoolExecutor(count, mp_context=FORK) as pool:
        yield Grader(pool, warm)


def _base_id(variation: Variation) -> str:
    return replace(variation, forms=()).id


def _grade(asked: tuple[str, WarmServer | None]) -> Seen:
    """Changes of form are closures, which no pipe takes: only their ids go to a worker."""
    return grade_variation(variation_of(asked[0]), asked[1])


def show(result: Compared) -> str:
    """Return the result in lines, for people."""
    return "\n".join([f"{result.fate} {result.id}", *(f"    {d}" for d in result.differences)])

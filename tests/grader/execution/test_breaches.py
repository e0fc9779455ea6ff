"""Which breach of a limit counts."""

from __future__ import annotations

import asyncio

from grader.execution.breaches import Breach, Breaches

MILD = Breach(name="mild", sentence="s", fatal=False)
FATAL = Breach(name="fatal", sentence="s")


async def _first(*reports: Breach, fatal: bool = False) -> Breach | None:
    breaches = Breaches()
    for report in reports:
        breaches.report(report)
    wait = breaches.wait_fatal() if fatal else breaches.wait()
    try:
        return await asyncio.wait_for(wait, 0.05)
    except TimeoutError:
        return None


def test_the_first_counts_unless_a_fatal_one_follows() -> None:
    assert asyncio.run(_first(MILD, FATAL)) == FATAL
    assert asyncio.run(_first(FATAL, MILD)) == FATAL
    assert asyncio.run(_first(MILD)) == MILD
    assert asyncio.run(_first()) is None


def test_only_a_fatal_one_ends_the_grace() -> None:
    assert asyncio.run(_first(MILD, fatal=True)) is None
    assert asyncio.run(_first(MILD, FATAL, fatal=True)) == FATAL


def test_the_next_cell_forgets_a_mild_one_only() -> None:
    async def after(report: Breach) -> Breach | None:
        breaches = Breaches()
        breaches.report(report)
        breaches.next_cell()
        try:
            return await asyncio.wait_for(breaches.wait(), 0.05)
        except TimeoutError:
            return None

    assert asyncio.run(after(MILD)) is None
    assert asyncio.run(after(FATAL)) == FATAL

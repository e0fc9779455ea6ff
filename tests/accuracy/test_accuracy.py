"""Every mutant is caught, every right variant accepted."""

from __future__ import annotations

import re

import pytest

from tests.accuracy.__main__ import README
from tests.accuracy.corpus import parts_of
from tests.accuracy.grading import grade, shares
from tests.accuracy.selection import all_cases


@pytest.mark.parametrize(
    ("family", "ids"),
    [pytest.param(family, ids, id=f"{family}-{ids[0]}") for family, ids in shares()],
)
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_verdicts(family: str, ids: tuple[str, ...]) -> None:
    results = grade(family, ids)
    assert [(r["id"], miss) for r in results for miss in r["misses"]] == []


def test_the_corpus_is_large_and_its_ids_are_unique() -> None:
    cases = all_cases()
    assert len({case.id for case in cases}) == len(cases)
    kinds = [case.kind for case in cases]
    assert kinds.count("mutant") >= 120
    assert kinds.count("variant") >= 60
    for case in cases:
        assert bool(case.loses) == (case.kind == "mutant"), case.id
        assert bool(case.waits) == (case.kind == "held"), case.id
        assert {*case.loses, *case.waits} <= set(parts_of(case)), case.id


def test_the_table_is_that_of_this_corpus() -> None:
    """`make accuracy` renews it."""
    kinds = [case.kind for case in all_cases()]
    found = re.findall(r"of (\d+)", README.read_text(encoding="utf-8").partition("In all ")[2])
    assert [int(n) for n in found[:3]] == [kinds.count(k) for k in ("mutant", "variant", "held")]

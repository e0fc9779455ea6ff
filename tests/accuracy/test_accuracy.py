"""Mutants are caught, right variants accepted: a slice that covers what the corpus is there for."""

from __future__ import annotations

import re

import pytest

from grader.model.catalogue import load_catalogue
from tests.accuracy.__main__ import README
from tests.accuracy.corpus import FAMILIES, briefly, parts_of
from tests.accuracy.grading import grade
from tests.accuracy.selection import all_cases, cases_of
from tests.accuracy.slice import QUICK, reasons_for, slice_ids

PIECES = {"layers": 2, "predictions": 1, "attacks": 2, "features": 1}
"""By family, into how many pieces its slice is cut: some 20 s each, for any worker."""


def piece(family: str, number: int) -> tuple[str, ...]:
    """Found when a test runs: whoever only collects tests makes no mutants."""
    ids = [case.id for case in cases_of(family) if case.id in slice_ids()]
    return tuple(ids[number :: PIECES[family]])


@pytest.mark.parametrize(
    ("family", "number"), [(family, n) for family, count in PIECES.items() for n in range(count)]
)
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_verdicts(family: str, number: int) -> None:
    results = grade(family, piece(family, number), brief=True)
    assert [(r["id"], miss) for r in results for miss in r["misses"]] == []


def test_the_slice_is_there_for_all_that_the_corpus_is_there_for() -> None:
    whole = all_cases()
    sliced = [case for case in whole if case.id in slice_ids()]
    assert len(slice_ids()) == len(sliced) < len(whole) // 2
    for family in FAMILIES:
        kinds = {case.kind for case in whole if case.family == family}
        assert {case.kind for case in sliced if case.family == family} == kinds
        for part in FAMILIES[family].parts:
            assert any(part in case.loses for case in sliced), part
    named = [{case.says for case in part if case.family == QUICK} for part in (sliced, whole)]
    assert named[0] == named[1]
    asked = frozenset().union(*map(reasons_for, whole))
    assert frozenset().union(*map(reasons_for, sliced)) == asked
    graded = [one for family, count in PIECES.items() for n in range(count)
              for one in piece(family, n)]  # fmt: skip
    assert sorted(graded) == sorted(slice_ids())


PREDICTIONS = re.compile(r"^(output2prob|in_features|random_network|predictions|top_predictions)\.")
NO_FAULT = re.compile(
    r"\.(right\w*|written|shown|in_report|note_\w+|not_made_again|not_shown|stub|undefined"
    r"|unread_call)$"
)
"""Right, held, remarks, and what `tests/grader/checks` asks for: no answer is wrong in that way."""


def test_every_fault_code_of_predictions_is_asked_of_an_answer_that_earns_it() -> None:
    codes = {code for code in load_catalogue("grader.checks") if PREDICTIONS.match(code)}
    asked = {code for case in all_cases() for code in codes if code in case.says}
    assert {code for code in codes - asked if not NO_FAULT.search(code)} == set()


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


def test_in_brief_every_case_is_graded_and_every_part_that_shares_code_has_its_turn() -> None:
    whole, brief = all_cases(), [briefly(case) for case in all_cases()]
    for before, after in zip(whole, brief, strict=True):
        assert set(parts_of(after)) <= set(parts_of(before)), after.id
        assert bool(parts_of(after)), after.id
        marked = {*before.loses, *before.waits}
        assert not marked or marked & set(parts_of(after)), after.id
    turns = [parts_of(a) for b, a in zip(whole, brief, strict=True) if a is not b]
    alike = FAMILIES["attacks"].alike
    assert all(turns.count((part,)) >= len(turns) // (2 * len(alike)) for part in alike)


def test_the_table_is_that_of_this_corpus() -> None:
    """`make accuracy` renews it."""
    kinds = [case.kind for case in all_cases()]
    found = re.findall(r"of (\d+)", README.read_text(encoding="utf-8").partition("In all ")[2])
    assert [int(n) for n in found[:3]] == [kinds.count(k) for k in ("mutant", "variant", "held")]

"""Changes of form leave every part's points and outcome as they were (issue 15, section 1).

`make accuracy` tries all of them on all bases; here a slice of that, the same in every run.
"""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from functools import lru_cache

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from tests.accuracy.__main__ import README
from tests.accuracy.forms.bases import BASES, draft_of
from tests.accuracy.forms.catalog import (
    DEPTHS,
    Variation,
    all_forms,
    composed,
    fits,
    in_order,
    variation_of,
)
from tests.accuracy.forms.comparing import Compared, compare, open_grader, show
from tests.accuracy.forms.form import Depth, Draft, Form, changed, code_cells
from tests.accuracy.forms.running import PartSeen, Seen, notebook_bytes
from tests.accuracy.forms.table import HEADING, as_markdown


@lru_cache(maxsize=1)
def a_slice() -> tuple[Variation, ...]:
    """A composition for every base, which together hold every kind of change.

    Of each kind it is the first form that changes a base and has nothing in common with the others
    there; the base with the fewest takes it.
    """
    chosen: dict[str, list[Form]] = {base: [] for base in BASES}
    able = [form for form in all_forms() if "short" in form.depths]
    for kind in dict.fromkeys(form.kind for form in able):
        bases = sorted(BASES, key=lambda base: len(chosen[base]))
        fitting = (
            (base, form)
            for base in bases
            for form in able
            if form.kind == kind and fits(form, chosen[base]) and _changes(form, base, "short")
        )
        base, form = next(fitting)
        chosen[base].append(form)
    return tuple(
        Variation(base=base, depth="short", forms=in_order(forms)) for base, forms in chosen.items()
    )


def test_the_slice_holds_every_kind_of_change_and_every_base() -> None:
    slice_ = a_slice()
    kinds = {form.kind for variation in slice_ for form in variation.forms}
    # What concerns attacks only is tried by `make accuracy`: it takes three times as long.
    assert kinds == {form.kind for form in all_forms() if "short" in form.depths}
    assert {variation.base for variation in slice_} == set(BASES)


@pytest.mark.kernel
@pytest.mark.timeout(900)
def test_changes_of_form_leave_points_and_outcomes_as_they_were() -> None:
    with open_grader(workers=1) as grader:
        results = grader.compare_all(a_slice(), lambda _: None)
    assert [show(result) for result in results if result.fate != "kept"] == []


def test_there_are_at_least_100_changes_and_their_ids_are_unique() -> None:
    ids = [form.id for form in all_forms()]
    assert len(ids) == len(set(ids)) >= 100
    assert not any(set(":+") & set(name) for name in ids)


def test_compositions_hold_every_change_on_every_base() -> None:
    for base in BASES:
        for depth in DEPTHS:
            there = [v for v in composed() if (v.base, v.depth) == (base, depth)]
            found = sorted(form.id for variation in there for form in variation.forms)
            assert found == sorted(f.id for f in all_forms() if depth in f.depths)
    for variation in composed():
        zones = [zone for form in variation.forms for zone in form.zones]
        assert len(zones) == len(set(zones)), variation.id
    assert variation_of(composed()[-1].id) == composed()[-1]


def test_every_change_changes_what_is_handed_in_of_one_base_at_least() -> None:
    for form in all_forms():
        assert any(_changes(form, base, form.depths[-1]) for base in BASES), form.id


def _changes(form: Form, base: str, depth: Depth) -> bool:
    before = _unchanged(base, depth)
    after = changed(before, (form,))
    if form.kind == "text of cells":
        _still_python(after)
    same_files = (after.files, after.notebook_path) == (before.files, before.notebook_path)
    same_code = [c.source for c in code_cells(after)] == [c.source for c in code_cells(before)]
    return not (same_files and same_code) or notebook_bytes(after) != notebook_bytes(before)


@lru_cache(maxsize=8)
def _unchanged(base: str, depth: Depth) -> Draft:
    return draft_of(BASES[base], depth)


def _still_python(draft: Draft) -> None:
    for cell in code_cells(draft):
        ast.parse(TransformerManager().transform_cell(cell.source))  # type: ignore[no-untyped-call]


PASSED = PartSeen(part="1a", outcome="PASS", points=1.0, pending=0.0, message="Right.")
WAITING = replace(PASSED, outcome="NEEDS_HUMAN", points=0.0, pending=1.0)
FAILED = replace(PASSED, outcome="FAIL", points=0.0)
BASE = Variation(base="solved", depth="short", forms=())


def _compared(now: tuple[PartSeen, ...], before: PartSeen, failed: str = "") -> Compared:
    base = Seen(variation=BASE.id, parts=(before,))
    return compare(BASE, Seen(variation=BASE.id, parts=now, failed=failed), base)


@pytest.mark.parametrize(
    ("now", "before", "fate"),
    [
        (PASSED, PASSED, "kept"),
        (WAITING, PASSED, "held"),
        (FAILED, PASSED, "lost"),
        (FAILED, WAITING, "lost"),
        (PASSED, WAITING, "lost"),
        (replace(PASSED, outcome="PARTIAL"), PASSED, "lost"),
        (replace(WAITING, outcome="GRADER_FAULT"), WAITING, "held"),
        (replace(PASSED, message="Other words."), PASSED, "kept"),
    ],
)
def test_points_and_outcome_must_both_be_as_they_were(
    now: PartSeen, before: PartSeen, fate: str
) -> None:
    result = _compared((now,), before)
    assert result.fate == fate
    assert bool(result.differences) == (fate != "kept")


def test_only_the_part_that_a_change_attempts_may_change() -> None:
    form = next(form for form in all_forms() if form.attempts)
    tried = replace(BASE, depth="attacks", forms=(form,))
    for part, fate in ((form.attempts, "kept"), ("1a", "lost")):
        before, now = replace(PASSED, part=part), replace(FAILED, part=part)
        base = Seen(variation=BASE.id, parts=(before,))
        assert compare(tried, Seen(variation=tried.id, parts=(now,)), base).fate == fate


def test_what_cannot_be_graded_at_all_is_lost() -> None:
    result = _compared((), PASSED, failed="SubmissionError: no")
    assert (result.fate, result.differences) == ("lost", ("not graded: SubmissionError: no",))


def test_the_table_counts_changes_by_kind_and_names_what_is_not_kept() -> None:
    kept = replace(_compared((PASSED,), PASSED), kinds=("renamed", "cells", "renamed"))
    lost = replace(_compared((FAILED,), PASSED), kinds=("cells",), id="solved:short:cells-x")
    table = as_markdown([kept, lost])
    count = [form.kind for form in all_forms()].count("cells")
    assert f"| cells | {count} | 2 | 1 |  | 1 |" in table
    assert "tried 4 times, 3 keep everything" in table
    assert "- `solved:short:cells-x`: 1a lost: PASS 1.00 -> FAIL 0.00: Right." in table


def test_the_second_table_is_that_of_these_changes() -> None:
    """`make accuracy` renews it."""
    table = README.read_text(encoding="utf-8").partition(HEADING)[2]
    tried = sum(len(variation.forms) for variation in composed())
    kinds = [form.kind for form in all_forms()]
    for kind in set(kinds):
        assert f"| {kind} | {kinds.count(kind)} | " in table, kind
    found = re.search(r"Of (\d+) changes of form, tried (\d+) times, (\d+) keep everything", table)
    assert found is not None
    assert [int(number) for number in found.groups()] == [len(kinds), tried, tried]

"""Points of a rubric: held to what is to be had, whatever applies, in any order."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.model.records import AppliedItem, Rubric, RubricItem, Start, share_of

ITEMS = (
    RubricItem(id="border", share=-0.25, title="The border is not said."),
    RubricItem(id="flip", share=-0.5, title="The kernel is flipped."),
    RubricItem(id="bonus", share=0.25, title="Both forms are given."),
)
RUBRIC = Rubric(part_id="1", start=Start.FULL, items=ITEMS)

shares = st.floats(-1, 1)
applied = st.builds(
    AppliedItem,
    id=st.sampled_from(["border", "flip", "bonus", "gone"]),
    share=shares,
    title=st.just("t"),
    times=st.integers(1, 3),
)
rubrics = st.builds(
    Rubric,
    part_id=st.just("1"),
    start=st.sampled_from(Start),
    floor=st.floats(0, 0.5),
    ceiling=st.floats(0.5, 1),
    items=st.just(ITEMS),
)


def apply(*ids: str) -> tuple[AppliedItem, ...]:
    found = {item.id: item for item in ITEMS}
    return tuple(AppliedItem(id=i, share=found[i].share, title=found[i].title) for i in ids)


@pytest.mark.parametrize(
    ("start", "ids", "adjust", "share"),
    [
        (Start.FULL, (), 0.0, 1.0),
        (Start.FULL, ("border",), 0.0, 0.75),
        (Start.FULL, ("border", "flip"), 0.0, 0.25),
        (Start.FULL, ("flip", "flip", "border"), 0.0, 0.0),
        (Start.FULL, ("border",), -0.25, 0.5),
        (Start.FULL, ("bonus",), 0.0, 1.0),
        (Start.ZERO, (), 0.0, 0.0),
        (Start.ZERO, ("bonus",), 0.5, 0.75),
        (Start.ZERO, ("border",), 0.0, 0.0),
    ],
)
def test_items_give_or_take_shares(
    start: Start, ids: tuple[str, ...], adjust: float, share: float
) -> None:
    assert share_of(replace(RUBRIC, start=start), apply(*ids), adjust) == pytest.approx(share)


def test_floor_and_ceiling_hold_what_items_give_before_the_adjustment() -> None:
    held = replace(RUBRIC, floor=0.25, ceiling=0.75)
    assert share_of(held, ()) == pytest.approx(0.75)
    assert share_of(held, apply("flip", "flip")) == pytest.approx(0.25)
    assert share_of(held, apply("flip", "flip"), -0.25) == pytest.approx(0.0)


def test_an_item_counts_by_the_rubric_of_today_also_where_it_is_retired() -> None:
    changed = replace(ITEMS[0], share=-0.5, retired=True)
    assert share_of(replace(RUBRIC, items=(changed,)), apply("border")) == pytest.approx(0.5)
    assert share_of(replace(RUBRIC, items=()), apply("border")) == pytest.approx(0.75)


@given(rubrics, st.lists(applied, max_size=6), shares, st.randoms())
def test_a_share_is_between_nothing_and_all_in_any_order(
    rubric: Rubric, items: list[AppliedItem], adjust: float, chance: Random
) -> None:
    share = share_of(rubric, items, adjust)
    assert 0 <= share <= 1
    shuffled = list(items)
    chance.shuffle(shuffled)
    assert share_of(rubric, shuffled, adjust) == share

"""Numbers in a rubric's form: saved as shown they stay the same; what is no number is refused."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest

from grader.review.desk.forms import typed_number
from tests.grader.review.desk.conftest import Opened
from tests.grader.review.desk.test_deciding import rubric_form

SHARES = (1 / 3, -0.005, 0.123456, 0.00001)
"""Of the four items: none of them is a whole percent."""


def with_shares(opened: Opened) -> None:
    old = opened.ledger.made[-1]
    items = tuple(replace(one, share=share) for one, share in zip(old.items, SHARES, strict=True))
    made = replace(old, parent=2, items=items, floor=-1 / 3, ceiling=2 / 3)
    opened.ledger.save_rubric(made)


def shown(opened: Opened) -> dict[str, object]:
    """The form as the page shows it, as a browser would send it."""
    html = opened.client().get("/part/3c/rubric").text
    percents = re.findall(r'name="percent"[^>]*value="([^"]*)"', html)
    least, most = (
        unescape(re.findall(rf'name="{name}"[^>]*value="([^"]*)"', html)[0])
        for name in ("floor", "ceiling")
    )
    form = rubric_form(percents=tuple(percents[:4]))
    return form | {"parent": "3", "floor": least, "ceiling": most, "reason": "as it was"}


def test_a_rubric_saved_as_it_was_shown_keeps_every_share_and_moves_no_answer(
    opened: Opened,
) -> None:
    with_shares(opened)
    client = opened.client()
    client.post(f"{opened.answer()}/decision", data=opened.form(item="right"))
    form = shown(opened)
    assert form["percent"] == ["33.33333333", "-0.5", "12.3456", "0.001"]
    assert "No graded answer changes" in client.post("/part/3c/rubric/effect", data=form).text
    assert client.post("/part/3c/rubric", data=form).is_success
    before, after = opened.ledger.made[-2:]
    assert [one.share for one in after.items] == [one.share for one in before.items]
    assert (after.floor, after.ceiling) == (before.floor, before.ceiling)


def test_points_that_move_are_never_shown_as_the_same(opened: Opened) -> None:
    client = opened.client()
    client.post(f"{opened.answer()}/decision", data=opened.form(item="half"))
    form = rubric_form(percents=("100", "50.001", "0", "-10"))
    effect = client.post("/part/3c/rubric/effect", data=form).text
    assert "1 answer changes" in effect
    before, after = re.findall(r": ([0-9.]+) → ([0-9.]+)", effect)[0]
    assert float(after) > float(before)


@pytest.mark.parametrize(
    ("text", "means"),
    [
        *(("40", 40), ("−2,5", -2.5), (".5", 0.5), ("5.", 5), ("+1e1", 10), (" 7 ", 7)),
        *((text, None) for text in ("4_0", "nan", "inf", "1e999", "0x1", "٤", "1 0", "", "½")),
    ],
)
def test_a_number_is_what_people_write_and_nothing_else(text: str, means: float | None) -> None:
    assert typed_number(text) == means


def test_what_is_no_number_is_refused_in_points_and_in_percent(opened: Opened) -> None:
    client = opened.client()
    said = client.post(f"{opened.answer()}/decision", data=opened.form(adjust="0_1")).json()
    assert "found '0_1'" in said["sentence"]
    form = rubric_form(percents=("100", "4_0", "-0", "-10 %")) | {"reason": "x"}
    assert "Item 2: expected a percentage" in client.post("/part/3c/rubric", data=form).text
    client.post("/part/3c/rubric", data=form | {"percent": ["100", "40", "-0", "-10 %"]})
    assert [str(one.share) for one in opened.ledger.made[-1].items] == ["1.0", "0.4", "0.0", "-0.1"]

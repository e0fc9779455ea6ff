"""A decision's points are one number: a form that is saved as it was opened gives them again."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from starlette.datastructures import FormData
from starlette.testclient import TestClient

from grader.batch.records import State
from grader.model.records.decisions import AppliedItem, Decision, DecisionKind
from grader.model.records.rubrics import Rubric, Start
from grader.review.desk.access import Reviewer, Role
from grader.review.desk.choices import choices_of
from grader.review.desk.classroom import Seat
from grader.review.desk.forms import Ground, NotTaken, decision_from
from grader.review.desk.holding import by_rubric
from tests.grader.review.desk.conftest import ITEMS, RUBRIC, Opened
from tests.grader.review.desk.test_piles_on_desk import fields, pile_of
from tests.lanes import examples

SEAT = Seat(
    kerberos="amy",
    code="AMY",
    name="",
    course="6.819",
    zip_sha256="ab" * 32,
    state=State.GRADED,
    sentence="",
    late_coefficient=1.0,
    parts={},
)
BEN = Reviewer(name="ben", role=Role.GRADER)
SHARES = some.floats(0, 1)
RUBRICS = some.builds(
    Rubric,
    part_id=some.just("3c"),
    number=some.just(4),
    start=some.sampled_from(Start),
    floor=some.sampled_from([0.0, 0.25]),
    ceiling=some.sampled_from([1.0, 0.9]),
    items=some.sampled_from([(), ITEMS, ITEMS[:2], tuple(replace(i, retired=True) for i in ITEMS)]),
)
APPLIED = some.lists(
    some.builds(
        AppliedItem,
        id=some.sampled_from(["right", "half", "slip", "gone"]),
        share=some.sampled_from([1.0, 0.5, -0.1, 1 / 3]),
        title=some.just("x"),
        times=some.sampled_from([1, 2]),
    ),
    max_size=3,
    unique_by=lambda one: one.id,
)


def form_of(decision: Decision, rubric: Rubric, most: float) -> FormData:
    """What the page of a decision sends where nothing is changed in it."""
    shown = choices_of(decision, rubric, most)
    pairs = [("item", one) for one in shown.items]
    pairs += [("nothing", "1")] if shown.nothing else []
    facts = {"uuid": uuid4().hex, "zip": SEAT.zip_sha256, "rubric": str(rubric.number)}
    facts |= {"of": str(most), "parent": decision.uuid}
    return FormData([*pairs, ("adjust", shown.adjust), *facts.items()])


@settings(max_examples=examples(300), deadline=None)
@given(SHARES, some.floats(-1, 1), APPLIED, some.sampled_from([0, 3]), RUBRICS,
       some.sampled_from([0.8, 1.0, 2.0, 1 / 3]))  # fmt: skip
def test_a_form_saved_as_it_was_opened_gives_the_same_points(
    share: float, adjust: float, items: list[AppliedItem], number: int, rubric: Rubric, most: float
) -> None:
    stored = Decision(
        uuid="d1",
        kerberos="amy",
        part_id="3c",
        zip_sha256=SEAT.zip_sha256,
        rubric_number=number,
        items=tuple(items) if number else (),
        adjust_share=adjust if number else 0.0,
        share=share,
    )
    held = by_rubric(stored, rubric)
    ground = Ground(rubric=rubric, max_points=most, held=held)
    made = decision_from(form_of(held, rubric, most), SEAT, ground, BEN)
    assert made.share == held.share
    assert made.items == held.items
    later = replace(rubric, start=Start.FULL, number=5)
    assert by_rubric(made, later).share == by_rubric(held, later).share


@settings(max_examples=examples(100), deadline=None)
@given(SHARES, RUBRICS)
def test_what_the_bar_shows_is_what_is_in_force(share: float, rubric: Rubric) -> None:
    held = Decision(uuid="d", kerberos="amy", part_id="3c", zip_sha256="", share=share)
    shown = choices_of(held, rubric, 1.0)
    live = any(not one.retired for one in rubric.items)
    start = float(live and rubric.start is Start.FULL)
    floor, ceiling = (rubric.floor, rubric.ceiling) if live else (0.0, 1.0)
    assert float(shown.adjust) + min(max(start, floor), ceiling) == pytest.approx(share, abs=6e-4)


def values(html: str, name: str) -> list[str]:
    """Values of a page's fields, as a browser sends them."""
    found = re.findall(rf'<input[^>]*name="{name}"[^>]*>', html)
    return [
        unescape(re.search(r'value="([^"]*)"', one)[1])  # type: ignore[index]
        for one in found
        if "checkbox" not in one or " checked" in one
    ]


def as_opened(client: TestClient, there: str) -> dict[str, object]:
    """The form of an answer as its page holds it."""
    html = client.get(there).text
    names = ("uuid", "parent", "zip", "rubric", "item", "nothing", "adjust", "of", "flag")
    return {name: values(html, name) for name in names}


@pytest.mark.parametrize(("part", "share"), [("3c", 0.5), ("1a", 1 / 3), ("4b", 0.375)])
def test_a_word_added_to_points_without_an_item_leaves_the_points(
    opened: Opened, part: str, share: float
) -> None:
    there, client = opened.answer(0, part), opened.client()
    seat = opened.desk.attendance.room.order(part)[0]
    opened.ledger.rows.append(
        Decision(
            uuid="a" * 32,
            kerberos=seat.kerberos,
            part_id=part,
            zip_sha256=seat.zip_sha256,
            share=share,
            author="carl",
            kind=DecisionKind.IMPORTED,
        )
    )
    form = as_opened(client, there) | {"comment": "A word."}
    said = client.post(f"{there}/decision", data=form).json()
    assert said["state"] == "saved", said
    assert opened.ledger.rows[-1].share == share
    again = client.post(f"{there}/decision", data=form).json()  # its reply was lost
    assert (again["state"], len(opened.ledger.rows)) == ("saved", 2)


def test_a_rubric_that_begins_at_the_maximum_leaves_points_that_were_typed_before(
    opened: Opened,
) -> None:
    there, client = opened.answer(0, "4b"), opened.client()
    seat = opened.desk.attendance.room.order("4b")[0]
    most = opened.desk.assignment.max_points("4b", seat.course)
    form = as_opened(client, there) | {"adjust": "0.3", "note": "appeal"}
    assert client.post(f"{there}/decision", data=form).is_success
    given = opened.ledger.rows[-1].share
    full = replace(RUBRIC, part_id="4b", start=Start.FULL, items=ITEMS[3:], parent=1)
    opened.ledger.save_rubric(full)
    form = as_opened(client, there)
    assert float(str(form["adjust"][0])) == pytest.approx(0.3 - most, abs=1e-3)  # type: ignore[index]
    assert client.post(f"{there}/decision", data=form | {"comment": "x"}).is_success
    assert opened.ledger.rows[-1].share == given


def test_points_typed_for_a_pile_of_both_courses_are_one_share(opened: Opened) -> None:
    where, taken = pile_of(opened, "3e", "1 point; the same share of 0.8 points in 6.869")
    of = values(opened.client().get(where).text, "of")[0]
    form = fields(taken, adjust="0.4", of=of, nothing="1", rubric="1") | {"item": []}
    assert opened.client().post(where, data=form).json()["state"] == "saved"
    assert {row.share for row in opened.ledger.rows} == {0.4 / float(of)}
    rooms = opened.desk.attendance.room.by_kerberos
    assert {rooms[row.kerberos].course for row in opened.ledger.rows} == {"6.819", "6.869"}


def test_points_are_of_the_maximum_that_the_page_showed_or_refused(opened: Opened) -> None:
    there, client = opened.answer(), opened.client()
    room = opened.desk.attendance.room
    form = opened.form(adjust="-0.4", of="0.8", item="right")
    assert client.post(f"{there}/decision", data=form).is_success
    assert opened.ledger.rows[-1].share == 0.5
    said = client.post(f"{there}/decision", data=opened.form(adjust="1", of="7")).json()
    assert (said["state"], "points of this part changed" in said["sentence"]) == ("outdated", True)
    most = room.assignment.max_points("3c", room.order("3c")[0].course)
    with pytest.raises(NotTaken, match=r"found '0\.8000001'|found '1\.0000001'"):
        decision_from(
            FormData(opened.form(adjust=f"{most}000001" if most < 1 else "1.0000001")),
            room.order("3c")[0],
            Ground(rubric=RUBRIC, max_points=most),
            BEN,
        )


def test_a_placed_comment_is_on_a_page_that_the_report_has(opened: Opened) -> None:
    there, client = opened.answer(), opened.client()
    mark = '{"page": 99, "box": [0.1, 0.1, 0.2, 0.2], "text": "here"}'
    said = client.post(f"{there}/decision", data=opened.form(mark=mark))
    assert (said.status_code, "not on page 99" in said.json()["sentence"]) == (422, True)
    mine = mark.replace("99", "1")
    assert client.post(f"{there}/decision", data=opened.form(mark=mine)).is_success

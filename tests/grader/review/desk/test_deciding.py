"""What becomes of forms: nothing is lost, nothing overwritten, nothing forged."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from html import unescape
from uuid import uuid4

import pytest
from sqlalchemy.exc import OperationalError

from grader.model.records import Outcome
from grader.model.records.decisions import DecisionKind, open_conflicts
from grader.model.records.rubrics import Start
from grader.review.desk.access import Role
from grader.scoring.overrides import override_of
from tests.grader.review.desk.conftest import ITEMS, Opened


def test_saved_is_said_of_what_is_stored_and_the_next_answer_is_named(opened: Opened) -> None:
    form = opened.form(comment="Why so?", seconds="12.5")
    said = opened.client().post(f"{opened.answer()}/decision", data=form).json()
    (row,) = opened.ledger.rows
    assert (said["state"], said["uuid"]) == ("saved", row.uuid)
    assert said["next"] == opened.answer(1)
    assert (row.share, row.comment, row.seconds) == (0.5, "Why so?", 12.5)
    assert row.zip_sha256 == opened.form()["zip"]


def test_the_author_comes_from_the_session_and_never_from_the_form(opened: Opened) -> None:
    form = opened.form(author="dean", kerberos="somebody", kind="imported", share="1")
    opened.client("ben", Role.GRADER).post(f"{opened.answer()}/decision", data=form)
    (row,) = opened.ledger.rows
    seat = opened.desk.attendance.room.order("3c")[0]
    assert (row.author, row.kerberos, row.kind, row.share) == (
        "ben", seat.kerberos, DecisionKind.HUMAN, 0.5,
    )  # fmt: skip


def test_the_second_of_two_graders_is_told_and_both_decisions_are_kept(opened: Opened) -> None:
    first, second = opened.form(), opened.form(item="right")
    there = f"{opened.answer()}/decision"
    assert opened.client("ann").post(there, data=first).is_success
    lost = opened.client("ben", Role.GRADER).post(there, data=second)
    assert (lost.status_code, lost.json()["state"]) == (409, "conflict")
    assert "ann decided" in lost.json()["sentence"]
    assert [(row.author, row.kind, row.share) for row in opened.ledger.rows] == [
        ("ann", DecisionKind.HUMAN, 0.5),
        ("ben", DecisionKind.CONFLICT, 1.0),
    ]
    page = opened.client().get(lost.json()["compare"]).text
    assert "Counts now" in page
    assert "Came later" in page


def test_a_head_settles_a_conflict_and_a_grader_cannot(opened: Opened) -> None:
    there, head = opened.answer(), opened.client("hal")
    first, second = opened.form(), opened.form(item="right")
    head.post(f"{there}/decision", data=first)
    opened.client("ben", Role.GRADER).post(f"{there}/decision", data=second)
    won, lost = opened.ledger.rows
    form = {"uuid": uuid4().hex, "parent": won.uuid, "keep": lost.uuid, "beside": lost.uuid}
    ben = opened.client("ben", Role.GRADER)
    assert ben.post(f"{there}/settle", data=form).status_code == 403
    assert head.post(f"{there}/settle", data=form).json()["state"] == "saved"
    row = opened.ledger.rows[-1]
    assert (row.author, row.share, row.parent) == ("hal", 1.0, won.uuid)
    assert row.settles == (lost.uuid,)
    assert "Settled." in head.get(f"{there}/compare").text


def test_a_form_sent_twice_is_saved_once(opened: Opened) -> None:
    form, there, client = opened.form(), f"{opened.answer()}/decision", opened.client()
    assert [client.post(there, data=form).json()["state"] for _ in range(3)] == ["saved"] * 3
    assert len(opened.ledger.rows) == 1


def test_a_form_sent_again_with_other_choices_is_never_said_to_be_saved(opened: Opened) -> None:
    form, there, client = opened.form(), f"{opened.answer()}/decision", opened.client()
    client.post(there, data=form)
    again = client.post(there, data=form | {"item": "right"})
    assert (again.status_code, again.json()["state"]) == (409, "outdated")
    assert [row.share for row in opened.ledger.rows] == [0.5]


def test_a_decision_about_another_hand_in_is_refused(opened: Opened) -> None:
    form = opened.form(zip="0" * 64)
    said = opened.client().post(f"{opened.answer()}/decision", data=form)
    assert (said.status_code, said.json()["state"]) == (409, "outdated")
    assert "newer hand-in" in said.json()["sentence"]
    assert opened.ledger.rows == []


def test_a_decision_by_an_older_rubric_is_refused(opened: Opened) -> None:
    form = opened.form()
    opened.ledger.save_rubric(replace(opened.ledger.made[-1], parent=2))
    said = opened.client().post(f"{opened.answer()}/decision", data=form)
    assert (said.status_code, said.json()["state"]) == (409, "outdated")
    assert opened.ledger.rows == []


def test_nothing_chosen_is_no_decision_and_a_zero_is_one(opened: Opened) -> None:
    there, client = f"{opened.answer()}/decision", opened.client()
    empty = opened.form()
    del empty["item"]
    said = client.post(there, data=empty)
    assert said.status_code == 422
    assert "Choose an item" in said.json()["sentence"]
    assert client.post(there, data=empty | {"adjust": "0"}).is_success
    assert opened.ledger.rows[-1].share == 0.0


def test_that_nothing_applies_is_a_decision_and_gives_what_the_rubric_begins_with(
    opened: Opened,
) -> None:
    form, there, client = opened.form(nothing="1"), f"{opened.answer()}/decision", opened.client()
    assert client.post(there, data=form).status_code == 422  # an item is chosen, too
    del form["item"]
    assert client.post(there, data=form).is_success
    assert opened.ledger.rows[-1].share == 0.0
    opened.ledger.save_rubric(replace(opened.ledger.made[-1], parent=2, start=Start.FULL))
    form = opened.form(1, nothing="1")
    del form["item"]
    assert client.post(f"{opened.answer(1)}/decision", data=form).is_success
    assert opened.ledger.rows[-1].share == 1.0


def test_a_flag_alone_gives_no_points_and_asks_for_the_head(opened: Opened) -> None:
    form = opened.form(flag="Is reflection right here?")
    del form["item"]
    client = opened.client("ben", Role.GRADER)
    assert client.post(f"{opened.answer()}/decision", data=form).is_success
    assert opened.ledger.rows[-1].share is None
    assert "Is reflection right here?" in client.get("/part/3c/answers?show=flagged").text


def test_points_out_of_range_items_unknown_and_two_of_one_group_are_refused(
    opened: Opened,
) -> None:
    there, client = f"{opened.answer()}/decision", opened.client()
    for wrong, status in (
        ({"adjust": "7"}, 422),
        ({"adjust": "much"}, 422),
        ({"adjust": "nan"}, 422),
        ({"item": "stranger"}, 409),
        ({"item": ["right", "half"]}, 422),
        ({"uuid": "../x"}, 422),
        ({"comment": "x" * 10_001}, 422),
    ):
        assert client.post(there, data=opened.form() | wrong).status_code == status, wrong
    assert opened.ledger.rows == []


def test_undo_brings_back_what_held_before_and_adds_a_row(opened: Opened) -> None:
    there, client = opened.answer(), opened.client()
    client.post(f"{there}/decision", data=opened.form(comment="one"))
    client.post(f"{there}/decision", data=opened.form(item="right", comment="two"))
    first, second = opened.ledger.rows
    form = {"uuid": uuid4().hex, "parent": second.uuid}
    assert client.post(f"{there}/undo", data=form).json()["state"] == "saved"
    assert client.post(f"{there}/undo", data=form).json()["state"] == "saved"  # the same again
    assert len(opened.ledger.rows) == 3
    back = opened.ledger.rows[-1]
    assert (back.content, back.parent) == (first.content, second.uuid)


def test_only_ones_own_decision_is_taken_back_and_a_head_is_asked_whose_it_is(
    opened: Opened,
) -> None:
    there, ben = opened.answer(), opened.client("ben", Role.GRADER)
    opened.client("ann", Role.GRADER).post(f"{there}/decision", data=opened.form())
    form = {"uuid": uuid4().hex, "parent": opened.ledger.rows[0].uuid}
    said = ben.post(f"{there}/undo", data=form)
    assert (said.status_code, said.json()["state"]) == (422, "refused")
    assert "ann decided this, not you" in said.json()["sentence"]
    assert ben.post(f"{there}/undo", data=form | {"whose": "cid"}).status_code == 422
    head = opened.client("hal")
    said = head.post(f"{there}/undo", data=form)
    assert (said.json()["state"], said.json()["whose"]) == ("ask", "ann")
    assert len(opened.ledger.rows) == 1
    assert head.post(f"{there}/undo", data=form | {"whose": "ann"}).is_success
    assert opened.ledger.rows[-1].kind is DecisionKind.WITHDRAWN


def test_what_is_brought_back_stays_the_words_of_whoever_wrote_them(opened: Opened) -> None:
    there, ben = opened.answer(), opened.client("ben", Role.GRADER)
    opened.client("ann", Role.GRADER).post(f"{there}/decision", data=opened.form(comment="mine"))
    ben.post(f"{there}/decision", data=opened.form(item="right"))
    form = {"uuid": uuid4().hex, "parent": opened.ledger.rows[-1].uuid}
    assert ben.post(f"{there}/undo", data=form).is_success
    row = opened.ledger.rows[-1]
    assert (row.author, row.decided_by, row.comment) == ("ben", "ann", "mine")
    html = unescape(ben.get(there).text)
    assert "ben took a decision back; ann's holds again" in html
    assert override_of(row, None, 1.0).author == "ann"


def test_a_conflict_is_open_again_when_its_settlement_is_taken_back(opened: Opened) -> None:
    there, head = opened.answer(), opened.client("hal")
    first, second = opened.form(), opened.form(item="right")
    opened.client("ann", Role.GRADER).post(f"{there}/decision", data=first)
    opened.client("ben", Role.GRADER).post(f"{there}/decision", data=second)
    won, lost = opened.ledger.rows
    form = {"uuid": uuid4().hex, "parent": won.uuid, "keep": lost.uuid, "beside": lost.uuid}
    head.post(f"{there}/settle", data=form)
    assert open_conflicts(opened.ledger.rows) == ()
    back = {"uuid": uuid4().hex, "parent": opened.ledger.rows[-1].uuid}
    assert opened.client("ann", Role.GRADER).post(f"{there}/undo", data=back).status_code == 422
    assert head.post(f"{there}/undo", data=back).is_success
    assert open_conflicts(opened.ledger.rows) == (lost,)
    assert opened.ledger.rows[-1].decided_by == "ann"
    again = {"uuid": uuid4().hex, "parent": opened.ledger.rows[-1].uuid}
    assert head.post(f"{there}/undo", data=again).is_success  # the settlement holds again
    assert open_conflicts(opened.ledger.rows) == ()


def test_undo_of_the_first_decision_leaves_the_answer_ungraded(opened: Opened) -> None:
    there, client = opened.answer(), opened.client()
    client.post(f"{there}/decision", data=opened.form())
    form = {"uuid": uuid4().hex, "parent": opened.ledger.rows[0].uuid}
    assert client.post(f"{there}/undo", data=form).is_success
    assert opened.ledger.rows[-1].kind is DecisionKind.WITHDRAWN
    assert "needs grading" in client.get(there).text


def test_undo_of_what_somebody_replaced_is_refused(opened: Opened) -> None:
    there, client = opened.answer(), opened.client()
    client.post(f"{there}/decision", data=opened.form())
    mine = opened.ledger.rows[0].uuid
    client.post(f"{there}/decision", data=opened.form(item="right"))
    form = {"uuid": uuid4().hex, "parent": mine}
    assert client.post(f"{there}/undo", data=form).status_code == 409
    assert len(opened.ledger.rows) == 2


def test_a_change_of_the_rubric_shows_its_effect_before_it_is_saved(opened: Opened) -> None:
    client = opened.client()
    for place, item in enumerate(("half", "half", "right")):
        client.post(f"{opened.answer(place)}/decision", data=opened.form(place, item=item))
    form = rubric_form(percents=("100", "80", "0", "-10"))
    effect = client.post("/part/3c/rubric/effect", data=form).text
    assert "2 answers change" in effect
    assert "2 up, 0 down" in effect
    assert "0.4 → 0.64" in effect  # of the 0.8 points that 6.869 has for the part
    assert len(opened.ledger.made) == 1
    assert client.post("/part/3c/rubric", data=form).status_code == 422  # no reason
    saved = client.post("/part/3c/rubric", data=form | {"reason": "Half was hard"})
    assert saved.json()["state"] == "saved"
    assert saved.json()["there"] == "/part/3c/rubric"
    assert "0.64 points" in client.get(opened.answer()).text  # all earlier answers follow
    assert "Half was hard" in client.get("/part/3c/rubric").text


def test_the_second_of_two_rubric_editors_loses_nothing_and_overwrites_nothing(
    opened: Opened,
) -> None:
    form = rubric_form(percents=("100", "60", "0", "-10"))
    opened.client("ann").post("/part/3c/rubric", data=form | {"reason": "mine"})
    late = rubric_form(percents=("100", "70", "0", "-10")) | {"reason": "no, mine"}
    answer = opened.client("hal").post("/part/3c/rubric", data=late)
    assert answer.status_code == 409
    assert "ann changed this rubric meanwhile" in answer.json()["sentence"]
    assert answer.json()["parent"] == 3  # what it replaces when it is sent again
    assert [one.item("half").share for one in opened.ledger.made] == [0.5, 0.6]


def test_an_item_that_is_left_out_is_retired_and_still_explains(opened: Opened) -> None:
    client = opened.client()
    client.post(f"{opened.answer()}/decision", data=opened.form(item="half"))
    form = rubric_form(percents=("100", "50", "0", "-10"))
    form = {
        name: value if not isinstance(value, list) else [value[0], *value[2:]]
        for name, value in form.items()
    }
    client.post("/part/3c/rubric", data=form | {"reason": "gone"})
    item = opened.ledger.made[-1].item("half")
    assert item is not None
    assert item.retired
    assert "Right, not explained" in client.get(opened.answer()).text
    assert "Right, not explained" not in client.get(opened.answer(1)).text


def rubric_form(percents: tuple[str, ...]) -> dict[str, object]:
    """The rubric's page as a form."""
    many = len(ITEMS)
    return {
        "parent": "2", "start": "zero", "floor": "0", "ceiling": "100",
        "item_id": [item.id for item in ITEMS],
        "title": [item.title for item in ITEMS],
        "percent": list(percents),
        "group": [item.group for item in ITEMS],
        "for_student": [""] * many, "for_staff": [""] * many,
        "show": ["applied"] * many,
        "state": ["one", "one", "one", "any"],
    }  # fmt: skip


def test_points_in_place_of_those_of_checks_need_a_reason(opened: Opened) -> None:
    client, address = opened.client(), f"{opened.answer(0, '2a')}/decision"
    form = opened.form(0, "2a", adjust="0.1")
    del form["item"]
    refused = client.post(address, data=form)
    assert (refused.status_code, refused.json()["state"]) == (422, "refused")
    assert "Say why it gets other points" in refused.json()["sentence"]
    assert opened.ledger.rows == []
    for field in ("comment", "note"):
        seat = opened.desk.attendance.room.order("2a")[0]
        mine = opened.ledger.decisions(seat.kerberos, "2a")
        form |= {"uuid": uuid4().hex, "parent": mine[-1].uuid if mine else ""}
        said = client.post(address, data=form | {field: "The appeal is right."})
        assert said.json()["state"] == "saved"


def test_the_desk_of_a_part_that_checks_graded_says_by_which_rule(opened: Opened) -> None:
    room = opened.desk.attendance.room
    seat = room.order("2a")[0]
    half = replace(seat.parts["2a"].findings[0], outcome=Outcome.PARTIAL, credit=0.5)
    ruled = replace(half, rule="credit.in_features.half = 0.5 (half of it)")
    parts = {**seat.parts, "2a": replace(seat.parts["2a"], findings=(ruled,))}
    seats = tuple(replace(one, parts=parts) if one is seat else one for one in room.seats)
    opened.desk.attendance._room = replace(room, seats=seats)
    html = opened.client().get(opened.answer(0, "2a")).text
    assert "50% of its points, by the offering" in html
    assert "credit.in_features.half = 0.5 (half of it)" in html


def test_what_was_saved_is_told_in_the_words_of_what_was_done(opened: Opened) -> None:
    client, address = opened.client(), f"{opened.answer()}/decision"
    flag = opened.form(flag="Look")
    del flag["item"]
    assert "is flagged for the head" in client.post(address, data=flag).json()["sentence"]
    late = opened.form(item="right") | {"parent": ""}
    said = client.post(address, data=late).json()
    assert said["sentence"].startswith("You decided about this answer before, on another page.")
    assert said["state"] == "outdated"
    assert len(opened.ledger.rows) == 1
    again = late | said["now"]
    assert client.post(address, data=again).json()["state"] == "saved"
    assert [row.kind for row in opened.ledger.rows] == [DecisionKind.HUMAN, DecisionKind.HUMAN]
    theirs = opened.client("ben").post(address, data=late | {"uuid": uuid4().hex}).json()
    assert theirs["state"] == "conflict"  # another person's is never replaced unseen
    full = opened.form(1, "1a", adjust="1")
    del full["item"]
    client.post(f"{opened.answer(1, '1a')}/decision", data=full)
    assert "<b>1 point</b>" in client.get(opened.answer(1, "1a")).text


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"floor": "50", "ceiling": "20"}, "found 50 and 20 percent"),
        ({"title": ["Same", "same ", "C", "D"]}, "found 'same' twice"),
    ],
)
def test_a_rubric_that_cannot_be_meant_is_refused(
    opened: Opened, change: dict[str, object], says: str
) -> None:
    form = rubric_form(percents=("100", "80", "0", "-10")) | {"reason": "x"} | change
    said = opened.client().post("/part/3c/rubric", data=form)
    assert (said.status_code, says in said.json()["sentence"]) == (422, True), said.json()
    assert len(opened.ledger.made) == 1


def test_a_page_of_one_person_saves_nothing_as_another(opened: Opened) -> None:
    client = opened.client("ben", Role.GRADER)
    assert 'data-me="ben"' in client.get(opened.answer()).text
    form = opened.form()
    said = client.post(f"{opened.answer()}/decision", data=form, headers={"x-me": "ann"})
    assert (said.status_code, said.json()["state"]) == (409, "another")
    assert "opened by ann, and this browser is ben's" in said.json()["sentence"]
    assert opened.ledger.rows == []
    own = client.post(f"{opened.answer()}/decision", data=form, headers={"x-me": "ben"})
    assert own.json()["state"] == "saved"


def test_a_full_disk_is_a_sentence_that_says_where(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    reason = sqlite3.OperationalError("database or disk is full")

    def full(_: object) -> None:
        raise OperationalError("INSERT", {}, reason)

    monkeypatch.setattr(opened.ledger, "decide", full)
    said = opened.client().post(f"{opened.answer()}/decision", data=opened.form())
    assert (said.status_code, said.json()["state"]) == (500, "failed")
    sentence = said.json()["sentence"]
    assert sentence.startswith("Nothing was saved: ")
    assert "the disk is full" in sentence
    assert str(opened.desk.results) in sentence


def test_a_text_of_thousands_of_lines_is_refused_wherever_students_would_read_it(
    opened: Opened,
) -> None:
    """Its PDF would take minutes; 10,000 characters in 200 lines take 3 s at most."""
    client, there, long = opened.client(), opened.answer(), "x\n" * 900 + "x"
    mark = json.dumps({"page": 1, "box": [0.1, 0.1, 0.5, 0.2], "text": long})
    rubric = rubric_form(percents=("100", "80", "0", "-10")) | {"reason": "x"}
    for where, form in (
        (f"{there}/decision", opened.form(comment=long)),
        (f"{there}/decision", opened.form(mark=mark)),
        (f"{there}/decision", opened.form(answer=long)),
        (f"{there}/request", {"uuid": uuid4().hex, "kind": "opened", "text": long}),
        ("/part/3c/rubric", rubric | {"for_student": [long, "", "", ""]}),
    ):
        said = client.post(where, data=form)
        assert (said.status_code, "lines, found 901" in said.json()["sentence"]) == (422, True)
    fits = opened.form(comment="x\n" * 199 + "x")
    assert client.post(f"{there}/decision", data=fits).is_success

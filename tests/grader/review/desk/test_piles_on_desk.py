"""Piles on the desk: every member is seen, and each gets a decision of its own."""

from __future__ import annotations

import re
from html import unescape
from uuid import uuid4

from grader.model.records.decisions import DecisionKind
from grader.review.desk.access import Role
from tests.grader.review.desk.conftest import Opened


def pile_of(opened: Opened, part: str = "3c", says: str = "") -> tuple[str, list[str]]:
    """Address of a pile of several answers, and what its page sends to choose each.

    With `says`, of one whose page holds these words.
    """
    client = opened.client()
    listed = re.findall(
        rf'href="(/part/{part}/piles/[^"]+)"', client.get(f"/part/{part}/piles").text
    )
    for where in listed:
        html = client.get(where).text
        taken = re.findall(r'name="member" value="([^"]+)"', html)
        if len(taken) > 1 and says in html:
            return where, [unescape(one) for one in taken]
    raise AssertionError("no pile of several answers")


def fields(taken: list[str], **more: str) -> dict[str, object]:
    return {"uuid": uuid4().hex, "rubric": "2", "item": "half", "member": taken, **more}


def test_each_answer_of_a_pile_gets_a_decision_of_its_own(opened: Opened) -> None:
    where, taken = pile_of(opened)
    said = opened.client("ben", Role.GRADER).post(where, data=fields(taken, comment="Why so?"))
    assert said.json()["state"] == "saved"
    rows = opened.ledger.rows
    assert {row.kerberos for row in rows} == {
        opened.desk.attendance.room.by_code[one.split()[0]].kerberos for one in taken
    }
    assert {(row.kind, row.author, row.share, row.comment, row.group) for row in rows} == {
        (DecisionKind.GROUP, "ben", 0.5, "Why so?", where.rpartition("/")[2])
    }
    assert len({row.uuid for row in rows}) == len(taken)


def test_a_pile_that_is_sent_twice_is_graded_once(opened: Opened) -> None:
    where, taken = pile_of(opened)
    form, client = fields(taken), opened.client()
    assert [client.post(where, data=form).json()["state"] for _ in range(2)] == ["saved"] * 2
    assert len(opened.ledger.rows) == len(taken)


def test_who_was_graded_meanwhile_is_left_alone(opened: Opened) -> None:
    where, taken = pile_of(opened)
    room = opened.desk.attendance.room
    seat = room.by_code[taken[0].split()[0]]
    place = room.order("3c").index(seat)
    client = opened.client()
    client.post(f"{opened.answer(place)}/decision", data=opened.form(place, item="right"))
    said = client.post(where, data=fields(taken)).json()
    assert "1 left alone" in said["sentence"]
    mine = [row for row in opened.ledger.rows if row.kerberos == seat.kerberos]
    assert [row.share for row in mine] == [1.0]


def test_only_members_that_were_seen_can_be_graded_as_a_pile(opened: Opened) -> None:
    where, taken = pile_of(opened)
    client = opened.client()
    stranger = next(
        seat.code
        for seat in opened.desk.attendance.room.seats
        if not any(one.startswith(seat.code) for one in taken)
    )
    assert client.post(where, data=fields([f"{stranger} - -"])).status_code == 409
    assert client.post(where, data=fields([])).status_code == 422
    other = taken[0].split()[0] + " " + "0" * 64 + " -"
    assert client.post(where, data=fields([other])).status_code == 409  # of another hand-in
    assert opened.ledger.rows == []


def test_a_pile_becomes_an_item_that_is_switched_on_for_the_chosen_answers(opened: Opened) -> None:
    where, taken = pile_of(opened)
    head, chosen = opened.client(), taken[:2]
    form = {"uuid": uuid4().hex, "rubric": "2", "member": chosen, "new_percent": "60"}
    assert "in one line" in head.post(f"{where}/item", data=form).json()["sentence"]
    same = form | {"new_title": "a slip of  Notation"}
    assert "already" in head.post(f"{where}/item", data=same).json()["sentence"]
    made = form | {"new_title": "Pads with zeros", "new_for_student": "Why zeros?"}
    wrong = made | {"new_percent": "101"}
    assert head.post(f"{where}/item", data=wrong).status_code == 422
    assert opened.client("ben", Role.GRADER).post(f"{where}/item", data=made).status_code == 403
    assert len(opened.ledger.made) == 1
    said = head.post(f"{where}/item", data=made).json()
    assert head.post(f"{where}/item", data=made).json() == said  # sent twice, it is made once
    assert len(opened.ledger.made) == 2
    item = opened.ledger.made[-1].items[-1]
    assert (item.title, item.share, item.for_student) == ("Pads with zeros", 0.6, "Why zeros?")
    html = head.get(said["there"]).text
    assert re.search(rf'value="{item.id}"[^>]* checked', html)
    on = re.findall(r'name="member" value="([^"]+)" checked', html)
    assert sorted(map(unescape, on)) == sorted(chosen)
    assert opened.ledger.rows == []  # nothing is graded before it is looked at


def test_what_the_choices_give_each_member_is_seen_before_they_are_graded(opened: Opened) -> None:
    where, taken = pile_of(opened)
    client = opened.client()
    html = client.post(f"{where}/effect", data=fields(taken)).text
    for one in taken:
        seat = opened.desk.attendance.room.by_code[one.split()[0]]
        most = opened.desk.assignment.max_points("3c", seat.course)
        assert re.search(rf"{seat.kerberos}[^<]*: {0.5 * most:g} of {most:g} point", html)
    bare = {"uuid": uuid4().hex, "rubric": "2", "member": taken}
    assert "Choose an item" in client.post(f"{where}/effect", data=bare).text
    assert opened.ledger.rows == []


def test_answers_are_moved_to_another_pile_and_to_a_new_one(opened: Opened) -> None:
    where, taken = pile_of(opened)
    client, moves = opened.client("ben", Role.GRADER), opened.desk.moves
    options = re.findall(r'<option value="(\w+)">', client.get(where).text)
    form = {"uuid": uuid4().hex, "member": taken[:1]}
    try:
        assert client.post(f"{where}/move", data=form | {"to": "nowhere"}).status_code == 409
        assert moves.lines() == ()
        said = client.post(f"{where}/move", data=form | {"to": options[0]}).json()
        assert said["sentence"] == "Saved: 1 answer moved."
        assert moves.lines()[0]["author"] == "ben"
        assert client.get(where).status_code == 404  # it is another pile without that answer
        code = taken[0].split()[0]
        piles = {
            there: client.get(there).text
            for there in re.findall(
                r'href="(/part/3c/piles/[^"]+)"', client.get("/part/3c/piles").text
            )
        }
        (there,) = [one for one, html in piles.items() if f'value="{code} ' in html]
        both = [unescape(one) for one in re.findall(r'name="member" value="([^"]+)"', piles[there])]
        assert len(both) > 1
        client.post(f"{there}/move", data={"uuid": uuid4().hex, "member": both, "to": ""})
        assert [line["beside"] for line in moves.lines()[1:]].count("") == 1  # of the new pile
    finally:
        moves.path.unlink(missing_ok=True)  # the class is shared


def test_a_pile_that_is_sent_again_with_other_choices_does_not_say_that_they_are_saved(
    opened: Opened,
) -> None:
    where, taken = pile_of(opened)
    sent, client = fields(taken), opened.client()
    client.post(where, data=sent)
    said = client.post(where, data=sent | {"item": "right"}).json()["sentence"]
    assert said.startswith("Saved: 0 answers")
    assert f"{len(taken)} saved before you changed the choices" in said
    assert {row.share for row in opened.ledger.rows} == {0.5}


def test_a_pile_shows_no_digits_that_switch_nothing(opened: Opened) -> None:
    client, (where, _) = opened.client(), pile_of(opened)
    assert "<kbd" not in client.get(where).text
    assert "aria-keyshortcuts" not in client.get(where).text
    assert client.get(opened.answer()).text.count('<kbd aria-hidden="true">') >= 5


def test_what_was_graded_with_a_pile_is_taken_back_one_by_one(opened: Opened) -> None:
    client, (where, taken) = opened.client("ben", Role.GRADER), pile_of(opened)
    form = {"uuid": uuid4().hex, "rubric": "2", "item": "half", "member": taken}
    assert client.post(where, data=form).json()["state"] == "saved"
    first, *others = opened.ledger.rows
    code = taken[0].partition(" ")[0]
    undo = {"uuid": uuid4().hex, "parent": first.uuid}
    assert client.post(f"/part/3c/answers/{code}/undo", data=undo).json()["state"] == "saved"
    row = opened.ledger.rows[-1]
    assert (row.kerberos, row.kind) == (first.kerberos, DecisionKind.WITHDRAWN)
    assert [one.kerberos for one in opened.ledger.rows if one.kind is DecisionKind.GROUP] == [
        one.kerberos for one in (first, *others)
    ]
    assert "1 of these needs grading" in client.get(where).text
    client.post(where, data=form)  # an old form grades nobody anew
    assert len(opened.ledger.rows) == len(taken) + 1


def test_pages_and_code_stand_beside_texts_that_are_equal_and_none_is_chosen(
    opened: Opened,
) -> None:
    where, taken = pile_of(opened)
    html = opened.client().get(where).text
    assert " checked" not in "".join(re.findall(r'name="member"[^>]*', html))
    for one in taken:
        address = rf'<img src="/students/{one.split()[0]}/pages/\d+\?v=\w+" loading="lazy"'
        assert re.search(address, html), one
    assert "found by the part&#39;s own heading" in html


def undo_forms(html: str) -> list[list[str]]:
    forms = re.findall(r'<form[^>]*/undo".*?</form>', html, re.DOTALL)
    return [re.findall(r'name="row" value="([^"]+)"', one) for one in forms]


def test_what_was_graded_with_a_pile_is_taken_back_as_a_pile_and_graded_again(
    opened: Opened,
) -> None:
    ben, (where, taken) = opened.client("ben", Role.GRADER), pile_of(opened)
    assert undo_forms(ben.get(where).text) == []
    ben.post(where, data=fields(taken))
    html = ben.get(where).text
    (rows,) = undo_forms(html)
    assert len(rows) == len(taken)
    assert f'<span data-count="half">{len(taken)}</span>' in html
    assert "Choose" not in html.partition("0 of these need grading.")[2].partition("</p>")[0]
    assert undo_forms(opened.client("eve", Role.READER).get(where).text) == []
    cai = opened.client("cai", Role.GRADER)
    assert undo_forms(cai.get(where).text) == []
    form = {"uuid": uuid4().hex, "row": rows}
    assert "ben or a head" in cai.post(f"{where}/undo", data=form).json()["sentence"]
    assert len(opened.ledger.rows) == len(taken)

    said = [ben.post(f"{where}/undo", data=form).json() for _ in range(2)]
    assert said[0] == said[1]  # sent twice, it is done once
    assert said[0]["sentence"] == f"Taken back: {len(taken)} answers of the pile."
    undone = opened.ledger.rows[len(taken) :]
    assert [(row.kind, row.author) for row in undone] == [(DecisionKind.WITHDRAWN, "ben")] * len(
        taken
    )
    html = ben.get(where).text
    again = [unescape(one) for one in re.findall(r'name="member" value="([^"]+)"', html)]
    assert ben.post(where, data=fields(again, item="right")).json()["state"] == "saved"
    assert {row.share for row in opened.ledger.rows[-len(taken) :]} == {1.0}


def test_a_head_takes_a_pile_back_and_what_was_decided_since_is_left_alone(
    opened: Opened,
) -> None:
    ben, (where, taken) = opened.client("ben", Role.GRADER), pile_of(opened)
    ben.post(where, data=fields(taken))
    ann = opened.client()
    (rows,) = undo_forms(ann.get(where).text)
    seat = opened.desk.attendance.room.by_code[taken[0].split()[0]]
    place = opened.desk.attendance.room.order("3c").index(seat)
    ann.post(f"{opened.answer(place)}/decision", data=opened.form(place, item="right"))
    said = ann.post(f"{where}/undo", data={"uuid": uuid4().hex, "row": rows}).json()
    assert "1 left alone" in said["sentence"]
    mine = [row for row in opened.ledger.rows if row.kerberos == seat.kerberos]
    assert [row.share for row in mine] == [0.5, 1.0]
    stranger = {"uuid": uuid4().hex, "row": ["ABCDEFG 0"]}
    assert ann.post(f"{where}/undo", data=stranger).status_code == 409
    assert ann.post(f"{where}/undo", data={"uuid": uuid4().hex}).status_code == 422

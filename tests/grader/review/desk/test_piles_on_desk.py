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

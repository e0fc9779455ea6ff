"""Regrade requests at the desk: entered, answered with and without other points."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from grader.model.records.releases import RequestKind
from grader.review.desk.access import Role
from tests.grader.review.desk.conftest import ClassOnDisk, Opened, open_over


def send(opened: Opened, client: TestClient, kind: str, text: str, **more: str) -> dict[str, str]:
    shown = {name: opened.form()[name] for name in ("parent", "thread")}
    form = {"uuid": uuid4().hex, "kind": kind, "text": text} | shown | more
    said: dict[str, str] = client.post(f"{opened.answer()}/request", data=form).json()
    return said


def test_a_request_from_a_mail_waits_in_overview_list_and_desk_until_it_is_answered(
    opened: Opened,
) -> None:
    client = opened.client("ben", Role.GRADER)
    assert send(opened, client, "opened", "Why *half*?")["state"] == "saved"
    assert "1 regrade request waits" in client.get("/").text
    assert "1 waits for an answer" in client.get("/requests").text
    code = opened.answer().rpartition("/")[2]
    assert client.get(f"/students/{code}").text.count("A regrade request waits.") == 1
    html = client.get(opened.answer()).text
    assert "Why <em>half</em>?" in html
    assert "Keep the points" in html
    assert send(opened, client, "opened", "Again?")["state"] == "refused"
    assert send(opened, client, "reply", "I look at it.")["state"] == "saved"
    assert send(opened, client, "kept", "")["state"] == "refused"
    assert send(opened, client, "kept", "It stays.")["state"] == "saved"
    assert "0 wait for an answer" in client.get("/requests").text
    assert send(opened, client, "kept", "Once more.")["state"] == "refused"
    assert send(opened, client, "reopened", "Please!")["state"] == "saved"
    assert "1 waits for an answer" in client.get("/requests").text
    kinds = [one.kind.value for one in opened.ledger.events]
    assert kinds == ["opened", "reply", "kept", "reopened"]
    assert [one.author for one in opened.ledger.events][1:3] == ["ben", "ben"]
    assert opened.ledger.events[0].entered_by == "ben"


def test_sent_twice_an_entry_is_one(opened: Opened) -> None:
    client, uuid = opened.client(), uuid4().hex
    for _ in range(2):
        assert send(opened, client, "opened", "Why?", uuid=uuid)["state"] == "saved"
    assert len(opened.ledger.events) == 1


def test_other_points_answer_a_request_with_the_decision_that_changed_them(
    opened: Opened,
) -> None:
    client = opened.client()
    client.post(f"{opened.answer()}/decision", data=opened.form())
    send(opened, client, "opened", "Why half?")
    without = opened.form(item="right")
    client.post(f"{opened.answer()}/decision", data=without)
    assert len(opened.ledger.events) == 1  # nothing was said to the student, so it still waits
    form = opened.form(item="none", answer="Sorry, less.")
    for _ in range(2):  # the first reply was lost
        assert client.post(f"{opened.answer()}/decision", data=form).json()["state"] == "saved"
    last = opened.ledger.events[-1]
    assert (last.kind, last.decision, last.text) == (
        RequestKind.CHANGED,
        form["uuid"],
        "Sorry, less.",
    )
    assert len(opened.ledger.events) == 2


def test_the_same_points_with_an_answer_keep_them(opened: Opened) -> None:
    client = opened.client()
    client.post(f"{opened.answer()}/decision", data=opened.form())
    send(opened, client, "opened", "Why half?")
    form = opened.form(comment="Because.", answer="See there.")
    client.post(f"{opened.answer()}/decision", data=form)
    assert opened.ledger.events[-1].kind is RequestKind.KEPT


@pytest.mark.parametrize("where", ["/requests", "answer"])
def test_a_students_own_words_name_nobody_where_names_are_hidden(
    class_on_disk: ClassOnDisk, where: str
) -> None:
    opened = open_over(class_on_disk, blind=True)
    seat = opened.desk.attendance.room.order("3c")[0]
    client = opened.client("ben", Role.GRADER)
    send(opened, client, "opened", f"I am {seat.name} ({seat.kerberos})")
    html = client.get(opened.answer() if where == "answer" else where).text
    assert seat.kerberos not in html
    assert seat.name.split()[0] not in html


@pytest.mark.parametrize("way", ["button", "decision"])
def test_an_answer_says_that_points_changed_since_the_student_asked(
    opened: Opened, way: str
) -> None:
    client, there = opened.client(), f"{opened.answer()}/decision"
    client.post(there, data=opened.form())
    opened.ledger.rows[0] = replace(opened.ledger.rows[0], noted_at="2026-11-30T08:00:00+00:00")
    send(opened, client, "opened", "Why half?")
    opened.ledger.events[0] = replace(opened.ledger.events[0], noted_at="2026-11-30T09:00:00+00:00")
    client.post(there, data=opened.form(item="right"))  # without a word to the student
    if way == "button":
        assert "points changed" in send(opened, client, "kept", "It is right now.")["sentence"]
    else:
        client.post(there, data=opened.form(item="right", answer="It is right now."))
    last = opened.ledger.events[-1]
    assert (last.kind, last.decision) == (RequestKind.CHANGED, opened.ledger.rows[-1].uuid)


def test_points_that_stay_after_the_student_asked_again_are_said_to_stay(opened: Opened) -> None:
    client, there = opened.client(), f"{opened.answer()}/decision"

    def at(rows: list[Any], minute: int) -> None:
        rows[-1] = replace(rows[-1], noted_at=f"2026-11-30T08:{minute:02}:00+00:00")

    client.post(there, data=opened.form())
    at(opened.ledger.rows, 1)
    send(opened, client, "opened", "Why half?")
    at(opened.ledger.events, 2)
    client.post(there, data=opened.form(item="right", answer="It is right."))
    at(opened.ledger.rows, 3)
    at(opened.ledger.events, 3)
    assert opened.ledger.events[-1].kind is RequestKind.CHANGED
    send(opened, client, "reopened", "Is that all?")
    at(opened.ledger.events, 4)
    assert "the points stay" in send(opened, client, "kept", "Stays.")["sentence"]
    assert (opened.ledger.events[-1].kind, opened.ledger.events[-1].decision) == (
        RequestKind.KEPT,
        "",
    )

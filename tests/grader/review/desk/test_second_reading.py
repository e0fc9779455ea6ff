"""A second grader reads without seeing the first's points; differences are a head's to settle."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from grader.batch.records import State
from grader.model.records import GradeSheet, Outcome
from grader.model.records.codec import load
from grader.model.records.decisions import DecisionKind
from grader.model.results_folder import ResultFolder
from grader.review.desk import evidence_view
from grader.review.desk.access import Role
from grader.review.desk.second_view import to_read
from tests.grader.review.desk.conftest import Opened

WORDS = "Only the first grader says this."


def graded_by_ann(opened: Opened, many: int = 3) -> None:
    for place in range(many):
        form = opened.form(place, comment=WORDS)
        opened.client("ann").post(f"{opened.answer(place)}/decision", data=form)


def test_a_second_reader_sees_nothing_of_the_first_and_is_kept_beside_it(opened: Opened) -> None:
    graded_by_ann(opened)
    ben = opened.client("ben", Role.GRADER)
    there = ben.get("/part/3c/second?share=100").headers["location"]
    assert there == f"{opened.answer(0)}?second=100"
    html = ben.get(there).text
    assert "Second reading: you do not see what the first grader gave" in html
    assert WORDS not in html.replace(f'data-text="{WORDS}"', "").replace(f">{WORDS}<", "")
    assert "ann graded" not in html
    assert "checked" not in html
    said = ben.post(f"{opened.answer()}/decision", data=second(opened, item="right")).json()
    assert said["sentence"].startswith("Saved: second reading of 3(c)")
    assert said["next"] == f"{opened.answer(1)}?second=100"
    row = opened.ledger.rows[-1]
    assert (row.kind, row.author, row.share) == (DecisionKind.SECOND, "ben", 1.0)
    assert "ann graded" in ben.get(opened.answer()).text  # that one still counts


def test_what_the_run_found_tells_a_second_reader_nothing_of_the_first(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    graded_by_ann(opened, 1)
    seat = opened.desk.attendance.room.order("3c")[0]
    sheet = load(GradeSheet, ResultFolder(root=opened.desk.results / seat.kerberos).results)
    given = tuple(
        replace(
            one, human_points=0.0, points=0.0, outcome=Outcome.FAIL, pending_points=0.0,
            human_comment=WORDS, message=WORDS,
        )
        for one in sheet.parts
    )  # fmt: skip
    monkeypatch.setattr(evidence_view, "load", lambda *_: replace(sheet, parts=given))
    ben = opened.client("ben", Role.GRADER)
    tabs = [ben.get(opened.answer() + end).text.partition('id="sheet-run"')[2]
            for end in ("", "?second=100")]  # fmt: skip
    first, again = (tab.partition('id="sheet-reference"')[0] for tab in tabs)
    assert "Incorrect" in first
    assert WORDS in first
    assert "Incorrect" not in again
    assert WORDS not in again
    assert "Needs grading" in again


def second(opened: Opened, place: int = 0, **fields: str) -> dict[str, str]:
    return opened.form(place, second="100", **fields)


def test_nobody_reads_twice_what_they_graded_or_what_nobody_did(opened: Opened) -> None:
    graded_by_ann(opened, 1)
    ann, ben = opened.client("ann"), opened.client("ben")
    assert ann.post(f"{opened.answer()}/decision", data=second(opened)).status_code == 422
    assert ben.post(f"{opened.answer(1)}/decision", data=second(opened, 1)).status_code == 409
    assert ann.get("/part/3c/second?share=100").headers["location"] == "/part/3c/readings"
    assert "Nothing is left for you" in ann.get("/part/3c/readings").text
    assert len(opened.ledger.rows) == 1


def test_a_reading_that_is_sent_twice_is_one(opened: Opened) -> None:
    graded_by_ann(opened, 1)
    form = second(opened, item="right")
    for _ in range(2):
        said = opened.client("ben").post(f"{opened.answer()}/decision", data=form).json()
        assert said["state"] == "saved"
    assert len(opened.ledger.rows) == 2


def test_differences_are_listed_for_a_head_who_settles_them(opened: Opened) -> None:
    graded_by_ann(opened)
    ben = opened.client("ben", Role.GRADER)
    for place, item in enumerate(("right", "half", "none")):
        ben.post(f"{opened.answer(place)}/decision", data=second(opened, place, item=item))
    html = ben.get("/part/3c/readings").text
    assert "3 of 3 graded answers were read a second time; 1 got the same points" in html
    assert "2 differences wait for a head" in html
    assert "/compare" not in html
    head = opened.client("hal")
    assert head.get("/part/3c/readings").text.count("/compare") == 2
    compare = head.get(f"{opened.answer()}/compare").text
    assert "Second reading" in compare
    first = opened.ledger.rows[0]
    theirs = opened.ledger.rows[3]
    form = {"uuid": uuid4().hex, "parent": first.uuid, "keep": theirs.uuid, "beside": theirs.uuid}
    assert head.post(f"{opened.answer()}/settle", data=form).json()["state"] == "saved"
    settled = opened.ledger.rows[-1]
    assert (settled.share, settled.kind, settled.settles) == (
        1.0,
        DecisionKind.HUMAN,
        (theirs.uuid,),
    )
    assert head.get("/part/3c/readings").text.count("/compare") == 1


def test_a_drawn_share_holds_the_smaller_one_and_is_the_same_for_everybody(opened: Opened) -> None:
    room = opened.desk.attendance.room
    samples = [room.sample("3c", share) for share in (10, 50, 100)]
    assert [len(one) for one in samples] == [1, 3, 6]
    assert samples[0] < samples[1] < samples[2]
    graded_by_ann(opened, 6)
    held = opened.desk.ledger.decisions(part_id="3c")
    assert len(held) == 6
    client = opened.client("ben")
    left = client.get("/part/3c/readings").text
    assert "(1 left for you)" in left
    assert "(6 left for you)" in left
    assert to_read(room, "3c", {}, "ben", 100) == ()


def test_what_was_not_handed_in_is_not_read_a_second_time(opened: Opened) -> None:
    """Points given to a broken zip, or to a part without an answer, are no reading of anything."""
    graded_by_ann(opened, 6)
    room = opened.desk.attendance.room
    first, second, *_ = room.order("3c")
    part = second.parts["3c"]
    none = tuple(replace(one, outcome=Outcome.NOT_ATTEMPTED) for one in part.findings)
    changed = {
        first.kerberos: replace(first, state=State.REJECTED),
        second.kerberos: replace(
            second, parts={**second.parts, "3c": replace(part, findings=none)}
        ),
    }
    seats = tuple(changed.get(one.kerberos, one) for one in room.seats)
    opened.desk.attendance._room = replace(room, seats=seats)
    assert "(4 left for you)" in opened.client("ben").get("/part/3c/readings").text
    there = opened.client("ben").get("/part/3c/second?share=100").headers["location"]
    assert there == f"{opened.answer(2)}?second=100"

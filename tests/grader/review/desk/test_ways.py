"""Ways to an answer, who else is there, and what checks found as items of a rubric."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.model.records import Outcome
from grader.review.desk.access import Role
from grader.review.desk.classroom import Classroom
from grader.review.desk.found_items import found_in, offered_items
from grader.review.desk.holding import next_to_grade
from grader.review.desk.presence import FORGOTTEN_S, Presence, words
from tests.factories import finding
from tests.grader.review.desk.conftest import RUBRIC, ClassOnDisk, Opened, open_over


@pytest.mark.parametrize(
    ("to", "there"),
    [
        ("{kerberos} 3(c)", "/part/3c/answers/{code}"),
        ("3C {code}", "/part/3c/answers/{code}"),
        ("{kerberos}", "/students/{code}"),
        ("{family}", "/students/{code}"),
        ("3c", "/part/3c"),
        ("", "/"),
        ("kerb", "/students?search=kerb"),
        ("//evil.example", "/students?search=//evil.example"),
    ],
)
def test_a_name_a_code_or_a_part_leads_there(opened: Opened, to: str, there: str) -> None:
    seat = opened.desk.attendance.room.order("3c")[0]
    facts = {"kerberos": seat.kerberos, "code": seat.code, "family": seat.name.split()[1]}
    answer = opened.client().get("/go", params={"to": to.format(**facts)})
    assert answer.headers["location"] == there.format(**facts)
    here = opened.client().get("/go", params={"to": seat.code, "part": "3c"})
    assert here.headers["location"] == f"/part/3c/answers/{seat.code}"


def test_with_hidden_names_only_a_code_leads_to_a_student(class_on_disk: ClassOnDisk) -> None:
    opened = open_over(class_on_disk, blind=True)
    seat = opened.desk.attendance.room.order("3c")[0]
    client = opened.client("ben", Role.GRADER)
    for word in (seat.kerberos, seat.name):
        location = client.get("/go", params={"to": word}).headers["location"]
        assert seat.code not in location
    assert client.get("/go", params={"to": seat.code}).headers["location"].endswith(seat.code)


def test_words_are_found_in_the_answers_to_a_part(opened: Opened) -> None:
    client = opened.client()
    html = client.get("/part/3c/search", params={"q": "ZEROS"}).text
    assert "<mark>eros</mark>" not in html
    assert "<mark>" in html
    assert "/part/3c/answers/" in html
    several = client.get("/part/3c/search", params={"q": "signal zeros"}).text
    assert "<mark>Zeros</mark> are put around the <mark>signal</mark>" in several  # in any order
    assert "0 answers found" in client.get("/part/3c/search", params={"q": "zeros absent"}).text
    none = client.get("/part/3c/search", params={"q": "<b>nowhere"}).text
    assert "0 answers found" in none
    assert "<b>nowhere" not in none


def test_who_is_at_an_answer_is_a_hint_that_is_forgotten() -> None:
    now = [0.0]
    presence = Presence(clock=lambda: now[0])
    presence.note("ann", "3c", "A")
    presence.note("ben", "3c", "B")
    assert presence.others("ann", "3c") == {"ben": "B"}
    assert words(presence.others("ann", "3c"), "A") == "ben is at this part."
    assert words(presence.others("ann", "3c"), "B") == "ben is at this answer, too."
    presence.note("ben", "1a", "B")
    assert presence.others("ann", "3c") == {}
    assert presence.at_parts() == {"1a": ["ben"], "3c": ["ann"]}
    now[0] = FORGOTTEN_S + 1
    assert presence.at_parts() == {}


def test_the_next_answer_is_one_that_nobody_else_looks_at(opened: Opened) -> None:
    room = opened.desk.attendance.room
    first, second = room.order("3c")[:2]
    ann, ben = opened.client("ann"), opened.client("ben")
    assert ann.get(f"/part/3c/answers/{first.code}/here").json()["sentence"] == ""
    said = ben.get(f"/part/3c/answers/{first.code}/here").json()["sentence"]
    assert said == "ann is at this answer, too."
    assert ann.get("/part/3c").headers["location"].endswith(second.code)
    assert "ann, ben are at it" in ann.get("/").text
    everywhere = [seat.code for seat in room.seats]
    assert next_to_grade(room, "3c", {}, "", everywhere) == first  # rather than none
    assert opened.ledger.rows == []


def test_what_checks_found_is_offered_as_an_item_and_shown_where_it_was_found(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = opened.desk.attendance.room
    lost = finding("prose", Outcome.FAIL, message="The `border` is missing.")
    seats = tuple(
        replace(seat, parts={**seat.parts, "3c": replace(seat.parts["3c"], findings=(lost,))})
        if seat is room.order("3c")[0]
        else seat
        for seat in room.seats
    )
    wrong = Classroom(seats=seats, key=room.key, assignment=room.assignment)
    monkeypatch.setattr(opened.desk.attendance, "_room", wrong)
    (offered,) = offered_items(wrong, RUBRIC)
    assert (offered.title, offered.count) == ("The border is missing.", 1)
    client = opened.client()
    assert "Add as an item" in client.get("/part/3c/rubric").text
    row = client.get(f"/part/3c/rubric/row?found={offered.item_id}").text
    assert 'value="The border is missing."' in row
    assert 'value="-100"' in row
    assert client.get("/part/3c/rubric/row?found=else").status_code == 404
    item = replace(RUBRIC.items[0], id=offered.item_id, one_of=False, title="No border")
    opened.ledger.made.append(replace(RUBRIC, number=3, items=(*RUBRIC.items, item)))
    assert found_in(wrong.order("3c")[0], "3c") == {offered.item_id}
    assert "found here by the checks" in client.get(opened.answer(0)).text
    assert "found here by the checks" not in client.get(opened.answer(1)).text
    assert offered_items(wrong, opened.ledger.made[-1]) == ()


def test_an_item_that_others_read_does_not_name_whom_it_was_found_at(opened: Opened) -> None:
    room = opened.desk.attendance.room
    seat = room.order("3c")[0]
    told = f"No file /home/{seat.kerberos}/{seat.name.split()[1]}/a.png"
    parts = {"3c": replace(seat.parts["3c"], findings=(finding("p", Outcome.FAIL, message=told),))}
    seats = tuple(replace(one, parts=parts) if one is seat else one for one in room.seats)
    found = Classroom(seats=seats, key=room.key, assignment=room.assignment)
    (offered,) = offered_items(found, RUBRIC)
    assert offered.title == "No file /home/▇▇▇/▇▇▇/a.png"

"""Comments placed on a page; the decision about an earlier hand-in, taken over or begun with."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from grader.model.records.decisions import Decision, Mark
from grader.model.results_folder import PAGE_PICTURES, ResultFolder
from grader.review.desk.asked import identity_of
from grader.review.desk.classroom import Classroom
from grader.review.page_pictures import draw_pages
from tests.grader.review.desk.conftest import Opened

MARK = {"page": 2, "box": [0.1, 0.2, 0.5, 0.3], "text": "Which *end*?"}


def decide(opened: Opened, client: TestClient, **fields: object) -> dict[str, str]:
    form: dict[str, object] = {**opened.form(), **fields}
    said: dict[str, str] = client.post(f"{opened.answer()}/decision", data=form).json()
    return said


def test_a_placed_comment_is_kept_with_the_decision_and_shown_again(opened: Opened) -> None:
    client = opened.client()
    assert decide(opened, client, mark=[json.dumps(MARK)])["state"] == "saved"
    (row,) = opened.ledger.rows
    assert row.marks == (Mark(page=2, box=(0.1, 0.2, 0.5, 0.3), text="Which *end*?"),)
    html = client.get(opened.answer()).text
    assert "Which *end*?" in html.partition("data-marks='")[2].partition("'")[0]
    assert "Page 2, upper part" in html
    assert "<em>end</em>" in html


@pytest.mark.parametrize(
    "wrong",
    [
        "x",
        json.dumps(MARK | {"text": " "}),
        json.dumps(MARK | {"text": "x" * 2001}),
        json.dumps(MARK | {"page": 0}),
        json.dumps(MARK | {"box": [0.5, 0.2, 0.1, 0.3]}),
        json.dumps(MARK | {"box": [0, 0, 1, 1.5]}),
        '{"page": 1, "box": [0, 0, NaN, 1], "text": "x"}',
        [json.dumps(MARK)] * 21,
    ],
)
def test_a_placed_comment_that_cannot_be_is_refused(opened: Opened, wrong: object) -> None:
    assert decide(opened, opened.client(), mark=wrong)["state"] == "refused"
    assert opened.ledger.rows == []


def later_hand_in(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> Decision:
    """A decision on the answer as it is; then the same student hands in another zip."""
    room, seat = opened.desk.attendance.room, opened.desk.attendance.room.order("3c")[0]
    draw_pages(ResultFolder(root=opened.desk.results / seat.kerberos))
    decide(opened, opened.client("ann"), comment="Half")
    later = tuple(
        replace(one, zip_sha256="f" * 64) if one.code == seat.code else one for one in room.seats
    )
    again = Classroom(seats=later, key=room.key, assignment=room.assignment)
    monkeypatch.setattr(opened.desk.attendance, "_room", again)
    (row,) = opened.ledger.rows
    assert len(row.answer_sha256) == 64
    return row  # type: ignore[no-any-return]


def take_over(opened: Opened, offered: Decision, uuid: str = "") -> dict[str, str]:
    form = {"uuid": uuid or uuid4().hex, "offered": offered.uuid}
    said: dict[str, str] = (
        opened.client("ben").post(f"{opened.answer()}/take-over", data=form).json()
    )
    return said


def test_the_same_answer_in_a_later_zip_takes_over_the_old_decision_in_one_key(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered = later_hand_in(opened, monkeypatch)
    assert "The answer is the same: take it over" in opened.client().get(opened.answer()).text
    seat = opened.desk.attendance.room.order("3c")[0]
    shutil.rmtree(opened.desk.results / seat.kerberos / PAGE_PICTURES)  # not drawn ahead
    assert "The answer is the same: take it over" in opened.client().get(opened.answer()).text
    uuid = uuid4().hex
    for _ in range(2):  # the first reply was lost
        assert take_over(opened, offered, uuid)["state"] == "saved"
    _, row = opened.ledger.rows
    assert (row.zip_sha256, row.author, row.comment) == ("f" * 64, "ben", "Half")
    assert row.note == "Taken over from the earlier hand-in; ann decided."
    assert take_over(opened, offered)["state"] == "outdated"


def test_another_answer_only_offers_the_old_choices(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered = later_hand_in(opened, monkeypatch)
    opened.ledger.rows[0] = replace(offered, answer_sha256="")
    assert ">Begin with the old choices<" in opened.client().get(opened.answer()).text
    opened.ledger.rows[0] = offered = replace(offered, answer_sha256="0" * 64)
    html = opened.client().get(opened.answer()).text
    assert "The answer changed: begin with the old choices" in html
    choices = json.loads(html.partition("data-choices='")[2].partition("'")[0])
    assert choices == {"items": ["half"], "nothing": False, "adjust": "", "comment": "Half"}
    assert take_over(opened, offered)["state"] == "refused"
    assert len(opened.ledger.rows) == 1


def test_a_page_that_is_not_drawn_makes_no_answer_the_same(tmp_path: Path, opened: Opened) -> None:
    seat = opened.desk.attendance.room.order("3c")[0]
    folder = ResultFolder(root=tmp_path / seat.kerberos)
    source = ResultFolder(root=opened.desk.results / seat.kerberos)
    folder.root.mkdir()
    for name in ("evidence", "submission"):
        (folder.root / name).symlink_to(source.root / name)
    elsewhere = replace(opened.desk, results=tmp_path, identity=identity_of(tmp_path))
    asked = Opened(elsewhere, opened.ledger)
    decide(asked, asked.client())
    assert opened.ledger.rows[0].answer_sha256 == ""

"""Publishing at the desk: numbers, confirmation, who may, and the files of a class."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from grader.batch import class_run
from grader.batch.store.store import Store, open_store
from grader.model.records import Decision
from grader.review.desk.access import Role
from grader.review.desk.remembered import Remembered
from tests.grader.review.desk.conftest import ClassOnDisk, Opened, open_on_store
from tests.grader.review.desk.synthetic import HUMAN, write_class
from tests.grader.review.test_publishing import write_no_pages


@pytest.fixture
def decided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    """A desk on a store of two students, whose parts are all decided."""
    monkeypatch.setattr(class_run, "_renew_pages", write_no_pages)
    with open_store(tmp_path) as store:
        shared = ClassOnDisk(tmp_path, store, write_class(tmp_path, store, 2))
        decide_all(store)
        yield open_on_store(shared)


def decide_all(store: Store) -> None:
    for row in store.hand_ins(1):
        for part_id in HUMAN:
            made = Decision(
                uuid=uuid4().hex,
                kerberos=row.kerberos,
                part_id=part_id,
                zip_sha256=row.zip_sha256,
                share=1.0,
                author="ann",
            )
            store.decide(made)


def confirmed(client: TestClient, kind: str = "publish") -> dict[str, str]:
    """The form of the page that names the numbers."""
    html = client.get(f"/release/confirm?kind={kind}").text
    digest = html.partition('name="confirmed" value="')[2].partition('"')[0]
    return {"kind": kind, "confirmed": digest}


def test_a_head_publishes_and_withdraws_what_was_confirmed(decided: Opened) -> None:
    client, store = decided.client(), decided.desk.store
    assert "Publish 2 grades?" in client.get("/release/confirm?kind=publish").text
    assert store.releases() == ()
    said = client.post("/release", data=confirmed(client) | {"note": "For all"}).json()
    assert said["there"] == "/release/work"
    decided.desk.work.wait()
    assert "2 of 2 grades published." in client.get("/release/work").text
    assert "2 of 2 grades are published" in client.get("/release").text
    assert {(one.author, one.note) for one in store.releases()} == {("ann", "For all")}
    assert "Publish 0 grades?" in client.get("/release/confirm?kind=publish").text
    code = decided.desk.attendance.room.seats[0].code
    one = client.get(f"/release/confirm?kind=withdraw&code={code}").text
    assert "Withdraw 1 grade?" in one
    client.post("/release", data=confirmed(client, "withdraw"))
    decided.desk.work.wait()
    assert "0 of 2 grades are published" in client.get("/release").text


def test_nothing_is_published_without_numbers_or_with_others_or_twice_at_once(
    decided: Opened,
) -> None:
    client = decided.client()
    assert client.post("/release", data={"kind": "publish"}).status_code == 422
    assert client.post("/release", data={"kind": "all"}).status_code == 422
    client.post("/release", data={"kind": "publish", "confirmed": "0" * 64})
    decided.desk.work.wait()
    html = client.get("/release/work").text
    assert "stopped" in html
    assert "points changed after you saw the numbers" in html
    assert decided.desk.store.releases() == ()
    form = confirmed(client)
    assert decided.desk.work.start(
        "Else", "ben", lambda _: tuple(client.post("/release", data=form).json()["state"])
    )
    decided.desk.work.wait()
    assert decided.desk.work.task is not None
    assert "".join(decided.desk.work.task.sentences) == "refused"


def test_feedback_that_a_stopped_release_left_behind_is_said(
    decided: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = decided.client()
    monkeypatch.setattr(class_run, "_renew_pages", lambda *_: ())  # stopped before any page
    client.post("/release", data=confirmed(client))
    decided.desk.work.wait()
    assert "The feedback of 2 students is older than their points" in client.get("/release").text
    monkeypatch.setattr(class_run, "_renew_pages", write_no_pages)
    client.post("/release", data={"kind": "update"})
    decided.desk.work.wait()
    assert "No points changed. Files and pages are up to date." in client.get("/release/work").text
    assert "is older than" not in client.get("/release").text


def test_files_are_of_today_and_feedback_waits_until_pages_show_it(decided: Opened) -> None:
    client, desk = decided.client(), decided.desk
    for seat in desk.attendance.room.seats:
        (desk.results / seat.kerberos / "feedback.pdf").write_bytes(b"%PDF")
    answer = client.get("/release/files/feedback.zip")
    assert answer.status_code == 422
    assert "Apply all decisions" in answer.text
    book = list(csv.DictReader(io.StringIO(client.get("/release/files/gradebook.csv").text)))
    assert [row["pending"] for row in book] == ["0", "0"]  # although nothing was scored yet
    client.post("/release", data={"kind": "update"})
    desk.work.wait()
    packed = client.get("/release/files/feedback.zip")
    assert packed.headers["content-disposition"].startswith("attachment")
    with zipfile.ZipFile(io.BytesIO(packed.content)) as opened:
        assert opened.namelist() == ["kerb000.pdf", "kerb001.pdf"]
    assert client.get("/release/files/canvas.csv").text.count("kerb") == 2
    assert client.get("/release/files/parts.csv").text.startswith("kerberos,name,course,part")
    assert client.get("/release/files/store.sqlite").status_code == 404
    assert decided.client("eve", Role.GRADER).get("/release/files/parts.csv").status_code == 403


def test_with_hidden_names_no_file_is_given_and_no_sentence_names_anybody(
    decided: Opened,
) -> None:
    object.__setattr__(decided.desk, "blind", True)
    client = decided.client()
    assert client.get("/release/files/gradebook.csv").status_code == 404
    decided.desk.work.start("Publishing", "ann", lambda _: ("kerb001: not renewed",))
    decided.desk.work.wait()
    for where in ("/release", "/release/work", "/release/confirm?kind=publish"):
        html = client.get(where).text
        assert "kerb00" not in html
        assert "Familyname" not in html


def test_rows_of_another_process_are_remembered_with_the_next_page(decided: Opened) -> None:
    kept, store = Remembered(decided.desk.store), decided.desk.store
    assert len(kept.decisions()) == 2 * len(HUMAN) == len(store.decisions())
    (before,) = kept.decisions("kerb000", "3c")
    made = Decision(
        uuid=uuid4().hex,
        kerberos="kerb000",
        part_id="3c",
        zip_sha256=before.zip_sha256,
        parent=before.uuid,
        share=0.5,
        author="ben",
    )
    store.decide(made)
    for kerberos, part_id in ((None, None), ("kerb000", None), (None, "3c"), ("kerb000", "3c")):
        assert kept.decisions(kerberos, part_id) == store.decisions(kerberos, part_id)

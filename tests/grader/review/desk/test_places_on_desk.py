"""A person says which page of a report answers which part, and is believed everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from uuid import uuid4

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from grader.batch.store.store import open_store
from grader.model.records.places import NAMES
from grader.model.results_folder import ResultFolder
from grader.review.desk import evidence_view, place_view
from grader.review.desk.access import Role
from grader.review.page_pictures import PageSet
from tests.grader.review.desk.conftest import ClassOnDisk, Opened, open_on_store
from tests.grader.review.desk.synthetic import write_class


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClassOnDisk]:
    """Two students; the report of the second is a scan of four pages."""
    results = tmp_path_factory.mktemp("places")
    with open_store(results) as store:
        yield ClassOnDisk(results, store, write_class(results, store, 2, scanned=(1,)))


@pytest.fixture
def opened(shared: ClassOnDisk) -> Opened:
    return open_on_store(shared)


def scan_of(opened: Opened) -> str:
    return opened.desk.attendance.room.by_kerberos["kerb001"].code


def say(opened: Opened, client: TestClient, *at: str, **fields: str) -> dict[str, str]:
    seat = opened.desk.attendance.room.by_kerberos["kerb001"]
    html = client.get(f"/pages/of/{seat.code}").text
    parent = html.partition('name="parent" value="')[2].partition('"')[0]
    form: dict[str, object] = {"uuid": uuid4().hex, "zip": seat.zip_sha256, "at": list(at)}
    form |= {"parent": parent}
    answer: dict[str, str] = client.post(f"/pages/of/{seat.code}", data=form | fields).json()
    return answer


def test_a_report_without_words_is_listed_until_somebody_says_which_page_answers_what(
    opened: Opened,
) -> None:
    client, code = opened.client("ben", Role.GRADER), scan_of(opened)
    assert client.get("/pages/next").headers["location"] == f"/pages/of/{code}"
    assert client.get("/pages").text.count("/pages/of/") == 1
    there = f"/part/3c/answers/{code}"
    before = client.get(there).text
    assert "Say which pages" in before
    assert "Page 1 is shown; p shows the next" in before
    assert before.count('<figure class="report-page" data-page="1">') == 1
    assert before.count('hidden>\n<div class="page-sheet">') == 3
    said = say(opened, client, "3c:2", "3c:3", "1a:1", rest="1")
    assert (said["state"], said["there"]) == ("saved", "/pages")
    assert client.get("/pages").text.count("/pages/of/") == 0
    html = client.get(there).text
    assert "Pages 2 to 3 of 4, named by ben." in html
    assert "it does not answer this part, says ben" in client.get(f"/part/3e/answers/{code}").text
    piles = client.get("/part/3e/piles").text
    assert "Nothing handed in for this part" in piles
    rows = {one.part_id: one for one in opened.desk.store.places()}
    assert (rows["3c"].pages, rows["3c"].author, rows["3e"].pages) == ((2, 3), "ben", ())


def test_what_did_not_change_makes_no_row_and_a_changed_word_adds_one(opened: Opened) -> None:
    client, store = opened.client("ann"), opened.desk.store
    before = len(store.places())
    say(opened, client, "3c:2", "3c:3", "1a:1")
    assert len(store.places()) == before
    say(opened, client, "3c:3", "1a:1")
    (new,) = store.places()[before:]
    assert (new.part_id, new.pages, new.author) == ("3c", (3,), "ann")
    assert "Page 3 of 4, named by ann." in client.get(f"/part/3c/answers/{scan_of(opened)}").text


def test_pages_and_parts_that_are_not_there_are_refused(opened: Opened) -> None:
    client = opened.client("ann")
    for wrong in ("3c:9", "3c:0", "9z:1", "3c:x"):
        assert say(opened, client, wrong)["state"] == "refused"
    assert say(opened, client, "3c:1", zip="0" * 64)["state"] == "outdated"


def test_the_top_of_a_scan_is_hidden_until_somebody_says_where_the_name_stands(
    shared: ClassOnDisk,
) -> None:
    opened = open_on_store(shared, blind=True)
    client = opened.client("ben", Role.GRADER)

    def black(page: int) -> bool:
        data = client.get(f"/students/{scan_of(opened)}/pages/{page}").content
        shown = np.asarray(Image.open(BytesIO(data)).convert("L"))
        return bool((shown[: len(shown) // 10] < 40).all())

    assert [black(1), black(2)] == [True, False]
    assert say(opened, client, "3c:3", "1a:1", f"{NAMES}:2")["state"] == "saved"
    assert [black(1), black(2)] == [False, True]
    html = client.get(f"/pages/of/{scan_of(opened)}").text
    assert "kerb00" not in html
    assert "Familyname" not in html


def test_what_somebody_said_meanwhile_is_told_and_replaced_only_by_who_knows_it(
    opened: Opened,
) -> None:
    ann, ben = opened.client("ann"), opened.client("ben", Role.GRADER)
    html = ben.get(f"/pages/of/{scan_of(opened)}").text
    stale = html.partition('name="parent" value="')[2].partition('"')[0]
    assert say(opened, ann, "3a:1")["state"] == "saved"
    uuid = uuid4().hex
    said = say(opened, ben, "3a:2", parent=stale, uuid=uuid)
    assert said["state"] == "conflict"
    assert "ann" in said["sentence"]
    assert "3(a) on 1" in said["sentence"]

    def of_3a() -> list[tuple[str, tuple[int, ...]]]:
        rows = (one for one in opened.ledger.places() if one.part_id == "3a")
        return [(one.author, one.pages) for one in rows]

    assert of_3a()[-1] == ("ann", (1,))
    for _ in range(2):  # the first reply was lost
        again = say(opened, ben, "3a:2", parent=said["parent"], uuid=uuid)
        assert again["state"] == "saved", again
    assert of_3a()[-2:] == [("ann", (1,)), ("ben", (2,))]


@pytest.mark.parametrize("blind", [False, True])
def test_a_page_that_cannot_be_drawn_says_what_can_be_done_at_this_desk(
    shared: ClassOnDisk, monkeypatch: pytest.MonkeyPatch, *, blind: bool
) -> None:
    opened = open_on_store(shared, blind=blind)

    def undrawn(_: ResultFolder) -> PageSet:
        return PageSet(folder=shared.results, pages=4, drawn=(), failed=(1, 2, 3, 4))

    monkeypatch.setattr(evidence_view, "pages_of", undrawn)
    monkeypatch.setattr(place_view, "pages_of", undrawn)
    client, code = opened.client("ben", Role.GRADER), scan_of(opened)
    file = client.get(f"/students/{code}/report.pdf")
    for where in (f"/part/3c/answers/{code}", f"/pages/of/{code}"):
        html = client.get(where).text
        assert "Page 1 could not be drawn" in html
        assert ("download report.pdf" in html) is not blind
        assert ("flag it for the head" in html) is blind
    assert file.status_code == (404 if blind else 200)
    assert ("the head can open a desk without BLIND" in file.text) is blind


def test_an_answer_behind_the_pages_that_are_drawn_is_named(
    shared: ClassOnDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_on_store(shared)
    client = opened.client("ben", Role.GRADER)
    say(opened, client, "3c:3", "3c:4")

    def one(_: ResultFolder) -> PageSet:
        return PageSet(folder=shared.results, pages=1, drawn=(), failed=())

    monkeypatch.setattr(evidence_view, "pages_of", one)
    html = client.get(f"/part/3c/answers/{scan_of(opened)}").text
    for page in (3, 4):
        assert f"Page {page} could not be drawn" in html
    assert "Page 2 could not be drawn" not in html

"""Publishing at the desk: numbers, confirmation, who may, and the files of a class."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from grader.app.main import main
from grader.batch import class_pages
from grader.batch.class_run import score_class
from grader.batch.store.store import DATABASE, FOLDER, Store, open_store
from grader.model.offering_files import OFFERINGS, TOML
from grader.model.records import Decided, Decision, ReleaseKind
from grader.review.desk import classroom
from grader.review.desk.access import Role
from grader.review.desk.remembered import Remembered
from grader.review.desk.routes import RULES
from grader.review.desk.work import Progress
from grader.review.publishing import ClassPlace, class_today, release_class
from grader.review.releasing import ReleaseRequest
from reference.errors import ConfigError
from tests.factories import ASSIGNMENT
from tests.grader.review.desk.conftest import ClassOnDisk, Opened, open_on_store
from tests.grader.review.desk.synthetic import HUMAN, add_missing, drop, write_class
from tests.grader.review.test_publishing import write_no_pages
from tests.opened_files import OpenedByHand


@pytest.fixture(scope="module")
def opened_by_hand() -> OpenedByHand:
    return OpenedByHand()


@pytest.fixture
def decided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    """A desk on a store of two students, whose parts are all decided."""
    monkeypatch.setattr(class_pages, "_renew_pages", write_no_pages)
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


def test_release_counts_grades_that_changed_since_they_were_published(decided: Opened) -> None:
    client = decided.client()
    client.post("/release", data=confirmed(client))
    decided.desk.work.wait()
    said = client.post(f"{decided.answer()}/decision", data=nothing_applies(decided))
    assert said.json()["state"] == "saved"
    html = client.get("/release").text
    assert "1 of 2 grades is published" in html
    assert "1 grade was published and is another by now" in html
    assert (
        "of another hand-in, than what was published"
        in client.get("/release/confirm?kind=publish&anyway=1").text
    )


def test_who_was_taken_out_of_the_class_is_not_at_the_desk_and_the_folder_is_named(
    decided: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, desk = decided.client(), decided.desk
    monkeypatch.setattr(classroom, "REFRESH_S", 0.0)
    code = desk.attendance.room.by_kerberos["kerb001"].code
    drop(desk.store, "kerb001")
    assert [seat.kerberos for seat in desk.attendance.room.seats] == ["kerb000"]
    assert "of 1 grade" in client.get("/release").text
    assert client.get(f"/students/{code}").status_code == 404
    there = f"/part/3c/answers/{code}/decision"
    assert client.post(there, data=nothing_applies(decided)).status_code == 404
    for kind in ("publish", "withdraw"):
        said = client.get(f"/release/confirm?kind={kind}&code={code}")
        assert said.status_code == 422
        assert "no student with this code" in said.text
    outcome = score_class(desk.results, None, None, Progress())
    (told,) = (one for one in outcome.problems if "not in this class" in one)
    assert "kerb001 is in no table" in told
    assert "kerb001" in (desk.results / "staff.html").read_text(encoding="utf-8")
    assert "kerb001" not in desk.attendance.room.anonymous(told)


def test_who_handed_in_nothing_waits_part_by_part_once_people_begin_and_then_has_a_grade(
    decided: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, desk = decided.client(), decided.desk
    monkeypatch.setattr(classroom, "REFRESH_S", 0.0)
    add_missing(desk.store, "zmissing")
    seat = desk.attendance.room.by_kerberos["zmissing"]
    parts = [
        one.id
        for one in ASSIGNMENT.parts
        if ASSIGNMENT.max_points(one.id, seat.course) and not one.bonus
    ]

    def give(part_id: str) -> None:
        form = {"uuid": uuid4().hex, "parent": "", "zip": "", "rubric": "1", "adjust": "0.1"}
        there = f"/part/{part_id}/answers/{seat.code}/decision"
        said = client.post(there, data=form | {"comment": "By hand"})
        assert said.json()["state"] == "saved", said.text

    def waiting() -> list[str]:
        """Parts of theirs that Release lists, each with a link."""
        html = client.get("/release").text.partition("What is missing</h2>")[2]
        return re.findall(rf'href="/part/(\w+)/answers/{seat.code}"', html)

    def row_of(name: str) -> str:
        lines = client.get(f"/release/files/{name}").text.splitlines()
        return next((line for line in lines if "zmissing" in line), "")

    assert waiting() == []  # nobody begins by himself
    assert "nothing submitted" in client.get("/release").text
    assert "Nothing needs grading" in client.get("/").text
    give(parts[0])
    assert sorted(waiting()) == sorted(parts[1:])
    assert "Nothing needs grading" not in client.get("/").text
    assert f"/part/{parts[1]}" in client.get("/").text
    assert client.get(f"/part/{parts[1]}").headers["location"].endswith(seat.code)
    today = class_today(desk.store, desk.place)
    told = [(one.part_id, one.why) for one in today.missing if one.kerberos == "zmissing"]
    assert told == [(one, "not graded yet") for one in sorted(parts[1:])]
    assert ",missing,2,11,9," in row_of("gradebook.csv")  # total, maximum, not graded yet
    assert row_of("canvas.csv") == ""
    for part_id in parts[1:]:
        give(part_id)
    assert waiting() == []
    assert "Nothing is missing" in client.get("/release").text
    assert "Nothing needs grading" in client.get("/").text
    assert row_of("canvas.csv")


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
    monkeypatch.setattr(class_pages, "_renew_pages", lambda *_: ())  # stopped before any page
    client.post("/release", data=confirmed(client))
    decided.desk.work.wait()
    assert "The feedback of 2 students is older than their points" in client.get("/release").text
    monkeypatch.setattr(class_pages, "_renew_pages", write_no_pages)
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


def test_feedback_that_is_being_written_is_counted_and_said_to_be(decided: Opened) -> None:
    client, desk = decided.client(), decided.desk
    for seat in desk.attendance.room.seats:
        (desk.results / seat.kerberos / "feedback.html").write_text("<p>")
    client.post("/release", data={"kind": "update"})
    desk.work.wait()
    for seat in desk.attendance.room.seats:
        (desk.results / seat.kerberos / "feedback.pdf").unlink(missing_ok=True)
    seen: list[str] = []

    def writes(progress: Progress) -> tuple[str, ...]:
        progress.stage("pdfs")
        progress.begin(2, 0)
        progress.written("kerb000")
        seen.append(client.get("/release/files/feedback.zip").text)
        seen.append(client.get("/release/work").text)
        return ()

    desk.work.start("Publishing grades", "ann", writes)
    desk.work.wait()
    assert len(seen) == 2
    assert "This file is not ready" in seen[0]
    assert "being written now (Publishing grades: Writing feedback.pdf, 1 of 2 done)" in seen[0]
    assert "Writing feedback.pdf, 1 of 2 done" in seen[1]
    after = client.get("/release/files/feedback.zip").text
    assert "2 feedback.pdf are not written yet. Choose “Apply all decisions”" in after


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


@pytest.fixture
def halved(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An offering in which Problem 3 gives half its points."""
    path = tmp_path_factory.mktemp("offering") / "halved.toml"
    text = (OFFERINGS / ASSIGNMENT.name / TOML).read_text(encoding="utf-8")
    head, mark, rest = text.partition("points = 4.0")  # of Problem 3
    assert mark
    named = re.sub(r"(?m)^name = .*$", 'name = "halved"', f"{head}points = 2.0{rest}", count=1)
    path.write_text(named, encoding="utf-8")
    return str(path)


def test_a_desk_goes_by_the_offering_by_which_the_class_was_scored_last(
    decided: Opened, halved: str
) -> None:
    store, results = decided.desk.store, decided.desk.results
    score_class(results, halved, None, Progress())
    assert store.scored_by() == halved
    client = decided.client()
    for said in (
        client.get("/release").text,
        client.get("/release/confirm?kind=publish").text,
        client.post("/release", data={"kind": "update"}).json()["sentence"],
        client.get("/release/files/gradebook.csv").text,
    ):
        assert f"by the offering {halved} while this desk was open" in unescape(said)
    place = ClassPlace(results=results)
    assert class_today(store, place).assignment.max_points("3c", "6.819") == 0.5
    request = ReleaseRequest(kind=ReleaseKind.PUBLISH, kerberos=frozenset(), author="ann")
    release_class(place, request, Progress())
    assert {one.total for one in class_today(store, place).rows} == {
        one.total for one in store.releases()
    }
    assert store.scored_by() == halved
    (row,) = (one for one in class_today(store, place).rows if one.course == "6.819")
    assert next(one.points for one in row.parts if one.id == "3c") == 0.5


@pytest.fixture
def with_3f(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An offering with one more part, which people grade."""
    path = tmp_path_factory.mktemp("offering") / "added.toml"
    text = (OFFERINGS / ASSIGNMENT.name / TOML).read_text(encoding="utf-8")
    before, mark, rest = text.partition('[[parts]]\nid = "3e"')
    part, again, after = rest.partition("[[parts]]")
    assert again
    added = part.replace("Max-pooling layer: boundaries", "A last question")
    whole = f'{before}{mark}{part}[[parts]]\nid = "3f"{added}{again}{after}'
    path.write_text(re.sub(r"(?m)^name = .*$", 'name = "added"', whole, count=1), encoding="utf-8")
    return str(path)


def test_a_part_that_was_added_while_the_desk_is_open_is_told_on_every_page(
    decided: Opened, with_3f: str
) -> None:
    score_class(decided.desk.results, with_3f, None, Progress())
    client = decided.client()
    told = f"Somebody scored the class by the offering {with_3f} while this desk was open"
    for where, status in (("/release", 422), ("/", 200), (decided.answer(), 200)):
        said = client.get(where)
        assert said.status_code == status, where
        assert unescape(said.text).count(told) == 1, where
    panel = client.get(decided.answer(), headers={"x-panel": "1"})
    assert unescape(panel.text).count(told) == 1
    assert told not in decided.client(role=Role.NOBODY).get("/enter").text


def test_findings_of_a_part_that_the_offering_lacks_are_named_with_what_helps(
    decided: Opened, with_3f: str
) -> None:
    store, results = decided.desk.store, decided.desk.results
    score_class(results, with_3f, None, Progress())
    with pytest.raises(ConfigError, match=r"found some of 3f, .*--assignment, .*`grader rejudge`"):
        class_today(store, ClassPlace(results=results, assignment=ASSIGNMENT.name))
    object.__setattr__(decided.desk, "scored_by", with_3f)  # as when it is opened after that
    said = decided.client().get("/release")
    assert "found some of 3f" in said.text
    assert "A fault of the grader" not in said.text


def test_a_desk_that_is_opened_with_another_offering_says_so_before_it_publishes(
    decided: Opened, halved: str
) -> None:
    score_class(decided.desk.results, halved, None, Progress())
    object.__setattr__(decided.desk, "scored_by", halved)  # as when it is opened after that
    html = decided.client().get("/release/confirm?kind=publish").text
    assert f"last scored by the offering {halved}" in html
    assert f"gives everybody points by {ASSIGNMENT.name}" in html


def test_an_offering_that_is_gone_is_asked_for_and_nothing_is_scored_by_another(
    decided: Opened, halved: str
) -> None:
    score_class(decided.desk.results, halved, None, Progress())
    Path(halved).unlink()
    with pytest.raises(ConfigError, match=r"scored last by the offering .* not there any more"):
        score_class(decided.desk.results, None, None, Progress())


def test_a_folder_that_was_moved_takes_no_decision_and_is_not_made_again(decided: Opened) -> None:
    client, results = decided.client(), decided.desk.results
    moved = results.with_name(f"{results.name} moved")
    before = len(decided.desk.store.decisions())
    results.rename(moved)
    try:
        for where, form in (
            (f"{decided.answer()}/decision", decided.form()),
            ("/release", {"kind": "update"}),
        ):
            said = client.post(where, data=form)
            assert (said.status_code, said.json()["state"]) == (500, "failed")
            assert "expected the results folder that this desk was opened" in said.text
        assert client.get("/").status_code == 500
        assert not results.exists()
    finally:
        moved.rename(results)
    assert len(decided.desk.store.decisions()) == before
    assert client.get("/").status_code == 200


def nothing_applies(decided: Opened) -> dict[str, str]:
    form = decided.form(nothing="1", comment="Again")
    return {name: value for name, value in form.items() if name != "item"}


def test_a_log_that_was_deleted_takes_no_decision(decided: Opened) -> None:
    client, log = decided.client(), decided.desk.results / FOLDER / f"{DATABASE}-wal"
    kept = log.with_name("kept")
    log.rename(kept)
    said = client.post(f"{decided.answer()}/decision", data=nothing_applies(decided))
    assert (said.status_code, said.json()["state"]) == (500, "failed")
    assert "store.sqlite*" in said.json()["sentence"]
    kept.rename(log)
    assert client.get("/").status_code == 200


def test_saved_is_not_said_where_the_store_goes_while_it_is_saved(
    decided: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, folder = decided.client(), decided.desk.results / FOLDER
    decide = Store.decide

    def gone_meanwhile(store: Store, decision: Decision) -> Decided:
        made = decide(store, decision)
        (folder / f"{DATABASE}-wal").rename(folder / "kept")
        return made

    monkeypatch.setattr(Store, "decide", gone_meanwhile)
    said = client.post(f"{decided.answer()}/decision", data=nothing_applies(decided))
    assert (said.status_code, said.json()["state"]) == (500, "failed")
    (folder / "kept").rename(folder / f"{DATABASE}-wal")


def test_nothing_but_sqlite_opens_the_database_whatever_a_desk_and_commands_do(
    decided: Opened, opened_by_hand: OpenedByHand
) -> None:
    client, results = decided.client(), decided.desk.results
    asked = [rule.path for rule in RULES if rule.method == "GET" and "{" not in rule.path]
    with opened_by_hand.watched() as paths:
        for form in ({"kind": "update"}, confirmed(client)):
            assert client.post("/release", data=form).json()["state"] == "saved"
            decided.desk.work.wait()
        for path in (*asked, "/release/files/gradebook.csv", decided.answer()):
            assert client.get(path).status_code < 500, path
        said = client.post(f"{decided.answer()}/decision", data=nothing_applies(decided))
        assert said.json()["state"] == "saved"
        for argv in (["verify"], ["export"], ["import"]):
            rows = [str(results / "rows.jsonl")] * (argv != ["verify"])
            assert main(["decisions", *argv, str(results), *rows]) == 0
        assert main(["score", str(results), "--no-pdf"]) in (0, 1)
    assert paths == []
    with opened_by_hand.watched() as paths:  # it would have been seen
        (results / FOLDER / DATABASE).read_bytes()
    assert len(paths) == 1


def test_files_that_were_not_taken_need_attention_on_the_class_page(decided: Opened) -> None:
    results = decided.desk.results
    bad = "[parts.3c]\npoints = nan\n[parts.9z]\npoints = 1\n"
    (results / "kerb001" / "grades.toml").write_text(bad)
    score_class(results, None, None, Progress())
    html = (results / "staff.html").read_text(encoding="utf-8")
    part = html.partition('id="attention"')[2].partition("</section>")[0]
    assert "kerb001/grades.toml:2: parts.3c.points" in part
    assert "parts.9z: no such part" in part
    assert "Nothing." not in part


def test_an_entry_without_an_author_is_of_the_files_owner_and_all_its_faults_are_told(
    decided: Opened,
) -> None:
    results, store = decided.desk.results, decided.desk.store
    path = results / "kerb000" / "grades.toml"
    path.write_text("[parts.3c]\npoints = 99\n[parts.3e]\npoints = 98\n")
    (fault,) = score_class(results, None, None, Progress()).faults
    assert "part 3c, found 99" in fault
    assert "part 3e, found 98" in fault
    path.write_text("[parts.3c]\npoints = 0.25\n")
    for _ in range(2):  # it enters once
        score_class(results, None, None, Progress())
    authors = [one.author for one in store.decisions("kerb000", "3c")]
    assert authors == ["ann", f"grades.toml of {path.owner()}"]


def test_the_store_is_for_whoever_made_it_alone(decided: Opened) -> None:
    for path in (decided.desk.results / FOLDER).iterdir():
        assert path.is_dir() or path.stat().st_mode & 0o077 == 0 or path.name == "lock", path


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

"""What the pages show, and what they do not."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from PIL import Image
from starlette.datastructures import FormData

from grader.batch.records import State
from grader.batch.store.store import FOLDER, open_store
from grader.model.records import GradeSheet
from grader.model.records.codec import load, save
from grader.model.records.rubrics import Rubric, Start
from grader.model.resources import templates
from grader.model.results_folder import ResultFolder
from grader.review.answers import answer_of, answers
from grader.review.desk import evidence_view, pile_view
from grader.review.desk.access import Reviewer, Role
from grader.review.desk.classroom import KEY_FILE, Classroom, Seat, code_of, key_of
from grader.review.desk.desk_view import desk_view
from grader.review.desk.forms import Ground, decision_from
from grader.review.desk.holding import Stand, holding_of, next_to_grade, stand_of
from grader.review.desk.routes import RULES
from tests.factories import ASSIGNMENT
from tests.grader.review.desk.conftest import RUBRIC, ClassOnDisk, Opened, open_over
from tests.grader.review.desk.synthetic import write_class
from tests.grader.review.desk.test_access import address
from tests.grader.review.desk.test_piles_on_desk import pile_of

HEAD = Reviewer(name="ann", role=Role.HEAD)
PAGES = (
    *("/", "/students", "/release", "/pages", "/requests", "/figures"),
    *("/part/3c/answers", "/part/3c/rubric", "/part/3c/figures"),
)


def test_the_desk_shows_all_that_a_grader_needs_side_by_side(opened: Opened) -> None:
    html = opened.client().get(opened.answer()).text
    assert "How are the ends of the signal handled" in html  # the handout's question
    assert re.search(r'<img src="/students/[A-Z2-7]+/pages/\d\?v=', html)
    for words in ("Notebook answer", "What the run found", "The reference's answer"):
        assert words in html
    for item in RUBRIC.items:
        assert item.title in html
    assert 'name="comment"' in html
    assert 'name="flag"' in html


def test_answers_come_in_an_order_that_has_nothing_to_do_with_names(opened: Opened) -> None:
    room = opened.desk.attendance.room
    names = [seat.kerberos for seat in room.order("3c")]
    assert names != sorted(names)
    assert names == [seat.kerberos for seat in replace(room).order("3c")]  # and is stable
    assert names != [seat.kerberos for seat in room.order("3e")]  # another one for each part


def test_an_answer_that_is_graded_is_not_next_and_a_list_has_pages(opened: Opened) -> None:
    client = opened.client()
    client.post(f"{opened.answer(0)}/decision", data=opened.form(0))
    assert client.get("/part/3c").headers["location"] == opened.answer(1)
    html = client.get("/part/3c/answers?show=graded").text
    assert html.count("<tr>") == 2  # its head, and one line
    assert client.get("/part/3c/answers?page=9999999&show=bad").status_code == 200


def test_a_part_without_points_for_the_course_is_no_answer(opened: Opened) -> None:
    room = opened.desk.attendance.room
    seat = next(one for one in room.seats if room.assignment.max_points("1b", one.course) == 0)
    assert seat not in room.order("1b")
    assert opened.client().get(f"/part/1b/answers/{seat.code}").status_code == 404


def test_what_is_missing_before_the_release_follows_each_decision(opened: Opened) -> None:
    client = opened.client()

    def missing(place: int) -> list[str]:
        code = opened.answer(place).rpartition("/")[2]
        html = client.get("/release").text
        rows = re.findall(r"<tr>.*?</tr>", html)
        mine = [row for row in rows if f"/part/3c/answers/{code}" in row]
        return [re.findall(r'<td class="long">(.*?)</td>', row)[0] for row in mine]

    assert missing(0) == missing(1) == missing(2) == ["not graded yet"]
    client.post(f"{opened.answer(0)}/decision", data=opened.form(0))
    without_a_word = opened.form(1, adjust="0.1")
    del without_a_word["item"]
    client.post(f"{opened.answer(1)}/decision", data=without_a_word)
    client.post(f"{opened.answer(2)}/decision", data=opened.form(2, flag="Sure?"))
    assert missing(0) == []
    assert missing(1) == ["loses points without a word (ann)"]
    assert missing(2) == ["flagged by ann: Sure?"]


def test_the_report_is_a_file_to_keep_and_never_a_page(opened: Opened) -> None:
    seat = opened.desk.attendance.room.seats[0]
    answer = opened.client().get(f"/students/{seat.code}/report.pdf")
    assert answer.content.startswith(b"%PDF")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-type"] == "application/octet-stream"


def test_what_is_not_there_says_so_and_names_nobody(opened: Opened) -> None:
    client = opened.client()
    for where in ("/part/9z", "/part/3c/answers/XXXXXXX", "/students/XXXXXXX", "/static/../x"):
        assert client.get(where).status_code == 404
    assert "kerb0" not in client.get("/students/XXXXXXX").text


def test_a_fault_of_ours_shows_no_traceback_and_says_that_nothing_was_saved(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    form, client = opened.form(), opened.client()
    monkeypatch.setattr(opened.ledger, "decide", lambda _: 1 / 0)
    said = client.post(f"{opened.answer()}/decision", data=form)
    assert (said.status_code, said.json()["state"]) == (500, "failed")
    assert "nothing was saved" in said.json()["sentence"]
    assert "Traceback" not in said.text


def test_hidden_names_are_nowhere_in_what_is_sent(class_on_disk: ClassOnDisk) -> None:
    opened = open_over(class_on_disk, blind=True)
    client = opened.client("ben", Role.GRADER)
    client.post(f"{opened.answer()}/decision", data=opened.form())
    client.post(
        f"{opened.answer()}/request",
        data={"uuid": uuid4().hex, "kind": "opened", "text": f"I am {names_of(opened)}"},
    )
    opened.desk.work.start("Publishing", "ann", lambda _: (names_of(opened),))
    room = opened.desk.attendance.room
    known = {seat.kerberos for seat in room.seats} | {seat.name for seat in room.seats}
    known |= {word for seat in room.seats for word in seat.name.split()}
    seat = room.order("3c")[0]
    head = opened.client("hal")
    rules = [rule for rule in RULES if rule.method == "GET"]
    more = (opened.answer(1), "/release/confirm?kind=publish")
    for where in (*(address(rule, opened) for rule in rules), *more):
        answer = head.get(where)
        assert answer.status_code in {200, 303, 404, 422}, where
        sent = answer.content.decode("latin-1").lower() + str(answer.headers).lower()
        assert [one for one in known if one.lower() in sent] == [], where
    assert client.get(f"/students/{seat.code}/report.pdf").status_code == 404
    assert client.get(f"/students?search={seat.kerberos}").text.count("/students/") == 0


@pytest.fixture
def quoted_class(tmp_path: Path) -> Iterator[Opened]:
    """Names hidden; checks quote students' paths, and the last hand-in was rejected."""
    with open_store(tmp_path) as store:
        names = write_class(tmp_path, store, 3)
        for name in names:
            folder = ResultFolder(root=tmp_path / name)
            sheet = load(GradeSheet, folder.results)
            said = f"FileNotFoundError: /home/{name}/Given{name[-3:]}Familyname{name[-3:]}.png"
            found = tuple(
                replace(
                    part,
                    findings=tuple(
                        replace(one, message=said, staff_detail=said) for one in part.findings
                    ),
                )
                for part in sheet.parts
            )
            save(replace(sheet, parts=found), folder.results)
        opened = open_over(ClassOnDisk(tmp_path, store, names), blind=True)
        room = opened.desk.attendance.room
        last = room.seats[-1]
        words = f"{last.kerberos}.zip holds no notebook; it has pset4_{last.name.split()[0]}.docx"
        rejected = replace(last, parts={}, state=State.REJECTED, sentence=words)
        opened.desk.attendance._room = replace(room, seats=(*room.seats[:-1], rejected))
        yield opened


def test_names_are_hidden_in_what_checks_rejections_and_staff_say(quoted_class: Opened) -> None:
    opened, client = quoted_class, quoted_class.client("ben", Role.GRADER)
    order = opened.desk.attendance.room.order("3c")
    place = next(at for at, seat in enumerate(order) if seat.state is State.GRADED)
    other = order[place - 1]
    given, family = other.name.split()
    text = f"As {given} and {other.kerberos} say"
    mark = json.dumps({"page": 1, "box": [0.1, 0.1, 0.5, 0.2], "text": text})
    form = opened.form(place, comment=text, flag=f"ask {family}", note=text, mark=mark)
    assert client.post(f"{opened.answer(place)}/decision", data=form).json()["state"] == "saved"
    code = order[place].code
    pages = ["/release", "/part/3c/answers", f"/students/{code}", f"/students/{order[-1].code}"]
    pages += [opened.answer(at) for at in range(len(order))]
    pages += [f"{opened.answer(place)}/compare"]
    for where in pages:
        html = client.get(where).text
        assert re.findall(r"kerb\d+|Given\d+|Familyname\d+", html) == [], where
    asks = {"uuid": uuid4().hex, "kind": "opened", "text": "Why?"}
    client.post(f"{opened.answer(place)}/request", data=asks)
    reply = {"uuid": uuid4().hex, "kind": "reply", "text": text, "thread": asks["uuid"]}
    said = client.post(f"{opened.answer(place)}/request", data=reply).json()
    assert said["state"] == "saved"
    thread = client.get(opened.answer(place)).text.partition('class="thread"')[2]
    for html in (client.get("/requests").text, thread.partition("</section>")[0]):
        assert "As ▇▇▇ and ▇▇▇ say" in html
        assert given not in html
    own = client.get(opened.answer(place)).text
    assert "▇▇▇" in own.partition('id="sheet-run"')[2].partition('id="sheet-reference"')[0]
    assert "As ▇▇▇ and ▇▇▇ say</textarea>" in own  # nor in the box that it was typed into
    assert "plain insert" not in own  # and is no comment to give to others


def test_a_name_that_a_box_hides_is_kept_where_the_text_is_sent_as_it_was_shown(
    quoted_class: Opened,
) -> None:
    opened, head = quoted_class, quoted_class.client("hal")
    place, seat = next(
        (at, seat)
        for at, seat in enumerate(opened.desk.attendance.room.order("3c"))
        if seat.state is State.GRADED
    )
    texts = {
        name: f"{name} as {seat.kerberos}: $x_1$" for name in ("comment", "note", "flag", "mark")
    }
    box = {"page": 1, "box": [0.1, 0.1, 0.5, 0.2]}
    mark = json.dumps({**box, "text": texts["mark"]})
    there = f"{opened.answer(place)}/decision"
    sent = opened.form(place, **texts | {"mark": mark})
    assert head.post(there, data=sent).json()["state"] == "saved"
    hidden = {name: text.replace(seat.kerberos, "▇▇▇") for name, text in texts.items()}
    html = head.get(opened.answer(place)).text
    for name in ("comment", "note"):
        assert f">{hidden[name]}</textarea>" in html
    again = hidden | {"mark": json.dumps({**box, "text": hidden["mark"]}), "item": "right"}
    assert head.post(there, data=opened.form(place, **again)).json()["state"] == "saved"
    row = opened.ledger.rows[-1]
    assert (row.comment, row.note, row.flag, row.marks[0].text) == tuple(texts.values())
    for name in texts:
        value = hidden[name] + " More."
        changed = again | {name: json.dumps({**box, "text": value}) if name == "mark" else value}
        said = head.post(there, data=opened.form(place, **changed))
        assert said.status_code == 422
        assert "▇▇▇ stands for a name that this desk hides" in said.json()["sentence"]
    free = again | {"comment": "As a neighbour: $x_1$"}
    assert head.post(there, data=opened.form(place, **free)).json()["state"] == "saved"


def test_a_rubric_that_all_see_names_nobody_where_names_are_hidden(
    class_on_disk: ClassOnDisk,
) -> None:
    blind, open_to_all = (open_over(class_on_disk, blind=one) for one in (True, False))
    where, taken = pile_of(blind)
    item = {
        "item_id": "x1", "title": "Like kerb001", "percent": "10", "group": "", "for_student": "",
        "for_staff": "", "show": "applied", "state": "any",
    }  # fmt: skip
    for opened, status in ((blind, 422), (open_to_all, 200)):
        form = {"parent": "2", "reason": "New", **item}
        said = opened.client().post("/part/3c/rubric", data=form)
        assert said.status_code == status
    assert "names are hidden at this desk" in blind.client().post(
        "/part/3c/rubric", data={"parent": "2", "reason": "kerb001 asked", **item, "title": "New"}
    ).json()["sentence"]  # fmt: skip
    made = {"uuid": uuid4().hex, "rubric": "2", "member": taken, "new_percent": "60"}
    named = blind.client().post(f"{where}/item", data=made | {"new_title": "Given001Familyname001"})
    assert (named.status_code, len(blind.ledger.made)) == (422, 1)


@pytest.mark.parametrize(
    "written",
    ["AdaLovelace", "Lovelace, Ada", "ada_lovelace.zip", "Lovelace.Ada", "by Ada Lovelace"],
)
def test_a_name_is_hidden_however_its_words_are_joined(written: str) -> None:
    ada = seat_named("alov", "Ada Lovelace")
    room = Classroom(
        seats=(ada, seat_named("ghop", "Grace Hopper")), key=b"k", assignment=ASSIGNMENT
    )
    hide = room.hiding(room.seats[1], blind=True)
    assert re.findall("ada|lovelace", hide(written), re.IGNORECASE) == []
    assert room.hiding(ada, blind=False)(written) == written
    assert hide("Pad as Ada's adage says") == "Pad as Ada's adage says"  # one word of another's


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        (["With Ada", "Lovelace, I pad."], {0, 1}),  # another's name, over two lines
        (["With Ada Love-", "lace, I pad."], {0, 1}),
        (["by Hop\N{SOFT HYPHEN}", "per, alone"], {0, 1}),  # a word of the seat's own
        (["I pad.", "So did ghop", "Ada said"], {1}),
        (["Non-", "zero values"], set()),
        ([], set()),
    ],
)
def test_a_name_is_hidden_on_a_page_where_it_is_broken_over_two_lines(
    lines: list[str], named: set[int]
) -> None:
    seats = (seat_named("alov", "Ada Lovelace"), seat_named("ghop", "Grace Hopper"))
    room = Classroom(seats=seats, key=b"k", assignment=ASSIGNMENT)
    assert room.lines_naming(lines, seats[1]) == named
    hidden = room.concealed("\n".join(lines), seats[1])
    assert re.findall("love|lace|hop|per", hidden, re.IGNORECASE) == []
    if not named:
        assert hidden == "\n".join(lines)


def seat_named(kerberos: str, name: str) -> Seat:
    return Seat(
        kerberos=kerberos, code=kerberos, name=name, course="6.869", zip_sha256="", sentence="",
        state=State.GRADED, late_coefficient=1.0, parts={},
    )  # fmt: skip


def names_of(opened: Opened) -> str:
    """All names of the class in one sentence."""
    return ", ".join(f"{one.name} ({one.kerberos})" for one in opened.desk.attendance.room.seats)


def test_the_line_of_a_page_that_names_the_student_is_black(class_on_disk: ClassOnDisk) -> None:
    seen = []
    for blind in (False, True):
        opened = open_over(class_on_disk, blind=blind)
        seat = opened.desk.attendance.room.seats[0]
        data = opened.client().get(f"/students/{seat.code}/pages/1").content
        seen.append(np.asarray(Image.open(BytesIO(data)).convert("L")))
    dark = [(page < 40).sum() for page in seen]
    assert dark[1] > 1.5 * dark[0]


def test_a_look_behind_a_code_is_noted_before_the_name_is_shown(
    class_on_disk: ClassOnDisk,
) -> None:
    opened = open_over(class_on_disk, blind=True)
    client, seat = opened.client("ben", Role.GRADER), opened.desk.attendance.room.seats[0]
    there = f"/students/{seat.code}"
    assert client.post(f"{there}/reveal", data={"reason": ""}).status_code == 422
    said = client.post(f"{there}/reveal", data={"reason": "An e-mail of theirs"}).json()
    assert seat.kerberos in said["sentence"]
    (line,) = opened.desk.reveals.file.path.read_text().splitlines()
    noted = json.loads(line)
    assert (noted["author"], noted["code"]) == ("ben", seat.code)
    assert seat.kerberos in client.get(there).text
    assert seat.kerberos not in opened.client("cai", Role.GRADER).get(there).text
    opened.desk.reveals.file.path.unlink()


def test_codes_tell_nothing_without_the_key(class_on_disk: ClassOnDisk, tmp_path: Path) -> None:
    key = key_of(class_on_disk.results)
    assert key == key_of(class_on_disk.results)
    path = tmp_path / FOLDER / KEY_FILE
    assert key_of(tmp_path) == path.read_bytes() != key
    assert path.stat().st_mode & 0o077 == 0
    assert code_of(key, "kerb000") != code_of(bytes(32), "kerb000")


def test_no_page_grows_with_the_class(opened: Opened) -> None:
    room = opened.desk.attendance.room
    many = tuple(
        replace(room.seats[0], kerberos=f"more{n:04}", code=f"M{n:06}", name="") for n in range(400)
    )
    sizes = []
    for seats in ((*room.seats, *many[:100]), (*room.seats, *many)):
        larger = Classroom(seats=seats, key=room.key, assignment=room.assignment)
        object.__setattr__(opened.desk.attendance, "_room", larger)
        client = opened.client()
        code = room.seats[0].code
        pages = (*PAGES, f"/part/3c/answers/{code}", f"/students/{code}")
        sizes.append([len(client.get(where).content) for where in pages])
    assert all(after - before < 200 for before, after in zip(*sizes, strict=True))


def test_files_of_others_are_those_that_their_list_says() -> None:
    folder = templates() / "review" / "static"
    listed = tomllib.loads((folder / "vendored.toml").read_text())
    for name, facts in listed.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == facts["sha256"]
        assert {"package", "version", "license"} <= facts.keys()
    ours = {
        "desk.js",
        "drafts.js",
        "enter.js",
        "forms.js",
        "places.js",
        "shared.js",
        "marks.js",
        "fonts.css",
        "review.css",
        "vendored.toml",
    }
    assert {path.name for path in folder.iterdir()} == ours | listed.keys()


def test_how_an_answer_stands(opened: Opened) -> None:
    room = opened.desk.attendance.room
    client = opened.client()
    seat = room.order("3c")[0]
    client.post(f"{opened.answer()}/decision", data=opened.form())
    (row,) = opened.ledger.rows
    graded = holding_of([row], seat.zip_sha256, RUBRIC)
    assert stand_of(seat, "3c", graded) is Stand.GRADED
    again = holding_of([row], "another zip", RUBRIC)
    assert (again.in_force, again.offered, again.newest) == (None, row, "")
    assert stand_of(seat, "3c", again) is Stand.NEEDS
    flagged = holding_of([replace(row, flag="?")], seat.zip_sha256, RUBRIC)
    assert stand_of(seat, "3c", flagged) is Stand.FLAGGED
    held = {one.kerberos: graded for one in room.seats}
    assert next_to_grade(room, "3c", held, seat.kerberos) is None


@pytest.mark.parametrize(
    ("start", "share", "take"), [("zero", 1.0, "2"), ("full", 1.0, "0"), ("full", 0.5, "-1")]
)
def test_what_the_checks_would_give_is_offered_as_points_to_type(
    opened: Opened, start: str, share: float, take: str
) -> None:
    room = opened.desk.attendance.room
    seat = next(one for one in room.order("1a") if one.course == "6.819")
    waits = replace(seat.parts["1a"], offered_points=2 * share)
    seat = replace(seat, parts={**seat.parts, "1a": waits})
    rubric = Rubric(part_id="1a", start=Start(start), items=RUBRIC.items)
    view = desk_view(room, "1a", seat, rubric, {}, blind=False)
    assert (view.take, view.stand) == (take, Stand.NEEDS)
    assert view.machine.startswith(f"Checks would give {2 * share:g} of 2 points")
    sent = opened.form(0, "1a", zip=seat.zip_sha256, adjust=take, nothing="1")
    del sent["item"]
    made = decision_from(FormData(sent), seat, Ground(rubric=rubric, max_points=2.0), HEAD)
    assert made.share == share


def test_the_button_that_takes_the_checks_points_is_on_the_page(opened: Opened) -> None:
    room = opened.desk.attendance.room
    seat = room.order("3c")[0]
    parts = {**seat.parts, "3c": replace(seat.parts["3c"], offered_points=0.25)}
    changed = replace(seat, parts=parts)
    seats = tuple(changed if one is seat else one for one in room.seats)
    opened.desk.attendance._room = replace(room, seats=seats)
    html = opened.client().get(opened.answer()).text
    assert re.search(r'id="take" data-points="0\.25" aria-keyshortcuts="a"', html)


def test_a_formula_cell_that_cannot_be_read_is_said_to_be_so(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = answer_of(ResultFolder(root=opened.desk.results / "kerb000"), ASSIGNMENT, "3c")
    for line, is_told in (("sum(j, 0, k-1, W[j] * x[n-j", True), ("x[n]", False)):
        found = replace(known, notebook=f"```formula\nout[n] = {line}\n```")
        monkeypatch.setattr(evidence_view, "answer_of", lambda *_, found=found: found)
        html = opened.client().get(opened.answer()).text
        assert ("A formula cell could not be read" in html) is is_told
        assert ("Formula, line 1, column" in html) is is_told


@pytest.mark.parametrize("blind", [False, True])
def test_documents_that_the_desk_does_not_show_are_named(
    class_on_disk: ClassOnDisk, monkeypatch: pytest.MonkeyPatch, *, blind: bool
) -> None:
    opened = open_over(class_on_disk, blind=blind)
    seat = opened.desk.attendance.room.order("3c")[0]
    known = answer_of(ResultFolder(root=opened.desk.results / seat.kerberos), ASSIGNMENT, "3c")
    names = tuple(f"{seat.kerberos}_{number}.docx" for number in range(7))
    for found in (known, replace(known, documents=names)):
        monkeypatch.setattr(evidence_view, "answer_of", lambda *_, found=found: found)
        html = opened.client().get(opened.answer()).text
        assert ("The zip has other documents" in html) is bool(found.documents)
    monkeypatch.setattr(
        pile_view,
        "answers",
        lambda *args: tuple(replace(o, documents=names) for o in answers(*args)),
    )
    assert "The zip has other documents" in opened.client().get(pile_of(opened)[0]).text
    folder = opened.desk.results / seat.kerberos / "submission"
    listed = html.partition("which are not shown here: ")[2].partition("</p>")[0]
    assert "_4.docx and 2 more." in listed
    assert (str(folder) in listed) is not blind
    assert ("flag the answer for the head" in listed) is blind
    assert (seat.kerberos in html) is not blind


def test_a_part_without_answers_for_people_is_not_said_to_be_graded_whole(opened: Opened) -> None:
    client, there = opened.client(), opened.answer(0, "2a")
    form = opened.form(0, "2a", adjust="0.1", comment="An appeal.")
    del form["item"]
    assert client.post(f"{there}/decision", data=form).is_success
    assert "1 of 1<" in client.get("/").text
    undo = {"uuid": uuid4().hex, "parent": opened.ledger.rows[-1].uuid}
    assert client.post(f"{there}/undo", data=undo).is_success
    html = client.get("/").text
    assert "none to grade" in html
    assert "0 of 0" not in html

"""Regrade requests: read from a file, tied to a student's part, shown with their answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from grader.app.cli import app
from grader.batch.store.store import open_store
from grader.model.records import AppliedItem, Mark, RequestEvent, RequestKind, Rubric, threads
from grader.model.records.rubrics import RubricItem, Show
from grader.model.results_folder import ResultFolder
from grader.outputs.pages.render import render_feedback_html
from grader.outputs.pages.said import mark_views, said_views
from grader.review.requests import parse_requests
from grader.scoring.overrides import human_grades
from grader.scoring.score import rescore
from reference.errors import ConfigError
from tests.factories import ASSIGNMENT, decision, grade_sheet
from tests.grader.review.desk.synthetic import write_class

CSV = 'kerberos,part,text\njdoe,3(c),"Why not full, $x$?"\nann,1A,Look again\n'


def parsed(text: str) -> tuple[RequestEvent, ...]:
    return parse_requests(text, ASSIGNMENT, {"jdoe", "ann"}, author="ta", where="mail.csv")


def test_a_file_of_requests_is_read_and_read_again_gives_the_same_entries() -> None:
    first, second = parsed(CSV)
    assert (first.kerberos, first.part_id, first.text) == ("jdoe", "3c", "Why not full, $x$?")
    assert (first.author, first.entered_by, first.by_student) == ("jdoe", "ta", True)
    assert second.part_id == "1a"
    assert parsed("\ufeff" + CSV + "ann,3c,More\n")[:2] == (first, second)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kerberos,text\njdoe,x\n", "expected the columns kerberos, part, text, found none named"),
        (CSV + "bob,3c,x\n", "line 4: expected a kerberos of the class, found 'bob'"),
        ("kerberos,part,text\njdoe,9z,x\n", "line 2: expected a part such as 3c, found '9z'"),
        ("kerberos,part,text\njdoe,3c,\n", "line 2: expected what the student asks"),
    ],
)
def test_a_bad_line_adds_nothing_and_says_where_it_is(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=r"nothing was added|expected the columns") as raised:
        parsed(text)
    assert said in str(raised.value)


def test_the_command_adds_a_file_once_and_lists_what_waits(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        write_class(tmp_path, store, 1)
    mail = tmp_path / "mail.csv"
    mail.write_text("kerberos,part,text\nkerb000,3c,Why?\n")
    for added in ("1 added, 0 known", "0 added, 1 known"):
        said = CliRunner().invoke(app, ["requests", str(tmp_path), str(mail), "--author", "ta"])
        assert said.exit_code == 0, said.output
        assert added in said.output
        assert "kerb000: part 3c: Why?" in said.output


def entry(kind: RequestKind, text: str, author: str = "ta") -> RequestEvent:
    return RequestEvent(
        uuid=text,
        request="q",
        kerberos="jdoe",
        part_id="3c",
        kind=kind,
        text=text,
        author=author,
        noted_at="2026-11-30T10:00:00+00:00",
    )


ASKED = entry(RequestKind.OPENED, "Is $x^2$ not right?", "jdoe")
KEPT = entry(RequestKind.KEPT, "No: the *sign*.")


def test_a_request_waits_until_it_is_answered() -> None:
    assert [one.waits for one in threads((ASKED,))] == [True]
    assert [one.waits for one in threads((ASKED, KEPT))] == [False]


def test_thread_and_answer_are_on_the_feedback_page_whoever_graded_the_part(
    tmp_path: Path,
) -> None:
    human = human_grades((), (), ASSIGNMENT, (), (ASKED, KEPT))
    sheet = grade_sheet(kerberos="jdoe")
    overrides = human.about("jdoe", "any", ASSIGNMENT, "6.869")
    today = rescore(sheet, ASSIGNMENT, overrides)
    before = rescore(sheet, ASSIGNMENT, ())
    assert [(one.points, one.human_author) for one in today.parts] == [
        (one.points, one.human_author) for one in before.parts
    ]
    html = render_feedback_html(today, tmp_path)
    assert "You asked" in html
    assert "The course staff answered: the points stay" in html
    assert "<em>sign</em>" in html
    hostile = replace(KEPT, uuid="h", text="<script>1</script>")
    (shown,) = said_views(human_grades((), (), ASSIGNMENT, (), (hostile,)).requests["jdoe", "3c"])
    assert "<script>" not in shown.text


def test_placed_comments_are_shown_with_the_strip_of_their_page(tmp_path: Path) -> None:
    folder = ResultFolder(root=tmp_path)
    folder.page_picture(2).parent.mkdir()
    Image.new("RGB", (900, 1200), "white").save(folder.page_picture(2), "WEBP")
    top, low = (0.1, 0.1, 0.5, 0.2), (0.1, 0.8, 0.5, 0.9)
    item = RubricItem(id="border", share=-0.2, title="Border", for_student="The *ends*")
    staff = RubricItem(id="own", share=0.0, title="Own", show=Show.NEVER)
    made = decision(
        share=0.5,
        rubric_number=1,
        items=tuple(AppliedItem(id=one, share=0.0, title=one) for one in ("border", "own")),
        marks=(
            Mark(page=3, box=low, text="Why?"),
            Mark(page=2, box=top, item_id="border"),
            Mark(page=2, box=low, item_id="own"),
        ),
    )
    rubric = Rubric(part_id="3c", number=2, items=(item, staff))
    human = human_grades([made], [rubric], ASSIGNMENT)
    overrides = human.about("jdoe", made.zip_sha256, ASSIGNMENT, "6.869")
    (part,) = [one for one in rescore(grade_sheet(), ASSIGNMENT, overrides).parts if one.id == "3c"]
    first, second = mark_views(part.human_marks, folder)
    assert (first.where, second.where) == ("Page 2, upper part", "Page 3, lower part")
    assert "<em>ends</em>" in first.text
    assert first.source.startswith("data:image/jpeg;base64,")
    assert second.source == ""  # its page was not drawn


def test_the_student_reads_when_it_was_said_in_the_courses_time() -> None:
    asked = RequestEvent(
        uuid="q1",
        request="q1",
        kerberos="jdoe",
        part_id="3c",
        kind=RequestKind.OPENED,
        author="jdoe",
        text="Why?",
        noted_at="2021-11-30T03:28:00.000+00:00",
    )
    human = human_grades((), (), ASSIGNMENT, requests=(asked,))
    (said,) = (
        one for override in human.about("jdoe", "", ASSIGNMENT, "6.819") for one in override.said
    )
    (view,) = said_views((said,))
    assert view.when == "Mon 29 November 2021, 22:28 ET"

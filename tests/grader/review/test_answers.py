"""What is shown as a student's answer to a part: its own words, pages and code, and no other's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from grader.model.records import ReportPicture, ReportTrouble, Submission
from grader.model.records.codec import load, save
from grader.model.results_folder import ResultFolder
from grader.reading.answer_texts import TextSource, without_label
from grader.review.answers import Answer, AnswerState, answer_of, answers
from grader.review.piles import PileKind, piles
from tests import factories
from tests.factories import ASSIGNMENT
from tests.grader.review.factory import hand_in, reading_of, section

CELL = "**Answer to 3(c).**\n\nI pad with zeros."
FORWARD = "def conv1d_forward(x, w):\n    return x"


def answer(folder: ResultFolder, part_id: str = "3c") -> Answer:
    return answer_of(folder, ASSIGNMENT, part_id)


def test_the_notebooks_answer_is_shown_without_the_line_that_the_template_begins_it_with(
    tmp_path: Path,
) -> None:
    found = answer(hand_in(tmp_path, answers=[("3c", CELL), ("3e", "other")]))

    assert (found.text, found.source) == ("I pad with zeros.", TextSource.NOTEBOOK)
    assert (found.state, found.report_pages, found.pages_by) == (AnswerState.WRITTEN, (), "")


def test_the_reports_text_is_that_under_the_parts_own_label(tmp_path: Path) -> None:
    report = reading_of(section("3b", "grad"), section("3c", "I mirror.", page=2, last_page=3))
    found = answer(hand_in(tmp_path, report=report))

    assert (found.text, found.source) == ("I mirror.", TextSource.REPORT)
    assert (found.report_pages, found.pages_by, found.pages) == ((2, 3), "label", 3)


def test_text_in_both_places_is_shown_from_both(tmp_path: Path) -> None:
    report = reading_of(section("3c", "I mirror."))
    found = answer(hand_in(tmp_path, report=report, answers=[("3c", CELL)]))

    assert (found.text, found.source) == ("I pad with zeros.\n\nI mirror.", TextSource.BOTH)


def test_the_text_of_a_whole_problem_is_never_taken_for_that_of_a_part(tmp_path: Path) -> None:
    whole = section("3a", "all of it", part_ids=("3a", "3b", "3c"), whole_problem=True)
    found = answer(hand_in(tmp_path, report=reading_of(whole)))

    assert (found.text, found.report, found.source) == ("", "", TextSource.PROBLEM)
    assert (found.report_pages, found.pages_by) == ((1,), "problem")
    assert (found.state, found.empty) == (AnswerState.UNPLACED, False)


@pytest.mark.parametrize(
    "text",
    [
        *("See report.pdf.", "In the attached scan", "Handwritten, page 3"),
        *("We refer to our report.", "See my write-up.", "In my hand written notes"),
        *("It is on Overleaf", "See the other document", "On a separate sheet", "In answers.docx"),
        *("Submitted separately.", "The document has it"),
    ],
)
def test_a_cell_that_points_to_the_report_asks_on_which_of_its_pages(
    tmp_path: Path, text: str
) -> None:
    other = reading_of(section("1a", "x * w"))
    found = answer(hand_in(tmp_path, report=other, answers=[("3c", text)]))
    assert (found.state, found.text, found.only_words) == (AnswerState.UNPLACED, text, False)
    labelled = reading_of(section("3c", "Zeros."))
    placed = answer(hand_in(tmp_path, "b", report=labelled, answers=[("3c", text)]))
    assert (placed.state, placed.pages_by) == (AnswerState.WRITTEN, "label")
    alone = answer(hand_in(tmp_path, "c", answers=[("3c", text)]))
    assert (alone.state, alone.only_words) == (AnswerState.WRITTEN, True)
    whole = section("3a", "all of it", part_ids=("3a", "3b", "3c"), whole_problem=True)
    under = answer(hand_in(tmp_path, "d", report=reading_of(whole), answers=[("3c", text)]))
    assert (under.state, under.pages_by) == (AnswerState.UNPLACED, "problem")


@pytest.mark.parametrize(
    "text",
    [
        "I pad.",
        "![](attachment:3/scan.png) I pad.",
        "I report zeros.",
        "Each other sample is kept.",
        "See above.",
        "The written code pads each side separately.",
    ],
)
def test_a_cell_that_answers_asks_for_no_page(tmp_path: Path, text: str) -> None:
    other = reading_of(section("1a", "x * w"))
    found = answer(hand_in(tmp_path, report=other, answers=[("3c", text)]))
    assert (found.state, found.only_words) == (AnswerState.WRITTEN, False)


def test_words_are_all_there_is_only_without_pictures_and_without_a_report(tmp_path: Path) -> None:
    shown = answer(hand_in(tmp_path, answers=[("3c", "![](attachment:3/a.png)")]))
    assert not shown.only_words
    assert answer(hand_in(tmp_path, "b", answers=[("3c", CELL)])).only_words
    read = hand_in(tmp_path, "c", report=reading_of(section("1a", "x")), answers=[("3c", CELL)])
    assert not answer(read).only_words
    told = {("c", "3c"): ((), "ann")}  # the report does not answer it, says a person
    assert answer_of(read, ASSIGNMENT, "3c", told).only_words


def test_what_may_stand_in_another_document_is_neither_missing_nor_equal(tmp_path: Path) -> None:
    found = {}
    for name, others in (("a", ("answers.docx", "corgi.jpg")), ("b", ("corgi.jpg",)), ("c", ())):
        for kerberos, said in ((name, [("3c", CELL)]), (f"{name}none", [])):
            folder = hand_in(tmp_path, kerberos, answers=said)
            one = load(Submission, folder.record("submission"))
            save(replace(one, other_files=others), folder.record("submission"))
            found[kerberos] = answer(folder)
    assert [found[name].only_words for name in "abc"] == [False, True, True]
    assert [found[name].documents for name in "abc"] == [("answers.docx",), (), ()]
    assert [found[f"{name}none"].empty for name in "abc"] == [False, False, True]  # a photo may be
    kinds = {pile.kind: pile.members for pile in piles([found[f"{one}none"] for one in "abc"])}
    assert kinds == {PileKind.MISSING: ("cnone",), PileKind.NO_TEXT: ("anone", "bnone")}


def test_blank_missing_and_not_found_are_three_things(tmp_path: Path) -> None:
    title = ASSIGNMENT.part("3c").title
    blank = hand_in(tmp_path, "blank", report=reading_of(section("3c", "", label=f"(c) {title}")))
    unplaced = hand_in(tmp_path, "unplaced", report=reading_of(section("1a", "x * w")))
    hand_in(tmp_path, "missing")

    assert answer(blank).state is AnswerState.BLANK
    assert answer(unplaced).state is AnswerState.UNPLACED
    found = answers(tmp_path, ASSIGNMENT, "3c", ("blank", "unplaced", "missing", "nobody"))
    assert [one.empty for one in found] == [True, False, True, True]
    assert [one.zip_sha256 for one in found] == [factories.SHA] * 3 + [""]


def test_a_picture_or_a_scanned_page_is_not_blank(tmp_path: Path) -> None:
    picture = ReportPicture(page=1, box=(0, 0, 1, 1), part_ids=("3c",), names=(), likeness=0.0)
    shown = reading_of(section("3c", ""), pictures=(picture,))
    scan = ReportTrouble(code="report-scanned", pages=(2,), message="Page 2 is a picture.")
    scanned = reading_of(section("3c", ""), trouble=(scan,))

    assert answer(hand_in(tmp_path, "a", report=shown)).state is AnswerState.WRITTEN
    assert answer(hand_in(tmp_path, "b", report=scanned)).state is AnswerState.UNPLACED


def test_a_persons_word_about_pages_beats_the_machines(tmp_path: Path) -> None:
    hand_in(tmp_path, report=reading_of(section("3c", "")))
    placed = {("jdoe", "3c"): ((3,), "Ada")}
    (found,) = answers(tmp_path, ASSIGNMENT, "3c", ("jdoe",), placed)

    assert (found.report_pages, found.pages_by, found.state) == ((3,), "Ada", AnswerState.WRITTEN)


def test_code_is_that_of_the_parts_functions(tmp_path: Path) -> None:
    own = factories.cell(2, f"import os\n\n@trace\n{FORWARD}\n\ndef other():\n    pass")
    given = next(cell for cell in ASSIGNMENT.template if "conv1d_forward" in cell.source)
    cells = [("1a", factories.cell(1, given.source)), ("", own)]
    folder = hand_in(tmp_path, cells=cells)

    (piece,) = answer(folder, "1a").code
    assert (piece.cell_index, piece.first_line) == (2, 3)
    assert piece.source == f"@trace\n{FORWARD}"
    assert not answer(folder, "1a").empty


def test_the_answer_about_boundaries_comes_with_the_convolution_that_it_explains(
    tmp_path: Path,
) -> None:
    folder = hand_in(tmp_path, cells=[("1a", factories.cell(0, FORWARD))])

    assert [piece.source for piece in answer(folder).code] == [FORWARD]
    assert answer(folder, "3e").code == ()


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("(c) I pad.", "I pad."),
        ("Problem 3(c)\nI pad.", "I pad."),
        ("PART C\nI pad.", "I pad."),
        ("3.c) Boundaries\nI pad.", "I pad."),
        ("Answer: I pad.", "I pad."),
        ("3 samples are lost.", "3 samples are lost."),
        ("Part of the signal is lost.", "Part of the signal is lost."),
        ("2.5 is the mean.", "2.5 is the mean."),
    ],
)
def test_labels_and_titles_are_no_part_of_an_answer(text: str, bare: str) -> None:
    assert without_label(text, ("Boundaries",)) == bare


def test_a_persons_word_on_pages_counts_for_more_than_what_was_found(tmp_path: Path) -> None:
    folder = hand_in(tmp_path, report=reading_of(section("3c", "Zeros.", page=2), pages=4))
    found = answer_of(folder, ASSIGNMENT, "3c")
    assert (found.report_pages, found.pages_by, found.text) == ((2,), "label", "Zeros.")
    more = answer_of(folder, ASSIGNMENT, "3c", {("jdoe", "3c"): ((2, 3), "ann")})
    assert (more.report_pages, more.pages_by, more.text) == ((2, 3), "ann", "Zeros.")
    other = answer_of(folder, ASSIGNMENT, "3c", {("jdoe", "3c"): ((4,), "ann")})
    assert (other.report_pages, other.text, other.state) == ((4,), "", AnswerState.WRITTEN)
    none = answer_of(folder, ASSIGNMENT, "3c", {("jdoe", "3c"): ((), "ann")})
    assert (none.report_pages, none.state, none.empty) == ((), AnswerState.ABSENT, True)

"""Reports that are the same byte for byte are found, and copied prose; the usual wording is not."""

from __future__ import annotations

import hashlib
from pathlib import Path

from grader.batch.exports.code_samples import CodeSample, read_sample
from grader.batch.exports.similarity import compare_class
from grader.batch.exports.similarity_page import compare_results, render_similarity_page
from grader.batch.exports.similarity_records import SimilarProse
from grader.model.results_folder import ResultFolder
from tests.factories import ASSIGNMENT
from tests.grader.batch.factory import row
from tests.grader.outputs.pages.test_render import ACTIVE, Inventory
from tests.grader.review.factory import hand_in, reading_of, section

ESSAY = """I chose to mirror the samples at both borders because a photograph rarely turns black
where the frame ends, and a network that sees zeros there learns the frame instead of the scene.
Mirrored samples keep the local mean, and their gradients fold back onto the samples from which
they came."""
REFLOWED = ESSAY.replace("\n", " ").replace("I chose", "**We** chose").replace(", and", " -- and")
OWN = """Zeros are cheap. The output keeps its length and no gradient leaves the signal through the
padding, since a constant has none; both ends get a weaker response, which later layers can undo."""


def student(kerberos: str, *texts: str, report: str = "") -> CodeSample:
    prose = tuple(("3c", text) for text in texts)
    return CodeSample(kerberos=kerberos, cells=(), prose=prose, report_sha256=report)


def found(*students: CodeSample, questions: tuple[str, ...] = ()) -> tuple[SimilarProse, ...]:
    return compare_class(students, (), questions=questions).prose


def test_copied_prose_is_found_in_other_lines_and_markup_and_others_are_not() -> None:
    (pair,) = found(
        student("ann", f"{OWN[:80]} {ESSAY}"), student("bob", OWN), student("cyd", REFLOWED)
    )

    assert (pair.left, pair.right) == ("ann", "cyd")
    (piece,) = pair.pieces
    marked = " ".join(span.text for span in piece.left if span.marked)
    assert marked.startswith("chose to mirror")
    assert "Zeros are cheap" not in marked
    assert "".join(span.text for span in piece.right) == f"{REFLOWED}\n"


def test_words_of_the_assignment_and_a_common_wording_prove_nothing() -> None:
    quoting = [student("ann", f"{ESSAY} {OWN[:60]}"), student("bob", ESSAY)]
    assert found(*quoting, questions=(ESSAY,)) == ()
    assert len(found(*quoting)) == 1
    assert found(*(student(f"s{i}", ESSAY) for i in range(7))) == ()
    assert len(found(*(student(f"s{i}", ESSAY) for i in range(6)))) == 15


def test_short_answers_are_alike_by_nature() -> None:
    short = "I pad with zeros so that the output has the same length as the input."
    assert found(student("ann", short), student("bob", short)) == ()


def test_reports_that_are_the_same_byte_for_byte_are_named_however_many(tmp_path: Path) -> None:
    for name, pdf in (("ann", b"a"), ("bob", b"a"), ("cyd", b"c"), ("dan", b"")):
        folder = hand_in(tmp_path, name, report=reading_of(section("3c", OWN)), pdf=pdf)
        assert ResultFolder(root=tmp_path / name) == folder
    similarity = compare_results(map(row, ("ann", "bob", "cyd", "dan")), ASSIGNMENT, tmp_path)

    (same,) = similarity.reports
    assert same.kerberos_names == ("ann", "bob")
    assert same.sha256 == hashlib.sha256(b"a").hexdigest()
    assert len(compare_class([student(f"s{i}", report="r") for i in range(9)], ()).reports) == 1


def test_prose_is_read_from_notebook_and_report(tmp_path: Path) -> None:
    whole = section("4c", "all of a prob-\nlem", part_ids=("4a", "4c"), whole_problem=True)
    report = reading_of(section("3c", OWN), whole)
    sample = read_sample(hand_in(tmp_path, report=report, answers=[("3e", "x")]), ASSIGNMENT)

    assert sample is not None
    assert sample.prose == (("3e", "x"), ("3c", OWN), ("", "all of a problem"))


def test_the_page_shows_both_and_text_of_others_can_do_nothing() -> None:
    nasty = f"{ESSAY} <script>alert(1)</script> {{{{ 7*7 }}}}\u202e {ESSAY[:90]}"
    similarity = compare_class(
        [student("ann", nasty, report="ab" * 32), student("bob", nasty, report="ab" * 32)], ()
    )
    html = render_similarity_page(similarity)
    page = Inventory(html)

    assert not page.tags & ACTIVE
    assert "\u202e" not in html
    assert "<script>alert(1)</script> {{ 7*7 }}" in "".join(page.words)
    assert "abababababab" in html
    assert set(page.urls) == {"ann/staff.html", "bob/staff.html"}

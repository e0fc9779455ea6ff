"""How the journey counts; it runs whole by `python -m tests.desk.journey`."""

from __future__ import annotations

from dataclasses import replace

from grader.model.records import AppliedItem, Decision
from tests.desk.journey import PART, ByFile, Counted, answers_of, by_file, table
from tests.grader.review.desk.synthetic import human_sheet

SHEET = human_sheet("jdoe", "6.869", "a" * 64, "We pad.")
HALF = Decision(
    uuid="1", kerberos="jdoe", part_id=PART, zip_sha256="a" * 64, share=0.5, author="ann"
)


def test_points_alone_are_one_value_and_their_characters() -> None:
    # `# points = ` becomes `points = 0.4`: two characters go, three come.
    assert by_file(SHEET, HALF) == ByFile(keys=5, fields=1, files=2)


def test_what_an_item_says_must_be_typed_in_a_file() -> None:
    why = AppliedItem(id="own", share=0.5, title="Says why")
    commented = by_file(SHEET, replace(HALF, items=(why,), comment="See page 2."))
    assert commented.fields == 2
    assert commented.keys == 5 + len("Says why\nSee page 2.\n")


def test_a_quarter_of_the_class_hands_in_the_same() -> None:
    texts = answers_of(40)
    assert len(texts) == 40
    assert max(texts.count(text) for text in texts) >= 10


def test_the_table_says_both_ways() -> None:
    done = Counted(keys=[2, 2, 3, 60], in_piles=2)
    rows = table(done, [ByFile(keys=40, fields=2, files=2)] * 4).splitlines()
    assert "| files opened per answer | 2 | 0 |" in rows
    assert "| key presses per answer, median | 40 | 2.5 |" in rows
    assert "| key presses in all | 160 | 67 |" in rows

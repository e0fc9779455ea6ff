"""Labels: which line begins the answer to which part."""

from __future__ import annotations

from typing import Any

import pytest

from grader.reading.report_labels import Label, find_marks, labels_in, letters_by_problem
from grader.reading.report_pages import TextLine
from grader.reading.report_sections import parts_at, sections_of

PARTS = ("1a", "1b", "2a", "2b", "2c", "3a", "3b", "3c", "3d", "3e", "4a", "4b", "4c", "4d", "4e")


def line(text: str, page: int = 1, top: float = 0.5, **changes: object) -> TextLine:
    """A line of a paragraph that ends before the right margin."""
    settings: dict[str, object] = {"left": 0.1, "right": 0.5, "height": 0.02, "bold": False}
    return TextLine(page=page, text=text, top=top, **{**settings, **changes})  # type: ignore[arg-type]


def page_of(*texts: str) -> list[TextLine]:
    return [line(text, top=0.1 + 0.05 * i) for i, text in enumerate(texts)]


def parts_found(lines: list[TextLine]) -> list[tuple[str, ...]]:
    return [mark.part_ids for mark in find_marks(lines, PARTS) if not mark.whole_problem]


@pytest.mark.parametrize(
    "text",
    [
        "Problem 4(d)",
        "Problem 4 (d)",
        "Problem 4.d",
        "Problem 4d",
        "Problem 4, part (d): three layers",
        "Problem 4 Part d",
        "PROBLEM 4 (D)",
        "P r o b l e m 4 ( d )",
        "Question 4(d)",
        "Solution to Problem 4(d)",
        "Answer: 4(d)",
        "Q4d",
        "Q4(d) Three layers",
        "q4.d",
        "P4(d)",
        "Ex. 4 d)",
        "4 d)",
        "4.(d)",
        "4(d)",
        "4d",
        "4d.",
        "4.d)",
        "4d Three layers",
        "(4d) Three layers",
        "4 – d) three layers",
        "# 4(d)",
        "- 4(d)",
    ],
)
def test_a_label_with_its_problem(text: str) -> None:
    assert parts_found(page_of("Introduction.", text, "The norm of three layers.")) == [("4d",)]


@pytest.mark.parametrize(
    "text", ["(d)", "(d) Three layers", "d)", "d) Three", "d.", "Part d", "Part (d):", "[d] Three"]
)
def test_a_letter_under_its_problem(text: str) -> None:
    assert parts_found(page_of("Problem 4", text)) == [("4d",)]
    assert parts_found(page_of("No problem yet.", text)) == []


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("(a), (b) Convolution layer", ("3a", "3b")),
        ("(a) and (b)", ("3a", "3b")),
        ("(a)-(c)", ("3a", "3b", "3c")),
        ("(a, b)", ("3a", "3b")),
        ("a), b)", ("3a", "3b")),
        ("3(a), 3(b)", ("3a", "3b")),
        ("3a/b.", ("3a", "3b")),
        ("Problem 3 (c) to (e)", ("3c", "3d", "3e")),
    ],
)
def test_several_parts_in_one_label(text: str, parts: tuple[str, ...]) -> None:
    assert parts_found(page_of("Problem 3", text)) == [parts]


@pytest.mark.parametrize(
    "text",
    [
        "Problem Set 4",
        "2048 features enter the last layer",
        "3D convolutions are another thing",
        "3d arrays",
        "1e-5 is the learning rate",
        "5.67e-09",
        "a = position of the first maximum",
        "In (b) the change is projected",
        "(b), the change",
        "4 a tarantula",
        "Problem 4 is hard",
        "Problem 4(z)",
        "(i) first",
        "A. Torralba",
        "3",
    ],
)
def test_no_label(text: str) -> None:
    lines = page_of("Text.", text)
    assert find_marks(lines, PARTS) == ()
    # Under a problem neither, but for a letter that may be an answer's.
    if text != "A. Torralba":
        assert parts_found(page_of("Problem 4", text)) == []


def test_a_label_over_a_line_break() -> None:
    assert parts_found(page_of("Problem", "4(d)", "Three layers")) == [("4d",)]
    assert parts_found(page_of("Problem 4", "(d)", "Three layers")) == [("4d",)]
    # A page number is no problem.
    assert parts_found(page_of("Problem 3", "(c) Boundaries", "4", "(d) Pooling")) == [
        ("3c",),
        ("3d",),
    ]


def test_a_mention_that_a_line_break_puts_first_is_no_label() -> None:
    full = line("the gradient goes where the maximum was, just as it did in", top=0.2, right=0.9)
    lines = [
        line("Problem 3", top=0.1),
        line("(a) Convolution", top=0.15),
        full,
        line("(b) the other way round.", top=0.23),
    ]
    assert parts_found(lines) == [("3a",)]
    # The same line after a full stop begins an answer.
    lines[2] = line("the gradient goes where the maximum was.", top=0.2, right=0.9)
    assert parts_found(lines) == [("3a",), ("3b",)]


def test_a_list_within_an_answer_is_no_label() -> None:
    lines = [
        line("Problem 1", top=0.1),
        line("(a) Convolution", top=0.15),
        line("(a) pad with zeros", top=0.2, left=0.15),
        line("(b) pad by reflection", top=0.25, left=0.15),
        line("(b) Pooling", top=0.3),
    ]
    marks = find_marks(lines, PARTS)
    assert [(mark.part_ids, mark.line) for mark in marks if not mark.whole_problem] == [
        (("1a",), 1),
        (("1b",), 4),
    ]


def test_a_numbered_heading_but_not_a_numbered_list() -> None:
    heading: dict[str, Any] = {"height": 0.03, "bold": True}
    lines = [
        line("1. Forward propagation", top=0.1, **heading),
        line("(a) Convolution", top=0.15),
        line("The kernel is not flipped. The steps are:", top=0.17),
        line("2. pad", top=0.2),
        line("2. Inference", top=0.25, **heading),
        line("(a) 2048", top=0.3),
    ]
    assert parts_found(lines) == [("1a",), ("2a",)]


@pytest.mark.parametrize("text", ["(b)AUPRC is 0.9", "(b)2048 features", "(b)the area", "b)AUPRC"])
def test_a_label_needs_no_space_behind_it(text: str) -> None:
    assert parts_found(page_of("Problem 3", text)) == [("3b",)]
    assert parts_found(page_of("A word.", f"3{text}")) == [("3b",)]


@pytest.mark.parametrize("text", ["(b)x + c", "(b)'s gradient", "b)f(x)", "(b), the change"])
def test_a_formula_or_a_mention_is_no_label(text: str) -> None:
    assert parts_found(page_of("Problem 3", text)) == []


PARAGRAPH = "The kernel is moved over the padded input, and each output is the sum of products"


def text_line(top: float, text: str = PARAGRAPH, **changes: object) -> TextLine:
    return line(text, top=top, **{"right": 0.9, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("number", ["(3)", "[3]", "(3.1)", "(4a)", "(2b)", "(b)"])
def test_an_equation_number_at_the_margin_is_no_heading(number: str) -> None:
    lines = [
        line("Problem 1", top=0.1, height=0.03, bold=True),
        text_line(0.15, f"(a) {PARAGRAPH}"),
        text_line(0.17),
        line(number, top=0.2, left=0.86, right=0.9, height=0.03),
        text_line(0.23, f"(b) {PARAGRAPH}"),
    ]
    assert parts_found(lines) == [("1a",), ("1b",)]


def test_a_label_right_after_a_numbered_equation_is_found() -> None:
    equations = (
        line("y = Σ w x (1)", top=0.17, left=0.4, right=0.9),  # centered
        line("y = Σ w x (1)", top=0.17, right=0.9),  # at the left, a gap before its number
        line("(1)", top=0.17, left=0.86, right=0.9),
    )
    for equation in equations:
        lines = [
            line("Problem 1", top=0.1),
            text_line(0.13, f"(a) {PARAGRAPH}."),
            text_line(0.15),
            equation,
            text_line(0.19, f"(b) {PARAGRAPH}"),
        ]
        assert parts_found(lines) == [("1a",), ("1b",)], equation
    # A mention of an equation ends no sentence.
    lines[3] = text_line(0.17, f"{PARAGRAPH} of the first equation (1)")
    assert parts_found(lines) == [("1a",)]


def test_captions_of_subfigures_are_no_parts() -> None:
    body = [line("Problem 4", top=0.1), text_line(0.12), text_line(0.14)]
    centered = line("(a) Original image", top=0.4, left=0.4, right=0.6)
    row = line("(a) Original (b) Attacked (c) Difference", top=0.4, right=0.88)
    above_the_figures = line("(a) Original image", top=0.4)
    figure = line("Figure 2: The image before and after", top=0.42, right=0.7)
    for caption in (centered, row, above_the_figures):
        assert parts_found([*body, caption, figure]) == [], caption.text
    # A label over a picture whose caption comes after it begins an answer.
    label = line("(a) Tarantula", top=0.2)
    assert parts_found([*body, label, line("Figure 2: The image", top=0.5)]) == [("4a",)]


def test_labels_of_the_second_column_are_no_lists() -> None:
    columns = [text_line(0.1 + 0.02 * n, right=0.45) for n in range(4)]
    second = [text_line(0.1 + 0.02 * n, left=0.53, right=0.88) for n in range(4)]
    lines = [
        line("Problem 3", top=0.05, left=0.1),
        text_line(0.07, f"(a) {PARAGRAPH}.", right=0.45),
        *columns,
        text_line(0.08, f"(b) {PARAGRAPH}.", left=0.53, right=0.88),
        *second,
        text_line(0.2, "(c) a list within", left=0.6, right=0.8),
    ]
    assert parts_found(lines) == [("3a",), ("3b",)]


def test_references_are_no_answer() -> None:
    heading: dict[str, Any] = {"height": 0.03, "bold": True}
    lines = [
        line("Problem 4(e)", 1, 0.1),
        line("Tiger cat 0.54.", 1, 0.2),
        line("References", 2, 0.1, **heading),
        line("[1] A paper", 2, 0.2),
    ]
    marks = find_marks(lines, PARTS)
    (section,) = sections_of(marks, lines, 2, 100)
    assert (section.part_ids, section.last_page, section.text) == (("4e",), 1, "Tiger cat 0.54.")
    assert parts_at(marks, 2, 0.5) == ()


def test_a_line_at_the_top_of_one_page_only_is_no_header() -> None:
    lines = [
        line("6.869", 1, 0.05),
        line("Problem 4", 1, 0.1),
        line("(a) Tarantula", 1, 0.2),
        line("The rest of (a).", 2, 0.06),
        line("(b) Tiger cat", 2, 0.1),
        line("6.869", 3, 0.05),
        line("(c) Why", 3, 0.1),
    ]
    sections = sections_of(find_marks(lines, PARTS), lines, 3, 100)
    assert [(s.part_ids, s.first_page, s.last_page) for s in sections if not s.whole_problem] == [
        (("4a",), 1, 2),
        (("4b",), 2, 2),
        (("4c",), 3, 3),
    ]


def test_part_ids_come_from_the_assignment() -> None:
    assert letters_by_problem(["7c", "7a", "bonus", "12b"]) == {7: ("a", "c"), 12: ("b",)}
    lines = page_of("Problem 7", "(c) Something")
    assert find_marks(lines, PARTS) == ()
    assert [mark.part_ids for mark in find_marks(lines, ["7a", "7c"])] == [("7a", "7c"), ("7c",)]


def test_long_lines_are_read_in_no_time() -> None:
    lines = page_of("problem " * 2500, "(a) " * 5000, "4" * 20000, "- " * 10000)
    assert find_marks(lines, PARTS) == ()


def test_the_most_definite_reading_comes_first() -> None:
    assert labels_in("Problem 4 (d): x")[0] == Label(form="full", problem=4, letters=("d",))
    assert labels_in("nothing") == ()


def test_sections_end_before_the_next_label() -> None:
    lines = [
        line("Problem 2", 1, 0.1),
        line("(a) 2048", 1, 0.2),
        line("(b) Arbitrary", 1, 0.8),
        line("more", 2, 0.1),
        line("(c) Pembroke", 2, 0.5),
        line("Problem 4", 3, 0.1),
        line("(a) Tarantula", 3, 0.15),
    ]
    marks = find_marks(lines, PARTS)
    found = {s.part_ids: s for s in sections_of(marks, lines, 4, 100)}
    assert [(s.first_page, s.last_page) for s in found.values()] == [
        (1, 2),
        (1, 1),
        (1, 2),
        (2, 2),
        (3, 4),
        (3, 4),
    ]
    assert found["2b",].text == "more"
    assert found["2a", "2b", "2c"].whole_problem
    assert found["2a", "2b", "2c"].text.splitlines() == [x.text for x in lines[1:5]]
    assert parts_at(marks, 1, 0.05) == ()
    assert parts_at(marks, 2, 0.4) == ("2b",)
    assert parts_at(marks, 4, 0.9) == ("4a",)
    assert sections_of(marks, lines, 4, 2)[2].text == "mo"

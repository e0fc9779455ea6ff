"""Answers are sorted into piles: nothing is graded as equal that a grader would tell apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from grader.reading.answer_texts import TextSource
from grader.review.answers import Answer, AnswerState, CodePiece, answer_of
from grader.review.piles import SURE, Pile, PileKind, formulas_of, normal, piles
from tests import factories
from tests.factories import ASSIGNMENT
from tests.grader.review.factory import hand_in

PAD = "I pad the signal with zeros on both ends, so that the output keeps the length N."
MIRROR = "The border is mirrored: a copy of the samples keeps the mean of the picture."
LONG = f"{PAD} The padding is constant, so no gradient goes there, and it is not learned."


def answer(kerberos: str, text: str = "", state: AnswerState = AnswerState.WRITTEN) -> Answer:
    return Answer(
        kerberos=kerberos,
        part_id="3c",
        zip_sha256=kerberos * 2,
        state=state,
        report_pages=(),
        pages=0,
        pages_by="",
        notebook=text,
        report="",
        text=text,
        source=TextSource.NOTEBOOK,
        code=(),
        only_words=True,
    )


def shown(found: Sequence[Pile]) -> list[tuple[str, tuple[tuple[str, ...], ...]]]:
    return [(pile.kind.value, pile.groups) for pile in found]


def test_blank_missing_and_what_is_not_found_come_first_each_as_a_pile() -> None:
    class_ = [
        answer("ann", PAD),
        answer("bob", state=AnswerState.UNPLACED),
        answer("cyd", state=AnswerState.BLANK),
        answer("dan", state=AnswerState.MISSING),
        answer("eve", state=AnswerState.BLANK),
        answer("fay"),
    ]
    assert shown(piles(class_)) == [
        ("missing", (("dan",),)),
        ("blank", (("cyd",), ("eve",))),
        ("unplaced", (("bob",),)),
        ("no_text", (("fay",),)),
        ("alone", (("ann",),)),
    ]


def test_an_answer_to_another_question_comes_first_too() -> None:
    others = [answer(f"s{i}", f"{PAD} My reason number {i} is simplicity.") for i in range(9)]
    off = answer("off", "Jgd wvxq fjkp bbzz qqkx vvzk.")

    kinds = {name: pile.kind for pile in piles([*others, off]) for name in pile.members}
    assert kinds.pop("off") is PileKind.UNLIKE
    assert PileKind.UNLIKE not in kinds.values()


def code(*sources: str) -> tuple[CodePiece, ...]:
    return tuple(CodePiece(cell_index=1, first_line=1, source=one) for one in sources)


def test_answers_whose_text_and_code_are_the_same_are_one_group() -> None:
    class_ = [replace(answer("ann", f"{PAD}\n\nSo"), code=code("x = 1")),
              replace(answer("bob", f"{PAD} \n\nSo\n"), code=code("x = 1\n"))]  # fmt: skip

    (pile,) = piles(class_)
    assert (pile.kind, pile.groups, pile.proposed) == (PileKind.EQUAL, (("ann", "bob"),), False)
    assert normal("\\left( x \\right)") == normal("(x)")
    assert normal("\\leftarrow") != normal("arrow")
    assert normal("ﬁlter") == normal("Filter")


@pytest.mark.parametrize(
    ("this", "that"),
    [
        ("We have k > 2 here", "We have k 2 here"),
        ("There are 2*3 zeros at the ends", "There are 23 zeros at the ends"),
        ("Its length is x² at the border", "Its length is x2 at the border"),
        ("$W$ is for $w$ what $x$ is", "$w$ is for $W$ what $X$ is"),
        ("for i in x:\n    y = 0\n    z = 0", "for i in x:\n    y = 0\nz = 0"),
        (f"{PAD * 60} It is right.", f"{PAD * 60} It is wrong: it contradicts itself."),
        ("The output isn’t shorter than the input", "The output is shorter than the input"),
    ],
)
def test_no_two_answers_that_read_differently_are_graded_as_equal(this: str, that: str) -> None:
    for pile in piles([answer("ann", this), answer("bob", that)]):
        assert all(len(group) == 1 for group in pile.groups)
        assert pile.proposed or pile.kind is PileKind.ALONE


def test_equal_texts_with_more_beside_them_are_looked_at_one_by_one() -> None:
    """Pages of a report, pictures, and code are what a grader reads as well."""
    class_ = [answer(name, "See my code above.") for name in ("ann", "bob", "cyd", "dan")]
    class_[0] = replace(class_[0], code=code("pad = 0"))
    class_[1] = replace(class_[1], code=code("mirror = 0"))
    class_[2] = replace(class_[2], only_words=False)
    class_[3] = replace(class_[3], only_words=False)

    (pile,) = piles(class_)
    assert (pile.kind, pile.proposed) == (PileKind.SAME_TEXT, True)
    assert sorted(pile.groups) == [("ann",), ("bob",), ("cyd",), ("dan",)]


def test_only_what_is_surely_the_same_is_chosen_for_the_grader() -> None:
    assert {kind for kind in PileKind if kind not in SURE} == {
        PileKind.BLANK, PileKind.UNPLACED, PileKind.NO_TEXT, PileKind.UNLIKE,
        PileKind.SAME_TEXT, PileKind.SAME_FORMULA, PileKind.NEAR,
    }  # fmt: skip


def test_nearly_equal_answers_are_proposed_and_keep_their_groups() -> None:
    class_ = [answer("ann", LONG), answer("bob", LONG.replace("The", "the") + " So"),
              answer("cyd", LONG), answer("dan", MIRROR)]  # fmt: skip

    near = next(pile for pile in piles(class_) if "ann" in pile.members)
    assert (near.kind, near.groups) == (PileKind.NEAR, (("ann", "cyd"), ("bob",)))
    assert near.proposed


@pytest.mark.parametrize(
    ("this", "that"),
    [("not learned", "learned"), ("zeros", "zeros + 1"), ("N.", "N - 1."), ("is con", "isn't con")],
)
def test_one_word_or_sign_that_turns_the_meaning_keeps_answers_apart(this: str, that: str) -> None:
    assert this in LONG
    found = piles([answer("ann", LONG), answer("bob", LONG.replace(this, that))])

    assert [pile.kind for pile in found] == [PileKind.ALONE] * 2


def test_answers_whose_formulas_have_equal_values_are_one_pile() -> None:
    class_ = [answer("ann", PAD), answer("bob", MIRROR), answer("cyd", "It is zero.")]

    found = piles(class_, {"ann": "f1", "bob": "f1", "cyd": "f2"})
    by_kind = {pile.kind: pile for pile in found}
    assert set(by_kind[PileKind.SAME_FORMULA].members) == {"ann", "bob"}
    assert by_kind[PileKind.ALONE].members == ("cyd",)


def test_formula_cells_of_equal_values_are_found_in_the_answers() -> None:
    cell = "```formula\nout[{i}] = sum(j, 0, k-1, W[j]*x[{i}+j-(k-1)//2])\n```"
    texts = {"ann": cell.format(i="n"), "bob": f"So: \n{cell.format(i='i')}", "cyd": PAD}
    texts["dan"] = cell.format(i="n").replace("+j-", "-j+")
    class_ = [replace(answer(name, text), part_id="1a") for name, text in texts.items()]

    marks = formulas_of(class_, ASSIGNMENT)
    assert set(marks) == {"ann", "bob", "dan"}
    assert marks["ann"] == marks["bob"] != marks["dan"]
    assert ("same_formula", (("ann",), ("bob",))) in shown(piles(class_, marks))
    assert formulas_of(class_[2:3], ASSIGNMENT) == {}


def test_like_answers_are_neighbors_and_everybody_is_in_one_pile() -> None:
    kinds = {"p": PAD, "m": MIRROR, "t": "Trees and hills stand far from every kernel here."}
    class_ = [answer(f"{kind}{i}", f"{text} Case {i * 7 + 3}.")
              for i in range(3) for kind, text in kinds.items()]  # fmt: skip

    members = [name for pile in piles(class_) for name in pile.members]
    assert sorted(members) == sorted(one.kerberos for one in class_)
    runs = [name[0] for name in members]
    assert sum(a != b for a, b in pairwise(runs)) == 2


def test_a_pile_has_the_same_id_as_long_as_it_holds_the_same_hand_ins() -> None:
    class_ = [answer("ann", PAD), answer("bob", PAD)]
    again = piles([class_[1], class_[0]])
    resubmitted = piles([class_[0], answer("cyd", PAD)])

    assert piles(class_)[0].id == again[0].id != resubmitted[0].id
    assert piles([]) == ()
    assert piles([answer("x", "k"), answer("y", "n")])[0].kind is PileKind.ALONE


def test_who_handed_in_no_report_lies_under_nothing_handed_in_whatever_code_there_is(
    tmp_path: Path,
) -> None:
    cell = factories.cell(3, "def conv1d_forward(x, w):\n    return x")
    bob = hand_in(tmp_path, "bob", cells=[("2a", cell)])
    explains = answer_of(bob, ASSIGNMENT, "3c")
    (written,) = piles([explains])
    assert (bool(explains.code), written.kind) == (True, PileKind.MISSING)
    (own,) = piles([answer_of(bob, ASSIGNMENT, "2a")])
    assert own.kind is PileKind.NO_TEXT  # there the code is the answer

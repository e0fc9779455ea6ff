"""An answer lies in the pile into which a person put it, and nobody is in two piles or in none."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from grader.review.answers import AnswerState
from grader.review.moved_piles import Move, moved_piles
from grader.review.piles import Pile, PileKind, piles
from tests.grader.review.test_piles import LONG, MIRROR, PAD, answer, shown

CLASS = {
    one.kerberos: one
    for one in (
        answer("ann", PAD), answer("bob", PAD), answer("cyd", MIRROR), answer("dan", LONG),
        answer("eve", state=AnswerState.BLANK),
    )
}  # fmt: skip


@cache
def found() -> tuple[Pile, ...]:
    return piles(tuple(CLASS.values()))


def move(kerberos: str, beside: str = "") -> Move:
    sha = CLASS[beside].zip_sha256 if beside else ""
    return Move(
        kerberos=kerberos, zip_sha256=CLASS[kerberos].zip_sha256, beside=beside, beside_zip=sha
    )


def test_an_answer_is_put_into_another_pile_and_the_others_stay_as_they_were() -> None:
    made = moved_piles(found(), [move("cyd", "ann")], CLASS)
    assert ("by_hand", (("ann", "bob"), ("cyd",))) in shown(made)
    kept = {pile.id for pile in found() if not {"ann", "cyd"} & set(pile.members)}
    assert kept < {pile.id for pile in made}
    assert sorted(name for pile in made for name in pile.members) == sorted(CLASS)


def test_answers_are_put_into_a_new_pile_and_back() -> None:
    made = moved_piles(found(), [move("bob"), move("cyd", "bob")], CLASS)
    assert ("alone", (("ann",),)) in shown(made)
    assert ("by_hand", (("bob",), ("cyd",))) in shown(made)
    equal = moved_piles(found(), [move("ann"), move("bob", "ann")], CLASS)
    assert ("by_hand", (("ann", "bob"),)) in shown(equal)  # equal texts stay one group
    back = moved_piles(found(), [move("bob"), move("bob", "ann")], CLASS)
    assert sorted(name for pile in back for name in pile.members) == sorted(CLASS)


def test_a_pile_whose_answers_are_to_be_looked_at_stays_one() -> None:
    near = [replace(found()[-1], kind=PileKind.NEAR)]
    others = [pile for pile in found()[:-1] if pile.kind is not PileKind.BLANK]
    moving = next(pile.members[0] for pile in others)
    made = moved_piles([*others, *near], [move(moving, near[0].members[0])], CLASS)
    assert next(pile for pile in made if moving in pile.members).proposed
    blank = moved_piles(found(), [move("cyd", "eve")], CLASS)
    assert next(pile for pile in blank if "cyd" in pile.members).kind is PileKind.BLANK


def test_what_was_said_of_another_hand_in_moves_nothing() -> None:
    later = CLASS | {"cyd": replace(CLASS["cyd"], zip_sha256="another")}
    gone = Move(kerberos="zed", zip_sha256="z", beside="ann", beside_zip=CLASS["ann"].zip_sha256)
    assert moved_piles(found(), [move("cyd", "ann"), gone, move("ann", "ann")], later) == found()

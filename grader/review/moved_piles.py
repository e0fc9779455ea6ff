"""Piles as people sorted them: an answer that somebody moved lies where they put it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from grader.review.answers import Answer
from grader.review.piles import FIRST, SURE, Pile, PileKind, make_pile, reads

_BY_LIKENESS = frozenset(PileKind) - {*FIRST, PileKind.ALONE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """An answer that a person put into another pile; about the hand-ins that they saw."""

    kerberos: str
    """Whose answer."""
    zip_sha256: str
    """Of which hand-in."""
    beside: str
    """In whose answer's pile it lies; empty where it lies alone."""
    beside_zip: str
    """Of which hand-in that one is; empty where it lies alone."""


@dataclass(slots=True)
class _Heap:
    """A pile while answers are moved."""

    pile: Pile | None
    """As it was sorted; None where answers were moved since."""
    kind: PileKind
    groups: list[list[str]]


def moved_piles(
    found: Sequence[Pile], moves: Iterable[Move], answers: Mapping[str, Answer]
) -> tuple[Pile, ...]:
    """Return piles after what people moved, in the order in which they did.

    Args:
        found: As they were sorted.
        moves: The oldest first; one about another hand-in than the one that counts is left out.
        answers: Those in the piles, by kerberos.
    """
    heaps = [_Heap(pile, pile.kind, [list(group) for group in pile.groups]) for pile in found]
    for move in moves:
        if _holds(move, answers):
            _move(heaps, move, answers)
    return tuple(_made(heap, answers) for heap in heaps if any(heap.groups))


def _holds(move: Move, answers: Mapping[str, Answer]) -> bool:
    zips = ((move.kerberos, move.zip_sha256), (move.beside, move.beside_zip))
    known = (name in answers and answers[name].zip_sha256 == sha for name, sha in zips if name)
    return move.kerberos != move.beside and all(known)


def _move(heaps: list[_Heap], move: Move, answers: Mapping[str, Answer]) -> None:
    home = next(heap for heap in heaps if _has(heap, move.kerberos))
    if move.beside and _has(home, move.beside):
        return
    groups = ([name for name in group if name != move.kerberos] for group in home.groups)
    home.pile, home.groups = None, [group for group in groups if group]
    if sum(map(len, home.groups)) == 1 and home.kind in _BY_LIKENESS:
        home.kind = PileKind.ALONE
    if not move.beside:
        heaps.append(_Heap(None, PileKind.ALONE, [[move.kerberos]]))
        return
    there = next(heap for heap in heaps if _has(heap, move.beside))
    there.pile = None
    own = reads(answers[move.kerberos])
    group = next((one for one in there.groups if reads(answers[one[0]]) == own), None)
    if group is None:
        there.groups.append([move.kerberos])
    else:
        group.append(move.kerberos)  # what reads the same is shown once
    there.kind = _kind_with_another(there.kind)


def _has(heap: _Heap, name: str) -> bool:
    return any(name in group for group in heap.groups)


def _kind_with_another(kind: PileKind) -> PileKind:
    """Return the kind of a pile to which an answer is added that need not be like the others."""
    if kind in FIRST:
        return kind
    # What was only proposed to be alike is still to be looked at, one by one.
    return PileKind.BY_HAND if kind in SURE else PileKind.NEAR


def _made(heap: _Heap, answers: Mapping[str, Answer]) -> Pile:
    if heap.pile is not None:
        return heap.pile
    return make_pile(heap.kind, [[answers[name] for name in group] for group in heap.groups])

"""Answers in piles: what can be read together, and be graded as one after all were seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from grader.model.records.places import Placed
from grader.model.results_folder import ResultFolder
from grader.model.text import one_line
from grader.outputs.pages.answer_pictures import own_pictures
from grader.outputs.pages.markup import plain
from grader.outputs.pages.words import amount, part_label
from grader.review.answers import MACHINE, Answer, answers
from grader.review.desk.classroom import Classroom, Seat, SortedPart
from grader.review.desk.desk_view import name_of
from grader.review.desk.evidence_view import (
    MOST_PAGES,
    CodeView,
    code_views,
    documents_words,
    notebook_html,
    pages_words,
)
from grader.review.desk.holding import NOTHING_DECIDED, Holding, Stand, stand_of
from grader.review.page_pictures import pages_of
from grader.review.piles import FIRST, Pile, PileKind, formulas_of, piles

MOST_SHOWN = 60
"""Members of a pile that are seen, and graded, at once."""
MOST_LISTED = 40
"""Piles on one page."""
_EXCERPT_CHARS = 240
_TARGET_CHARS = 120
_MOST_TARGETS = 100
WORDS = {
    PileKind.MISSING: "Nothing handed in for this part",
    PileKind.BLANK: "Heading without an answer",
    PileKind.UNPLACED: "Not found in the report: look at its pages",
    PileKind.NO_TEXT: "No text: pictures, scanned pages, or code alone",
    PileKind.UNLIKE: "Like no other: perhaps off topic",
    PileKind.EQUAL: "Equal",
    PileKind.SAME_TEXT: "Equal text: look at each one's pages and code",
    PileKind.SAME_FORMULA: "Formulas of equal values",
    PileKind.NEAR: "Nearly equal: look at each",
    PileKind.BY_HAND: "Put together by a person",
    PileKind.ALONE: "Alone",
}
"""Why answers lie together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PileLine:
    """A pile in the list."""

    id: str
    """Of the pile."""
    kind: str
    """Why they lie together."""
    text: str
    """The first answer, cut."""
    of: int
    """Members whose course has points for the part."""
    needs: int
    """Of them, that need grading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PileList:
    """The piles of a part."""

    part_id: str
    """Which part."""
    label: str
    """As people write it."""
    title: str
    """One line."""
    lines: tuple[PileLine, ...]
    """Those that need grading first come first."""
    alone: int
    """Answers that lie alone and need grading."""
    left_out: int
    """Piles that are not listed, for there are too many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One answer of a pile."""

    code: str
    """Of the seat."""
    who: str
    """Name, or the code."""
    stand: Stand
    """How the answer stands."""
    taken: str
    """What the form sends to choose it: code, hand-in and what it replaces; empty where it is
    graded already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PileGroup:
    """Members who read the same."""

    notebook: Markup
    """What the notebook says; empty for nothing."""
    report_text: str
    """What the report says under the part's heading; empty for nothing."""
    pages: tuple[tuple[int, str], ...]
    """(number, address) of the pictures of the pages that answer the part."""
    pages_words: str
    """Which pages of the report answer it, and who says so; empty where there is no report."""
    documents: str
    """A sentence about other documents of the zip; empty for none."""
    code: tuple[CodeView, ...]
    """That belongs to the answer."""
    members: tuple[Member, ...]
    """Whose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PileView:
    """A pile, opened."""

    id: str
    """Of the pile."""
    kind: str
    """Why they lie together."""
    proposed: bool
    """Whether each member has to be chosen by hand."""
    groups: tuple[PileGroup, ...]
    """Its members, those of equal texts together."""
    needs: int
    """Members shown that need grading."""
    more: int
    """Members that are shown when these are graded."""


def piles_of(results: Path, room: Classroom, part_id: str, told: Placed) -> tuple[Pile, ...]:
    """Return the piles of a part; sorted once, until a person says on which page it is answered."""
    own = {key: value for key, value in told.items() if key[1] == part_id}
    if part_id not in room.piles or room.piles[part_id].told != own:
        found = tuple(answers_of(results, room, part_id, told).values())
        room.piles[part_id] = SortedPart(
            told=own,
            piles=piles(found, formulas_of(found, room.assignment)),
            answers={one.kerberos: one for one in found},
        )
    return room.piles[part_id].piles


def answers_of(results: Path, room: Classroom, part_id: str, told: Placed) -> Mapping[str, Answer]:
    """Return the answers to a part by kerberos, in its order; read once, as its piles are."""
    own = {key: value for key, value in told.items() if key[1] == part_id}
    known = room.answers.get(part_id)
    if known is None or known[0] != own:
        names = [seat.kerberos for seat in room.order(part_id)]
        found = answers(results, room.assignment, part_id, names, own)
        known = room.answers[part_id] = (own, {one.kerberos: one for one in found})
    return known[1]


def pile_list(
    room: Classroom,
    part_id: str,
    sorted_: Sequence[Pile],
    held: Mapping[str, Holding],
    *,
    blind: bool,
) -> PileList:
    """Return the piles of a part, which are sorted already."""
    lines, alone = [], 0
    for pile in sorted_:
        needs = sum(_needs(room, part_id, held, name) for name in pile.members)
        if pile.kind is PileKind.ALONE:
            alone += needs
            continue
        seat = room.by_kerberos[pile.members[0]]
        text = room.hiding(seat, blind=blind)(pile.text)
        lines.append(
            PileLine(
                id=pile.id,
                kind=WORDS[pile.kind],
                text=plain(text[:_EXCERPT_CHARS]),
                of=len(pile.members),
                needs=needs,
            )
        )
    lines.sort(key=lambda line: line.needs == 0)
    return PileList(
        part_id=part_id,
        label=part_label(part_id),
        title=plain(room.assignment.part(part_id).title),
        lines=tuple(lines[:MOST_LISTED]),
        alone=alone,
        left_out=max(len(lines) - MOST_LISTED, 0),
    )


def other_piles(
    room: Classroom, part_id: str, found: Sequence[Pile], pile: Pile, *, blind: bool
) -> tuple[tuple[str, str], ...]:
    """Return (id, words) of the piles to which answers of one can be moved; single ones last."""
    texts = room.piles[part_id].answers
    made = []
    for one in sorted(found, key=lambda other: other.kind is PileKind.ALONE):
        if one.id == pile.id:
            continue
        seat = room.by_kerberos[one.members[0]]
        text = one_line(texts[seat.kerberos].text)
        text = room.hiding(seat, blind=blind)(text)
        if one.kind in FIRST or not text:
            words = WORDS[one.kind]
        else:
            words = text if len(text) <= _TARGET_CHARS else f"{text[:_TARGET_CHARS]}…"
        made.append((one.id, plain(f"{words} ({len(one.members)})")))
    return tuple(made[:_MOST_TARGETS])


def pile_view(
    results: Path,
    room: Classroom,
    part_id: str,
    pile: Pile,
    held: Mapping[str, Holding],
    *,
    blind: bool,
) -> PileView:
    """Return a pile with its members: those that need grading first, at most `MOST_SHOWN`."""
    found = room.piles[part_id].answers
    waiting = [name for name in pile.members if _needs(room, part_id, held, name)]
    rest = [name for name in pile.members if name not in set(waiting)]
    shown = set([*waiting, *rest][:MOST_SHOWN])
    groups = []
    for names in pile.groups or (pile.members,):
        members = tuple(
            _member(part_id, room.by_kerberos[name], held.get(name, NOTHING_DECIDED), blind=blind)
            for name in names
            if name in shown
        )
        if members:
            groups.append(_group(results, room, found[names[0]], members, blind=blind))
    return PileView(
        id=pile.id,
        kind=WORDS[pile.kind],
        proposed=pile.proposed,
        groups=tuple(groups),
        needs=sum(name in shown for name in waiting),
        more=max(len(waiting) - MOST_SHOWN, 0),
    )


def _group(
    results: Path, room: Classroom, answer: Answer, members: tuple[Member, ...], *, blind: bool
) -> PileGroup:
    seat = room.by_kerberos[answer.kerberos]
    folder = ResultFolder(root=results / seat.kerberos)
    shown = room.hiding(seat, blind=blind)
    return PileGroup(
        notebook=notebook_html(answer, own_pictures(folder), shown),
        report_text=plain(shown(answer.report)),
        pages=tuple((number, seat.page_address(number)) for number in _pages(folder, answer)),
        pages_words=pages_words(answer) if answer.pages else "",
        documents=documents_words(answer, results, shown, blind=blind),
        code=code_views(answer, shown),
        members=members,
    )


def _pages(folder: ResultFolder, answer: Answer) -> Sequence[int]:
    """Return the pages to look at; where nobody knows which, all of a short report."""
    drawn = pages_of(folder)
    known = answer.report_pages
    if not known and answer.pages_by in MACHINE and drawn.pages <= MOST_PAGES:
        known = tuple(range(1, drawn.pages + 1))
    return [one for one in known if one <= drawn.pages and one not in drawn.failed][:MOST_PAGES]


def maxima_of(room: Classroom, part_id: str, pile: Pile) -> tuple[float, str]:
    """Return the maximum that points typed for a pile are of, and how the page says it.

    Courses may have other points for the part: everybody gets the same share.
    """
    courses = sorted({room.by_kerberos[name].course for name in pile.members})
    by_course = {course: room.assignment.max_points(part_id, course) for course in courses}
    most = max(by_course.values())
    others = [
        f"{amount(points)} in {course}" for course, points in by_course.items() if points != most
    ]
    if not others:
        return most, amount(most)
    return most, f"{amount(most)}; the same share of {', of '.join(others)}"


def _needs(room: Classroom, part_id: str, held: Mapping[str, Holding], name: str) -> bool:
    own = held.get(name, NOTHING_DECIDED)
    return stand_of(room.by_kerberos[name], part_id, own) is Stand.NEEDS


def _member(part_id: str, seat: Seat, own: Holding, *, blind: bool) -> Member:
    stand = stand_of(seat, part_id, own)
    taken = f"{seat.code} {seat.zip_sha256 or '-'} {own.newest or '-'}"
    return Member(
        code=seat.code,
        who=name_of(seat, blind=blind),
        stand=stand,
        taken=taken if stand is Stand.NEEDS else "",
    )

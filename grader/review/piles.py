"""Answers to one part, sorted into piles: what can be read and graded together.

First those with nothing to read. Then answers that are equal: all that a grader reads of them is
text and code, and these are the same. All others that look alike are proposals, which a person
looks at one by one: formulas of equal values, equal texts with something else beside them, and
texts that are nearly equal. The order of the rest follows their likeness, and that is all it says.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import squareform

from grader.model.assignment import Assignment
from grader.model.formulas.reading import formula_cells
from grader.review.answers import Answer, AnswerState

NEAR_PERCENT = 95.0
"""Likeness of two texts from which they are proposed as one pile (rapidfuzz's ratio)."""
UNLIKE = 0.05
"""Cosine below which an answer has next to nothing in common with any other."""
FEWEST_TO_COMPARE = 8
"""Answers from which on "like no other" says something."""
LONGEST_COMPARED = 4_000
"""Characters of an answer of which likeness is told; whether two are equal, all of them tell."""
PIECES = (3, 5)
"""Characters of the pieces of text whose counts tell how alike two answers are."""


class PileKind(StrEnum):
    """Why answers lie together."""

    MISSING = "missing"
    """Nothing was handed in for the part: no report, or one that a person looked through."""
    BLANK = "blank"
    """A label without an answer."""
    UNPLACED = "unplaced"
    """A report in which the part was not found: look at its pages first."""
    NO_TEXT = "no_text"
    """Pictures, scanned pages, or code alone: there is no text to compare."""
    UNLIKE = "unlike"
    """Texts that have next to nothing in common with any other: perhaps another question's."""
    EQUAL = "equal"
    """Text and code are all there is, and they are the same."""
    SAME_TEXT = "same_text"
    """The same text, with something beside it that no text tells: pages of a report, pictures, or
    other code."""
    SAME_FORMULA = "same_formula"
    """Their formula cells have the same values."""
    NEAR = "near"
    """Nearly equal: a proposal, which a person confirms."""
    BY_HAND = "by_hand"
    """Put together by a person."""
    ALONE = "alone"
    """One answer."""


FIRST = (
    PileKind.MISSING, PileKind.BLANK, PileKind.UNPLACED, PileKind.NO_TEXT, PileKind.UNLIKE,
)  # fmt: skip
"""Piles that come first, in this order."""
SURE = frozenset({PileKind.MISSING, PileKind.EQUAL, PileKind.BY_HAND, PileKind.ALONE})
"""Piles of which all members are the same, or a person says that they lie well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pile:
    """Answers that lie together."""

    id: str
    """The same for the same answers, and for no others."""
    kind: PileKind
    """Why."""
    members: tuple[str, ...]
    """Kerberos names: equal ones follow each other, largest group first."""
    groups: tuple[tuple[str, ...], ...]
    """The same members: those of one group read the same, see `reads`."""
    text: str
    """Text of the first member; empty for none."""

    @property
    def proposed(self) -> bool:
        """Whether a person should look at all members before they are graded as one."""
        return self.kind not in SURE


def piles(
    answers: Sequence[Answer], fingerprints: Mapping[str, str] | None = None
) -> tuple[Pile, ...]:
    """Sort the answers to one part into piles: those without anything to read first.

    Args:
        answers: Of a class, to one part.
        fingerprints: Kerberos to what the values of the answer's formula cell are, where there is
            one that can be read.
    """
    apart: dict[PileKind, list[Answer]] = defaultdict(list)
    texts: list[Answer] = []
    for answer in answers:
        kind = _without_text(answer)
        if kind is None:
            texts.append(answer)
        else:
            apart[kind].append(answer)
    groups = _equal(texts)
    likeness = _likeness([group[0].text for group in groups])
    unlike = _unlike(groups, likeness)
    apart[PileKind.UNLIKE] = [groups[row][0] for row in unlike]
    kept = [row for row in range(len(groups)) if row not in unlike]
    made = [make_pile(kind, [[one] for one in apart[kind]]) for kind in FIRST if apart[kind]]
    joined = _joined([groups[row] for row in kept], fingerprints or {})
    order = _order(likeness[np.ix_(kept, kept)]) if kept else []
    place = {groups[kept[row]][0].kerberos: number for number, row in enumerate(order)}
    later = sorted(joined, key=lambda pile: min(place.get(one, 0) for one in pile.members))
    return (*made, *later)


def formulas_of(answers: Iterable[Answer], assignment: Assignment) -> dict[str, str]:
    """Return what the formula cells of answers compute, by kerberos; see `piles`."""
    found = [answer for answer in answers if any(formula_cells(answer.notebook))]
    if not found:
        return {}
    # It imports the checks, which takes seconds: only where there is a formula cell at all.
    from grader.checks.formulas.notes import fingerprint_of

    marks = {
        one.kerberos: fingerprint_of(assignment.part(one.part_id), one.notebook) for one in found
    }
    return {kerberos: mark for kerberos, mark in marks.items() if mark}


def reads(answer: Answer) -> tuple[str, ...]:
    """Return what two answers have in common if, and only if, they read the same to a grader.

    Case, signs and white space within a line stay: in formulas and pseudo code they have a meaning.
    What is seen, on a page of a report or in a picture, no text tells: such an answer is like none.
    """
    code = tuple(_lines(piece.source) for piece in answer.code)
    return (_lines(answer.text), *code, "" if answer.only_words else answer.kerberos)


def _lines(text: str) -> str:
    plain = unicodedata.normalize("NFC", text).strip()
    return "\n".join(line.rstrip() for line in plain.splitlines())


def normal(text: str) -> str:
    """Return a text in the form in which likeness is told: without case, space and Markdown."""
    plain = unicodedata.normalize("NFKC", text[:LONGEST_COMPARED]).casefold()
    return re.sub(r"[\s$*`#>]+|\\[,;:! ]|\\(?:left|right|quad|,)(?![a-z])", "", plain)


def _without_text(answer: Answer) -> PileKind | None:
    match answer.state:
        case AnswerState.MISSING | AnswerState.ABSENT if answer.empty:
            return PileKind.MISSING
        case AnswerState.BLANK if answer.empty:
            return PileKind.BLANK
        case AnswerState.UNPLACED:
            return PileKind.UNPLACED
    return None if normal(answer.text) else PileKind.NO_TEXT


def _equal(answers: Iterable[Answer]) -> list[list[Answer]]:
    groups: dict[tuple[str, ...], list[Answer]] = defaultdict(list)
    for answer in answers:
        groups[reads(answer)].append(answer)
    return list(groups.values())


def prepare() -> None:
    """Import what sorting needs: it takes seconds, which nobody should wait for."""
    import_module("sklearn.feature_extraction.text")


def _likeness(texts: Sequence[str]) -> NDArray[np.float64]:
    """Return the cosine of each pair of texts, 0 to 1."""
    if not texts:
        return np.zeros((0, 0))
    # Whoever sorts nothing does not wait for it; a desk imports it ahead, see `prepare`.
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=PIECES, sublinear_tf=True)
    try:
        table = vectorizer.fit_transform(
            unicodedata.normalize("NFKC", text[:LONGEST_COMPARED]).casefold() for text in texts
        )
    except ValueError:  # no text has a piece as long as that
        return np.eye(len(texts))
    cosine: NDArray[np.float64] = np.clip((table @ table.T).toarray(), 0.0, 1.0)
    return cosine


def _unlike(groups: Sequence[Sequence[Answer]], likeness: NDArray[np.float64]) -> frozenset[int]:
    """Return the rows of single answers that are like no other."""
    if len(groups) < FEWEST_TO_COMPARE:
        return frozenset()
    others = likeness - np.diag(np.diag(likeness))
    most = others.max(axis=1)
    return frozenset(
        row for row, group in enumerate(groups) if len(group) == 1 and most[row] < UNLIKE
    )


def _order(likeness: NDArray[np.float64]) -> list[int]:
    """Return the rows so that like ones are neighbours (average linkage)."""
    if len(likeness) < 3:
        return list(range(len(likeness)))
    distance = 1.0 - (likeness + likeness.T) / 2
    np.fill_diagonal(distance, 0.0)
    return [int(row) for row in leaves_list(linkage(squareform(distance), "average"))]


# -- what is nearly equal -------------------------------------------------------------------------

_DECIDING = re.compile(
    r"\d+|[⁰¹²³⁴-₉]|(?<!\*)\*(?!\*)|[-+/<>≤≥≠≈=^−±×·÷∑∏√∂∇]"
    r"|\b(?:not?|never|without|non|neither|nor|none|[a-z]+n['’]t|un\w+|in(?:stead|valid))\b"
    r"|\\(?:leq?|geq?|neq?|max|min|sum|prod|frac)\b|\b(?:max|min|sum|mean)\b"
    r"|(?<![a-z])(?!a\b|i\b)[a-z](?![a-z])",
    re.IGNORECASE,
)
"""The last is a symbol: a letter by itself, such as N, which is not n."""


def deciding(text: str) -> tuple[str, ...]:
    """Return, in order, what turns a meaning round: numbers, signs, symbols, negations."""
    found = _DECIDING.findall(unicodedata.normalize("NFC", text))
    return tuple(one if len(one) == 1 else one.casefold() for one in found)


def _joined(groups: Sequence[list[Answer]], fingerprints: Mapping[str, str]) -> list[Pile]:
    """Join groups of answers that are nearly equal, or whose formulas have equal values."""
    if not groups:
        return []
    near = _near(groups)
    marks = [{fingerprints.get(one.kerberos, "") for one in group} - {""} for group in groups]
    same = np.array([[bool(a & b) for b in marks] for a in marks])
    for left, right in np.argwhere(near & ~same):
        # Formulas of other values are other answers, however alike they look.
        near[left, right] = not (marks[left] and marks[right]) or left == right
    _, labels = connected_components(csr_array(near | same), directed=False)
    made: dict[int, list[int]] = defaultdict(list)
    for row, label in enumerate(labels):
        made[int(label)].append(row)
    return [
        make_pile(_kind(rows, groups, same), [groups[row] for row in rows])
        for rows in made.values()
    ]


def _kind(
    rows: Sequence[int], groups: Sequence[Sequence[Answer]], same: NDArray[np.bool_]
) -> PileKind:
    first = rows[0]
    if len(rows) == 1:
        return PileKind.EQUAL if len(groups[first]) > 1 else PileKind.ALONE
    if len({_lines(groups[row][0].text) for row in rows}) == 1:
        return PileKind.SAME_TEXT
    return PileKind.SAME_FORMULA if all(same[first, row] for row in rows) else PileKind.NEAR


def _near(groups: Sequence[Sequence[Answer]]) -> NDArray[np.bool_]:
    """Return which groups are nearly equal: never where a number, a sign or a `not` differs."""
    texts = [normal(group[0].text) for group in groups]
    scores = process.cdist(
        texts, texts, scorer=fuzz.ratio, score_cutoff=NEAR_PERCENT, dtype=np.float32
    )
    near = scores >= NEAR_PERCENT
    decide = [deciding(group[0].text) for group in groups]
    for left, right in np.argwhere(np.triu(near, 1)):
        near[left, right] = near[right, left] = decide[left] == decide[right]
    return near


def make_pile(kind: PileKind, groups: Sequence[Sequence[Answer]]) -> Pile:
    """Return a pile of groups of answers; those of one group are equal."""
    ordered = sorted(groups, key=lambda group: -len(group))
    names = tuple(tuple(one.kerberos for one in group) for group in ordered)
    members = tuple(name for group in names for name in group)
    digests = sorted(f"{one.kerberos} {one.zip_sha256}" for group in ordered for one in group)
    facts = "\n".join((kind.value, ordered[0][0].part_id, *digests))
    return Pile(
        id=hashlib.sha256(facts.encode()).hexdigest()[:16],
        kind=kind,
        members=members,
        groups=names,
        text=ordered[0][0].text,
    )

"""Which students share prose: runs of words that few others of the class have.

Words are compared in the order in which they stand, whatever stands between them: case, line ends,
markup and signs do not count. Words of the assignment and of the notebook that students get are
no one's own, and what many of the class write proves nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from grader.batch.exports.code_samples import CodeSample
from grader.batch.exports.similarity_records import (
    ProsePiece,
    ProseSettings,
    SameReport,
    SimilarProse,
    Span,
)

_WORD = re.compile(r"[^\W_]+")
BETWEEN = 40
"""Words of an answer that are shown before and after what is shared."""

Run = tuple[str, ...]
"""Some words in a row."""


def similar_prose(
    students: Sequence[CodeSample], given: Iterable[str], settings: ProseSettings, limit: int
) -> tuple[SimilarProse, ...]:
    """Return the pairs whose texts share enough words in a row, the most first.

    Args:
        students: Of a class; their prose is compared.
        given: Texts that all of them were given.
        settings: When texts count as similar.
        limit: What more students than this have is the usual wording.
    """
    taken = {run for text in given for run in _runs(words_of(text), settings.words)}
    owners: dict[Run, set[int]] = defaultdict(set)
    for row, student in enumerate(students):
        for _, text in student.prose:
            for run in _runs(words_of(text), settings.words):
                if run not in taken:
                    owners[run].add(row)
    shared: Counter[tuple[int, int]] = Counter()
    for rows in owners.values():
        if 1 < len(rows) <= limit:
            shared.update(combinations(sorted(rows), 2))
    pairs = [(pair, count) for pair, count in shared.items() if count >= settings.least_runs]
    pairs.sort(key=lambda one: (-one[1], one[0]))
    return tuple(
        SimilarProse(
            left=students[left].kerberos,
            right=students[right].kerberos,
            shared=count,
            pieces=_pieces(students[left], students[right], owners, (left, right), settings, limit)
            if place < settings.most_pairs
            else (),
        )
        for place, ((left, right), count) in enumerate(pairs)
    )


def same_reports(students: Iterable[CodeSample]) -> tuple[SameReport, ...]:
    """Return the reports that several students handed in byte for byte."""
    owners: dict[str, set[str]] = defaultdict(set)
    for student in students:
        if student.report_sha256:
            owners[student.report_sha256].add(student.kerberos)
    made = (
        SameReport(sha256=digest, kerberos_names=tuple(sorted(names)))
        for digest, names in owners.items()
        if len(names) > 1
    )
    return tuple(sorted(made, key=lambda one: one.kerberos_names))


def words_of(text: str) -> list[tuple[str, int, int]]:
    """Return the words of a text, each with the places of its first and behind its last letter."""
    found = ((match[0], match.start(), match.end()) for match in _WORD.finditer(text))
    return [
        (unicodedata.normalize("NFKC", word).casefold(), start, end) for word, start, end in found
    ]


def _runs(words: Sequence[tuple[str, int, int]], length: int) -> Iterator[Run]:
    for start in range(len(words) - length + 1):
        yield tuple(word for word, _, _ in words[start : start + length])


def _pieces(
    left: CodeSample,
    right: CodeSample,
    owners: Mapping[Run, set[int]],
    pair: tuple[int, int],
    settings: ProseSettings,
    limit: int,
) -> tuple[ProsePiece, ...]:
    """Return what the two share, part by part, side by side."""

    def counts(run: Run) -> bool:
        rows = owners.get(run, set())
        return set(pair) <= rows and len(rows) <= limit

    sides: dict[str, tuple[list[Span], list[Span]]] = {}
    for side, student in enumerate((left, right)):
        for part_id, text in student.prose:
            words = words_of(text)
            marked = [False] * len(words)
            for start, run in enumerate(_runs(words, settings.words)):
                if counts(run):
                    marked[start : start + settings.words] = [True] * settings.words
            if any(marked):
                spans = sides.setdefault(part_id, ([], []))[side]
                spans.extend(_spans(text, words, marked))
    return tuple(
        ProsePiece(part_id=part_id, left=tuple(ours), right=tuple(theirs))
        for part_id, (ours, theirs) in sorted(sides.items())
    )


def _spans(
    text: str, words: Sequence[tuple[str, int, int]], marked: Sequence[bool]
) -> Iterator[Span]:
    """Yield the text from a little before the first marked word to a little after the last."""
    first, last = marked.index(True), len(marked) - 1 - marked[::-1].index(True)
    begin, end = max(0, first - BETWEEN), min(len(words) - 1, last + BETWEEN)
    if begin:
        yield Span(text="… ", marked=False)
    place = words[begin][1] if begin else 0
    start = begin
    while start <= end:
        stop = start
        while stop < end and marked[stop + 1] == marked[start]:
            stop += 1
        yield Span(text=text[place : words[start][1]], marked=False)
        yield Span(text=text[words[start][1] : words[stop][2]], marked=marked[start])
        place, start = words[stop][2], stop + 1
    yield Span(text=" …\n" if end < len(words) - 1 else f"{text[place:]}\n", marked=False)

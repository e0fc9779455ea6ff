"""Which students share code beyond the template, or submit the same picture.

Fingerprints (copydetect) do not see names, comments and white space. Those of the template are
taken out, and so are those that many of the class have: exercises this small have a usual
solution, and it proves nothing. Pairs that share enough of the rest are joined to groups.

Besides, cells that are the same word for word, names included, prose that shares words in a
row, and reports and pictures of the attacks that are the same byte for byte.

None of it is scored, and none of it tells who wrote the code. Staff read it.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from grader.batch.exports.code_samples import CodeSample
from grader.batch.exports.fingerprints import hashes, hashes_of_cells, marked_lines, without_magics
from grader.batch.exports.similar_prose import same_reports, similar_prose
from grader.batch.exports.similarity_records import (
    Line,
    Piece,
    ProseSettings,
    SameCell,
    SamePicture,
    SimilarGroup,
    Similarity,
    SimilaritySettings,
    SimilarPair,
)
from grader.model.template import TemplateCell

_NO_CODE = re.compile(r"#.*|\s+")


def compare_class(
    samples: Iterable[CodeSample],
    template: Sequence[TemplateCell],
    settings: SimilaritySettings | None = None,
    known_pictures: Collection[str] = (),
    questions: Iterable[str] = (),
) -> Similarity:
    """Return what the students of a class have in common.

    Args:
        samples: One per student.
        template: Cells of the notebook that students get; their code is no one's own.
        settings: When code counts as similar.
        known_pictures: SHA-256 of pictures that the template holds.
        questions: Texts of the assignment, which answers may quote.
    """
    settings = settings or SimilaritySettings()
    given = tuple(cell.source for cell in template if cell.kind == "code")
    all_given = tuple(cell.source for cell in template)
    unchanged = frozenset(map(_bare, given))
    students = [
        replace(
            sample, cells=tuple(cell for cell in sample.cells if _bare(cell[1]) not in unchanged)
        )
        for sample in sorted(samples, key=lambda sample: sample.kerberos)
    ]
    limit = max(settings.common_least, int(settings.common_share * len(students)))
    template_hashes = hashes_of_cells(given, settings.k)
    own = [
        np.setdiff1d(
            hashes_of_cells((source for _, source in one.cells), settings.k), template_hashes
        )
        for one in students
    ]
    rare = _rare(own, limit)
    pairs = _pairs(rare, students, settings)
    shown = [
        replace(pair, pieces=_pieces(pair, students, rare, settings))
        if place < settings.most_pairs
        else pair
        for place, pair in enumerate(pairs)
    ]
    return Similarity(
        compared=len(students),
        common_limit=limit,
        groups=_groups(shown),
        cells=_same_cells(students, template_hashes, settings),
        pictures=_same_pictures(students, known_pictures, settings),
        settings=settings,
        reports=same_reports(students),
        prose=similar_prose(students, (*questions, *all_given), ProseSettings(), limit),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rare:
    """Fingerprints that only few students have."""

    table: csr_array
    """Students by fingerprints that two or more have; 1 where a student has it."""
    names: NDArray[np.int64]
    """Fingerprints of the columns."""
    sizes: NDArray[np.int64]
    """How many each student has, those included that nobody else has."""

    def shared(self, left: int, right: int) -> frozenset[int]:
        """Return the fingerprints that two students share."""
        both = np.intersect1d(
            self.table.indices[self.table.indptr[left] : self.table.indptr[left + 1]],
            self.table.indices[self.table.indptr[right] : self.table.indptr[right + 1]],
        )
        return frozenset(int(one) for one in self.names[both])


def _rare(own: Sequence[NDArray[np.int64]], limit: int) -> _Rare:
    values = np.concatenate([np.empty(0, dtype=np.int64), *own])
    rows = np.repeat(np.arange(len(own)), [len(one) for one in own])
    names, columns, counts = np.unique(values, return_inverse=True, return_counts=True)
    many = counts[columns]
    kept = (many <= limit) & (many > 1)
    table = csr_array(
        (np.ones(int(kept.sum()), dtype=np.int32), (rows[kept], columns[kept])),
        shape=(len(own), len(names)),
    )
    return _Rare(
        table=table, names=names, sizes=np.bincount(rows[many <= limit], minlength=len(own))
    )


def _pairs(
    rare: _Rare, students: Sequence[CodeSample], settings: SimilaritySettings
) -> list[SimilarPair]:
    """Return the pairs that share enough, the most similar first."""
    if len(students) < 2:
        return []
    counts = (rare.table @ rare.table.T).tocoo()
    found = []
    for left, right, shared in zip(counts.row, counts.col, counts.data, strict=True):
        if left < right and shared >= settings.least_shared:
            share = float(shared / min(rare.sizes[left], rare.sizes[right]))
            if share >= settings.least_share:
                pair = SimilarPair(
                    left=students[left].kerberos,
                    right=students[right].kerberos,
                    shared=int(shared),
                    share=share,
                )
                found.append(pair)
    return sorted(found, key=lambda pair: (-pair.shared, -pair.share, pair.left, pair.right))


def _pieces(
    pair: SimilarPair, students: Sequence[CodeSample], rare: _Rare, settings: SimilaritySettings
) -> tuple[Piece, ...]:
    """Return what the two share, part by part, side by side."""
    rows = {sample.kerberos: row for row, sample in enumerate(students)}
    left, right = rows[pair.left], rows[pair.right]
    shared = rare.shared(left, right)
    sides: dict[str, tuple[list[Line], list[Line]]] = {}
    for side, row in enumerate((left, right)):
        for part_id, source in students[row].cells:
            lines = marked_lines(source, shared, settings.k)
            if any(line.marked for line in lines):
                sides.setdefault(part_id, ([], []))[side].extend(lines)
    return tuple(
        Piece(part_id=part_id, left=_cut(ours, settings), right=_cut(theirs, settings))
        for part_id, (ours, theirs) in sorted(sides.items())
    )


def _cut(lines: Sequence[Line], settings: SimilaritySettings) -> tuple[Line, ...]:
    if len(lines) <= settings.most_lines:
        return tuple(lines)
    left_out = len(lines) - settings.most_lines
    return (*lines[: settings.most_lines], Line(text=f"# ... {left_out} more lines", marked=False))


def _groups(pairs: Sequence[SimilarPair]) -> tuple[SimilarGroup, ...]:
    names = sorted({name for pair in pairs for name in (pair.left, pair.right)})
    if not names:
        return ()
    place = {name: index for index, name in enumerate(names)}
    ends = ([place[pair.left] for pair in pairs], [place[pair.right] for pair in pairs])
    graph = csr_array((np.ones(len(pairs)), ends), shape=(len(names), len(names)))
    many, labels = connected_components(graph, directed=False)
    members: list[list[str]] = [[] for _ in range(many)]
    for name, label in zip(names, labels, strict=True):
        members[label].append(name)
    joined: list[list[SimilarPair]] = [[] for _ in range(many)]
    for pair in pairs:
        joined[labels[place[pair.left]]].append(pair)
    groups = (
        SimilarGroup(kerberos_names=tuple(ours), pairs=tuple(theirs))
        for ours, theirs in zip(members, joined, strict=True)
    )
    return tuple(sorted(groups, key=lambda group: (-group.pairs[0].shared, group.kerberos_names)))


def _same_cells(
    students: Sequence[CodeSample],
    template_hashes: NDArray[np.int64],
    settings: SimilaritySettings,
) -> tuple[SameCell, ...]:
    """Return the cells that several students have word for word, with enough of their own."""
    owners: dict[str, set[str]] = defaultdict(set)
    first: dict[str, tuple[str, str]] = {}
    for sample in students:
        for part_id, source in sample.cells:
            bare = _bare(source)
            owners[bare].add(sample.kerberos)
            first.setdefault(bare, (part_id, source))
    made = []
    for bare, names in owners.items():
        if len(names) > 1:
            part_id, source = first[bare]
            own = np.setdiff1d(hashes(source, settings.k), template_hashes)
            if len(own) >= settings.least_shared:
                made.append(
                    SameCell(part_id=part_id, source=source, kerberos_names=tuple(sorted(names)))
                )
    return tuple(
        sorted(made, key=lambda one: (len(one.kerberos_names), one.part_id, one.kerberos_names))
    )


def _bare(source: str) -> str:
    """Return the digest of a cell's letters, without comments and white space.

    By a pattern, for a tokenizer takes quadratic time on strings that are made for it. A `#` within
    a string is taken for a comment too, in both cells alike.
    """
    bare = _NO_CODE.sub("", without_magics(source))
    return hashlib.sha256(bare.encode("utf-8", "replace")).hexdigest()


def _same_pictures(
    students: Sequence[CodeSample], known: Collection[str], settings: SimilaritySettings
) -> tuple[SamePicture, ...]:
    owners: dict[str, set[str]] = defaultdict(set)
    parts: dict[str, set[str]] = defaultdict(set)
    for sample in students:
        for part_id, digest in sample.picture_digests:
            owners[digest].add(sample.kerberos)
            parts[digest].add(part_id)
    # The original corgi under everybody's cells says nothing.
    limit = max(settings.common_pictures, int(settings.common_share * len(students)))
    made = (
        SamePicture(
            sha256=digest,
            part_ids=tuple(sorted(parts[digest])),
            kerberos_names=tuple(sorted(names)),
        )
        for digest, names in owners.items()
        if 1 < len(names) <= limit and digest not in known
    )
    return tuple(sorted(made, key=lambda one: (one.kerberos_names, one.part_ids, one.sha256)))

"""`similarity.html` of a class: what submissions have in common, side by side. For staff only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from grader.batch.exports.code_samples import read_sample
from grader.batch.exports.similarity import compare_class
from grader.batch.exports.similarity_records import (
    Line,
    Similarity,
    SimilarPair,
    SimilarProse,
    Span,
)
from grader.batch.exports.writing import write_whole
from grader.batch.records import ClassRow, State
from grader.model.assignment import Assignment
from grader.model.results_folder import ResultFolder
from grader.outputs.pages.markup import plain
from grader.outputs.pages.render import render_page
from grader.outputs.pages.words import part_label

SIMILARITY_PAGE = "similarity.html"
"""Name of the page in the class's folder."""
MOST_CELLS = 60
"""Cells and pictures that are listed, those that fewest share first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceView:
    """One part of a pair."""

    label: str
    """Part, such as `3(a)`, or `no part`."""
    left: tuple[Line, ...]
    """The first student's lines."""
    right: tuple[Line, ...]
    """The second student's lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairView:
    """Two students side by side."""

    left: str
    """First student."""
    right: str
    """Second student."""
    percent: str
    """Share of the shorter code that both have."""
    pieces: tuple[PieceView, ...]
    """What they share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProseView:
    """Texts of two students side by side."""

    left: str
    """First student."""
    right: str
    """Second student."""
    words: int
    """Runs of words that both have."""
    pieces: tuple[tuple[str, tuple[Span, ...], tuple[Span, ...]], ...]
    """Part, such as `3(c)`, and both texts."""


def render_similarity_page(similarity: Similarity) -> str:
    """Return the page."""
    return render_page(
        "similarity.html.j2",
        "feedback",
        "class",
        found=similarity,
        groups=[
            (group.kerberos_names, [_pair(pair) for pair in group.pairs if pair.pieces])
            for group in similarity.groups
        ],
        cells=[
            (_label(cell.part_id), [*map(plain, cell.kerberos_names)], _clean(cell.source))
            for cell in similarity.cells[:MOST_CELLS]
        ],
        pictures=[
            (", ".join(map(_label, one.part_ids)), one.kerberos_names, one.sha256[:12])
            for one in similarity.pictures[:MOST_CELLS]
        ],
        reports=[(one.kerberos_names, one.sha256[:12]) for one in similarity.reports],
        prose=[_prose(pair) for pair in similarity.prose if pair.pieces],
        link=lambda kerberos: f"{quote(kerberos, safe='')}/staff.html",
    )


def write_similarity_page(similarity: Similarity, folder: Path) -> Path:
    """Write the page into the class's folder, whole or not at all; return its path.

    Raises:
        ConfigError: it cannot be written.
    """
    path = folder / SIMILARITY_PAGE
    write_whole(path, render_similarity_page(similarity))
    return path


def compare_results(rows: Iterable[ClassRow], assignment: Assignment, results: Path) -> Similarity:
    """Return what the graded submissions of a class have in common.

    Args:
        rows: Students of the class; those without a sheet are passed over.
        assignment: The offering.
        results: Results folder of the class, with a folder per student.
    """
    graded = (row.kerberos for row in rows if row.state is State.GRADED)
    found = (read_sample(ResultFolder(root=results / name), assignment) for name in graded)
    return compare_class(
        [sample for sample in found if sample is not None],
        assignment.template,
        questions=[part.question for part in assignment.parts],
    )


def _pair(pair: SimilarPair) -> PairView:
    return PairView(
        left=plain(pair.left),
        right=plain(pair.right),
        percent=f"{100 * pair.share:.0f}%",
        pieces=tuple(
            PieceView(label=_label(piece.part_id), left=piece.left, right=piece.right)
            for piece in pair.pieces
        ),
    )


def _prose(pair: SimilarProse) -> ProseView:
    return ProseView(
        left=plain(pair.left),
        right=plain(pair.right),
        words=pair.shared,
        pieces=tuple((_label(one.part_id), one.left, one.right) for one in pair.pieces),
    )


def _label(part_id: str) -> str:
    return part_label(plain(part_id)) if part_id else "no part"


def _clean(source: str) -> tuple[Line, ...]:
    return tuple(Line(text=text, marked=False) for text in source.split("\n"))

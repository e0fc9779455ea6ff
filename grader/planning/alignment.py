"""Alignment: the submission's cells against the template's, by Colab id, then by content.

Students add, split, delete, reorder and duplicate cells, and old notebooks have ids of their own.
A cell is matched by its id; else by its text: a markdown cell that opens as one of the template's,
or a cell that is close enough to one of the same kind; else it takes its part from the names that
it binds (the assignment's anchors).

Text decides alone, whichever cells come first and whichever are taken: a copy belongs where its
original does, even if another, similar cell of the template was deleted.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from grader.model.assignment import Assignment
from grader.model.notebook_code import names_bound
from grader.model.records import Alignment, Cell, CellMatch, Submission
from grader.model.records.codec import load, save
from grader.model.results_folder import ResultFolder
from grader.model.template import TemplateCell, opening_of

SIMILAR_ENOUGH = 0.6
"""Least share of equal text for a match by content."""
LONGEST_COMPARED = 8_000
"""Characters of a cell that are compared; difflib takes quadratic time in the worst case."""


MOST_WORK = 400_000_000
"""Products of two texts' lengths that are compared in all: some 10 s. A notebook of the course
without ids takes a fifth of it; what a made-up one has beyond it counts as the student's own."""
WORK_PER_LETTER = 4
"""The same for a look at which letters two texts have, per letter."""


def align_cells(folder: ResultFolder, assignment: Assignment) -> None:
    """From the submission to which cell answers which part."""
    submission = load(Submission, folder.record("submission"))
    save(align(submission, assignment), folder.record("alignment"))


def align(submission: Submission, assignment: Assignment) -> Alignment:
    """Match every cell of the submission with the offering's template."""
    template = assignment.template
    by_id = {cell.cell_id: cell for cell in template if cell.cell_id}
    parts = {part.id for part in assignment.parts}
    taken: set[str] = set()
    matches: dict[int, CellMatch] = {}
    alike = _Comparison()
    for cell in submission.cells:
        known = by_id.get(cell.cell_id)
        if known is not None and known.kind == cell.kind:
            matches[cell.index] = _match(cell, known, "id", alike(cell.source, known.source))
            taken.add(known.cell_id)
    for cell in submission.cells:
        if cell.index not in matches:
            same_kind = [t for t in template if t.kind == cell.kind]
            match = _by_opening(cell, same_kind, alike)
            match = match or _by_content(cell, same_kind, taken, alike)
            matches[cell.index] = match or _added(cell, assignment)
            taken.add(matches[cell.index].template_id)
    ordered = tuple(_within(matches[cell.index], cell, parts) for cell in submission.cells)
    return Alignment(
        matches=ordered,
        missing=tuple(t.cell_id for t in template if t.cell_id not in taken),
        answers=_answers(submission, ordered, template),
    )


class _Comparison:
    """How much of two texts is equal, within a bound on the work of a whole notebook."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], float] = {}
        self._work = 0

    def __call__(self, a: str, b: str) -> float:
        """Share of equal text, 0 to 1, blind to white space at the ends of lines."""
        if (a, b) not in self._known:
            self._known[a, b] = self._similarity(_stripped(a), _stripped(b))
        return self._known[a, b]

    def _similarity(self, a: str, b: str) -> float:
        if a == b:
            return 1.0
        if 2 * min(len(a), len(b)) < SIMILAR_ENOUGH * (len(a) + len(b)) or self._work > MOST_WORK:
            return 0.0
        matcher = difflib.SequenceMatcher(None, a, b, autojunk=False)
        self._work += WORK_PER_LETTER * (len(a) + len(b))
        # An upper bound of `ratio`, which is slow.
        if matcher.quick_ratio() < SIMILAR_ENOUGH:
            return 0.0
        self._work += len(a) * len(b)
        return matcher.ratio()


def _stripped(text: str) -> str:
    return "\n".join(map(str.rstrip, text[:LONGEST_COMPARED].splitlines()))


def _match(cell: Cell, known: TemplateCell, how: str, similarity: float) -> CellMatch:
    return CellMatch(
        cell_index=cell.index,
        template_id=known.cell_id,
        part_id=known.part_id,
        how=how,
        similarity=round(similarity, 4),
    )


def _by_opening(
    cell: Cell, candidates: Iterable[TemplateCell], alike: _Comparison
) -> CellMatch | None:
    """Match an answer by the line above it, such as `**Answer to 3(c).**`, however long it is."""
    opening = opening_of(cell.source)
    found = [known for known in candidates if opening and opening_of(known.source) == opening]
    if cell.kind != "markdown" or len(found) != 1:
        return None
    return _match(cell, found[0], "content", alike(cell.source, found[0].source))


def _by_content(
    cell: Cell,
    candidates: Sequence[TemplateCell],
    taken: Collection[str],
    alike: _Comparison,
) -> CellMatch | None:
    """Match the most similar cell; of equally similar ones the first that is not taken yet.

    None where cells of different parts are equally similar, or where it is a piece of a cell of
    another part than the most similar one's: text like that tells nothing.
    """
    if not cell.source.strip():
        return None
    scored = [(alike(cell.source, known.source), known) for known in candidates]
    most = max((similarity for similarity, _ in scored), default=0.0)
    best = [known for similarity, known in scored if similarity == most]
    if most < SIMILAR_ENOUGH:
        return None
    parts = {known.part_id for known in best}
    if most < 1:
        parts |= {known.part_id for known in candidates if _is_piece(cell.source, known.source)}
    if len(parts) > 1:
        return None
    return _match(cell, next((k for k in best if k.cell_id not in taken), best[0]), "content", most)


def _is_piece(text: str, whole: str) -> bool:
    """Whether whole lines of a text in a row are this one."""
    inside, around = (_stripped(one).strip("\n") for one in (text, whole))
    return f"\n{inside}\n" in f"\n{around}\n"


def _added(cell: Cell, assignment: Assignment) -> CellMatch:
    """A cell of the student's own; its part follows from the names that it binds."""
    bound = names_bound(cell.code)
    owners = [part.id for part in assignment.parts if bound & set(part.anchors)]
    return CellMatch(
        cell_index=cell.index,
        template_id="",
        part_id=owners[0] if owners else "",
        how="added",
        similarity=0.0,
    )


def _within(match: CellMatch, cell: Cell, parts: set[str]) -> CellMatch:
    """Let the cell's own metadata name its part where the template does not."""
    if match.part_id in parts or cell.part_id not in parts:
        return match
    return CellMatch(
        cell_index=match.cell_index,
        template_id=match.template_id,
        part_id=cell.part_id,
        how=match.how,
        similarity=match.similarity,
    )


def _answers(
    submission: Submission, matches: tuple[CellMatch, ...], template: Sequence[TemplateCell]
) -> tuple[tuple[str, str], ...]:
    """Written answers: the template's answer cells, where something was written into them.

    A cell may hold several of the template's, joined: each begins with its own line.
    """
    by_id = {known.cell_id: known for known in template if known.cell_id}
    lines = [opening_of(known.source) for known in template if known.kind == "markdown"]
    openings = {
        opening_of(known.source): known
        for known in template
        if known.kind == "markdown" and lines.count(opening_of(known.source)) == 1
    }
    answers = []
    for cell, match in zip(submission.cells, matches, strict=True):
        if cell.kind != "markdown":
            continue
        for known, text in _pieces(cell.source, by_id.get(match.template_id), openings):
            if known is None or known.role != "answer" or not text.strip():
                continue
            if text.strip() != known.source.strip():
                answers.append((known.part_id, text))
    return tuple(answers)


def _pieces(
    source: str, first: TemplateCell | None, openings: Mapping[str, TemplateCell]
) -> Iterator[tuple[TemplateCell | None, str]]:
    """A markdown cell's text, cut where a line begins another of the template's cells."""
    known, lines = first, list[str]()
    for line in source.split("\n"):
        begins = openings.get(line.strip())
        if begins is not None and begins is not known:
            yield known, "\n".join(lines)
            known, lines = begins, []
        lines.append(line)
    yield known, "\n".join(lines)

"""What each student of a class answered to one part: pages, text, code, and what there is none of.

Read from the records of the results folders; nothing is run, and no PDF is opened.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from grader.model.assignment import Assignment, Part
from grader.model.notebook_code import names_meant, parsed
from grader.model.records import Alignment, Cell, Placed, Submission
from grader.model.records.codec import RecordError, load
from grader.model.results_folder import ResultFolder
from grader.planning.untouched import documents, written_elsewhere
from grader.reading.answer_texts import TextSource, answer_text, without_label
from grader.reading.hand_in import HandInReading, nothing_read

_EXPLAINED = {"convolution": "conv_forward"}
"""Check of the part whose code an answer without code explains, by what it is compared with."""


class AnswerState(StrEnum):
    """What there is to read of an answer."""

    WRITTEN = "written"
    """Text of its own, or pictures on its own pages."""
    UNPLACED = "unplaced"
    """There is a report, but nothing tells on which of its pages the part is answered."""
    BLANK = "blank"
    """A label, and nothing after it."""
    MISSING = "missing"
    """Neither a report nor anything in the notebook."""
    ABSENT = "absent"
    """A person looked through the report, which does not answer the part; nor is anything in the
    notebook."""


NOTHING_TO_READ = frozenset({AnswerState.BLANK, AnswerState.MISSING, AnswerState.ABSENT})
"""States of an answer without words and pictures."""

_POINTS_ELSEWHERE = re.compile(
    r"\b(?:pdf|docx?|attach\w*|scan\w*|hand[- ]?writ\w*|append\w*|write-?ups?|overleaf|latex)\b"
    r"|\b(?:separate|other|extra|word|accompanying) (?:file|document|sheet|page|paper)s?\b"
    r"|(?<!this )\bdocument\b|\b(?:submitted|handed in|uploaded|written) separately\b"
    r"|(?<!\bi )(?<!\bwe )(?<!\bto )\breports?\b|\b(?:pages?|pp?\.)\s*\d",
    re.IGNORECASE,
)
"""Words in a notebook by which an answer, or more of it, stands in the report."""
_PICTURE = re.compile(r"!\[(?:[^\]]*\]\([^)]*\))?|<img\b[^>]*", re.IGNORECASE)
"""A picture in Markdown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePiece:
    """Code that belongs to an answer: a function, or a whole cell."""

    cell_index: int
    """Position of its cell in the notebook, from 0."""
    first_line: int
    """Its first line within the cell, from 1."""
    source: str
    """The text."""


MACHINE = frozenset({"", "label", "problem"})
"""Who says on which pages a part is answered, where no person does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One student's answer to one part."""

    kerberos: str
    """Whose."""
    part_id: str
    """To which part."""
    zip_sha256: str
    """Of which hand-in; empty where nothing was handed in."""
    state: AnswerState
    """What there is to read."""
    report_pages: tuple[int, ...]
    """Pages of `report.pdf` that answer it, from 1; empty where they are not known."""
    pages: int
    """Pages of `report.pdf`; 0 where there is none that can be opened."""
    pages_by: str
    """Who says on which pages: `label`, `problem`, a person's name, or empty where nobody does."""
    notebook: str
    """Markdown of the answer cell."""
    report: str
    """Text of the report under the part's own label, its label first."""
    text: str
    """What groups and search go by: the answer's own words, without labels and titles."""
    source: TextSource
    """Where `text` is from; that of a whole problem is never taken for a part's, so it is empty."""
    code: tuple[CodePiece, ...]
    """Functions and cells of the part, as far as they differ from the template's."""
    only_words: bool = False
    """Whether `text` and `code` are surely all there is to read: no picture, no other document, and
    nothing in a report, whose text never tells all that is on a page (formulas, drawings)."""
    own_code: bool = False
    """Whether some of the code can be the answer; other code is what the answer explains."""
    documents: tuple[str, ...] = ()
    """Other documents in the zip, by name: more of the answer may stand there."""
    elsewhere: bool = False
    """Whether words may stand outside the report and the notebook's own cells for answers."""

    @property
    def empty(self) -> bool:
        """Whether there is surely nothing to read: no code, text, picture, page, or other file."""
        return self.state in NOTHING_TO_READ and not (self.own_code or self.elsewhere)


@dataclass(frozen=True, slots=True, kw_only=True)
class _HandIn:
    """The records of a results folder that answers are taken from."""

    submission: Submission
    alignment: Alignment
    reading: HandInReading


def answers(
    results: Path,
    assignment: Assignment,
    part_id: str,
    students: Iterable[str],
    placed: Placed | None = None,
) -> tuple[Answer, ...]:
    """Return the answers of a class to one part, in the order of the students.

    Args:
        results: The class's results folder.
        assignment: The offering.
        part_id: Which part.
        students: Kerberos names; one whose folder cannot be read has handed in nothing.
        placed: Pages that people named; they count for more than what was found.
    """
    placed = placed or {}
    return tuple(
        answer_of(ResultFolder(root=results / name), assignment, part_id, placed)
        for name in students
    )


def answer_of(
    folder: ResultFolder, assignment: Assignment, part_id: str, placed: Placed | None = None
) -> Answer:
    """Return the answer of one student, whose results folder it is, to one part."""
    kerberos = folder.root.name
    found = _hand_in(folder)
    if found is None:
        return _nothing(kerberos, part_id)
    part = assignment.part(part_id)
    report = found.reading.report
    words = answer_text(part_id, found.alignment, report, assignment.template)
    pages, by = (placed or {}).get((kerberos, part_id), ((), ""))
    if not by:
        pages = report.pages_of(part_id)
        whole = all(one.whole_problem for one in report.sections_of(part_id))
        by = ("problem" if whole else "label") if pages else ""
    elif not set(pages) & set(report.pages_of(part_id)):
        words = replace(words, report="")  # what was read is not what the person means
    titles = (one.title for one in assignment.problems if one.number == part.problem)
    own = without_label(words.report, (part.title, *titles))
    code = tuple(_code(found, part, assignment))
    text = "\n\n".join(piece for piece in (words.notebook, own) if piece)
    shown = any(part_id in picture.part_ids for picture in report.pictures) and bool(pages)
    others = documents(found.submission)
    read_apart = bool(found.submission.report_path) and (bool(pages) or by in MACHINE)
    return Answer(
        kerberos=kerberos,
        part_id=part_id,
        zip_sha256=found.submission.zip_sha256,
        state=_state(found, text, words.notebook, shown=shown, by=by, pages=pages),
        report_pages=pages,
        pages=report.pages or found.submission.report_pages,
        pages_by=by,
        notebook=words.notebook,
        report=words.report,
        text=text,
        source=words.source,
        code=code,
        only_words=not (read_apart or others or has_picture(words.notebook)),
        documents=others,
        elsewhere=written_elsewhere(found.submission, found.alignment),
        own_code=bool(part.anchors and code) or any(_is_of(found, one, part) for one in code),
    )


def _is_of(found: _HandIn, piece: CodePiece, part: Part) -> bool:
    matches = found.alignment.matches
    return any((one.cell_index, one.part_id) == (piece.cell_index, part.id) for one in matches)


def _state(
    found: _HandIn, text: str, notebook: str, *, shown: bool, by: str, pages: tuple[int, ...]
) -> AnswerState:
    unknown = by in MACHINE - {"label"} and bool(found.submission.report_path)
    if unknown and _points_elsewhere(notebook):
        return AnswerState.UNPLACED
    if text or shown:
        return AnswerState.WRITTEN
    if by not in MACHINE:
        return AnswerState.WRITTEN if pages else AnswerState.ABSENT
    if not found.submission.report_path:
        return AnswerState.MISSING
    # A scanned page has a label at best on the page before it: only a person sees that it is blank.
    wordless = any(
        one.code in {"report-scanned", "report-not-drawn"} for one in found.reading.report.trouble
    )
    return AnswerState.BLANK if by == "label" and not wordless else AnswerState.UNPLACED


def has_picture(markdown: str) -> bool:
    """Whether a text shows a picture, which the text does not tell."""
    return _PICTURE.search(markdown) is not None


def _points_elsewhere(notebook: str) -> bool:
    return _POINTS_ELSEWHERE.search(_PICTURE.sub("", notebook)) is not None


def _nothing(kerberos: str, part_id: str) -> Answer:
    return Answer(
        kerberos=kerberos,
        part_id=part_id,
        zip_sha256="",
        state=AnswerState.MISSING,
        report_pages=(),
        pages=0,
        pages_by="",
        notebook="",
        report="",
        text="",
        source=TextSource.NONE,
        code=(),
    )


def _hand_in(folder: ResultFolder) -> _HandIn | None:
    """Return the records of a folder; None where nothing was handed in, or nothing was read."""
    try:
        stamp = folder.record("submission").stat().st_mtime_ns
    except OSError:
        return None
    return _loaded(folder.root, stamp)


@lru_cache(maxsize=512)
def _loaded(root: Path, stamp: int) -> _HandIn | None:  # noqa: ARG001 -- a part of the key
    folder = ResultFolder(root=root)
    try:
        submission = load(Submission, folder.record("submission"))
    except RecordError:
        return None
    try:
        alignment = load(Alignment, folder.record("alignment"))
    except RecordError:
        alignment = Alignment(matches=(), missing=(), answers=())
    try:
        reading = load(HandInReading, folder.record("reading"))
    except RecordError:
        reading = nothing_read()
    return _HandIn(submission=submission, alignment=alignment, reading=reading)


def _code(found: _HandIn, part: Part, assignment: Assignment) -> Iterator[CodePiece]:
    """The functions that the part is known by, else the cells that belong to it."""
    wanted = frozenset(part.anchors or _explained(part, assignment))
    given = {cell.source.strip() for cell in assignment.template if cell.kind == "code"}
    parts = {match.cell_index: match.part_id for match in found.alignment.matches}
    for cell in found.submission.cells:
        if cell.kind != "code" or not cell.code.strip() or cell.code.strip() in given:
            continue
        functions = tuple(_functions(cell, wanted))
        if functions:
            yield from functions
        elif parts.get(cell.index) == part.id or names_meant(cell.code) & wanted:
            yield CodePiece(cell_index=cell.index, first_line=1, source=cell.code)


def _explained(part: Part, assignment: Assignment) -> Iterator[str]:
    for other in assignment.parts:
        if any(check.id == _EXPLAINED.get(part.compare_with) for check in other.checks):
            yield from other.anchors


def _functions(cell: Cell, names: frozenset[str]) -> Iterator[CodePiece]:
    """Yield the functions of these names that a cell defines at its top level."""
    if not any(name in cell.code for name in names):
        return
    tree = parsed(cell.code)
    lines = cell.code.split("\n")
    for node in tree.body if tree else []:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in names:
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            source = "\n".join(lines[first - 1 : node.end_lineno])
            yield CodePiece(cell_index=cell.index, first_line=first, source=source)

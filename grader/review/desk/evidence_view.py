"""What the desk shows of one answer: pages, words, code, what the run found, what is right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from markupsafe import Markup

from grader.model.assignment import Assignment, solved_notebook
from grader.model.catalogue import fill, load_catalogue
from grader.model.formulas.reading import formula_cells, read_formulas
from grader.model.formulas.tree import Misread
from grader.model.records import GradeSheet, Outcome, PartGrade
from grader.model.records.codec import RecordError, load
from grader.model.records.places import Placed
from grader.model.results_folder import ResultFolder
from grader.model.text import cell_label, format_pages
from grader.outputs.pages.answer_pictures import AnswerPictures, own_pictures
from grader.outputs.pages.feedback_view import page_of
from grader.outputs.pages.feedback_view_records import PartView
from grader.outputs.pages.markup import code_html, inline_markup, markdown_html, plain
from grader.outputs.pages.notebooks import read_cells, without_prompts
from grader.outputs.pages.shares import share_words
from grader.outputs.pages.words import pages as page_count
from grader.outputs.pages.words import part_label
from grader.reading.page_process import DrawnLine
from grader.review.answers import MACHINE, Answer, AnswerState, answer_of, has_picture
from grader.review.desk.asked import Desk
from grader.review.desk.classroom import Classroom, Seat
from grader.review.desk.forms import NOT_RUN
from grader.review.desk.hidden import HIDDEN
from grader.review.page_pictures import pages_of
from reference.errors import ConfigError

MOST_NAMED = 5
"""Other documents that are named."""
MOST_PAGES = 4
"""Pages that are seen at once; a part that takes more is looked at page by page."""
_LETTER = (935, 1210)
"""Pixels of a letter page, where its own are not known yet."""
_STATES = {
    AnswerState.WRITTEN: "",
    AnswerState.UNPLACED: (
        "Which pages answer this part is not known. Page 1 is shown; p shows the next."
    ),
    AnswerState.BLANK: "The report has the part's heading, and nothing after it.",
    AnswerState.ABSENT: "Somebody looked through the report: it does not answer this part.",
    AnswerState.MISSING: "Neither report.pdf nor the notebook has an answer.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeView:
    """A piece of code."""

    where: str
    """Such as `cell 5, line 3`."""
    html: Markup
    """Highlighted."""


Line = tuple[str, float, float, float, float]
"""Text, and left, top, width and height in percent of the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetView:
    """One page of the report."""

    number: int
    """From 1."""
    address: str
    """Of its picture."""
    ratio: tuple[int, int] | None
    """Width and height in pixels; None where it cannot be drawn."""
    lines: tuple[Line, ...]
    """Its text, to be selected, searched and read out."""
    proposed: bool
    """Whether it answers the part."""
    shown: bool
    """Whether it is seen first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceView:
    """All that a grader reads before deciding."""

    question: Markup
    """Of the handout."""
    said: str
    """A sentence about what there is to read; empty where there is all."""
    unplaced: bool
    """Whether somebody should say which pages answer the part."""
    documents: str
    """A sentence about other documents of the zip; empty for none."""
    pages: tuple[int, ...]
    """Pages of the report that answer the part, from 1."""
    page_count: int
    """Pages of the report."""
    pages_words: str
    """How the pages were found."""
    notebook: Markup
    """The written answer in the notebook; may be empty."""
    not_read: tuple[str, ...]
    """Why a formula cell of it is shown as it was typed, a sentence each; empty for none."""
    report_text: str
    """What the report says under the part's heading; may be empty."""
    sheets: tuple[SheetView, ...]
    """Pages of the report as pictures."""
    code: tuple[CodeView, ...]
    """Of the part's functions."""
    found: PartView | None
    """What the checks found; None where nothing was graded."""
    notes: Markup
    """What staff compare the answer with."""
    reference: Markup
    """The reference's answer."""
    rules: tuple[str, ...]
    """How each check came to its share, a sentence each; empty where people decide all."""


def evidence_view(
    desk: Desk, seat: Seat, part_id: str, told: Placed, *, unseen: bool = False
) -> EvidenceView:
    """Return what there is to read of one answer; where names are hidden, without them.

    Args:
        desk: Where it is read.
        seat: Whose answer.
        part_id: To which part.
        told: Where people say that reports answer parts.
        unseen: Whether what a person gave is left out, as for a second reading.
    """
    room, blind = desk.attendance.room, desk.blind
    folder = ResultFolder(root=desk.results / seat.kerberos)
    part = room.assignment.part(part_id)
    answer = answer_of(folder, room.assignment, part_id, told)
    own = own_pictures(folder)
    shown = room.hiding(seat, blind=blind)
    return EvidenceView(
        question=markdown_html(part.question) if part.question else Markup(),
        said=NOT_RUN if seat.not_run else shown(seat.sentence) or _STATES[answer.state],
        documents=documents_words(answer, desk.results, shown, blind=blind),
        unplaced=answer.state is AnswerState.UNPLACED,
        pages=answer.report_pages,
        page_count=answer.pages,
        pages_words=pages_words(answer),
        notebook=notebook_html(answer, own, shown),
        not_read=tuple(_not_read(answer.notebook)),
        report_text=plain(shown(answer.report)),
        sheets=_sheets(folder, seat, answer, room if blind else None),
        code=code_views(answer, shown),
        found=_found(folder, part_id, shown, unseen=unseen),
        notes=inline_markup(part.notes) if part.notes else Markup(),
        reference=reference_answer(room.assignment, desk.offering, part_id),
        rules=_rules(seat, part_id),
    )


def documents_words(
    answer: Answer, results: Path, shown: Callable[[str], str], *, blind: bool
) -> str:
    """Return what a grader should know of documents that the desk does not show."""
    if not answer.documents:
        return ""
    listed = ", ".join(plain(shown(name)) for name in answer.documents[:MOST_NAMED])
    more = len(answer.documents) - MOST_NAMED
    where = results / answer.kerberos / "submission"
    see = "flag the answer for the head" if blind else f"they are in {where}"
    return (
        f"The zip has other documents, which are not shown here: {listed}"
        f"{f' and {more} more' if more > 0 else ''}. If the answer may be there, {see}."
    )


def _not_read(answer: str) -> Iterator[str]:
    """Yield why formula cells of an answer cannot be read."""
    for cell in formula_cells(answer):
        try:
            read_formulas(cell)
        except Misread as misread:
            why = load_catalogue("grader.checks")[misread.code]
            yield plain(fill(why.student, misread.values))


def _rules(seat: Seat, part_id: str) -> tuple[str, ...]:
    graded = seat.parts.get(part_id)
    return tuple(
        plain(f"{one.check_id}: {share_words(one)}")
        for one in (graded.findings if graded else ())
        if one.credit or one.offered or one.outcome is not Outcome.NEEDS_HUMAN
    )


def _sheets(
    folder: ResultFolder, seat: Seat, answer: Answer, hidden: Classroom | None
) -> tuple[SheetView, ...]:
    """Return the pages of a report; without lines that name one of the class that is hidden."""
    drawn = pages_of(folder)
    first = answer.report_pages[:MOST_PAGES] or ((1,) if drawn.pages else ())
    last = drawn.pages  # of a long report, answers may lie behind the pages that are drawn
    behind = [number for number in first if number > last] if last else []
    made = []
    for number in (*range(1, last + 1), *behind):
        facts = drawn.facts(number) if number in first and number <= last else None
        size = (facts.width_px, facts.height_px) if facts and facts.width_px else _LETTER
        made.append(
            SheetView(
                number=number,
                address=seat.page_address(number),
                ratio=None if number in drawn.failed or number > last else size,
                lines=tuple(_lines(facts.lines, seat, hidden)) if facts else (),
                proposed=number in answer.report_pages,
                shown=number in first,
            )
        )
    return tuple(made)


def _lines(lines: Sequence[DrawnLine], seat: Seat, hidden: Classroom | None) -> Iterator[Line]:
    named = hidden.lines_naming([one.text for one in lines], seat) if hidden else ()
    for place, line in enumerate(lines):
        left, top, right, bottom = (round(100 * edge, 2) for edge in line.box)
        size = (round(right - left, 2), round(bottom - top, 2))
        yield (HIDDEN if place in named else plain(line.text), left, top, *size)


def pages_words(answer: Answer) -> str:
    """Return which pages of the report answer a part, and who says so, in words."""
    if not answer.pages:
        return "There is no report.pdf that can be opened."
    many = page_count(answer.pages)
    if answer.pages_by not in MACHINE and not answer.report_pages:
        return f"Report of {many}; it does not answer this part, says {plain(answer.pages_by)}."
    if not answer.pages_by:
        return f"Report of {many}; nothing tells which of them answer this part."
    ways = {
        "label": "found by the part's own heading",
        "problem": "found by the heading of the whole problem",
    }
    told = ways.get(answer.pages_by, f"named by {plain(answer.pages_by)}")
    return f"{format_pages(answer.report_pages).capitalize()} of {answer.pages}, {told}."


def code_views(answer: Answer, shown: Callable[[str], str]) -> tuple[CodeView, ...]:
    """Return the code that belongs to an answer; `shown` hides names."""
    return tuple(
        CodeView(
            where=f"{cell_label(piece.cell_index)}, line {piece.first_line}",
            html=code_html(shown(piece.source)),
        )
        for piece in answer.code
    )


def notebook_html(answer: Answer, own: AnswerPictures, shown: Callable[[str], str]) -> Markup:
    """Return the notebook's answer; without pictures the same text is set once.

    Args:
        answer: Whose notebook text it is.
        own: Pictures of the hand-in.
        shown: Hides names.
    """
    if not answer.notebook:
        return Markup()
    text = shown(answer.notebook)
    return markdown_html(text, own) if has_picture(text) else _set(text)


@lru_cache(maxsize=1024)
def _set(text: str) -> Markup:
    return markdown_html(text)


def _found(
    folder: ResultFolder, part_id: str, shown: Callable[[str], str], *, unseen: bool
) -> PartView | None:
    try:
        sheet = load(GradeSheet, folder.results)
    except RecordError:
        return None
    own = tuple(part for part in sheet.parts if part.id == part_id)
    if unseen:
        own = tuple(_as_it_waited(part) for part in own)
    if not own:
        return None
    one = replace(sheet, parts=tuple(_hidden(part, shown) for part in own), answers=(), notes=())
    return page_of(one, folder.evidence, staff=True).parts[0]


def _as_it_waited(part: PartGrade) -> PartGrade:
    """Return a part without what a person decided about it, which findings that waited tell."""
    return replace(
        part, human_points=None, human_comment="", human_items=(), pending_points=part.max_points
    )


def _hidden(part: PartGrade, shown: Callable[[str], str]) -> PartGrade:
    """Return a part whose texts name nobody where names are hidden: some quote the student."""
    return replace(
        part,
        message=shown(part.message),
        human_comment=shown(part.human_comment),
        findings=tuple(
            replace(
                one,
                message=shown(one.message),
                staff_detail=shown(one.staff_detail),
                measurements=tuple(
                    replace(row, quantity=shown(row.quantity), measured=shown(row.measured))
                    for row in one.measurements
                ),
            )
            for one in part.findings
        ),
    )


@lru_cache(maxsize=64)
def reference_answer(assignment: Assignment, offering: str, part_id: str) -> Markup:
    """Return the reference's answer to a part; empty where its solved notebook has none."""
    try:
        cells = read_cells(solved_notebook(offering))
    except ConfigError:
        return Markup()
    words = "\n\n".join(
        cell.source
        for cell in cells
        if cell.part == part_id and cell.role == "answer" and cell.kind == "markdown"
    )
    answer = without_prompts(words, assignment)
    return markdown_html(answer) if answer.strip() else Markup()


def label_of(part_id: str) -> str:
    """Return a part's label as people write it: `3(c)`."""
    return part_label(plain(part_id))

"""The required report: every question with its answer, equations, figures and code.

`sources` has the two producers of a `ReportSource`: the reference run, and a student's own run.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from grader.model.assignment import Assignment
from grader.outputs.pages.answer_pictures import AnswerPictures
from grader.outputs.pages.figures import FigureRow
from grader.outputs.pages.markup import code_html, markdown_html, plain
from grader.outputs.pages.render import render_page
from grader.outputs.pages.words import part_label

NOTHING_FOUND = "No answer was found in the notebook."
"""Stands under a question without an answer; a report that is handed in is searched for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """A piece of code that belongs to an answer."""

    caption: str
    """What it is; may be empty."""
    code: str
    """Source text."""
    language: str = "python"
    """Name of a Pygments lexer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPart:
    """One question and its answer."""

    id: str
    """Such as `4a`."""
    problem: int
    """Number of its problem."""
    title: str
    """A few words."""
    question: str
    """Markdown; empty where the offering has none."""
    answer: str = ""
    """Markdown; empty where nothing was written."""
    facts: tuple[tuple[str, str], ...] = ()
    """(quantity, value) in a small table."""
    figures: tuple[FigureRow, ...] = ()
    """Pictures and plots."""
    printed: tuple[str, ...] = ()
    """What the code printed."""
    snippets: tuple[Snippet, ...] = ()
    """The relevant code."""
    in_words: bool = False
    """Whether only words can answer it: pictures and code do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSource:
    """All that a report shows."""

    title: str
    """Of the document."""
    author: str
    """Kerberos, or what stands in its place."""
    subtitle: str
    """Course and what it was made with."""
    problems: tuple[tuple[int, str], ...]
    """(number, title) of each problem, see `titles_of`."""
    parts: tuple[ReportPart, ...]
    """In the handout's order."""
    remark: str = ""
    """What is missing from the whole submission, in a sentence; may be empty."""
    own: AnswerPictures | None = None
    """The pictures of a student's written answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _PartView:
    """A part as the template takes it."""

    anchor: str
    label: str
    title: str
    question: Markup
    answer: Markup
    facts: tuple[tuple[str, str], ...]
    figures: tuple[FigureRow, ...]
    printed: tuple[Markup, ...]
    snippets: tuple[tuple[str, Markup], ...]
    nothing: str


def titles_of(assignment: Assignment) -> tuple[tuple[int, str], ...]:
    """Return number and title of each problem of an offering."""
    return tuple((problem.number, problem.title) for problem in assignment.problems)


def build_report(source: ReportSource) -> str:
    """Return the report as a self-contained page; `pdf.html_to_pdf` makes the PDF of it."""
    problems = []
    for number, parts in groupby(source.parts, lambda part: part.problem):
        title = dict(source.problems).get(number, "")
        problems.append((number, title, tuple(_view(part, source.own) for part in parts)))
    return render_page("report.html.j2", "report", source=source, problems=tuple(problems))


def _view(part: ReportPart, own: AnswerPictures | None) -> _PartView:
    shown = part.facts or part.figures or part.printed or part.snippets
    answered = part.answer.strip() or (shown and not part.in_words)
    return _PartView(
        anchor=f"part-{part.id}",
        label=part_label(part.id),
        title=plain(part.title),
        question=markdown_html(part.question),
        answer=markdown_html(part.answer, own) if part.answer.strip() else Markup(),
        facts=part.facts,
        figures=part.figures,
        printed=tuple(code_html(text, "text") for text in part.printed),
        snippets=tuple(
            (plain(snippet.caption), code_html(snippet.code, snippet.language))
            for snippet in part.snippets
        ),
        nothing="" if answered else NOTHING_FOUND,
    )

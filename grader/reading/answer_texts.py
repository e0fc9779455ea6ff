"""The words that answer a part, wherever they stand: in the notebook, in the report, or in both.

A text under the label of another part is worse than none. So each answer says where its text is
from, and the text of a whole problem is never taken for that of one of its parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from grader.model.records import Alignment, ReportReading
from grader.model.template import TemplateCell, opening_of


class TextSource(StrEnum):
    """Where the text of an answer is from."""

    NONE = "none"
    """There is none."""
    NOTEBOOK = "notebook"
    """The part's answer cell in the notebook."""
    REPORT = "report"
    """`report.pdf`, under the part's own label."""
    BOTH = "both"
    """Both of them."""
    PROBLEM = "problem"
    """`report.pdf`, under the label of the whole problem: what answers which part is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerText:
    """What is written in answer to one part."""

    part_id: str
    """Which part."""
    source: TextSource
    """Where the text is from."""
    notebook: str
    """Markdown of the answer cells, without the line that the template begins them with."""
    report: str
    """Text of the report, its label first; empty where the label is that of the whole problem."""
    problem: str
    """Text of the report under the label of the whole problem, where there is no own label."""

    @property
    def own(self) -> str:
        """What surely answers this part: the notebook's text, then the report's."""
        return "\n\n".join(text for text in (self.notebook, self.report) if text)


def answer_text(
    part_id: str, alignment: Alignment, report: ReportReading, template: Iterable[TemplateCell]
) -> AnswerText:
    """Return the words that answer a part.

    Args:
        part_id: Which part.
        alignment: The notebook's answers.
        report: What the report says.
        template: Cells of the notebook that students get; what it begins an answer cell with is
            no answer.
    """
    openings = {
        opening_of(cell.source)
        for cell in template
        if cell.role == "answer" and cell.part_id == part_id
    }
    written = (_without(text, openings) for part, text in alignment.answers if part == part_id)
    notebook = "\n\n".join(text for text in written if text)
    sections = report.sections_of(part_id)
    text = report.text_of(part_id).strip()
    whole = bool(sections) and all(section.whole_problem for section in sections)
    own = "" if whole else text
    return AnswerText(
        part_id=part_id,
        source=_source(notebook, own, text),
        notebook=notebook,
        report=own,
        problem=text if whole else "",
    )


def _source(notebook: str, report: str, text: str) -> TextSource:
    if notebook and report:
        return TextSource.BOTH
    if notebook:
        return TextSource.NOTEBOOK
    if report:
        return TextSource.REPORT
    return TextSource.PROBLEM if text else TextSource.NONE


def _without(text: str, openings: set[str]) -> str:
    first, _, rest = text.strip().partition("\n")
    return (rest if first.strip() in openings else text).strip()


_LETTER = r"(?:[(\[]\s*[a-z]\s*[)\]]|[a-z]\s*[)\].:]|[a-z]\b)"
_LABEL = re.compile(
    r"\s*(?:"
    # `Problem 3(c)`, `Part C`, `Q3c`, `Answer to 3(c).`
    rf"(?:(?:problem|question|part|answer(?:\s+to)?|q)\s*)+"
    rf"(?:\d{{1,2}}[\s.(-]*(?:{_LETTER}[)\]]?)?|{_LETTER}[)\]]?|(?=\s*(?:[.:]|$)))"
    # `3(c)`, `3.c)`, `3c`
    rf"|\d{{1,2}}\s*[.-]?\s*{_LETTER}"
    # `(c)`, `c)`, `[c]`, `c.`
    r"|[(\[]\s*[a-z]\s*[)\]]|[a-z]\s*[)\].:]"
    # `3.`
    r"|\d{1,2}\.(?!\d)"
    r")[\s.:)*_-]*",
    re.IGNORECASE,
)


def without_label(text: str, titles: Iterable[str] = ()) -> str:
    """Return a report's text without the label that it begins with, such as `3(c)` or `Part c:`.

    Args:
        text: Label and answer.
        titles: What may stand beside the label without being an answer, such as the part's title.
    """
    first, _, rest = text.partition("\n")
    label = _LABEL.match(first)
    bare = first[label.end() :].strip() if label else first.strip()
    for title in titles:
        if title and bare.casefold().rstrip(" .:") == title.casefold().rstrip(" .:"):
            bare = ""
    return f"{bare}\n{rest}".strip()

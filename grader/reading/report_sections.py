"""From the labels of a report to its sections: text and pages of each answer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from grader.model.records import ReportSection
from grader.reading.report_labels import Mark
from grader.reading.report_pages import TextLine

HEADER = 0.07
"""Share of the page's height in which a running header stands."""
_PROMPT = re.compile(r"(?:In|Out)\s?\[[\d*\s]*\]:")
_DIGITS = re.compile(r"\d+")
PAGE_TOP = 0.25
"""A label above this share of the page's height, with no line above it, begins its page."""


def sections_of(
    marks: Sequence[Mark], lines: Sequence[TextLine], pages: int, max_characters: int
) -> tuple[ReportSection, ...]:
    """Return one section per mark, to the next mark or, for a whole problem, the next problem.

    Args:
        marks: Where answers begin.
        lines: All lines, in order.
        pages: Number of the last page.
        max_characters: Of a section's text that are kept.
    """
    return tuple(
        _section(mark, _end(place, marks), lines, pages, max_characters)
        for place, mark in enumerate(marks)
        if mark.part_ids
    )


def parts_at(marks: Sequence[Mark], page: int, top: float) -> tuple[str, ...]:
    """Return the parts in whose section a place lies; empty before the first label."""
    before = [mark for mark in marks if (mark.page, mark.top) <= (page, top)]
    return before[-1].part_ids if before else ()


def _end(place: int, marks: Sequence[Mark]) -> Mark | None:
    """Return the mark before which a section ends; None at the end of the report."""
    mark = marks[place]
    for other in marks[place + 1 :]:
        if not mark.whole_problem or other.problem != mark.problem:
            return other
    return None


def _section(
    mark: Mark, end: Mark | None, lines: Sequence[TextLine], pages: int, max_characters: int
) -> ReportSection:
    own = lines[mark.line + 1 : None if end is None else end.line]
    last_page = pages
    if end is not None:
        last_page = end.page - 1 if _begins_page(end, lines) else end.page
    return ReportSection(
        part_ids=mark.part_ids,
        whole_problem=mark.whole_problem,
        label=mark.text[:max_characters],
        first_page=mark.page,
        last_page=max(mark.page, last_page),
        text="\n".join(line.text for line in own)[:max_characters],
    )


def _begins_page(mark: Mark, lines: Sequence[TextLine]) -> bool:
    """Whether nothing of what comes before the mark is on its page."""
    # The prompts of an exported notebook are drawn apart, often before all other text of a page.
    before = (line for line in reversed(lines[: mark.line]) if not _PROMPT.fullmatch(line.text))
    above = next(before, None)
    alone = above is None or above.page != mark.page or _is_header(above, lines)
    return alone and mark.top < PAGE_TOP


def _is_header(line: TextLine, lines: Sequence[TextLine]) -> bool:
    """Whether a line stands at the top of its page and, but for numbers, of another one as well."""
    if line.top >= HEADER:
        return False
    text = _DIGITS.sub("#", line.text)
    return text == "#" or any(
        other.page != line.page and other.top < HEADER and _DIGITS.sub("#", other.text) == text
        for other in lines
    )

"""What a line of a report is by its place: a heading, a displayed equation, a caption of a figure.

Text in columns begins at a few common places, the columns' left edges. An equation, its number at
the margin, and a caption under a picture do not, and a row of captions has wide gaps.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from grader.reading.report_pages import TextLine

LARGER = 1.08
"""A font this many times as large as most of the text is that of a heading."""
INDENT = 0.04
"""Share of the page's width by which a list within an answer is set in from the answer's label."""
FULL_LINE = 0.08
"""Share of the page's width within which a line that runs on ends before the longest lines."""
LINE_STEP = 2.2
"""Line heights from one line to the next above which they are two paragraphs."""
LONG = 0.2
"""Share of the page's width of a line that is text of a column."""
SAME_EDGE = 0.012
"""Share of the page's width by which lines of one edge differ."""
GAPS = 1.6
"""A line has wide gaps if its characters take this many times the usual width."""
COLUMN = 0.25
"""Share of the page's width by which columns begin apart, at least."""

_BARE_NUMBER = re.compile(r"[(\[]\s*\d{1,2}(?:[.-]\d{1,2})?\s*[a-z]?['′*]?\s*[)\]]")
_NUMBERED = re.compile(r"[(\[]\s*(?:\d{1,2}(?:[.-]\d{1,2})?\s*[a-z]?['′*]?|\*{1,3})\s*[)\]]$")
_FIGURE = re.compile(r"(?:figure|fig\.?|abbildung|table)\s*\d", re.IGNORECASE)
_LETTERED = re.compile(r"(?:^|(?<=\s))[(\[]?[a-z][)\]]", re.IGNORECASE)
_END_OF_ANSWERS = re.compile(
    r"(?:\d{1,2}\.?\s+)?(?:references|bibliography|works cited|acknowledge?ments?|appendix)\b"
    r"[\s:.]*(?:[A-Z])?$",
    re.IGNORECASE,
)


class Surroundings:
    """All lines of a report, and what each of them is."""

    def __init__(self, lines: Sequence[TextLine]) -> None:
        """Look at the lines once."""
        self._lines = lines
        fonts: Counter[tuple[float, bool]] = Counter()
        widths: dict[int, list[float]] = defaultdict(list)
        pages: dict[int, list[TextLine]] = defaultdict(list)
        for line in lines:
            fonts[round(line.height, 3), line.bold] += len(line.text)
            widths[line.page].append(_character(line))
            pages[line.page].append(line)
        self._body, self._body_bold = fonts.most_common(1)[0][0] if fonts else (0.0, False)
        self._width = {page: median(found) for page, found in widths.items()}
        self._right = {page: max(x.right for x in found) for page, found in pages.items()}
        self._edges = {page: _edges(found) for page, found in pages.items()}
        self._columns = {page: _columns(edges) for page, edges in self._edges.items()}

    def is_heading(self, index: int) -> bool:
        """Whether a line is larger than the text, or bold where the text is not."""
        line = self._lines[index]
        return line.height > LARGER * self._body or (line.bold and not self._body_bold)

    def ends_answers(self, index: int) -> bool:
        """Whether a line is the heading of what is no answer, such as the references."""
        return self.is_heading(index) and bool(_END_OF_ANSWERS.match(self._lines[index].text))

    def is_equation_number(self, index: int) -> bool:
        """Whether a line is only the number of an equation, such as `(3)` or `(4a)`."""
        line = self._lines[index]
        if not _BARE_NUMBER.fullmatch(line.text):
            return False
        return not self.at_edge(index) or any(
            abs(other.top - line.top) < line.height
            for near in (index - 1, index + 1)
            if 0 <= near < len(self._lines) and (other := self._lines[near]).page == line.page
        )

    def is_caption(self, index: int) -> bool:
        """Whether a line that begins with a letter is a caption, as under each part of a figure."""
        line = self._lines[index]
        if not self.at_edge(index):
            return True
        if len(_LETTERED.findall(line.text)) > 1 and self._has_gaps(line):
            return True
        after = self._lines[index + 1] if index + 1 < len(self._lines) else None
        below = after is not None and after.page == line.page and bool(_FIGURE.match(after.text))
        return below and after is not None and after.top - line.top < LINE_STEP * line.height

    def runs_on(self, index: int) -> bool:
        """Whether a line goes on with the sentence of the line before it."""
        line = self._lines[index]
        before = self._lines[index - 1] if index else None
        if before is None or before.page != line.page or self.is_heading(index - 1):
            return False
        if before.text[-1] in ".:;!?" or line.top - before.top > LINE_STEP * line.height:
            return False
        if self._is_equation(index - 1):
            return False
        return before.right > self._right[line.page] - FULL_LINE

    def at_edge(self, index: int) -> bool:
        """Whether a line begins where the text of a column does, or a paragraph of it."""
        line = self._lines[index]
        edges = self._edges[line.page]
        return not edges or any(-SAME_EDGE <= line.left - edge <= INDENT for edge in edges)

    def indent(self, index: int) -> float:
        """Return by what share of the page's width a line is set in from its column's edge."""
        line = self._lines[index]
        starts = [x for x in self._columns[line.page] if x <= line.left + SAME_EDGE]
        return line.left - (starts[-1] if starts else 0.0)

    def _is_equation(self, index: int) -> bool:
        """Whether a line is a displayed equation with its number, or only the number."""
        line = self._lines[index]
        if not _NUMBERED.search(line.text):
            return False
        return not self.at_edge(index) or self._has_gaps(line)

    def _has_gaps(self, line: TextLine) -> bool:
        return _character(line) > GAPS * self._width[line.page]


def _character(line: TextLine) -> float:
    """Return the width of a line's characters on average, for a font of its height."""
    return (line.right - line.left) / max(len(line.text), 1) / max(line.height, 1e-9)


def _edges(lines: Sequence[TextLine]) -> tuple[float, ...]:
    """Return where the columns of a page begin: common left ends of lines of text."""
    text = [x for x in lines if x.right - x.left >= LONG and not _NUMBERED.search(x.text)]
    lefts = sorted(line.left for line in text)
    groups: list[list[float]] = [lefts[:1]] if lefts else []
    for before, left in pairwise(lefts):
        if left - before > SAME_EDGE:
            groups.append([])
        groups[-1].append(left)
    least = 1 if len(lefts) < 4 else 2
    return tuple(group[0] for group in groups if len(group) >= least)


def _columns(edges: Sequence[float]) -> tuple[float, ...]:
    """Return the edges of whole columns: what is set in a little belongs to the one before it."""
    columns: list[float] = []
    for edge in edges:
        if not columns or edge - columns[-1] >= COLUMN:
            columns.append(edge)
    return tuple(columns)

"""Which line of a report begins the answer to which part: "Problem 4(d)", "4 d)", "Part d".

A label stands at the beginning of a line. A mention that a line break has put there ("... as in" /
"(b) the change ...") is told by the line before it, by its indent, and by its order. Which problems
and letters there are comes from the assignment's part ids, such as `4d`; ids of another form are
not looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from grader.reading.report_lines import INDENT, Surroundings
from grader.reading.report_pages import TextLine

Form = Literal["full", "letter", "problem", "number"]
"""Problem and letter; a letter under its problem; a problem by its word; a bare number."""

LONGEST = 160
"""Characters of a line in which a label is looked for."""

_PART_ID = re.compile(r"(\d{1,2})([a-z])")
_FLAGS = re.IGNORECASE


def _spaced(word: str) -> str:
    """Letters of a heading may be set apart."""
    return r"\s?".join(word)


_START = r"^[\s#*•·▪◦‣>§»–—-]*"
_WORD = (
    rf"(?:{_spaced('problem')}|{_spaced('question')}|exercise|task|part|section|prob|"
    r"answers?(?:\s+to)?|solutions?(?:\s+to)?|ex|q|(?-i:P))"
)
_WORDS = rf"(?:{_WORD}\b\s*(?:[.:#]\s*)?|{_WORD}(?=\d)){{1,3}}"
_NUMBER = r"[#(]?(?P<number>\d{1,2})(?!\d)"
_ONE = r"(?<![a-z])[a-z](?![a-z])"
_LIST = r"\s*(?:,|;|/|&|\+|\band\b|\bto\b|-|–|—)\s*(?:\d{1,2}\s*\.?\s*)?"
_GROUPS = (
    rf"[(\[]\s*{_ONE}\s*[)\]](?:{_LIST}[(\[]\s*{_ONE}\s*[)\]])*"  # (a), (b)
    rf"|[(\[]\s*{_ONE}(?:{_LIST}{_ONE})+\s*[)\]]"  # (a, b)
    rf"|{_ONE}\)(?:{_LIST}{_ONE}\))*"  # a), b)
)
_PLAIN = rf"{_ONE}(?:(?:\s*[/,&+]\s*|\s+and\s+|[–-])(?:\d{{1,2}}\.?)?{_ONE})*"  # a/b
_JOIN = r"[\s.,:_)–—-]*(?:part\b\s*)?"
_TIGHT = r"(?<=[)\]])(?=(?-i:[A-Z])|\d|[a-z]{2})"
"""A space may be missing: `(b)The`, `(a)2048`; not in `(b)x + c`."""
_END = rf"(?:(?=$|[\s.:)\]–—])(?!\s*[,;])|{_TIGHT})"
_STRONG_END = r"(?=$|\s*[.:)\]](?:\s|$)|\s+[–—-]\s)"
_TITLE_END = r"(?=\s+(?-i:[A-Z]))"

_FORMS: tuple[tuple[Form, str], ...] = (
    ("full", rf"{_START}(?:{_WORDS})?{_NUMBER}{_JOIN}(?P<letters>{_GROUPS}){_END}"),
    (
        "full",
        rf"{_START}{_WORDS}{_NUMBER}{_JOIN}(?P<letters>{_PLAIN})(?:{_STRONG_END}|{_TITLE_END})",
    ),
    ("full", rf"{_START}{_NUMBER}[._-]?(?P<letters>{_PLAIN}){_STRONG_END}"),
    ("full", rf"{_START}{_NUMBER}[._-]?(?P<letters>(?-i:[a-z])){_TITLE_END}"),
    ("letter", rf"{_START}(?:(?:sub)?part\b\s*)?(?P<letters>{_GROUPS}){_END}"),
    ("letter", rf"{_START}(?:(?:sub)?part\s+)(?P<letters>{_PLAIN})(?:{_END})"),
    ("letter", rf"{_START}(?P<letters>{_ONE})(?=[.:](?:\s|$))"),
    ("problem", rf"{_START}{_WORDS}{_NUMBER}(?=$|\s*[.:)\]–—-]|\s+(?-i:[A-Z(\[])|\s+cont)"),
    ("number", rf"{_START}{_NUMBER}(?:[.:)](?!\d)|$|\s+(?-i:[A-Z]))"),
)
_PATTERNS = tuple((form, re.compile(pattern, _FLAGS)) for form, pattern in _FORMS)


_HALF = re.compile(rf"{_START}(?:{_WORDS}(?:\d{{1,2}})?|\d{{1,2}}[.)])\W*$", _FLAGS)
"""The first half of a label that a line break parts; not a page number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A label and what it names, before it is known to be one."""

    form: Form
    """How it is written."""
    problem: int | None
    """Number of the problem; None for a letter alone."""
    letters: tuple[str, ...]
    """Letters of the parts; empty where only the problem is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Where an answer begins."""

    line: int
    """Index of its line."""
    page: int
    """From 1."""
    top: float
    """Share of the page's height."""
    text: str
    """The line."""
    part_ids: tuple[str, ...]
    """Parts that begin here; none where the answers end."""
    whole_problem: bool
    """Whether the label names a problem and no part."""
    problem: int
    """Number of the problem."""


def letters_by_problem(part_ids: Iterable[str]) -> Mapping[int, tuple[str, ...]]:
    """Return the letters of each problem, in order; ids that are no number and letter stay out."""
    known: dict[int, list[str]] = {}
    for part_id in part_ids:
        match = _PART_ID.fullmatch(part_id)
        if match:
            known.setdefault(int(match[1]), []).append(match[2])
    return {problem: tuple(sorted(set(letters))) for problem, letters in known.items()}


def labels_in(text: str) -> tuple[Label, ...]:
    """Return every way to read the beginning of a line as a label, the most definite first."""
    found = []
    for form, pattern in _PATTERNS:
        match = pattern.match(text[:LONGEST])
        if match:
            groups = match.groupdict()
            number = groups.get("number")
            found.append(
                Label(
                    form=form,
                    problem=None if number is None else int(number),
                    letters=_letters(groups.get("letters") or ""),
                )
            )
    return tuple(found)


def find_marks(lines: Sequence[TextLine], part_ids: Iterable[str]) -> tuple[Mark, ...]:
    """Return where answers begin, in the order of the lines."""
    known = letters_by_problem(part_ids)
    finder = _Finder(lines, known)
    return tuple(mark for mark in map(finder.mark, range(len(lines))) if mark is not None)


def _letters(text: str) -> tuple[str, ...]:
    """Return the letters of a group, ranges filled in: `(a)-(c)` is a, b, c."""
    found = [c.lower() for c in re.findall(_ONE, text, _FLAGS)]
    between = re.split(_ONE, text, flags=re.IGNORECASE)
    if len(found) == 2 and re.search(r"[–—-]|\bto\b", between[1]) and found[0] < found[1]:
        return tuple(chr(c) for c in range(ord(found[0]), ord(found[1]) + 1))
    return tuple(dict.fromkeys(found))


class _Finder:
    """Goes through the lines in order, and knows which problem it is in."""

    def __init__(self, lines: Sequence[TextLine], known: Mapping[int, tuple[str, ...]]) -> None:
        self._lines = lines
        self._known = known
        self._around = Surroundings(lines)
        self._second_half = -1
        self._problem: int | None = None
        self._seen: set[str] = set()
        self._indent: float | None = None

    def mark(self, index: int) -> Mark | None:
        """Return the mark of one line, or None."""
        if self._around.ends_answers(index):
            return self._end(index)
        label = None if index == self._second_half else self._label(index)
        if label is None:
            return None
        line = self._lines[index]
        problem = self._problem if label.problem is None else label.problem
        if problem is None:
            return None
        if problem != self._problem or label.form in {"problem", "number"}:
            self._problem, self._seen, self._indent = problem, set(), None
        letters = label.letters or self._known[problem]
        if label.letters:
            self._seen.update(letters)
            indent = self._around.indent(index)
            self._indent = indent if self._indent is None else self._indent
        return Mark(
            line=index,
            page=line.page,
            top=line.top,
            text=line.text,
            part_ids=tuple(f"{problem}{letter}" for letter in letters),
            whole_problem=not label.letters,
            problem=problem,
        )

    def _end(self, index: int) -> Mark:
        """Return a mark that begins no answer, and leave the problem."""
        line = self._lines[index]
        self._problem, self._seen, self._indent = None, set(), None
        return Mark(
            line=index,
            page=line.page,
            top=line.top,
            text=line.text,
            part_ids=(),
            whole_problem=False,
            problem=0,
        )

    def _label(self, index: int) -> Label | None:
        line = self._lines[index]
        found = next((x for x in labels_in(line.text) if self._accepts(x, index)), None)
        after = self._lines[index + 1] if index + 1 < len(self._lines) else None
        if found is None and after is not None and _HALF.match(line.text[:LONGEST]):
            both = f"{line.text} {after.text}"
            whole = (x for x in labels_in(both) if x.form == "full")
            found = next((x for x in whole if self._accepts(x, index)), None)
            if found is not None:
                self._second_half = index + 1
        return found

    def _accepts(self, label: Label, index: int) -> bool:
        problem = self._problem if label.problem is None else label.problem
        if problem is None or not set(label.letters) <= set(self._known.get(problem, ())):
            return False
        if problem not in self._known:
            return False
        if self._around.is_equation_number(index):
            return False
        heading = self._around.is_heading(index)
        if label.form == "number":
            return heading and (self._problem is None or problem > self._problem)
        if heading:
            return True
        if self._around.runs_on(index):
            return False
        return label.form != "letter" or self._follows(label, index)

    def _follows(self, label: Label, index: int) -> bool:
        """Whether a letter may be the next part: not there yet, and set in no further."""
        if self._seen.intersection(label.letters) or self._around.is_caption(index):
            return False
        return self._indent is None or self._around.indent(index) <= self._indent + INDENT

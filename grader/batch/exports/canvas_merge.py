"""Grades put into Canvas' own exported gradebook: one column, every other byte as it was.

Canvas finds the assignment by the number in its column's title and the student by `ID`, both of
which are in its export ("Export > Export Entire Gradebook"), so nothing has to be matched by hand
and no new assignment is made. https://github.com/instructure/canvas-lms, lib/gradebook_importer.rb
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from grader.batch.exports.gradebook import canvas_id, is_decided
from grader.batch.records import ClassRow
from grader.model.assignment import Assignment
from grader.model.text import format_points, one_line
from reference.errors import ConfigError

_TITLED = re.compile(r"(?P<title>.*?)\s*\((?P<id>\d+)\)\s*")
_STUDENT_COLUMNS = frozenset(
    {"student", "lastname", "firstname", "id", "sis user id", "sis login id", "integration id",
     "root account", "section"}
)  # fmt: skip
_EXCUSED = "ex"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A record of the file: its cells as they stand there, and how it ends."""

    cells: tuple[str, ...]
    end: str

    @property
    def values(self) -> list[str]:
        """Texts of the cells."""
        return [_value(cell) for cell in self.cells]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What came of a merge."""

    text: str
    """The whole file, to import into Canvas."""
    column: str
    """Title of the column that was filled."""
    filled: int
    """Students whose grade is in it now."""
    told: tuple[str, ...]
    """What staff should know before they import it, a sentence each."""


def merge_into_canvas(
    export: str, rows: Iterable[ClassRow], assignment: Assignment, column: str = "", *, where: str
) -> Merged:
    """Return Canvas' export with the decided grades in the assignment's column.

    Args:
        export: Text of the file that Canvas wrote.
        rows: The class.
        assignment: Its title names the column where `column` does not.
        column: The column's title, with or without its number, or the number.
        where: Names the file in errors.

    Raises:
        ConfigError: the file is no export of Canvas, or has no such column, or several.
    """
    byte_order_mark = "\ufeff" if export.startswith("\ufeff") else ""
    lines, delimiter = _parsed(export.removeprefix("\ufeff"), where)
    header = lines[0].values
    place = _column(header, column or assignment.title, where)
    found = _Students.of([row for row in rows if row.kerberos], header)
    made = [lines[0]]
    told: list[str] = []
    possible = ""
    seen: set[str] = set()
    for line in lines[1:]:
        values = line.values
        if values and values[0].strip() == "Points Possible":
            possible = _at(values, place)
        row = found.row(values) if len(values) == len(header) else None
        if row is None:
            made.append(line)
            continue
        seen.add(row.kerberos)
        made.append(_filled(line, place, row, told))
    told += _remarks(found.rows, seen, possible, assignment)
    text = byte_order_mark + "".join(delimiter.join(line.cells) + line.end for line in made)
    filled = sum(is_decided(row) and row.kerberos in seen for row in found.rows)
    return Merged(text=text, column=header[place], filled=filled, told=tuple(told))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Students:
    """Rows of the class, by what Canvas knows students by."""

    rows: Sequence[ClassRow]
    by_id: dict[str, ClassRow]
    by_login: dict[str, ClassRow]
    places: dict[str, int]

    @classmethod
    def of(cls, rows: Sequence[ClassRow], header: Sequence[str]) -> _Students:
        return cls(
            rows=rows,
            by_id={one: row for row in rows if (one := canvas_id(row))},
            by_login={row.kerberos: row for row in rows},
            places={name.strip().lower(): place for place, name in enumerate(header)},
        )

    def row(self, values: Sequence[str]) -> ClassRow | None:
        """Return whose line it is: by Canvas' id, else by login or student id; never by name."""
        if (mine := self.by_id.get(self._value(values, "id"))) is not None:
            return mine
        for column in ("sis login id", "sis user id"):
            login = self._value(values, column).lower().partition("@")[0]
            row = self.by_login.get(login) if login else None
            # Where the class knows another id of that student, somebody else has the name here.
            if row is not None and canvas_id(row) in ("", self._value(values, "id")):
                return row
        return None

    def _value(self, values: Sequence[str], column: str) -> str:
        place = self.places.get(column)
        return "" if place is None else _at(values, place)


def _filled(line: _Line, place: int, row: ClassRow, told: list[str]) -> _Line:
    """Return a student's line with the grade in it, where there is one and nobody is excused."""
    before = _at(line.values, place)
    if row.total is None or not is_decided(row):
        return line
    if before.lower() == _EXCUSED:
        told.append(f"{row.kerberos}: excused in Canvas; the grade was left out.")
        return line
    after = format_points(row.total)
    if before not in ("", "-") and not _same(before, after):
        told.append(f"{row.kerberos}: {one_line(before)} in Canvas, now {after}.")
    cells = (*line.cells[:place], after, *line.cells[place + 1 :])
    return replace(line, cells=cells)


def _remarks(
    rows: Sequence[ClassRow], seen: set[str], possible: str, assignment: Assignment
) -> list[str]:
    told = []
    most = format_points(max(assignment.max_total(course) for course in assignment.courses))
    if possible and "read only" in possible:
        told.append("Canvas shows this column as read only: it will skip it.")
    elif possible and not _same(possible, most):
        told.append(
            f"Canvas has {one_line(possible)} points possible for it, these grades are of {most}: "
            "change the assignment's points in Canvas first."
        )
    absent = sorted(row.kerberos for row in rows if is_decided(row) and row.kerberos not in seen)
    if absent:
        told.append(f"Not in Canvas' file, so not in this one: {', '.join(absent)}.")
    waiting = sum(not is_decided(row) for row in rows)
    if waiting:
        told.append(
            f"{waiting} of {len(rows)} students have no complete grade; theirs is as it was."
        )
    if any(row.late_coefficient < 1 for row in rows):
        told.append(
            "Lateness is in these grades. Switch off Canvas' own late policy (Gradebook > Settings "
            "> Late Policies), or it deducts again."
        )
    return told


def _column(header: Sequence[str], wanted: str, where: str) -> int:
    found: list[int] = []
    titles = [one_line(name) for name in header]
    for place, title in enumerate(titles):
        if title.lower() in _STUDENT_COLUMNS:
            continue
        match = _TITLED.fullmatch(title)
        names = {title, match["title"], match["id"]} if match else {title}
        if wanted.strip() in names:
            found.append(place)
    if len(found) == 1:
        return found[0]
    numbered = [title for title in titles if _TITLED.fullmatch(title)]
    listed = ", ".join(numbered[:20]) or "none"
    problem = "several of them" if found else "none"
    raise ConfigError(
        f"{where}: expected one column named {wanted!r}, found {problem}; name it with --column, "
        f"best by its number. Assignments there: {listed}"
    )


def _parsed(text: str, where: str) -> tuple[list[_Line], str]:
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    lines: list[_Line] = []
    cell = re.compile(rf'"(?:[^"]|"")*"|[^{delimiter}\r\n]*')
    at = 0
    while at < len(text):
        cells = []
        while True:
            match = cell.match(text, at)
            cells.append(match[0] if match else "")
            at += len(cells[-1])
            if text[at : at + 1] != delimiter:
                break
            at += 1
        end = re.compile(r"\r\n|\n|\r|$").match(text, at)
        if end is None:
            raise ConfigError(
                f"{where}:{len(lines) + 1}: expected CSV, found a quote inside a cell"
            )
        at = end.end()
        lines.append(_Line(cells=tuple(cells), end=end[0]))
    names = {value.strip().lower() for value in lines[0].values} if lines else set()
    if not {"id", "sis login id"} & names or not {"student", "lastname"} & names:
        raise ConfigError(
            f"{where}:1: expected Canvas' exported gradebook with Student, ID and SIS Login ID, "
            f"found {one_line(first)[:120]!r}"
        )
    return lines, delimiter


def _value(cell: str) -> str:
    if len(cell) >= 2 and cell[0] == cell[-1] == '"':
        return cell[1:-1].replace('""', '"').strip()
    return cell.strip()


def _at(values: Sequence[str], place: int) -> str:
    return values[place] if place < len(values) else ""


def _same(before: str, after: str) -> bool:
    """Whether Canvas takes two grades for one: by two decimals; a comma may be the point."""
    try:
        return round(float(before.replace(",", ".")), 2) == round(float(after), 2)
    except ValueError:
        return False

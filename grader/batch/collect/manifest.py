"""The manifest: what staff say about each student of the class, as a CSV file.

One line per student, below a header that names the columns. Only `kerberos` is required, and a
cell may be empty:

| column | what it holds |
|---|---|
| kerberos | the student's name at the course; an e-mail address stands for its local part |
| course | one of the offering's courses; where empty, the course that the run is started with |
| submitted | when it was submitted, such as 2021-04-02T10:00 (course time) or 2021-04-02T14:00Z |
| extension | by how much the deadline is later: days (`2`, `1.5`, `2d`) or hours (`12h`) |
| name | as staff know the student |
| platform_id | Canvas' user id, or the student id or e-mail of Gradescope |

A byte order mark, CRLF, and semicolons or tabs in place of commas are accepted: spreadsheets write
them. An unknown column is an error: a misspelt `extention` must not cost a student points.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from grader.model.assignment import Assignment, Course
from grader.model.text import one_line
from grader.scoring.lateness import parse_submitted
from reference.errors import ConfigError

COLUMNS = ("kerberos", "course", "submitted", "extension", "name", "platform_id")
"""Every column there is; only the first is required."""

USUAL_NAME = "manifest.csv"
"""Name by which it is found in the folder of submissions."""
MAX_BYTES = 16 * 1024 * 1024
"""Size of a manifest; a class of 300 takes some 30 kB."""
MAX_EXTENSION = timedelta(days=366)
"""Longest extension; more is a slip of the keyboard."""

_KERBEROS = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_EXTENSION = re.compile(r"(\d+(?:\.\d+)?|\.\d+)\s*(d|days?|h|hours?)?", re.IGNORECASE)


def _kerberos(text: object) -> str:
    kerberos = str(text).partition("@")[0].lower()
    if not _KERBEROS.fullmatch(kerberos):
        raise ValueError("expected a kerberos name (letters, digits, - _ .)")
    return kerberos


def _submitted(text: object) -> object:
    if not isinstance(text, str):
        return text
    if not text:
        return None
    try:
        return parse_submitted(text)
    except ConfigError as error:
        raise ValueError(str(error).partition(": ")[2].partition(", found")[0]) from error


def _extension(text: object) -> object:
    if not isinstance(text, str):
        return text
    if not text:
        return timedelta(0)
    match = _EXTENSION.fullmatch(text.replace(",", "."))
    if match is None:
        raise ValueError("expected days such as 2, 1.5 or 2d, or hours such as 12h")
    amount, unit = float(match[1]), (match[2] or "d").lower()
    hours = amount if unit.startswith("h") else amount * 24
    if hours > MAX_EXTENSION / timedelta(hours=1):
        raise ValueError(f"expected at most {MAX_EXTENSION.days} days")
    return timedelta(hours=hours)


@dataclass(frozen=True, slots=True, kw_only=True, config=ConfigDict(extra="forbid"))
class ManifestRow:
    """What staff say about one student."""

    kerberos: Annotated[str, BeforeValidator(_kerberos)]
    """Lower case."""
    course: Annotated[Course | None, BeforeValidator(lambda text: text or None)] = None
    """Variant of the course; None where not told."""
    submitted: Annotated[datetime | None, BeforeValidator(_submitted)] = None
    """When it was submitted; None where not told."""
    extension: Annotated[timedelta, BeforeValidator(_extension)] = timedelta(0)
    """By how much the deadline is later."""
    name: str = ""
    """As staff know the student."""
    platform_id: str = ""
    """The platform's id of the student; empty where not told."""


_ROW = TypeAdapter(ManifestRow)


def read_manifest(path: Path, assignment: Assignment) -> tuple[ManifestRow, ...]:
    """Read the manifest of a class, in the file's order.

    Raises:
        ConfigError: it cannot be read, a column is unknown or missing, a cell does not fit, or a
            student is there twice.
    """
    return parse_manifest(_text(path), assignment, where=str(path))


def parse_manifest(text: str, assignment: Assignment, *, where: str) -> tuple[ManifestRow, ...]:
    """Return the rows of a manifest; `where` names it in errors.

    Raises:
        ConfigError: see `read_manifest`.
    """
    rows: list[ManifestRow] = []
    lines: dict[tuple[str, str], int] = {}
    for line, cells in _table(text, where):
        row = _row(cells, f"{where}:{line}", assignment)
        for key in (("kerberos", row.kerberos), ("platform_id", row.platform_id.casefold())):
            first = lines.setdefault(key, line)
            if key[1] and first != line:
                raise ConfigError(
                    f"{where}:{line}: {key[0]}: expected each student once, found {key[1]!r} again "
                    f"(first in line {first}); keep one of the lines"
                )
        rows.append(row)
    return tuple(rows)


def _text(path: Path) -> str:
    expected = "expected a CSV file in UTF-8"
    try:
        with path.open("rb") as source:
            data = source.read(MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: {expected}, found: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{path}: {expected} of at most {MAX_BYTES // 2**20} MiB, found more")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ConfigError(
            f"{path}:{line}: {expected}, found another encoding; save it as 'CSV UTF-8'"
        ) from error


def _table(text: str, where: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line, column to cell) of each line that is not empty."""
    first = text.lstrip().partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(
        io.StringIO(text.replace("\r\n", "\n").replace("\r", "\n")),
        delimiter=delimiter,
        strict=True,
    )
    header: list[str] | None = None
    try:
        for raw in reader:
            cells = [one_line(cell) for cell in raw]
            if not any(cells):
                continue
            place = f"{where}:{reader.line_num}"
            if header is None:
                header = _header(cells, place)
                continue
            if any(cells[len(header) :]):
                raise ConfigError(
                    f"{place}: expected {len(header)} cells as in the header, found {len(cells)}"
                )
            yield reader.line_num, dict(zip(header, cells, strict=False))
    except csv.Error as error:
        raise ConfigError(f"{where}:{reader.line_num}: expected CSV, found: {error}") from error
    if header is None:
        raise ConfigError(f"{where}:1: expected a header with `kerberos`, found an empty file")


def _header(cells: list[str], place: str) -> list[str]:
    names = [cell.lower().replace(" ", "_") for cell in cells]
    while names and not names[-1]:  # spreadsheets write empty columns at the end
        names.pop()
    allowed = f"allowed are {', '.join(COLUMNS)}"
    for name, cell in zip(names, cells, strict=False):
        if name not in COLUMNS:
            raise ConfigError(f"{place}: expected known columns, found {cell!r}; {allowed}")
        if names.count(name) > 1:
            raise ConfigError(f"{place}: expected each column once, found {name!r} twice")
    if "kerberos" not in names:
        raise ConfigError(
            f"{place}: expected the column `kerberos`, found {', '.join(names)}; {allowed}"
        )
    return names


def _row(cells: dict[str, str], place: str, assignment: Assignment) -> ManifestRow:
    try:
        row = _ROW.validate_python(cells)
    except ValidationError as error:
        first = error.errors()[0]
        column = str(first["loc"][0])
        problem = (
            f"expected {' or '.join(assignment.courses)}"
            if column == "course"
            else first["msg"].removeprefix("Value error, ")
        )
        raise ConfigError(
            f"{place}: {column}: {problem}, found {cells.get(column, '')!r}"
        ) from error
    if row.course is not None and row.course not in assignment.courses:
        raise ConfigError(
            f"{place}: course: expected {' or '.join(assignment.courses)}, found {row.course!r}"
        )
    return row

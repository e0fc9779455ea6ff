"""Decisions of several machines: graders work on laptops of their own, and rows are merged.

A file holds a row per line, as JSON: what kind of row it is, and the row. A row is known by its
uuid, so the same file can be read any number of times. Where two replaced the same decision, the
second to arrive is kept as a conflict, to be settled by a person.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from grader.batch.store.store import Store
from grader.model.records import Decision, Place, Release, RequestEvent, Rubric
from grader.model.records.codec import RecordError, from_json, to_json
from grader.model.records.places import NAMES
from grader.outputs.pages.words import part_label
from reference.errors import ConfigError

Row = Decision | Rubric | Release | RequestEvent | Place

KINDS: dict[str, type[Row]] = {
    "rubric": Rubric,
    "decision": Decision,
    "release": Release,
    "request": RequestEvent,
    "place": Place,
}


MAX_NAME_CHARS = 200
"""Of a uuid, and of who is named in a row."""
MOST_NAMED = 5
"""Rows that count for nobody here are named up to this many."""
_CLOCK = timedelta(days=1)
"""By which the clock of another machine may be ahead."""
_NAMES = (
    *("uuid", "kerberos", "part_id", "zip_sha256", "author", "entered_by", "words_by"),
    *("parent", "takes_back", "group", "request", "decision"),
)
"""Fields that hold one line, where a row has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassHere:
    """The class into which rows are merged."""

    offering: str
    """Its name."""
    parts: frozenset[str]
    """That the offering has."""
    zips: Mapping[str, str]
    """Kerberos to the digest of the hand-in that counts; empty where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What came of a file of rows."""

    added: int
    """Rows that were not here yet."""
    known: int
    """Rows that were."""
    conflicts: tuple[str, ...]
    """A sentence per row that met another one."""
    of_nobody: tuple[str, ...] = ()
    """A sentence per reason why rows that were added count for nobody here."""


def export_rows(store: Store) -> str:
    """Return all rows that people made, a line each, each after those that it builds on."""
    rows = {
        "rubric": store.rubrics(),
        "decision": store.decisions(),
        "release": store.releases(),
        "request": store.requests(),
        "place": store.places(),
    }
    return "".join(
        json.dumps({"kind": kind, "row": json.loads(to_json(row))}) + "\n"
        for kind, found in rows.items()
        for row in found
    )


def import_rows(store: Store, text: str, *, where: str, here: ClassHere | None = None) -> Merged:
    """Add the rows of a file that are not here yet.

    Args:
        store: To which they are added.
        text: Of the file.
        where: Names the file in errors.
        here: Whose rows count; None where nothing was graded yet.

    Raises:
        ConfigError: a line is not as it was written; nothing of the file is added then.
    """
    added: list[Row] = []
    conflicts: list[str] = []
    rows = tuple(_rows(text, where))
    for row in rows:
        new, sentence = _add(store, row)
        added += [row] if new else []
        conflicts += [sentence] if sentence else []
    return Merged(
        added=len(added),
        known=len(rows) - len(added),
        conflicts=tuple(conflicts),
        of_nobody=_of_nobody(added, here) if here else (),
    )


def _of_nobody(rows: Iterable[Row], here: ClassHere) -> tuple[str, ...]:
    """Return why rows count for nobody in a class, a sentence per reason."""
    students: list[str] = []
    parts: list[str] = []
    zips: list[str] = []
    for row in rows:
        kerberos, part_id = getattr(row, "kerberos", ""), getattr(row, "part_id", "")
        what = " ".join(filter(None, (kerberos, part_label(part_id) if part_id else "")))
        if kerberos and kerberos not in here.zips:
            students.append(what)
        elif part_id and part_id != NAMES and part_id not in here.parts:
            parts.append(what)
        elif isinstance(row, Decision | Place) and here.zips[kerberos] != row.zip_sha256:
            zips.append(what)
    reasons = (
        (students, "about students who are not in this class"),
        (parts, f"about parts that {here.offering} does not have"),
        (zips, "about other hand-ins than those that count here"),
    )
    return tuple(
        f"{_counted(found)} kept but counts for nobody here, {why}: {_some(found)}"
        if len(found) == 1
        else f"{_counted(found)} kept but count for nobody here, {why}: {_some(found)}"
        for found, why in reasons
        if found
    )


def _counted(rows: list[str]) -> str:
    return "1 row is" if len(rows) == 1 else f"{len(rows)} rows are"


def _some(rows: list[str]) -> str:
    named = tuple(dict.fromkeys(rows))
    more = ", …" if len(named) > MOST_NAMED else ""
    return ", ".join(named[:MOST_NAMED]) + more


def _rows(text: str, where: str) -> Iterator[Row]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
            kind = KINDS[found["kind"]]
            row = from_json(kind, json.dumps(found["row"]), where="row")
        except (ValueError, KeyError, TypeError, RecordError) as error:
            raise ConfigError(
                f"{where}:{number}: expected a row as `grader decisions export` writes it, found "
                "another line; nothing of the file was added. Export it again"
            ) from error
        wrong = _wrong(row)
        if wrong:
            raise ConfigError(f"{where}:{number}: {wrong}; nothing of the file was added")
        yield row


def _wrong(row: Row) -> str:
    """Return what no desk would have written, as expected and found; empty for nothing."""
    for name in _NAMES:
        value = getattr(row, name, "")  # a rubric's parent is a number
        if isinstance(value, str) and (len(value) > MAX_NAME_CHARS or not value.isprintable()):
            return f"{name}: expected at most {MAX_NAME_CHARS} characters of one line, found others"
    if row.noted_at and not _is_past(row.noted_at):
        return f"noted_at: expected a time that has been, with its zone, found {row.noted_at!r}"
    for mark in row.marks if isinstance(row, Decision) else ():
        left, top, right, bottom = mark.box
        if mark.page < 1 or not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
            return (
                "marks: expected a box on a page, in shares of it from 0 to 1, found "
                f"{list(mark.box)} on page {mark.page}"
            )
    if isinstance(row, Place) and any(page < 1 for page in row.pages):
        return f"pages: expected numbers from 1, found {min(row.pages)}"
    return ""


def _is_past(text: str) -> bool:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return False
    return at.tzinfo is not None and at <= datetime.now(UTC) + _CLOCK


def _add(store: Store, row: Row) -> tuple[bool, str]:
    """Add a row; return whether it is new, and what staff must see to."""
    match row:
        case Decision():
            if any(one.uuid == row.uuid for one in store.decisions(row.kerberos, row.part_id)):
                return False, ""
            decided = store.decide(row)
            if decided.conflict is None or not row.counts:
                return True, ""
            return True, f"{row.kerberos}, part {row.part_id}: {row.author} decided otherwise"
        case Rubric():
            return _add_rubric(store, row)
        case Release():
            return _new(row, store.releases(), store.release), ""
        case RequestEvent():
            return _new(row, store.requests(), store.note_request), ""
        case Place():
            return _new(row, store.places(), lambda place: store.note_places((place,))), ""


Known = TypeVar("Known", Release, RequestEvent, Place)


def _new(row: Known, known: Iterable[Known], add: Callable[[Known], None]) -> bool:
    """Add a row that is not known yet; return whether it was added."""
    if any(one.uuid == row.uuid for one in known):
        return False
    add(row)
    return True


def _add_rubric(store: Store, row: Rubric) -> tuple[bool, str]:
    same = (replace(one, noted_at=row.noted_at) == row for one in store.rubrics(row.part_id))
    if any(same):
        return False, ""
    if store.save_rubric(row).conflict is None:
        return True, ""
    return False, (
        f"rubric of part {row.part_id}, number {row.number} by {row.author}: another one stands "
        "here; it was not added: change that one in the browser"
    )

"""Decisions of several machines: graders work on laptops of their own, and rows are merged.

A file holds a row per line, as JSON: what kind of row it is, and the row. A row is known by its
uuid, so the same file can be read any number of times. Where two replaced the same decision, the
second to arrive is kept as a conflict, to be settled by a person.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from grader.batch.store.store import Store
from grader.model.records import Decision, Place, Release, RequestEvent, Rubric
from grader.model.records.codec import RecordError, from_json, to_json
from reference.errors import ConfigError

Row = Decision | Rubric | Release | RequestEvent | Place

KINDS: dict[str, type[Row]] = {
    "rubric": Rubric,
    "decision": Decision,
    "release": Release,
    "request": RequestEvent,
    "place": Place,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What came of a file of rows."""

    added: int
    """Rows that were not here yet."""
    known: int
    """Rows that were."""
    conflicts: tuple[str, ...]
    """A sentence per row that met another one."""


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


def import_rows(store: Store, text: str, *, where: str) -> Merged:
    """Add the rows of a file that are not here yet; `where` names it in errors.

    Raises:
        ConfigError: a line is not as it was written; nothing of the file is added then.
    """
    added = 0
    conflicts: list[str] = []
    rows = tuple(_rows(text, where))
    for row in rows:
        new, sentence = _add(store, row)
        added += new
        conflicts += [sentence] if sentence else []
    return Merged(added=added, known=len(rows) - added, conflicts=tuple(conflicts))


def _rows(text: str, where: str) -> Iterator[Row]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
            kind = KINDS[found["kind"]]
            yield from_json(kind, json.dumps(found["row"]), where="row")
        except (ValueError, KeyError, TypeError, RecordError) as error:
            raise ConfigError(
                f"{where}:{number}: expected a row as `grader decisions export` writes it, found "
                "another line; nothing of the file was added. Export it again"
            ) from error


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

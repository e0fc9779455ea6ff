"""Decisions, rubrics, releases, regrade requests and places as rows of the database.

A row holds its record as JSON; its other columns are there to be found by, and to make the
database itself refuse a second decision in the same place. Each row carries a digest over itself
and the digest of the row before it, so that rows changed behind the triggers' back are found.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar
from uuid import uuid4

from sqlalchemy import Connection, Table, select

from grader.batch.store.conversion import now, storable
from grader.batch.store.queries import added
from grader.batch.store.tables import DECISION, PLACE, RELEASE, REQUEST, RUBRIC
from grader.model.records import (
    Decided,
    Decision,
    DecisionKind,
    Place,
    Release,
    RequestEvent,
    Rubric,
    RubricSaved,
)
from grader.model.records.codec import from_json, to_json
from reference.errors import ConfigError

OFFERINGS_OWN = 1
"""Number of the rubric that comes with an offering, which is not in the store."""
LONGEST_TEXT = 20_000
"""Characters of a comment or a note."""
CHAINED: tuple[Table, ...] = (DECISION, RUBRIC, RELEASE, REQUEST, PLACE)
"""Tables whose rows carry the digest of the row before them."""

Record = TypeVar("Record")

_TABLES: dict[Any, Table] = {Decision: DECISION, RequestEvent: REQUEST, Place: PLACE}
"""Where the rows of a kind are."""


def new_uuid() -> str:
    """Return a name for a new record, the same on no other machine."""
    return uuid4().hex


# -- decisions ------------------------------------------------------------------------------------


def decide(connection: Connection, decision: Decision) -> Decided:
    """Add a decision; see `Store.decide`. The transaction is a writing one.

    Raises:
        ConfigError: its numbers are out of range, its texts too long, or its uuid is of another.
    """
    _check(decision)
    known = decisions(connection, decision.kerberos, decision.part_id)
    latest = _latest(known, decision)
    told = next((one for one in known if one.uuid == decision.uuid), None)
    if told is None:
        if _is_there(connection, DECISION, decision.uuid):
            raise ConfigError(
                f"decision about {decision.kerberos}, part {decision.part_id}: expected a uuid of "
                "its own, found that of a decision about another answer; open the answer again"
            )
        told = _placed(decision, latest)
        _add_decision(connection, told)
        latest = told if told.counts else latest
    return Decided(in_force=latest, conflict=told if told.kind is DecisionKind.CONFLICT else None)


def decisions(
    connection: Connection, kerberos: str | None, part_id: str | None
) -> tuple[Decision, ...]:
    """Return decisions, of a student, of a part, or both, as they were added."""
    query = select(DECISION.c.body).order_by(DECISION.c.id)
    if kerberos is not None:
        query = query.where(DECISION.c.kerberos == kerberos)
    if part_id is not None:
        query = query.where(DECISION.c.part_id == part_id)
    return _records(Decision, connection.execute(query).scalars().all())


def _latest(known: Sequence[Decision], decision: Decision) -> Decision | None:
    of_it = [one for one in known if one.key == decision.key and one.counts]
    return of_it[-1] if of_it else None


def _placed(decision: Decision, latest: Decision | None) -> Decision:
    """Return the decision as it is stored: in force, or beside the one that is."""
    made = replace(decision, noted_at=decision.noted_at or now())
    if not decision.counts or decision.parent == (latest.uuid if latest else ""):
        return made
    agrees = latest is not None and latest.content == decision.content
    return replace(made, kind=DecisionKind.SECOND if agrees else DecisionKind.CONFLICT)


def _add_decision(connection: Connection, decision: Decision) -> None:
    facts = {
        "uuid": decision.uuid,
        "kerberos": decision.kerberos,
        "part_id": decision.part_id,
        "zip_sha256": decision.zip_sha256,
        "replaces": decision.parent if decision.counts else None,
    }
    _add_chained(connection, DECISION, facts, decision)


def _check(decision: Decision) -> None:
    where = f"decision about {decision.kerberos}, part {decision.part_id}"
    share, adjust = decision.share, decision.adjust_share
    if share is not None and not 0 <= share <= 1:
        raise ConfigError(f"{where}: expected a share from 0 to 1, found {share}")
    if not -1 <= adjust <= 1:
        raise ConfigError(f"{where}: expected an adjustment from -1 to 1, found {adjust}")
    for item in decision.items:
        if not -1 <= item.share <= 1 or item.times < 1:
            raise ConfigError(
                f"{where}: expected an item's share from -1 to 1, one or more times, found "
                f"{item.share} and {item.times}"
            )
    if not math.isfinite(decision.seconds) or decision.seconds < 0:
        raise ConfigError(f"{where}: expected 0 or more seconds, found {decision.seconds}")
    for text in (decision.comment, decision.note, decision.flag):
        if len(text) > LONGEST_TEXT:
            raise ConfigError(
                f"{where}: expected at most {LONGEST_TEXT} characters, found {len(text)}; shorten "
                "the text"
            )
    if not decision.uuid or not decision.kerberos or not decision.part_id:
        raise ConfigError(f"{where}: expected a uuid, a kerberos and a part, found one missing")


# -- rubrics --------------------------------------------------------------------------------------


def rubrics(connection: Connection, part_id: str | None) -> tuple[Rubric, ...]:
    """Return the rubrics that people made, by part and number."""
    query = select(RUBRIC.c.body).order_by(RUBRIC.c.part_id, RUBRIC.c.number)
    if part_id is not None:
        query = query.where(RUBRIC.c.part_id == part_id)
    return _records(Rubric, connection.execute(query).scalars().all())


def save_rubric(connection: Connection, rubric: Rubric) -> RubricSaved:
    """Add a rubric that was made from the newest; see `Store.save_rubric`."""
    known = rubrics(connection, rubric.part_id)
    number = known[-1].number if known else OFFERINGS_OWN
    if rubric.parent != number:
        return RubricSaved(in_force=known[-1] if known else None, conflict=rubric)
    made = replace(rubric, number=number + 1, noted_at=now())
    _add_chained(connection, RUBRIC, {"part_id": made.part_id, "number": made.number}, made)
    return RubricSaved(in_force=made)


# -- releases and regrade requests ----------------------------------------------------------------


def add_release(connection: Connection, release: Release) -> None:
    """Add that a grade was published or withdrawn; the same uuid again adds nothing."""
    facts = {"uuid": release.uuid, "kerberos": release.kerberos, "kind": release.kind.value}
    if not _is_there(connection, RELEASE, release.uuid):
        made = replace(release, noted_at=release.noted_at or now())
        _add_chained(connection, RELEASE, facts, made)


def releases(connection: Connection) -> tuple[Release, ...]:
    """Return all releases, as they were added."""
    query = select(RELEASE.c.body).order_by(RELEASE.c.id)
    return _records(Release, connection.execute(query).scalars().all())


def add_request(connection: Connection, event: RequestEvent) -> None:
    """Add an entry of a regrade request; the same uuid again adds nothing."""
    facts = {"uuid": event.uuid, "kerberos": event.kerberos, "part_id": event.part_id}
    if not _is_there(connection, REQUEST, event.uuid):
        made = replace(event, noted_at=event.noted_at or now())
        _add_chained(connection, REQUEST, facts, made)


# -- where reports answer parts --------------------------------------------------------------------


def add_place(connection: Connection, place: Place) -> None:
    """Add on which pages a part is answered; the same uuid again adds nothing.

    Raises:
        ConfigError: a page is none.
    """
    if any(page < 1 for page in place.pages):
        raise ConfigError(
            f"place of {place.kerberos}, part {place.part_id}: expected pages from 1, found "
            f"{min(place.pages)}"
        )
    facts = {"uuid": place.uuid, "kerberos": place.kerberos, "part_id": place.part_id}
    if not _is_there(connection, PLACE, place.uuid):
        made = replace(place, noted_at=place.noted_at or now())
        _add_chained(connection, PLACE, facts, made)


# -- rows of any kind ------------------------------------------------------------------------------


def rows_since(
    connection: Connection, kind: type[Record], row_id: int
) -> tuple[int, tuple[Record, ...]]:
    """Return the rows of a kind that were added after a row, and the id of the newest."""
    table = _TABLES[kind]
    query = select(table.c.id, table.c.body).where(table.c.id > row_id).order_by(table.c.id)
    rows = connection.execute(query).all()
    newest = rows[-1].id if rows else row_id
    return newest, _records(kind, [row.body for row in rows])


# -- the chain ------------------------------------------------------------------------------------


def broken_chains(connection: Connection) -> tuple[str, ...]:
    """Return a sentence per table whose rows are not those that were added."""
    sentences = []
    for table in CHAINED:
        before = ""
        query = select(table.c.id, table.c.body, table.c.digest).order_by(table.c.id)
        for row in connection.execute(query):
            if row.digest != _digest(before, row.body):
                sentences.append(
                    f"{table.name}: row {row.id} is not as it was added, or a row before it is "
                    "gone; put the store back from a copy"
                )
                break
            before = row.digest
    return tuple(sentences)


def _add_chained(
    connection: Connection, table: Table, facts: dict[str, Any], record: object
) -> None:
    newest = select(table.c.digest).order_by(table.c.id.desc()).limit(1)
    before = connection.execute(newest).scalar() or ""
    body = storable(to_json(record))
    added(connection, table, {**facts, "body": body, "digest": _digest(before, body)})


def _digest(before: str, body: str) -> str:
    return hashlib.sha256(f"{before}\n{body}".encode()).hexdigest()


def _is_there(connection: Connection, table: Table, uuid: str) -> bool:
    return connection.execute(select(table.c.id).where(table.c.uuid == uuid)).first() is not None


def _records(kind: type[Record], bodies: Sequence[str]) -> tuple[Record, ...]:
    return tuple(from_json(kind, body, where="the store's decisions") for body in bodies)

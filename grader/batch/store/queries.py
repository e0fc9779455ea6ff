"""Questions to the database and rows added to it, in whatever transaction the store has open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, func, insert, select

from grader.batch.store.conversion import (
    grade_row,
    hand_in_of,
    now,
    page_row,
    storable,
    values_of,
)
from grader.batch.store.rows import DONE, Grade, HandInRow, Judgement, RunRow, Standing
from grader.batch.store.tables import FINDING, GRADE, HAND_IN, JUDGEMENT, PAGE, RUN
from grader.model.records import GradeSheet
from grader.model.records.codec import from_json
from reference.errors import GraderFault


def added(connection: Connection, table: Any, row: dict[str, Any]) -> int:
    """Add a row; return its id."""
    clean = {key: storable(v) if isinstance(v, str) else v for key, v in row.items()}
    result = connection.execute(insert(table).values(**clean))
    key = result.inserted_primary_key
    if key is None:
        raise GraderFault(f"the database gave no id to a new row of {table.name}")
    return int(key[0])


def hand_ins(connection: Connection, batch_id: int) -> list[HandInRow]:
    """Return what the batch found, by kerberos."""
    query = select(HAND_IN).where(HAND_IN.c.batch_id == batch_id)
    rows = connection.execute(query.order_by(HAND_IN.c.kerberos, HAND_IN.c.id)).all()
    return [hand_in_of(row) for row in rows]


def newest_judge_keys(connection: Connection) -> dict[int, str]:
    """Return, by run, what its evidence was last judged by."""
    query = select(JUDGEMENT.c.run_id, JUDGEMENT.c.judge_key).order_by(JUDGEMENT.c.id)
    return {row.run_id: row.judge_key for row in connection.execute(query)}


def add_judgement(connection: Connection, run_id: int, judgement: Judgement) -> None:
    """Add a judgement of a run with its findings, its grade and its pages."""
    facts = {
        "run_id": run_id,
        "judge_key": judgement.keys.judge,
        "code_version": judgement.code_version,
        "worker": judgement.worker,
        "seconds": judgement.seconds,
        "judged_at": now(),
    }
    judgement_id = added(connection, JUDGEMENT, facts)
    rows = [
        {
            "run_id": run_id,
            "judgement_id": judgement_id,
            "part_id": part.id,
            "check_id": finding.check_id,
            "outcome": finding.outcome.value,
            "credit": finding.credit,
            "message": storable(finding.message),
            "staff_detail": storable(finding.staff_detail),
        }
        for part in judgement.sheet.parts
        for finding in part.findings
    ]
    connection.execute(insert(FINDING), rows)
    grade = grade_row(run_id, judgement.sheet, judgement.code_version)
    grade_id = added(connection, GRADE, grade)
    added(connection, PAGE, page_row(grade_id, judgement.keys.pages))


def newest_runs(connection: Connection, batch_id: int) -> dict[str, int]:
    """Return cache key to the run that stands for it: the newest that is done, else the newest."""
    asked = select(HAND_IN.c.cache_key).where(HAND_IN.c.batch_id == batch_id)
    query = (
        select(RUN.c.cache_key, RUN.c.state, func.max(RUN.c.id).label("id"))
        .where(RUN.c.cache_key.in_(asked))
        .group_by(RUN.c.cache_key, RUN.c.state)
    )
    rows = sorted(connection.execute(query), key=lambda row: (row.state in DONE, row.id))
    return {row.cache_key: row.id for row in rows}


def standing(
    connection: Connection, hand_in: HandInRow, run_id: int | None, judged: Mapping[int, str]
) -> Standing:
    """Return how one hand-in stands."""
    if run_id is None:
        return Standing(hand_in=hand_in, run_id=None, run=None, grade=None)
    row = connection.execute(select(RUN).where(RUN.c.id == run_id)).one()
    grades = select(GRADE).where(GRADE.c.run_id == run_id).order_by(GRADE.c.id.desc()).limit(1)
    found = connection.execute(grades).first()
    grade = None
    if found is not None:
        pages = select(PAGE.c.pages_key).where(PAGE.c.grade_id == found.id)
        page = connection.execute(pages.order_by(PAGE.c.id.desc()).limit(1)).first()
        grade = Grade(
            grade_id=found.id,
            run_id=run_id,
            digest=found.digest,
            sheet=from_json(GradeSheet, found.sheet, where=f"the store's grade {found.id}"),
            pages_key=None if page is None else page.pages_key or "",
        )
    run = RunRow(**values_of(RunRow, row))
    return Standing(
        hand_in=hand_in, run_id=run_id, run=run, grade=grade, judge_key=judged.get(run_id, "")
    )


def pages_behind(connection: Connection, batch_id: int, pages_key: str) -> int:
    """Return of how many grades the pages are not written, or were made by another key."""
    runs = newest_runs(connection, batch_id).values()
    newest = select(func.max(GRADE.c.id)).where(GRADE.c.run_id.in_(runs)).group_by(GRADE.c.run_id)
    grades = set(connection.execute(newest).scalars())
    shown = (
        select(PAGE.c.grade_id, PAGE.c.pages_key)
        .where(PAGE.c.grade_id.in_(grades))
        .order_by(PAGE.c.id)
    )
    made_by = {row.grade_id: row.pages_key for row in connection.execute(shown)}
    return sum(made_by.get(grade) != pages_key for grade in grades)

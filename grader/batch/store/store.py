"""Open a store, add to it, read how things stand. Nothing else speaks to the database."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, func, insert, select
from sqlalchemy.exc import SQLAlchemyError

from grader.batch.store.blobs import Blobs
from grader.batch.store.conversion import (
    columns,
    grade_row,
    hand_in_of,
    now,
    page_row,
    storable,
    values_of,
)
from grader.batch.store.rows import (
    BatchRow,
    DoneRun,
    Grade,
    HandInRow,
    Judgement,
    RunRow,
    Standing,
)
from grader.batch.store.tables import BATCH, FINDING, GRADE, HAND_IN, JUDGEMENT, OVERRIDE, PAGE, RUN
from grader.model.disk import has_no_room, no_room
from grader.model.records import GradeSheet
from grader.model.records.codec import from_json
from grader.scoring.overrides import Override
from reference.errors import ConfigError, GraderFault

FOLDER = ".store"
"""Of the store in a results folder; no kerberos name begins with a dot."""

DONE = ("graded", "rejected")
"""States of a run that need not be run again."""


@dataclass(frozen=True, slots=True)
class Store:
    """An open store."""

    engine: Engine
    """Of the database."""
    blobs: Blobs
    """Zips and sheets."""

    def begin_batch(self, batch: BatchRow, hand_ins: Iterable[HandInRow]) -> int:
        """Note what a batch found and was asked for; return its id."""
        facts = {**asdict(batch), "notes": json.dumps(batch.notes), "started_at": now()}
        with self.engine.begin() as connection:
            batch_id = _added(connection, BATCH, facts)
            rows = [{"batch_id": batch_id, **columns(row)} for row in hand_ins]
            if rows:
                connection.execute(insert(HAND_IN), rows)
        return batch_id

    def newest_batch(self) -> tuple[int, str] | None:
        """Return id and assignment of the newest batch; None where there is none."""
        query = select(BATCH.c.id, BATCH.c.assignment).order_by(BATCH.c.id.desc()).limit(1)
        with self.engine.connect() as connection:
            row = connection.execute(query).first()
        return (row.id, row.assignment) if row else None

    def batch_notes(self, batch_id: int) -> tuple[str, ...]:
        """Return what staff should know about the batch's folder."""
        with self.engine.connect() as connection:
            text = connection.execute(select(BATCH.c.notes).where(BATCH.c.id == batch_id)).scalar()
        return tuple(json.loads(text or "[]"))

    def done_runs(self, keys: Iterable[str]) -> dict[str, DoneRun]:
        """Return, by cache key, the newest of the runs that need not be run again."""
        wanted = frozenset(keys)
        columns = (RUN.c.id, RUN.c.cache_key, RUN.c.state, RUN.c.seed)
        query = select(*columns).where(RUN.c.state.in_(DONE)).order_by(RUN.c.id)
        with self.engine.connect() as connection:
            rows = connection.execute(query).all()
            judged = _newest_judge_keys(connection)
        return {
            row.cache_key: DoneRun(state=row.state, seed=row.seed, judge_key=judged.get(row.id, ""))
            for row in rows
            if row.cache_key in wanted
        }

    def add_run(self, run: RunRow, judgement: Judgement | None) -> None:
        """Add a run with its findings and its first grade, all or nothing."""
        with self.engine.begin() as connection:
            run_id = _added(connection, RUN, asdict(run))
            if judgement is not None:
                _add_judgement(connection, run_id, judgement)

    def add_judgement(self, run_id: int, judgement: Judgement) -> None:
        """Add what today's checks found in a run's evidence, and its grade, all or nothing."""
        with self.engine.begin() as connection:
            _add_judgement(connection, run_id, judgement)

    def add_grades(self, grades: Iterable[tuple[int, GradeSheet]], code: str) -> None:
        """Add new points of runs, all or nothing."""
        rows = [grade_row(run_id, sheet, code) for run_id, sheet in grades]
        if rows:
            with self.engine.begin() as connection:
                connection.execute(insert(GRADE), rows)

    def add_page(self, grade_id: int, pages_key: str) -> None:
        """Note that the results folder shows that grade, on pages made by that key."""
        with self.engine.begin() as connection:
            _added(connection, PAGE, page_row(grade_id, pages_key))

    def hand_ins(self, batch_id: int) -> tuple[HandInRow, ...]:
        """Return what the batch found, by kerberos."""
        with self.engine.connect() as connection:
            return tuple(_hand_ins(connection, batch_id))

    def standings(self, batch_id: int) -> Iterator[Standing]:
        """Yield how each hand-in of the batch stands, by kerberos; one at a time in memory."""
        with self.engine.connect() as connection:
            newest = _newest_runs(connection, batch_id)
            judged = _newest_judge_keys(connection)
            for hand_in in _hand_ins(connection, batch_id):
                run_id = newest.get(hand_in.cache_key) if hand_in.role == "counted" else None
                yield _standing(connection, hand_in, run_id, judged)

    def note_overrides(self, decided: Mapping[str, Sequence[Override]]) -> None:
        """Add what people decided about each student since the last time, all or nothing."""
        with self.engine.begin() as connection:
            known = _newest_overrides(connection)
            for kerberos, overrides in decided.items():
                for one, withdrawn in _news(known.get(kerberos, {}), overrides):
                    facts = {**asdict(one), "kerberos": kerberos, "noted_at": now()}
                    _added(connection, OVERRIDE, {**facts, "withdrawn": withdrawn})

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()


@contextmanager
def open_store(results: Path, url: str | None = None) -> Iterator[Store]:
    """Open the store of a results folder; made, or brought to today's form, if need be.

    Args:
        results: Blobs, and without `url` the database, lie in `.store/` below it.
        url: SQLAlchemy's URL of another database, such as `postgresql+psycopg://host/name`.

    Raises:
        ConfigError: it cannot be opened, or is of a newer form than this code knows.
        DiskFull: there is no room for it, or for what is added.
    """
    folder = results / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url or f"sqlite:///{folder / 'store.sqlite'}")
    except (SQLAlchemyError, OSError, ImportError) as error:
        raise _not_opened(url, folder, error) from error
    with closing(Store(engine, Blobs(folder / "blobs"))) as store:
        try:
            if engine.dialect.name == "sqlite":
                event.listen(engine, "connect", _careful_sqlite)
            _migrate(engine)
        except (SQLAlchemyError, ImportError) as error:
            raise _not_opened(url, folder, error) from error
        try:
            yield store
        except SQLAlchemyError as error:
            if url is None and has_no_room(folder):
                raise no_room(folder) from error
            raise ConfigError(
                f"store {_safe(url) or folder}: the database failed ({_reason(error)}); what is "
                "in it is kept: mend it, and the same command goes on"
            ) from error


def _not_opened(url: str | None, folder: Path, error: Exception) -> ConfigError:
    if url is None and has_no_room(folder):  # SQLite calls that by several names
        return no_room(folder)
    return ConfigError(
        f"store {_safe(url) or folder}: expected a database that can be opened, found: "
        f"{_reason(error)}"
    )


def _careful_sqlite(connection: Any, _: object) -> None:
    """Readers beside the writer; a commit is on the disk when it returns; links are checked."""
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        connection.execute(f"PRAGMA {pragma}")


def _migrate(engine: Engine) -> None:
    """Bring the tables to the newest form, all or nothing, whenever it is killed."""
    config = Config()
    config.set_main_option(
        "script_location", str(resources.files("grader.batch.store") / "migrations")
    )
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        if engine.dialect.name == "sqlite":  # whose driver begins none before a table is made
            connection.exec_driver_sql("BEGIN")
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise ConfigError(
                f"store {_safe(str(engine.url))}: {error}; it was made by a newer version of the "
                "grader: use that one, or another results folder"
            ) from error
        connection.commit()


def _safe(url: str | None) -> str:
    """Return a URL without what stands before its host: a password may."""
    return url.rpartition("@")[2] if url else ""


def _reason(error: Exception) -> str:
    """Return what went wrong, without the statement and the values of its rows."""
    cause = getattr(error, "orig", None) or error
    return " ".join(str(cause).split())[:300]


def _added(connection: Connection, table: Any, row: dict[str, Any]) -> int:
    clean = {key: storable(v) if isinstance(v, str) else v for key, v in row.items()}
    result = connection.execute(insert(table).values(**clean))
    key = result.inserted_primary_key
    if key is None:
        raise GraderFault(f"the database gave no id to a new row of {table.name}")
    return int(key[0])


def _hand_ins(connection: Connection, batch_id: int) -> list[HandInRow]:
    query = select(HAND_IN).where(HAND_IN.c.batch_id == batch_id)
    rows = connection.execute(query.order_by(HAND_IN.c.kerberos, HAND_IN.c.id)).all()
    return [hand_in_of(row) for row in rows]


def _newest_judge_keys(connection: Connection) -> dict[int, str]:
    """Return, by run, what its evidence was last judged by."""
    query = select(JUDGEMENT.c.run_id, JUDGEMENT.c.judge_key).order_by(JUDGEMENT.c.id)
    return {row.run_id: row.judge_key for row in connection.execute(query)}


def _add_judgement(connection: Connection, run_id: int, judgement: Judgement) -> None:
    facts = {
        "run_id": run_id,
        "judge_key": judgement.keys.judge,
        "code_version": judgement.code_version,
        "worker": judgement.worker,
        "seconds": judgement.seconds,
        "judged_at": now(),
    }
    judgement_id = _added(connection, JUDGEMENT, facts)
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
    grade_id = _added(connection, GRADE, grade)
    _added(connection, PAGE, page_row(grade_id, judgement.keys.pages))


def _newest_runs(connection: Connection, batch_id: int) -> dict[str, int]:
    """Return cache key to the run that stands for it: the newest that is done, else the newest."""
    asked = select(HAND_IN.c.cache_key).where(HAND_IN.c.batch_id == batch_id)
    query = (
        select(RUN.c.cache_key, RUN.c.state, func.max(RUN.c.id).label("id"))
        .where(RUN.c.cache_key.in_(asked))
        .group_by(RUN.c.cache_key, RUN.c.state)
    )
    rows = sorted(connection.execute(query), key=lambda row: (row.state in DONE, row.id))
    return {row.cache_key: row.id for row in rows}


def _standing(
    connection: Connection, hand_in: HandInRow, run_id: int | None, judged: Mapping[int, str]
) -> Standing:
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


def _newest_overrides(connection: Connection) -> dict[str, dict[str, Override]]:
    """Return what people decided, by kerberos and part."""
    newest: dict[str, dict[str, Override]] = {}
    for row in connection.execute(select(OVERRIDE).order_by(OVERRIDE.c.id)):
        of_student = newest.setdefault(row.kerberos, {})
        of_student.pop(row.part_id, None)
        if not row.withdrawn:
            of_student[row.part_id] = Override(**values_of(Override, row))
    return newest


def _news(
    known: Mapping[str, Override], overrides: Sequence[Override]
) -> list[tuple[Override, bool]]:
    """Return (decision, whether it is withdrawn) of what differs."""
    decided = {one.part_id: one for one in overrides}
    gone = [(replace(one, points=None), True) for part, one in known.items() if part not in decided]
    return [(one, False) for part, one in decided.items() if known.get(part) != one] + gone

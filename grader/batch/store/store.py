"""Open a store, add to it, read how things stand. Nothing else speaks to the database."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, func, insert, select
from sqlalchemy.exc import SQLAlchemyError

from grader.batch.store import decision_rows, queries
from grader.batch.store.blobs import Blobs
from grader.batch.store.conversion import columns, grade_row, now, page_row
from grader.batch.store.rows import DONE, BatchRow, DoneRun, HandInRow, Judgement, RunRow, Standing
from grader.batch.store.tables import BATCH, GRADE, HAND_IN, JUDGEMENT, PAGE, RUN, SCORING
from grader.model.disk import has_no_room, no_room
from grader.model.records import (
    Decided,
    Decision,
    DecisionKey,
    GradeSheet,
    Place,
    Release,
    RequestEvent,
    Rubric,
    RubricSaved,
    in_force,
)
from reference.errors import ConfigError

FOLDER = ".store"
"""Of the store in a results folder; no kerberos name begins with a dot."""

DATABASE = "store.sqlite"
"""Of the store, where it is SQLite."""

WRITES = {"writes": True}
"""Execution option of transactions that write."""

_FULL = "disk is full"
"""In what SQLite says of a disk without room, or of this user's share of it."""

LOCK = 6869
"""PostgreSQL's advisory lock that one writer holds at a time."""


Row = TypeVar("Row", Decision, RequestEvent, Place)


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
        with self._writing() as connection:
            batch_id = queries.added(connection, BATCH, facts)
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

    def revision(self) -> tuple[int, ...]:
        """Return what grows whenever something is graded: ids of batch, run, judgement, grade."""
        newest = [select(func.max(table.c.id)) for table in (BATCH, RUN, JUDGEMENT, GRADE)]
        with self.engine.connect() as connection:
            return tuple(connection.execute(query).scalar() or 0 for query in newest)

    def scored_by(self) -> str:
        """Return the offering by which the class was scored last; empty where it is not noted."""
        query = select(SCORING.c.offering).order_by(SCORING.c.id.desc()).limit(1)
        with self.engine.connect() as connection:
            return connection.execute(query).scalar() or ""

    def note_scoring(self, offering: str) -> None:
        """Note by which offering the class is scored from now on: its name, or where it lies."""
        if offering != self.scored_by():
            with self._writing() as connection:
                queries.added(connection, SCORING, {"offering": offering, "noted_at": now()})

    def newest_page(self) -> int:
        """Return what grows whenever a results folder shows another grade."""
        with self.engine.connect() as connection:
            return connection.execute(select(func.max(PAGE.c.id))).scalar() or 0

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
            judged = queries.newest_judge_keys(connection)
        return {
            row.cache_key: DoneRun(state=row.state, seed=row.seed, judge_key=judged.get(row.id, ""))
            for row in rows
            if row.cache_key in wanted
        }

    def add_run(self, run: RunRow, judgement: Judgement | None) -> None:
        """Add a run with its findings and its first grade, all or nothing."""
        with self._writing() as connection:
            run_id = queries.added(connection, RUN, asdict(run))
            if judgement is not None:
                queries.add_judgement(connection, run_id, judgement)

    def add_judgement(self, run_id: int, judgement: Judgement) -> None:
        """Add what today's checks found in a run's evidence, and its grade, all or nothing."""
        with self._writing() as connection:
            queries.add_judgement(connection, run_id, judgement)

    def add_grades(self, grades: Iterable[tuple[int, GradeSheet]], code: str) -> None:
        """Add new points of runs, all or nothing."""
        rows = [grade_row(run_id, sheet, code) for run_id, sheet in grades]
        if rows:
            with self._writing() as connection:
                connection.execute(insert(GRADE), rows)

    def add_page(self, grade_id: int, pages_key: str) -> None:
        """Note that the results folder shows that grade, on pages made by that key."""
        with self._writing() as connection:
            queries.added(connection, PAGE, page_row(grade_id, pages_key))

    def hand_ins(self, batch_id: int) -> tuple[HandInRow, ...]:
        """Return what the batch found, by kerberos."""
        with self.engine.connect() as connection:
            return tuple(queries.hand_ins(connection, batch_id))

    def standings(self, batch_id: int) -> Iterator[Standing]:
        """Yield how each hand-in of the batch stands, by kerberos; one at a time in memory."""
        with self.engine.connect() as connection:
            newest = queries.newest_runs(connection, batch_id)
            judged = queries.newest_judge_keys(connection)
            for hand_in in queries.hand_ins(connection, batch_id):
                run_id = newest.get(hand_in.cache_key) if hand_in.role == "counted" else None
                yield queries.standing(connection, hand_in, run_id, judged)

    def pages_behind(self, batch_id: int, pages_key: str) -> int:
        """Return how many of a batch's results folders show other points or older pages."""
        with self.engine.connect() as connection:
            return queries.pages_behind(connection, batch_id, pages_key)

    def decide(self, decision: Decision) -> Decided:
        """Add what a person decided; on the disk when this returns.

        A decision made on something else than the latest is kept as a conflict beside it; the
        same uuid again adds nothing, and is answered as at first.

        Raises:
            ConfigError: its numbers are out of range.
        """
        with self._writing() as connection:
            return decision_rows.decide(connection, decision)

    def decisions(
        self, kerberos: str | None = None, part_id: str | None = None
    ) -> tuple[Decision, ...]:
        """Return all decisions, of a student, of a part, or both, as they were added."""
        with self.engine.connect() as connection:
            return decision_rows.decisions(connection, kerberos, part_id)

    def in_force(
        self, kerberos: str | None = None, part_id: str | None = None
    ) -> Mapping[DecisionKey, Decision]:
        """Return the decisions in force, by kerberos, part and hand-in; also withdrawn ones."""
        return in_force(self.decisions(kerberos, part_id))

    def rubrics(self, part_id: str | None = None) -> tuple[Rubric, ...]:
        """Return the rubrics that people made, by number; the offering's own is not among them."""
        with self.engine.connect() as connection:
            return decision_rows.rubrics(connection, part_id)

    def rubric(self, part_id: str) -> Rubric | None:
        """Return the newest rubric of a part; None where the offering's own stands."""
        return next(reversed(self.rubrics(part_id)), None)

    def save_rubric(self, rubric: Rubric) -> RubricSaved:
        """Add a rubric made from the newest one; one made from an older is a conflict, not kept."""
        with self._writing() as connection:
            return decision_rows.save_rubric(connection, rubric)

    def release(self, release: Release) -> None:
        """Add that grades were published, or withdrawn."""
        with self._writing() as connection:
            decision_rows.add_release(connection, release)

    def releases(self) -> tuple[Release, ...]:
        """Return all releases, as they were added; the newest of a student holds."""
        with self.engine.connect() as connection:
            return decision_rows.releases(connection)

    def note_request(self, event: RequestEvent) -> None:
        """Add to a regrade request, or open one."""
        with self._writing() as connection:
            decision_rows.add_request(connection, event)

    def requests(self) -> tuple[RequestEvent, ...]:
        """Return what was said in regrade requests, as it was added."""
        return self.rows_since(RequestEvent, 0)[1]

    def note_places(self, places: Iterable[Place]) -> None:
        """Add on which pages parts are answered, all or nothing; on the disk when this returns."""
        with self._writing() as connection:
            for place in places:
                decision_rows.add_place(connection, place)

    def places(self) -> tuple[Place, ...]:
        """Return where people say that reports answer parts, as it was added."""
        return self.rows_since(Place, 0)[1]

    def rows_since(self, kind: type[Row], row_id: int) -> tuple[int, tuple[Row, ...]]:
        """Return decisions, requests or places added after a row, and the id of the newest row."""
        with self.engine.connect() as connection:
            return decision_rows.rows_since(connection, kind, row_id)

    def broken_chains(self) -> tuple[str, ...]:
        """Return a sentence per table of decisions whose rows are not those that were added."""
        with self.engine.connect() as connection:
            return decision_rows.broken_chains(connection)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        """A transaction that may read first: nobody else writes until it ends."""
        with self.engine.connect().execution_options(**WRITES) as connection, connection.begin():
            if self.engine.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
            yield connection

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()


def holds_class(results: Path) -> bool:
    """Whether a results folder is that of a class: its store has a batch, or is elsewhere."""
    folder = results / FOLDER
    database = folder / DATABASE
    if not folder.is_dir() or not database.is_file():
        return folder.is_dir()
    with closing(
        sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)
    ) as connection:
        try:
            return connection.execute("SELECT 1 FROM batch LIMIT 1").fetchone() is not None
        except sqlite3.Error:  # damaged, or half made: what opens it says so
            return True


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
        if url is None:
            _make_private(folder / DATABASE)
        engine = create_engine(url or f"sqlite:///{folder / DATABASE}")
    except (SQLAlchemyError, OSError, ImportError) as error:
        raise _not_opened(url, folder, error) from error
    with closing(Store(engine, Blobs(folder / "blobs"))) as store:
        try:
            if engine.dialect.name == "sqlite":
                event.listen(engine, "connect", _careful_sqlite)
                event.listen(engine, "begin", _begin_sqlite)
            _migrate(engine)
        except (SQLAlchemyError, ImportError) as error:
            raise _not_opened(url, folder, error) from error
        try:
            yield store
        except SQLAlchemyError as error:
            raise store_failed(error, results, url) from error


def _make_private(database: Path) -> None:
    """Make the file where it is missing, without opening it: it holds names and grades.

    Nothing but SQLite may ever open it, or the files beside it, in a process that has the store
    open: closing any descriptor of a file lets go of all locks of the process on it (POSIX). The
    next command beside it would then take itself for the last one, and delete the log
    (`store.sqlite-wal`) into which the first goes on writing.
    """
    with suppress(FileExistsError):
        if sys.platform == "linux":
            os.mknod(database, 0o600)
        else:  # where that is not to be had, or for root alone; new, so nobody has locks on it
            os.close(os.open(database, os.O_CREAT | os.O_EXCL | os.O_RDONLY, 0o600))


def store_failed(error: SQLAlchemyError, results: Path, url: str | None = None) -> ConfigError:
    """Return what there is to say where the database of an open store fails."""
    folder = results / FOLDER
    if url is None and (has_no_room(folder) or _FULL in _reason(error)):
        return no_room(folder)
    return ConfigError(
        f"store {_safe(url) or folder}: the database failed ({_reason(error)}); what is in it is "
        "kept: mend it, and the same command goes on"
    )


def _not_opened(url: str | None, folder: Path, error: Exception) -> ConfigError:
    if url is None and has_no_room(folder):  # SQLite calls that by several names
        return no_room(folder)
    return ConfigError(
        f"store {_safe(url) or folder}: expected a database that can be opened, found: "
        f"{_reason(error)}"
    )


def _careful_sqlite(connection: Any, _: object) -> None:
    """Readers beside the writer; a commit is on the disk when it returns; links are checked."""
    connection.isolation_level = None  # transactions are ours to begin, see `_begin_sqlite`
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Begin a transaction that reads and then writes as a writer: else it fails as "locked"."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _migrate(engine: Engine) -> None:
    """Bring the tables to the newest form, all or nothing, whenever it is killed."""
    config = Config()
    config.set_main_option(
        "script_location", str(resources.files("grader.batch.store") / "migrations")
    )
    with engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found == ScriptDirectory.from_config(config).get_current_head():
        return
    with engine.connect().execution_options(**WRITES) as connection, connection.begin():
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise ConfigError(
                f"store {_safe(str(engine.url))}: {error}; it was made by a newer version of the "
                "grader: use that one, or another results folder"
            ) from error


def _safe(url: str | None) -> str:
    """Return a URL without what stands before its host: a password may."""
    return url.rpartition("@")[2] if url else ""


def _reason(error: Exception) -> str:
    """Return what went wrong, without the statement and the values of its rows."""
    cause = getattr(error, "orig", None) or error
    return " ".join(str(cause).split())[:300]

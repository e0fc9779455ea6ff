"""The same on SQLite and on PostgreSQL: rows are only added, the newest stands."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, event, insert, select, text
from sqlalchemy.exc import DBAPIError

from grader.batch.store.conversion import light, sheet_digest
from grader.batch.store.rows import DONE, BatchRow, HandInRow, Judgement, RunRow
from grader.batch.store.store import DATABASE, FOLDER, Store, holds_class, open_store
from grader.batch.store.tables import APPEND_ONLY, FINDING, JUDGEMENT, METADATA, OVERRIDE
from grader.intake.hand_in import HandIn
from grader.model.records import Place, Release, ReleaseKind, RequestEvent, RequestKind, Rubric
from grader.model.stage_keys import GraderKeys
from reference.errors import ConfigError
from tests.factories import decision, grade_sheet
from tests.lanes import more
from tests.opened_files import deleted_files_of

BATCH = BatchRow(assignment="pset4_sp21", options="{}", notes=("One zip has no name.",))
HAND_IN = HandInRow(
    hand_in=HandIn(
        path=Path("late/jdoe.zip"),
        source="late/jdoe.zip",
        zip_name="jdoe.zip",
        kerberos="jdoe",
        course="6.869",
        submitted=datetime(2021, 4, 2, 10, 0, tzinfo=UTC),
        extension=timedelta(hours=36),
    ),
    zip_sha256="a" * 64,
    cache_key="k1",
    role="counted",
)
KEYS = GraderKeys(evidence="e", judge="j1", pages="p1")
RUN = RunRow(
    kerberos="jdoe",
    cache_key="k1",
    state="graded",
    sentence="",
    zip_sha256="a" * 64,
    assignment="pset4_sp21",
    assignment_sha256="b" * 64,
    code_version="0.1.0+c",
    bundle="studio",
    bundle_sha256="1",
    seed=7,
    device="cpu",
    isolation="bubblewrap",
    worker="host 1",
    attempts=1,
    seconds=1.5,
    stage_seconds="{}",
    sheet_sha256="",
    finished_at="2021-04-01T00:00:00+00:00",
)


def judgement(**changes: Any) -> Judgement:
    made = Judgement(
        sheet=grade_sheet(kerberos="jdoe"),
        keys=KEYS,
        code_version="0.1.0+c",
        worker="host 1",
        seconds=0.5,
    )
    return replace(made, **changes)


def filled(store: Store) -> int:
    batch = store.begin_batch(BATCH, [HAND_IN])
    store.add_run(RUN, judgement())
    store.decide(decision())
    store.save_rubric(Rubric(part_id="3c", parent=1))
    store.note_scoring("pset4_sp21")
    store.release(Release(uuid="r", kind=ReleaseKind.PUBLISH, kerberos="jdoe"))
    store.note_request(
        RequestEvent(uuid="q", request="q", kerberos="jdoe", part_id="3c", kind=RequestKind.OPENED)
    )
    store.note_places(
        [Place(uuid="p", kerberos="jdoe", part_id="3c", zip_sha256="", pages=(1,), author="ann")]
    )
    with store.engine.begin() as connection:  # as stores before decisions have it
        values = {"kerberos": "jdoe", "part_id": "3c", "points": 1.0, "comment": "", "author": ""}
        connection.execute(insert(OVERRIDE).values(**values, withdrawn=False, noted_at=""))
    return batch


def test_the_migrations_make_the_tables_that_the_code_names(
    tmp_path: Path, url: str | None
) -> None:
    with open_store(tmp_path, url) as store, store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


@pytest.mark.parametrize("deed", ["DELETE FROM", "UPDATE"])
def test_no_row_is_changed_or_taken_away(tmp_path: Path, url: str | None, deed: str) -> None:
    with open_store(tmp_path, url) as store:
        filled(store)
        for table in APPEND_ONLY:
            rest = " SET id = id + 1" if deed == "UPDATE" else ""
            with (
                pytest.raises(DBAPIError, match="only added"),
                store.engine.begin() as connection,
            ):
                connection.execute(text(f'{deed} "{table}"{rest}'))


def test_a_run_comes_back_as_it_went_in(tmp_path: Path, url: str | None) -> None:
    sheet = grade_sheet(kerberos="jdoe")
    with open_store(tmp_path, url) as store:
        batch = filled(store)
    with open_store(tmp_path, url) as store:  # opened anew: nothing is made twice
        assert store.newest_batch() == (batch, "pset4_sp21")
        assert store.batch_notes(batch) == BATCH.notes
        (standing,) = store.standings(batch)
        assert standing.hand_in == HAND_IN
        assert standing.run == RUN
        assert standing.grade is not None
        assert standing.grade.sheet == light(sheet)
        assert standing.grade.digest == sheet_digest(sheet)
        assert standing.grade.pages_key == "p1"
        assert standing.judge_key == "j1"
        with store.engine.connect() as connection:
            found = connection.execute(select(FINDING)).all()
    assert [(row.part_id, row.check_id) for row in found] == [
        (part.id, finding.check_id) for part in sheet.parts for finding in part.findings
    ]


@pytest.mark.parametrize(
    ("states", "stands"),
    [
        ((), None),
        (("fault",), 0),
        (("fault", "fault"), 1),
        (("fault", "graded"), 1),
        (("graded", "fault"), 0),
        (("rejected", "fault"), 0),
        (("graded", "graded"), 1),
    ],
)
def test_the_newest_run_that_is_done_stands(
    tmp_path: Path, url: str | None, states: tuple[str, ...], stands: int | None
) -> None:
    with open_store(tmp_path, url) as store:
        batch = store.begin_batch(BATCH, [HAND_IN, replace(HAND_IN, role="superseded")])
        for number, state in enumerate(states):
            store.add_run(replace(RUN, state=state, worker=str(number)), None)
        counted, superseded = store.standings(batch)
        assert (counted.run and counted.run.worker) == (None if stands is None else str(stands))
        assert superseded.run is None
        done = [state for state in states if state in DONE]
        found = {key: run.state for key, run in store.done_runs(["k1", "k2"]).items()}
        assert found == ({"k1": done[-1]} if done else {})


def test_new_points_stand_and_their_pages_are_to_be_written(
    tmp_path: Path, url: str | None
) -> None:
    with open_store(tmp_path, url) as store:
        batch = filled(store)
        (standing,) = store.standings(batch)
        assert standing.grade is not None
        better = replace(standing.grade.sheet, total=standing.grade.sheet.total + 1)
        store.add_grades([(standing.grade.run_id, better)], "0.1.0+c")
        (standing,) = store.standings(batch)
        assert standing.grade is not None
        assert (standing.grade.sheet, standing.grade.pages_key) == (better, None)
        store.add_page(standing.grade.grade_id, "p2")
        (standing,) = store.standings(batch)
        assert standing.grade is not None
        assert standing.grade.pages_key == "p2"


def test_a_run_that_is_judged_again_keeps_what_was_found_at_first(
    tmp_path: Path, url: str | None
) -> None:
    with open_store(tmp_path, url) as store:
        batch = filled(store)
        (standing,) = store.standings(batch)
        assert standing.run_id is not None
        other = replace(grade_sheet(kerberos="jdoe"), total=1.0)
        again = judgement(sheet=other, keys=replace(KEYS, judge="j2"))
        store.add_judgement(standing.run_id, again)
        (standing,) = store.standings(batch)
        assert standing.grade is not None
        assert (standing.judge_key, standing.grade.sheet.total) == ("j2", 1.0)
        assert store.done_runs(["k1"])["k1"].judge_key == "j2"
        with store.engine.connect() as connection:
            found = connection.execute(select(FINDING.c.judgement_id)).scalars().all()
            keys = connection.execute(select(JUDGEMENT.c.judge_key)).scalars().all()
    assert keys == ["j1", "j2"]
    assert set(found) == {1, 2}


def test_a_store_of_the_first_form_is_brought_to_todays(tmp_path: Path, url: str | None) -> None:
    of_the_first_form(tmp_path, url)
    with open_store(tmp_path, url) as store:
        batch = filled(store)
        (standing,) = store.standings(batch)
        assert standing.judge_key == "j1"


def test_hostile_text_is_stored(tmp_path: Path, url: str | None) -> None:
    hostile = "a\0b \ud800 '; DROP TABLE run; -- \U0001f436"
    with open_store(tmp_path, url) as store:
        batch = store.begin_batch(BATCH, [replace(HAND_IN, role="superseded")])
        store.add_run(replace(RUN, state="rejected", sentence=hostile), None)
        store.begin_batch(BATCH, [HAND_IN])
        assert len(list(store.standings(batch))) == 1
        (standing,) = store.standings(batch + 1)
        assert standing.run is not None
        assert "DROP TABLE run; -- \U0001f436" in standing.run.sentence


def test_readers_do_not_wait_for_the_writer(tmp_path: Path) -> None:
    with open_store(tmp_path) as store, open_store(tmp_path) as other:
        batch = filled(store)
        seen: list[int] = []
        with store.engine.begin() as connection:
            connection.execute(text("INSERT INTO page (grade_id, written_at) VALUES (1, 'now')"))
            reader = threading.Thread(
                target=lambda: seen.append(len(list(other.standings(batch)))), daemon=True
            )
            reader.start()
            reader.join(10)
        assert seen == [1]


LAST_ELSE = """
import sqlite3, sys
one = sqlite3.connect(sys.argv[1])
one.execute("SELECT COUNT(*) FROM batch").fetchone()
one.close()
"""
"""A command beside: where it takes itself for the last connection, it deletes the log."""


def test_a_store_opened_twice_in_a_process_keeps_the_log_from_commands_beside_it(
    tmp_path: Path,
) -> None:
    database = tmp_path / FOLDER / DATABASE
    with open_store(tmp_path) as store:
        filled(store)
        with open_store(tmp_path) as again:
            assert again.newest_batch() is not None
        assert holds_class(tmp_path)
        subprocess.run([sys.executable, "-c", LAST_ELSE, str(database)], check=True)
        assert deleted_files_of("self") == ()
        store.begin_batch(BATCH, [])
        with closing(sqlite3.connect(database)) as beside:
            assert beside.execute("SELECT COUNT(*) FROM batch").fetchone() == (2,)
    with closing(sqlite3.connect(database)) as beside:
        assert beside.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert stat.S_IMODE(database.stat().st_mode) == 0o600


def test_a_database_that_cannot_be_opened_is_one_sentence(tmp_path: Path) -> None:
    url = f"postgresql+psycopg://me:secret@/none?host={tmp_path}"
    with (
        pytest.raises(ConfigError, match="expected a database") as raised,
        open_store(tmp_path, url),
    ):
        pass
    assert "secret" not in str(raised.value)


def test_a_store_of_a_newer_version_is_refused(tmp_path: Path, url: str | None) -> None:
    with open_store(tmp_path, url) as store, store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigError, match="newer version"), open_store(tmp_path, url):
        pass


KILLS = 6


@pytest.mark.parametrize("old", [False, *more(True)], ids=["new", "of the first form"])
def test_a_store_is_whole_whenever_its_maker_is_killed(tmp_path: Path, old: bool) -> None:
    whole = tmp_path / "whole"
    if old:
        of_the_first_form(whole, None)
    steps = opened_and_killed(whole, after=None)
    for after in range(1, steps, max(1, steps // KILLS)):
        folder = tmp_path / str(after)
        if old:
            of_the_first_form(folder, None)
        opened_and_killed(folder, after=after)
        with open_store(folder) as store:
            filled(store)


def opened_and_killed(folder: Path, *, after: int | None) -> int:
    """Open a store in a process that is killed after some statements; return how many it made."""
    ear, mouth = os.pipe()
    maker = os.fork()
    if maker == 0:
        made = 0

        def count(*_: object) -> None:
            nonlocal made
            made += 1
            os.write(mouth, b".")
            if made == after:
                os.kill(os.getpid(), signal.SIGKILL)

        event.listen(Engine, "after_cursor_execute", count)
        with suppress(BaseException), open_store(folder):
            pass
        os._exit(0)
    os.close(mouth)
    os.waitpid(maker, 0)
    with os.fdopen(ear, "rb") as words:
        return len(words.read())


def of_the_first_form(folder: Path, url: str | None) -> None:
    with open_store(folder, url) as store, store.engine.begin() as connection:
        for statement in (
            "DROP TABLE decision",
            "DROP TABLE rubric",
            "DROP TABLE release",
            "DROP TABLE request",
            "DROP TABLE place",
            "DROP TABLE scoring",
            "DROP TABLE judgement",
            "ALTER TABLE finding DROP COLUMN judgement_id",
            "ALTER TABLE page DROP COLUMN pages_key",
            "UPDATE alembic_version SET version_num = '0001'",
        ):
            connection.execute(text(statement))

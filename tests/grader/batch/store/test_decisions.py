"""What people decide is never lost and never overwritten: the same on SQLite and PostgreSQL."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event, insert
from sqlalchemy.exc import IntegrityError

from grader.batch.store.store import Store, open_store
from grader.batch.store.tables import DECISION
from grader.model.records import (
    AppliedItem,
    Decision,
    DecisionKind,
    Mark,
    Place,
    Release,
    ReleaseKind,
    RequestEvent,
    RequestKind,
    Rubric,
    RubricItem,
    open_conflicts,
    placed,
)
from reference.errors import ConfigError
from tests.factories import decision

ROUNDS = 200
FIRST = decision(uuid="d1")


def test_a_decision_comes_back_as_it_was_made(tmp_path: Path, url: str | None) -> None:
    whole = decision(
        items=(AppliedItem(id="border", share=-0.25, title="Border", times=2),),
        adjust_share=0.1,
        rubric_number=2,
        comment="$\\nabla x$ is *missing*.",
        note="Look again.",
        flag="Copied?",
        group="blank",
        seconds=12.5,
        marks=(Mark(page=2, box=(0.1, 0.2, 0.3, 0.4), text="Here."),),
    )
    with open_store(tmp_path, url) as store:
        store.decide(whole)
    with open_store(tmp_path, url) as store:
        (found,) = store.decisions()
        assert replace(found, noted_at="") == whole
        assert found.noted_at
        assert store.in_force() == {whole.key: found}


def test_a_decision_names_the_one_that_it_replaces_and_both_stay(
    tmp_path: Path, url: str | None
) -> None:
    with open_store(tmp_path, url) as store:
        store.decide(FIRST)
        decided = store.decide(decision(uuid="d2", parent="d1", share=1.0))
        assert decided.conflict is None
        assert [one.uuid for one in store.decisions()] == ["d1", "d2"]
        assert [one.uuid for one in store.in_force().values()] == ["d2"]


@pytest.mark.parametrize("parent", ["", "d1", "unknown"])
def test_a_decision_on_something_else_than_the_latest_is_kept_as_a_conflict(
    tmp_path: Path, url: str | None, parent: str
) -> None:
    with open_store(tmp_path, url) as store:
        store.decide(FIRST)
        store.decide(decision(uuid="d2", parent="d1", share=1.0))
        decided = store.decide(decision(uuid="d3", parent=parent, share=0.25))
        assert decided.in_force is not None
        assert decided.conflict is not None
        assert (decided.in_force.uuid, decided.conflict.uuid) == ("d2", "d3")
        (conflict,) = open_conflicts(store.decisions())
        assert (conflict.share, conflict.kind) == (0.25, DecisionKind.CONFLICT)
        store.decide(decision(uuid="d4", parent="d2", share=0.5, settles=("d3",)))
        assert open_conflicts(store.decisions()) == ()
        assert len(store.decisions()) == 4


def test_two_who_say_the_same_are_no_conflict(tmp_path: Path, url: str | None) -> None:
    with open_store(tmp_path, url) as store:
        store.decide(FIRST)
        decided = store.decide(decision(uuid="d2", author="ta2"))
        assert decided.conflict is None
        assert [one.kind for one in store.decisions()] == [DecisionKind.HUMAN, DecisionKind.SECOND]


def test_a_second_reading_stands_beside_and_never_counts(tmp_path: Path, url: str | None) -> None:
    second = decision(uuid="d2", parent="d1", kind=DecisionKind.SECOND, share=0.0)
    with open_store(tmp_path, url) as store:
        store.decide(FIRST)
        decided = store.decide(second)
        assert decided.conflict is None
        assert [one.uuid for one in store.in_force().values()] == ["d1"]


def test_a_decision_belongs_to_a_hand_in(tmp_path: Path, url: str | None) -> None:
    other = decision(uuid="d2", zip_sha256="b" * 64)
    nothing = decision(uuid="d3", zip_sha256="", share=0.0)
    with open_store(tmp_path, url) as store:
        for one in (FIRST, other, nothing):
            assert store.decide(one).conflict is None
        assert len(store.in_force("jdoe", "3c")) == 3


def test_the_same_decision_sent_again_adds_nothing(tmp_path: Path, url: str | None) -> None:
    late = decision(uuid="d3", share=0.0)
    with open_store(tmp_path, url) as store:
        answers = [store.decide(one) for one in (FIRST, late, FIRST, late)]
        assert answers[0] == answers[2]
        assert answers[1] == answers[3]
        assert len(store.decisions()) == 2


def test_the_database_itself_refuses_a_second_decision_in_the_same_place(
    tmp_path: Path, url: str | None
) -> None:
    with open_store(tmp_path, url) as store:
        store.decide(FIRST)
        facts = {"kerberos": "jdoe", "part_id": "3c", "zip_sha256": "a" * 64, "replaces": ""}
        row = {**facts, "uuid": "other", "body": "{}", "digest": ""}
        with pytest.raises(IntegrityError), store.engine.begin() as connection:
            connection.execute(insert(DECISION).values(**row))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"share": 1.5}, "share from 0 to 1, found 1.5"),
        ({"share": float("nan")}, "share from 0 to 1"),
        ({"adjust_share": -2.0}, "adjustment from -1 to 1"),
        ({"items": (AppliedItem(id="a", share=1.0, title="A", times=0),)}, "one or more times"),
        ({"comment": "x" * 20_001}, "at most 20000 characters"),
        ({"seconds": float("inf")}, "0 or more seconds"),
        ({"uuid": ""}, "expected a uuid"),
    ],
)
def test_what_makes_no_sense_is_refused(
    tmp_path: Path, change: dict[str, object], sentence: str
) -> None:
    with open_store(tmp_path) as store:
        with pytest.raises(ConfigError, match=sentence):
            store.decide(decision(**change))
        assert store.decisions() == ()


def test_of_two_who_edit_a_rubric_the_second_is_told(tmp_path: Path, url: str | None) -> None:
    item = RubricItem(id="border", share=-0.5, title="Border")
    mine = Rubric(part_id="3c", parent=1, items=(item,), author="ta1")
    with open_store(tmp_path, url) as store:
        assert store.rubric("3c") is None
        saved = store.save_rubric(mine)
        assert saved.conflict is None
        assert saved.in_force is not None
        assert saved.in_force.number == 2
        late = store.save_rubric(replace(mine, author="ta2"))
        assert late.conflict is not None
        assert late.in_force == store.rubric("3c") == saved.in_force
        assert store.save_rubric(replace(mine, parent=2)).conflict is None
        assert [one.number for one in store.rubrics()] == [2, 3]


def test_releases_and_requests_are_kept_in_order(tmp_path: Path, url: str | None) -> None:
    release = Release(uuid="r1", kind=ReleaseKind.PUBLISH, kerberos="jdoe", total=9.5)
    withdrawn = replace(release, uuid="r2", kind=ReleaseKind.WITHDRAW)
    opened = RequestEvent(
        uuid="q1", request="q1", kerberos="jdoe", part_id="3c", kind=RequestKind.OPENED, text="Why?"
    )
    kept = replace(opened, uuid="q2", kind=RequestKind.KEPT, author="ta1")
    with open_store(tmp_path, url) as store:
        for one in (release, withdrawn, release):
            store.release(one)
        for event_ in (opened, kept, kept):
            store.note_request(event_)
        assert [one.kind for one in store.releases()] == ["publish", "withdraw"]
        assert [one.kind for one in store.requests()] == ["opened", "kept"]


def test_a_row_changed_behind_the_triggers_is_found(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store.decide(FIRST)
        store.decide(decision(uuid="d2", parent="d1"))
        assert store.broken_chains() == ()
    database = sqlite3.connect(tmp_path / ".store" / "store.sqlite")
    database.execute("DROP TRIGGER only_add_decision_update")
    database.execute("UPDATE decision SET body = replace(body, '0.5', '1.0') WHERE id = 1")
    database.commit()
    database.close()
    with open_store(tmp_path) as store:
        (sentence,) = store.broken_chains()
    assert sentence.startswith("decision: row 1 is not as it was added")


def test_two_graders_beside_a_command_that_writes_lose_nothing(
    tmp_path: Path, url: str | None
) -> None:
    with open_store(tmp_path, url) as store:
        store.decide(decision(uuid="start"))
    faults: list[BaseException] = []

    def grader(name: str) -> None:
        try:
            with open_store(tmp_path, url) as store:
                for number in range(ROUNDS):
                    (latest,) = store.in_force().values()
                    store.decide(
                        decision(
                            uuid=f"{name}{number}",
                            parent=latest.uuid,
                            share=number / ROUNDS,
                            author=name,
                        )
                    )
        except BaseException as error:  # noqa: BLE001 -- the test tells
            faults.append(error)

    def other() -> None:
        try:
            with open_store(tmp_path, url) as store:
                for number in range(ROUNDS):
                    store.release(
                        Release(uuid=str(number), kind=ReleaseKind.PUBLISH, kerberos="jdoe")
                    )
        except BaseException as error:  # noqa: BLE001 -- the test tells
            faults.append(error)

    threads = [threading.Thread(target=grader, args=(name,)) for name in ("a", "b")]
    threads.append(threading.Thread(target=other))
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert faults == []
    with open_store(tmp_path, url) as store:
        rows = store.decisions()
        assert store.broken_chains() == ()
    assert len(rows) == 2 * ROUNDS + 1
    assert len({one.uuid for one in rows}) == len(rows)
    counted = [one for one in rows if one.counts]
    assert [one.parent for one in counted[1:]] == [one.uuid for one in counted[:-1]]


def test_what_is_answered_as_saved_is_on_the_disk_whenever_the_grader_is_killed(
    tmp_path: Path,
) -> None:
    with open_store(tmp_path) as store:
        store.decide(decision(uuid="start"))
    for statement in range(1, 8):
        said = killed_while_deciding(tmp_path, f"d{statement}", statement)
        with open_store(tmp_path) as store:
            stored = {one.uuid for one in store.decisions()}
            assert store.broken_chains() == ()
        assert said <= stored
    assert killed_while_deciding(tmp_path, "whole", 99) == {"whole"}


def killed_while_deciding(folder: Path, uuid: str, statement: int) -> set[str]:
    """Decide in a process that is killed at a statement; return what it said was saved."""
    ear, mouth = os.pipe()
    child = os.fork()
    if child == 0:
        with open_store(folder) as store:
            _die_at(store, statement)
            (latest,) = store.in_force().values()
            made: Decision = decision(uuid=uuid, parent=latest.uuid)
            store.decide(made)
            os.write(mouth, uuid.encode())
        os._exit(0)
    os.close(mouth)
    os.waitpid(child, 0)
    with os.fdopen(ear, "rb") as words:
        said = words.read().decode()
    return {said} if said else set()


def _die_at(store: Store, statement: int) -> None:
    made = 0

    def count(*_: object) -> None:
        nonlocal made
        made += 1
        if made == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(store.engine, "before_cursor_execute", count)
    event.listen(store.engine, "commit", count)


def test_places_are_added_whole_and_once(tmp_path: Path, url: str | None) -> None:
    place = Place(
        uuid="p1", kerberos="jdoe", part_id="3c", zip_sha256="a", pages=(2, 3), author="ann"
    )
    wrong = replace(place, uuid="p2", pages=(0,))
    with open_store(tmp_path, url) as store:
        with pytest.raises(ConfigError, match="expected pages from 1, found 0"):
            store.note_places((place, wrong))
        assert store.places() == ()
        store.note_places((place,))
        store.note_places((place, replace(place, uuid="p3", pages=())))
        found = store.places()
        assert [(one.uuid, one.pages) for one in found] == [("p1", (2, 3)), ("p3", ())]
        assert placed(found, {"jdoe": "a"}) == {("jdoe", "3c"): ((), "ann")}
        assert placed(found, {"jdoe": "b"}) == {}
        assert store.broken_chains() == ()

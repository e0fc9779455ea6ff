"""Publishing a class in one go: numbers first, what was confirmed and nothing else, stoppable."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from grader.app.cli import app
from grader.batch import class_pages, class_run
from grader.batch.run.pages import stale_pages
from grader.batch.run.rescoring import StandingToday, standing_today
from grader.batch.store.rows import Standing
from grader.batch.store.store import Store, open_store
from grader.model.records import AppliedItem, Decision, Release, ReleaseKind
from grader.model.stage_keys import pages_key
from grader.review import standings
from grader.review.desk.work import Progress, Work
from grader.review.part_export import HEADER, render_parts
from grader.review.publishing import (
    ClassPlace,
    Memory,
    PlanChanged,
    class_today,
    release_class,
)
from grader.review.releasing import ReleaseRequest
from grader.review.standings import KeptStandings
from reference.errors import ConfigError
from tests.factories import ASSIGNMENT
from tests.grader.review.desk.synthetic import (
    HUMAN,
    add_run,
    hand_in_again,
    human_sheet,
    write_class,
)

PUBLISH = ReleaseRequest(kind=ReleaseKind.PUBLISH, kerberos=frozenset(), author="head")


def write_no_pages(store: Store, batch_id: int, *_: object) -> tuple[str, ...]:
    """Stands for the workers that write pages: notes them as written."""
    for one in stale_pages(store, batch_id):
        if one.grade is not None:
            store.add_page(one.grade.grade_id, pages_key())
    return ()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ClassPlace:
    """Two students of whom all parts are decided, but for one part of the second."""
    monkeypatch.setattr(class_pages, "_renew_pages", write_no_pages)
    with open_store(tmp_path) as store:
        names = write_class(tmp_path, store, 2)
        zips = {one.kerberos: one.zip_sha256 for one in store.hand_ins(1)}
        for name in names:
            for part_id in HUMAN:
                if (name, part_id) != (names[1], "3c"):
                    store.decide(decided(name, part_id, zips[name]))
    return ClassPlace(results=tmp_path)


def decided(kerberos: str, part_id: str, zip_sha256: str, **changes: object) -> Decision:
    made = Decision(
        uuid=uuid4().hex,
        kerberos=kerberos,
        part_id=part_id,
        zip_sha256=zip_sha256,
        share=0.5,
        comment="Half, =1+1",
        author="ann",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def finish(place: ClassPlace, **changes: object) -> None:
    """Decide the part that is left."""
    with open_store(place.results) as store:
        last = store.hand_ins(1)[1]
        store.decide(decided(last.kerberos, "3c", last.zip_sha256, **changes))


def test_a_release_says_what_it_would_do_and_writes_nothing_before_it_is_asked_to(
    place: ClassPlace,
) -> None:
    with open_store(place.results) as store:
        before = store.revision()
        today = class_today(store, place, PUBLISH)
        assert [one.kerberos for one in today.plan.changes] == ["kerb000"]
        assert today.plan.held_back == ("kerb001",)
        assert today.not_shown == 2  # nothing was scored since people decided
        assert (store.revision(), store.releases()) == (before, ())
        everybody = class_today(store, place, replace(PUBLISH, anyway=True))
        assert len(everybody.plan.changes) == 2
        with pytest.raises(ConfigError, match="expected kerberos names of the class"):
            class_today(store, place, replace(PUBLISH, kerberos=frozenset({"nobody"})))


def test_what_was_confirmed_is_published_with_its_pages_and_only_once(place: ClassPlace) -> None:
    with open_store(place.results) as store:
        confirmed = class_today(store, place, PUBLISH).plan.digest
    done = release_class(place, PUBLISH, Progress(), confirmed=confirmed)
    assert done.changed == ("kerb000",)
    with open_store(place.results) as store:
        today = class_today(store, place, PUBLISH)
        assert today.not_shown == 0
        sheets = [one.standing.grade.sheet for one in today.standings if one.standing.grade]
        assert [bool(sheet.published) for sheet in sheets] == [True, False]
        assert (today.plan.changes, today.plan.out_already) == ((), ("kerb000",))
        (row,) = store.releases()
        assert (row.author, row.total) == ("head", today.rows[0].total)
    assert release_class(place, PUBLISH, Progress()).changed == ()
    withdraw = replace(PUBLISH, kind=ReleaseKind.WITHDRAW)
    assert release_class(place, withdraw, Progress()).changed == ("kerb000",)


def published(store: Store, place: ClassPlace) -> tuple[set[str], set[str]]:
    """Whose grade is published as it stands, and whose feedback says so."""
    today = class_today(store, place, PUBLISH)
    sheets = [one.standing.grade.sheet for one in today.standings if one.standing.grade]
    return set(today.published), {sheet.kerberos for sheet in sheets if sheet.published}


def test_a_new_hand_in_is_provisional_until_its_grade_is_published(place: ClassPlace) -> None:
    finish(place)
    assert release_class(place, PUBLISH, Progress()).changed == ("kerb000", "kerb001")
    with open_store(place.results) as store:
        hand_in_again(store, "kerb000", "f" * 64)
        add_run(store, human_sheet("kerb000", store.hand_ins(2)[0].hand_in.course, "f" * 64, "New"))
        assert published(store, place) == ({"kerb001"}, {"kerb001"})
        today = class_today(store, place, PUBLISH)
        assert today.plan.changed == today.plan.held_back == ("kerb000",)
        for part_id in HUMAN:
            store.decide(decided("kerb000", part_id, "f" * 64))
        assert published(store, place)[0] == {"kerb001"}  # the same points, of another hand-in
    assert release_class(place, PUBLISH, Progress()).changed == ("kerb000",)
    with open_store(place.results) as store:
        assert published(store, place) == ({"kerb000", "kerb001"},) * 2


def test_parts_that_have_other_points_are_published_again_although_the_total_is_the_same(
    place: ClassPlace,
) -> None:
    finish(place)
    release_class(place, PUBLISH, Progress())
    with open_store(place.results) as store:
        last = store.hand_ins(1)[1]
        before = class_today(store, place, PUBLISH).rows[1].total
        points = {one: ASSIGNMENT.max_points(one, last.hand_in.course) for one in HUMAN}
        less, more = next(
            (one, two) for one in HUMAN for two in HUMAN if one < two and points[one] == points[two]
        )
        held = store.in_force(last.kerberos)
        for part_id, share in ((less, 0.25), (more, 0.75)):
            parent = next(one.uuid for one in held.values() if one.part_id == part_id)
            given = decided(last.kerberos, part_id, last.zip_sha256, share=share, parent=parent)
            store.decide(given)
        today = class_today(store, place, PUBLISH)
        assert today.rows[1].total == pytest.approx(before)
        assert [one.kerberos for one in today.plan.changes] == ["kerb001"]
        assert published(store, place)[1] == {"kerb000"}


def test_pages_are_written_once_when_they_can_say_it(
    place: ClassPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = []

    def write(store: Store, batch_id: int, *rest: object) -> tuple[str, ...]:
        published.append(len(store.releases()))
        return write_no_pages(store, batch_id, *rest)

    monkeypatch.setattr(class_pages, "_renew_pages", write)
    release_class(place, PUBLISH, Progress())
    assert published == [1]


def test_other_numbers_than_those_confirmed_publish_nothing(place: ClassPlace) -> None:
    with open_store(place.results) as store:
        confirmed = class_today(store, place, PUBLISH).plan.digest
    finish(place)
    with pytest.raises(PlanChanged, match="points changed after you saw the numbers"):
        release_class(place, PUBLISH, Progress(), confirmed=confirmed)
    with open_store(place.results) as store:
        assert store.releases() == ()


def test_a_release_that_was_stopped_goes_on_where_it_was(
    place: ClassPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish(place)
    added = Store.release
    monkeypatch.setattr(
        Store, "release", lambda store, row: 1 / 0 if store.releases() else added(store, row)
    )
    with pytest.raises(ZeroDivisionError):
        release_class(place, PUBLISH, Progress())
    monkeypatch.setattr(Store, "release", added)
    assert release_class(place, PUBLISH, Progress()).changed == ("kerb001",)
    with open_store(place.results) as store:
        assert [one.kerberos for one in store.releases()] == ["kerb000", "kerb001"]
        assert store.pages_behind(1, pages_key()) == 0
        assert store.pages_behind(1, "another") == 2


def test_parts_are_a_row_each_with_what_people_said(place: ClassPlace) -> None:
    item = AppliedItem(id="x", share=0.5, title="@half", times=2)
    finish(place, items=(item,), flag="-sure?")
    with open_store(place.results) as store:
        today = class_today(store, place)
    zips = {one.row.kerberos: one.standing.hand_in.zip_sha256 for one in today.standings}
    rows = list(csv.DictReader(io.StringIO(render_parts(today.rows, zips, today.human))))
    assert tuple(rows[0]) == HEADER
    row = next(one for one in rows if (one["kerberos"], one["part"]) == ("kerb001", "3c"))
    assert row["items"] == "'@half ×2"
    assert (row["flag"], row["comment"]) == ("'-sure?", "Half, '=1+1")
    assert (row["author"], row["pending"]) == ("ann", "0")
    assert float(row["points"]) == pytest.approx(float(row["max"]) / 2, abs=0.001)
    machine = next(one for one in rows if one["part"] == "2b")
    assert machine["author"] == ""


def test_one_work_goes_on_at_a_time_and_a_fault_of_it_is_a_sentence() -> None:
    work = Work()
    held = ConfigError("another batch writes")

    def fails(progress: Progress) -> tuple[str, ...]:
        progress.stage("pages")
        assert not work.start("more", "ben", lambda _: ())
        raise held

    assert work.start("Publishing", "ann", fails)
    work.wait()
    assert work.task is not None
    assert (work.task.ended, work.task.failed) == (True, True)
    assert work.task.sentences == ("another batch writes.",)
    assert work.task.progress.words == "Writing feedback pages"
    assert work.start("Publishing", "ann", lambda _: ("done",))
    work.wait()
    assert work.task.sentences == ("done",)


def test_the_command_publishes_by_the_same_function(place: ClassPlace) -> None:
    to = place.results / "parts.csv"
    asked = ["release", str(place.results), "--publish", "--author", "ann", "--parts", str(to)]
    said = CliRunner().invoke(app, asked)
    assert said.exit_code == 0, said.output
    assert "kerb001: 0.8 points not graded yet" in said.output
    assert "1 of 2 grades published." in said.output
    assert to.read_text().startswith("kerberos,name")


def test_a_desk_scores_only_whoever_was_decided_about_anew_and_says_the_same(
    place: ClassPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored: list[str] = []

    def counted(standing: Standing, *rest: Any) -> StandingToday:
        scored.append(standing.hand_in.kerberos)
        return standing_today(standing, *rest)

    monkeypatch.setattr(standings, "standing_today", counted)
    with open_store(place.results) as store:
        memory = Memory(rows=store, standings=KeptStandings())
        first = class_today(store, place, memory=memory)
        assert scored == ["kerb000", "kerb001"]
        assert class_today(store, place, memory=memory) == first
        assert scored == ["kerb000", "kerb001"]
        (before,) = store.decisions("kerb000", "3c")
        changed = {"share": 0.25, "parent": before.uuid}
        store.decide(decided("kerb000", "3c", before.zip_sha256, **changed))
        again = class_today(store, place, memory=memory)
        assert scored[2:] == ["kerb000"]
        assert again != first
        store.release(Release(uuid="r1", kind=ReleaseKind.PUBLISH, kerberos="kerb001"))
        published = class_today(store, place, memory=memory)
        assert scored[3:] == ["kerb001"]
        for found in (again, published):
            assert found.standings != first.standings
        assert published == class_today(store, place)
        class_run.score_class(place.results, None, None, Progress())  # new grades, and pages
        assert class_today(store, place, memory=memory) == class_today(store, place)


def test_to_list_what_is_missing_writes_nothing(place: ClassPlace) -> None:
    def files() -> dict[Path, int]:
        found = (one for one in place.results.rglob("*") if one.is_file())
        return {one: one.stat().st_mtime_ns for one in found if ".store" not in one.parts}

    before = files()
    said = CliRunner().invoke(app, ["release", str(place.results)])
    assert said.exit_code == 0, said.output
    assert "for 1 student:\n- kerb001: 0.8 points not graded yet" in said.output
    assert "feedback of 2 students does not show the newest points" in " ".join(said.output.split())
    assert files() == before

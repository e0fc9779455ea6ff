"""Release: what is missing, publishing and taking back, feedback by the platforms' names."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grader.batch.records import ClassRow, State
from grader.batch.store.rows import HandInRow, Standing
from grader.batch.store.store import open_store
from grader.intake.hand_in import HandIn
from grader.model.assignment import load_assignment
from grader.model.records import (
    AppliedItem,
    Decision,
    DecisionKind,
    Mark,
    ReleaseKind,
    RequestEvent,
    RequestKind,
    Rubric,
    RubricItem,
    Show,
)
from grader.review.releasing import (
    ReleaseRequest,
    feedback_name,
    feedback_zip,
    missing_before_release,
    plan_release,
    release_grades,
)
from grader.scoring.overrides import human_grades
from tests.factories import decision

ASSIGNMENT = load_assignment()
ZIPS = {"jdoe": "a" * 64}
ROW = ClassRow(kerberos="jdoe", course="6.869", state=State.GRADED, total=9.0)
OPENED = RequestEvent(
    uuid="q1", request="q1", kerberos="jdoe", part_id="3c", kind=RequestKind.OPENED
)
ITEM = AppliedItem(id="how", share=0.4, title="How")


def missing(
    *decisions: Decision, row: ClassRow = ROW, requests: tuple[RequestEvent, ...] = ()
) -> list[tuple[str, str]]:
    human = human_grades(decisions, (), ASSIGNMENT)
    found = missing_before_release([row], ZIPS, human, decisions, requests)
    return [(one.part_id, one.why) for one in found]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (replace(ROW, pending=0.8), "0.8 points not graded yet"),
        (replace(ROW, state=State.MISSING, total=None), "no submission"),
        (replace(ROW, state=State.REJECTED, total=None, sentence="No zip"), "cannot be graded"),
    ],
)
def test_who_is_not_graded_is_missing(row: ClassRow, why: str) -> None:
    ((part, said),) = missing(row=row)
    assert part == ""
    assert why in said


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (decision(flag="Copied?", share=1.0), "flagged by ta1: Copied?"),
        (decision(share=0.5), "loses points without a word"),
        (decision(share=0.5, comment="Ends?"), ""),
        (decision(share=0.5, items=(ITEM,)), ""),
        (decision(share=1.0), ""),
        (decision(share=0.5, zip_sha256="b" * 64), ""),
        (decision(share=0.0, kind=DecisionKind.CONFLICT), "a conflict"),
        (decision(share=0.0, kind=DecisionKind.SECOND), ""),
    ],
)
def test_flags_conflicts_and_points_lost_without_a_word_are_missing(
    made: Decision, why: str
) -> None:
    found = missing(made)
    assert [part for part, _ in found] == (["3c"] if why else [])
    assert all(why in said for _, said in found)


def test_items_for_staff_alone_are_no_word_to_the_student() -> None:
    hidden, shown = (RubricItem(id=one, share=-0.5, title=one) for one in ("hidden", "shown"))
    hidden = replace(hidden, show=Show.NEVER)
    rubric = Rubric(part_id="3c", items=(hidden, shown), number=2, parent=1)

    def lost(*ids: str, **more: Any) -> list[tuple[str, str]]:
        items = tuple(AppliedItem(id=one, share=-0.5, title=one) for one in ids)
        made = decision(share=0.5, items=items, rubric_number=2, **more)
        human = human_grades([made], [rubric], ASSIGNMENT)
        found = missing_before_release([ROW], ZIPS, human, [made], ())
        return [(one.part_id, one.why.partition(" (")[0]) for one in found]

    said = [("3c", "loses points without a word")]
    assert lost("hidden") == said
    assert lost("hidden", "shown") == lost("hidden", comment="Ends?") == []
    mark = Mark(page=1, box=(0.1, 0.1, 0.2, 0.2), text="Here")
    assert lost("hidden", marks=(mark,)) == []
    assert lost("hidden", marks=(replace(mark, text="", item_id="hidden"),)) == said


def test_a_second_reading_with_other_points_is_missing_until_it_is_settled() -> None:
    first = decision(share=1.0, uuid="a")
    same = decision(share=1.0, uuid="b", kind=DecisionKind.SECOND, author="ta2")
    other = replace(same, uuid="c", share=0.5)
    assert missing(first, same) == []
    assert missing(first, same, other) == [("3c", "ta2 gives other points in a second reading")]
    assert missing(first, other, same) == []  # read again, and changed
    settles = replace(first, uuid="d", parent="a", settles=("c",))
    assert missing(first, other, settles) == []


def test_a_regrade_request_is_missing_until_it_is_answered() -> None:
    assert missing(requests=(OPENED,)) == [("3c", "a regrade request waits for an answer")]
    kept = replace(OPENED, uuid="q2", kind=RequestKind.KEPT)
    assert missing(requests=(OPENED, kept)) == []
    again = replace(OPENED, uuid="q3", kind=RequestKind.REOPENED)
    assert missing(requests=(OPENED, kept, again)) != []


def standing(kerberos: str = "jdoe") -> Standing:
    hand_in = HandIn(path=Path(), kerberos=kerberos, course="6.869")
    row = HandInRow(hand_in=hand_in, zip_sha256="a" * 64, cache_key="k", role="counted")
    return Standing(hand_in=row, run_id=None, run=None, grade=None)


def test_grades_are_published_once_and_taken_back(tmp_path: Path) -> None:
    publish = ReleaseRequest(kind=ReleaseKind.PUBLISH, kerberos=frozenset(), author="head")
    withdraw = replace(publish, kind=ReleaseKind.WITHDRAW)
    waiting = replace(ROW, kerberos="bsmith", pending=0.8)
    rows = {"jdoe": ROW, "bsmith": waiting}
    standings = [standing("bsmith"), standing("jdoe")]
    human = human_grades((), (), ASSIGNMENT)
    found = missing_before_release(rows.values(), {}, human, (), ())
    with open_store(tmp_path) as store:

        def release(request: ReleaseRequest) -> tuple[str, ...]:
            plan = plan_release(standings, rows, found, store.releases(), request)
            return release_grades(store, plan)

        def published() -> set[str]:
            return set(human_grades((), (), ASSIGNMENT, store.releases()).published)

        assert release(publish) == ("jdoe",)
        assert release(publish) == ()
        assert published() == {"jdoe"}
        assert release(replace(publish, anyway=True)) == ("bsmith",)
        rows["jdoe"] = replace(ROW, total=10.0)
        assert release(publish) == ("jdoe",)  # other points than those that are out
        assert release(replace(withdraw, kerberos=frozenset({"jdoe"}))) == ("jdoe",)
        assert published() == {"bsmith"}
        assert release(withdraw) == ("bsmith",)
        assert [one.author for one in store.releases()] == ["head"] * 5


@pytest.mark.parametrize(
    ("platform", "source", "name"),
    [
        ("canvas", "doejane_12_345_jdoe.zip", "doejane_12_345_feedback.pdf"),
        ("canvas", "doejane_LATE_12_345_jdoe-1.zip", "doejane_LATE_12_345_feedback.pdf"),
        ("canvas", "renamed.zip", "jdoe.pdf"),
        ("gradescope", "export/submission_77/jdoe.zip", "submission_77/feedback.pdf"),
        ("", "jdoe.zip", "jdoe.pdf"),
    ],
)
def test_feedback_has_the_names_that_the_platform_gave(
    tmp_path: Path, platform: str, source: str, name: str
) -> None:
    hand_in = HandIn(path=Path(), kerberos="jdoe", course="6.869", source=source, platform=platform)
    assert feedback_name(hand_in) == name
    (tmp_path / "jdoe").mkdir()
    (tmp_path / "jdoe" / "feedback.pdf").write_bytes(b"%PDF")
    packed = feedback_zip([hand_in, replace(hand_in, kerberos="none")], tmp_path)
    with zipfile.ZipFile(io.BytesIO(packed)) as opened:
        assert {one: opened.read(one) for one in opened.namelist()} == {name: b"%PDF"}

"""Graders on laptops of their own: rows are merged by uuid, and nothing is lost or doubled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from grader.batch.store.store import Store, open_store
from grader.model.records import (
    Mark,
    Place,
    Release,
    ReleaseKind,
    RequestEvent,
    RequestKind,
    Rubric,
    RubricItem,
    in_force,
    open_conflicts,
)
from grader.model.records.codec import to_json
from grader.review.exchange import ClassHere, export_rows, import_rows
from reference.errors import ConfigError
from tests.factories import decision


def merge(store: Store, text: str) -> tuple[int, int, int]:
    merged = import_rows(store, text, where="rows.jsonl")
    return merged.added, merged.known, len(merged.conflicts)


def test_all_rows_come_over_and_none_twice(tmp_path: Path) -> None:
    with open_store(tmp_path / "a") as one, open_store(tmp_path / "b") as other:
        item = RubricItem(id="how", share=1.0, title="How")
        one.save_rubric(Rubric(part_id="3c", parent=1, items=(item,), author="ta1"))
        one.decide(decision(uuid="d1"))
        one.decide(decision(uuid="d2", parent="d1", share=1.0))
        one.release(Release(uuid="r1", kind=ReleaseKind.PUBLISH, kerberos="jdoe"))
        one.note_request(
            RequestEvent(
                uuid="q1", request="q1", kerberos="jdoe", part_id="3c", kind=RequestKind.OPENED
            )
        )
        seen = {"kerberos": "jdoe", "part_id": "3c", "zip_sha256": "z", "author": "ta1"}
        one.note_places([Place(uuid="p1", pages=(2,), **seen)])
        text = export_rows(one)
        assert merge(other, text) == (6, 0, 0)
        assert merge(other, text) == (0, 6, 0)
        assert other.places() == one.places()
        assert other.decisions() == one.decisions()
        assert other.releases() == one.releases()
        assert other.requests() == one.requests()
        assert other.broken_chains() == ()


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_in_any_order_every_decision_is_there_and_one_is_in_force(
    tmp_path: Path, order: tuple[str, str]
) -> None:
    texts = {}
    for name in ("a", "b"):
        with open_store(tmp_path / name) as store:
            store.decide(decision(uuid=f"{name}1", share=0.25 if name == "a" else 0.75))
            store.decide(decision(uuid=f"{name}2", parent=f"{name}1", share=1.0, author=name))
            store.decide(decision(uuid=f"{name}3", kerberos=name))
            texts[name] = export_rows(store)
    with open_store(tmp_path / "merged") as store:
        for name in order:
            import_rows(store, texts[name], where=name)
        rows = store.decisions()
    assert {one.uuid for one in rows} == {"a1", "a2", "a3", "b1", "b2", "b3"}
    assert len(in_force(rows)) == 3
    assert {one.uuid[0] for one in open_conflicts(rows)} <= {order[1]}


def test_a_rubric_that_met_another_one_is_told(tmp_path: Path) -> None:
    with open_store(tmp_path / "a") as one, open_store(tmp_path / "b") as other:
        for store, author in ((one, "ta1"), (other, "ta2")):
            store.save_rubric(Rubric(part_id="3c", parent=1, author=author))
        assert merge(other, export_rows(one)) == (0, 1, 1)
        newest = other.rubric("3c")
        assert newest is not None
        assert newest.author == "ta2"


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"kind": "verdict", "row": {}}', '{"kind": "decision", "row": {}}']
)
def test_a_bad_line_adds_nothing(tmp_path: Path, line: str) -> None:
    with open_store(tmp_path / "a") as one, open_store(tmp_path / "b") as other:
        one.decide(decision())
        with pytest.raises(ConfigError, match=r"rows\.jsonl:2: expected a row"):
            merge(other, export_rows(one) + line + "\n")
        assert other.decisions() == ()


HERE = ClassHere(
    offering="pset", parts=frozenset({"3c"}), zips={"jdoe": "a" * 64, "absent": "", "again": "new"}
)


def test_rows_that_count_for_nobody_here_are_kept_and_told(tmp_path: Path) -> None:
    with open_store(tmp_path / "a") as one, open_store(tmp_path / "b") as other:
        for row in (
            decision(),
            decision(kerberos="nobody"),
            decision(kerberos="../../etc"),
            decision(part_id="9z"),
            decision(kerberos="again", zip_sha256="old"),
        ):
            one.decide(row)
        one.release(Release(uuid="r1", kind=ReleaseKind.PUBLISH, kerberos="nobody"))
        seen = {"kerberos": "jdoe", "zip_sha256": "a" * 64, "author": "ta1"}
        one.note_places([Place(uuid="p1", part_id="names", pages=(1,), **seen)])
        text = export_rows(one)
        merged = import_rows(other, text, where="rows", here=HERE)
        assert merged.added == 7
        assert merged.of_nobody == (
            (
                "3 rows are kept but count for nobody here, about students who are not in this "
                "class: nobody 3(c), ../../etc 3(c), nobody"
            ),
            (
                "1 row is kept but counts for nobody here, about parts that pset does not have: "
                "jdoe 9(z)"
            ),
            (
                "1 row is kept but counts for nobody here, about other hand-ins than those that "
                "count here: again 3(c)"
            ),
        )
        assert import_rows(other, text, where="rows", here=HERE).of_nobody == ()  # told once
        assert len(other.decisions()) == 5


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"author": "ann\n<b>" * 60}, "author: expected at most 200 characters of one line"),
        ({"author": "ann\nben"}, "author: expected at most 200 characters of one line"),
        ({"noted_at": "2099-01-01T00:00:00+00:00"}, "noted_at: expected a time that has been"),
        ({"noted_at": "2021-01-01T00:00:00"}, "noted_at: expected a time that has been"),
        ({"noted_at": "yesterday"}, "noted_at: expected a time that has been"),
        ({"marks": (Mark(page=999, box=(5, 6, 7, 9)),)}, "marks: expected a box on a page"),
        ({"marks": (Mark(page=0, box=(0.1, 0.1, 0.2, 0.2)),)}, "marks: expected a box on a page"),
    ],
)
def test_what_no_desk_would_have_written_is_refused_with_its_line(
    tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    good, bad = decision(uuid="d1"), decision(uuid="d2", kerberos="other", **changes)
    lines = (
        json.dumps({"kind": "decision", "row": json.loads(to_json(one))}) for one in (good, bad)
    )
    with open_store(tmp_path) as store:
        with pytest.raises(ConfigError, match=rf"rows\.jsonl:2: {told}"):
            import_rows(store, "\n".join(lines), where="rows.jsonl")
        assert store.decisions() == ()

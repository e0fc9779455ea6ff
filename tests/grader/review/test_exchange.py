"""Graders on laptops of their own: rows are merged by uuid, and nothing is lost or doubled."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.batch.store.store import Store, open_store
from grader.model.records import (
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
from grader.review.exchange import export_rows, import_rows
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

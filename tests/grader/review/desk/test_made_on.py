"""A form says what it was made on; what its sender has not seen is not replaced, nor settled."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import pytest

from grader.model.records.decisions import DecisionKind, open_conflicts
from grader.model.resources import templates
from grader.review.desk.access import Role
from tests.grader.review.desk.conftest import Opened
from tests.grader.review.desk.test_requests_on_desk import send


def changed_rubric(opened: Opened, form: dict[str, str]) -> dict[str, str]:
    opened.ledger.save_rubric(replace(opened.ledger.made[-1], parent=2))
    return form


def earlier_zip(_: Opened, form: dict[str, str]) -> dict[str, str]:
    return form | {"zip": "0" * 64, "parent": uuid4().hex}


def other_points(_: Opened, form: dict[str, str]) -> dict[str, str]:
    return form | {"of": "7.5", "adjust": "0.1"}


def lost_reply(opened: Opened, form: dict[str, str]) -> dict[str, str]:
    opened.client().post(f"{opened.answer()}/decision", data=form)
    return form | {"item": "right"}


@pytest.mark.parametrize("change", [changed_rubric, earlier_zip, other_points, lost_reply])
def test_an_old_form_is_refused_once_and_told_what_it_is_made_on_from_then(
    opened: Opened, change: Callable[[Opened, dict[str, str]], dict[str, str]]
) -> None:
    there, client = f"{opened.answer()}/decision", opened.client()
    form = change(opened, opened.form())
    before = len(opened.ledger.rows)
    said = client.post(there, data=form)
    assert (said.status_code, said.json()["state"]) == (409, "outdated")
    assert len(opened.ledger.rows) == before
    assert client.post(there, data=form | said.json()["now"]).json()["state"] == "saved"
    assert opened.ledger.rows[-1].kind is DecisionKind.HUMAN


@pytest.mark.parametrize("change", [changed_rubric, earlier_zip, other_points, lost_reply])
def test_an_old_form_never_replaces_what_somebody_decided_since(
    opened: Opened, change: Callable[[Opened, dict[str, str]], dict[str, str]]
) -> None:
    there, client = f"{opened.answer()}/decision", opened.client("ann", Role.GRADER)
    form = change(opened, opened.form())
    theirs = opened.form(item="none", comment="ben's")
    opened.client("ben", Role.GRADER).post(there, data=theirs)
    now = client.post(there, data=form).json()["now"]
    assert client.post(there, data=form | now).json()["state"] == "conflict"
    assert opened.ledger.rows[-1].kind is DecisionKind.CONFLICT
    assert opened.ledger.decisions()[-2].comment == "ben's"


def test_a_head_settles_only_what_the_page_showed(opened: Opened) -> None:
    there, head = opened.answer(), opened.client("hal")
    forms = [opened.form(comment=name) for name in ("ann", "ben", "cai")]
    for name, form in zip(("ann", "ben"), forms, strict=False):
        opened.client(name, Role.GRADER).post(f"{there}/decision", data=form)
    won, lost = opened.ledger.rows
    anew = opened.form(item="right")
    settle = {"uuid": uuid4().hex, "parent": won.uuid, "keep": lost.uuid, "beside": lost.uuid}
    assert f'name="beside" value="{lost.uuid}"' in head.get(f"{there}/compare").text
    assert f'name="beside" value="{lost.uuid}"' in head.get(there).text
    opened.client("cai", Role.GRADER).post(f"{there}/decision", data=forms[2])
    unseen = opened.ledger.rows[-1]
    said = head.post(f"{there}/settle", data=settle)
    assert (said.status_code, said.json()["state"]) == (409, "outdated")
    assert head.post(f"{there}/decision", data=anew).json()["state"] == "saved"
    assert open_conflicts(opened.ledger.rows) == (unseen,)


def test_what_was_decided_and_taken_back_meanwhile_is_told_so(opened: Opened) -> None:
    there, form = opened.answer(), opened.form()
    ben = opened.client("ben", Role.GRADER)
    ben.post(f"{there}/decision", data=opened.form())
    ben.post(f"{there}/undo", data={"uuid": uuid4().hex, "parent": opened.ledger.rows[0].uuid})
    said = opened.client("ann").post(f"{there}/decision", data=form).json()
    assert said["state"] == "conflict"
    assert said["sentence"].startswith("This answer was decided, and that was taken back, since")


@pytest.mark.parametrize("way", ["reply", "kept", "decision"])
def test_a_request_is_answered_only_where_all_that_was_said_was_read(
    opened: Opened, way: str
) -> None:
    client, there = opened.client(), opened.answer()
    send(opened, client, "opened", "Why half?")
    old = opened.form(answer="See there.")
    assert f'name="thread" value="{old["thread"]}"' in client.get(there).text
    send(opened, client, "kept", "It stays.")
    send(opened, client, "reopened", "But look at page 3!")
    if way == "decision":
        said = client.post(f"{there}/decision", data=old).json()
        assert client.post(f"{there}/decision", data=old | said["now"]).is_success
    else:
        said = send(opened, client, way, "See there.", thread=old["thread"])
    assert said["state"] == "outdated"
    assert "Something was said about this request meanwhile" in said["sentence"]
    assert len(opened.ledger.events) == (4 if way == "decision" else 3)


def test_points_are_not_kept_in_words_where_somebody_changed_them_meanwhile(
    opened: Opened,
) -> None:
    client = opened.client()
    send(opened, client, "opened", "Why half?")
    shown = opened.form()["parent"]
    opened.client("ben").post(f"{opened.answer()}/decision", data=opened.form(item="right"))
    said = send(opened, client, "kept", "They stay.", parent=shown)
    assert said["state"] == "outdated"
    assert len(opened.ledger.events) == 1


def test_no_browser_fills_in_what_another_page_sent() -> None:
    """Going back, it would fill hidden fields and boxes with those of a page that is gone."""
    forms = [
        tag
        for page in (templates() / "review").glob("*.j2")
        for tag in re.findall(r"<form[^>]*>", page.read_text(encoding="utf-8"))
        if "data-post" in tag or "id=" in tag
    ]
    assert len(forms) > 8
    assert [tag for tag in forms if 'autocomplete="off"' not in tag] == []

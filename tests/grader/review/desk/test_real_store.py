"""The desk on a store of its own, beside another writer: what a class has."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from grader.batch.store.store import open_store
from grader.model.records.decisions import Decision, DecisionKind, in_force
from grader.review.desk.access import Reviewer, Role
from grader.review.desk.guard import loopback
from grader.review.desk.routes import application
from grader.review.desk.server import DeskRequest, make_desk
from reference.errors import ConfigError
from tests.factories import ASSIGNMENT
from tests.grader.batch.store.conftest import postgresql, url
from tests.grader.review.desk.conftest import ORIGIN, PORT
from tests.grader.review.desk.synthetic import hand_in_again, write_class

ROUNDS = 20

__all__ = ["postgresql", "url"]


def test_two_graders_over_http_on_the_real_store_lose_nothing(
    tmp_path: Path, url: str | None
) -> None:
    with open_store(tmp_path, url) as store:
        write_class(tmp_path, store, 2)
        request = DeskRequest(
            results=tmp_path, assignment=ASSIGNMENT, offering=ASSIGNMENT.name, reviewers=()
        )
        desk = make_desk(request, store, store, loopback(PORT))
        seat = desk.attendance.room.order("3c")[0]
        there = f"/part/3c/answers/{seat.code}/decision"
        clients = {}
        for name in ("ann", "ben"):
            client = TestClient(application(desk), base_url=ORIGIN)
            client.headers["sec-fetch-site"] = "same-origin"
            token = desk.doors.link_for(Reviewer(name=name, role=Role.GRADER))
            client.post("/enter", data={"token": token})
            clients[name] = client
        newest, states = "", []
        with ThreadPoolExecutor(2) as at_once:
            for _ in range(ROUNDS):
                form = {"parent": newest, "zip": seat.zip_sha256, "rubric": "1", "nothing": "1"}
                sent = [
                    at_once.submit(
                        client.post, there, data=form | {"uuid": uuid4().hex, "comment": name}
                    )
                    for name, client in clients.items()
                ]
                said = [one.result().json() for one in sent]
                states.append(sorted(one["state"] for one in said))
                newest = next(one["uuid"] for one in said if one["state"] == "saved")
        rows = store.decisions(seat.kerberos, "3c")
        held = in_force(rows)
        assert states == [["conflict", "saved"]] * ROUNDS
        assert len(rows) == 2 * ROUNDS
        assert [one.uuid for one in held.values()] == [newest]
        assert sum(row.kind is DecisionKind.CONFLICT for row in rows) == ROUNDS


def test_a_later_hand_in_needs_grading_again_and_shows_the_earlier_decision(
    tmp_path: Path, url: str | None
) -> None:
    with open_store(tmp_path, url) as store:
        write_class(tmp_path, store, 2)
        request = DeskRequest(
            results=tmp_path, assignment=ASSIGNMENT, offering=ASSIGNMENT.name, reviewers=()
        )
        seat = make_desk(request, store, store, loopback(PORT)).attendance.room.order("3c")[0]
        given = Decision(
            uuid=uuid4().hex,
            kerberos=seat.kerberos,
            part_id="3c",
            zip_sha256=seat.zip_sha256,
            share=0.5,
            author="ann",
        )
        store.decide(given)
        hand_in_again(store, seat.kerberos, "f" * 64)
        desk = make_desk(request, store, store, loopback(PORT))
        client = TestClient(application(desk), base_url=ORIGIN)
        client.headers["sec-fetch-site"] = "same-origin"
        token = desk.doors.link_for(Reviewer(name="ann", role=Role.GRADER))
        client.post("/enter", data={"token": token})
        html = client.get(f"/part/3c/answers/{seat.code}").text
        assert "Before this hand-in, ann graded" in html
        assert "It does not count for this one." in html
        assert "This hand-in has not run yet" in html
        assert 'id="offered"' not in html
        again = {"uuid": uuid4().hex, "offered": given.uuid, "zip": "f" * 64, "rubric": "1"}
        for form in ("take-over", "decision"):
            said = client.post(f"/part/3c/answers/{seat.code}/{form}", data=again)
            assert (said.status_code, "has not run yet" in said.json()["sentence"]) == (422, True)
        assert len(store.decisions()) == 1


def test_a_folder_without_a_class_is_a_sentence(tmp_path: Path) -> None:
    request = DeskRequest(
        results=tmp_path, assignment=ASSIGNMENT, offering=ASSIGNMENT.name, reviewers=()
    )
    with open_store(tmp_path) as store, pytest.raises(ConfigError, match="make batch"):
        make_desk(request, store, store, loopback(PORT))

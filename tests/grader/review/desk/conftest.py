from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, sync_playwright
from starlette.testclient import TestClient

from grader.batch.store.store import FOLDER, Store, open_store
from grader.model.records.decisions import Decided, Decision, DecisionKind, open_conflicts
from grader.model.records.places import Place
from grader.model.records.releases import RequestEvent
from grader.model.records.rubrics import Rubric, RubricItem, RubricSaved
from grader.review.desk.access import Reviewer, Role
from grader.review.desk.asked import Desk
from grader.review.desk.classroom import KEY_FILE
from grader.review.desk.guard import loopback
from grader.review.desk.ledger import Ledger
from grader.review.desk.remembered import Remembered
from grader.review.desk.routes import application
from grader.review.desk.server import DeskRequest, make_desk
from tests.factories import ASSIGNMENT
from tests.grader.review.desk.synthetic import write_class

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
STUDENTS = 6
PORT = 8690
AT = "2026-11-30T10:00:00.000+00:00"
ORIGIN = f"http://127.0.0.1:{PORT}"
ITEMS = (
    RubricItem(id="right", share=1.0, title="Right and explained", group="Answer", one_of=True),
    RubricItem(id="half", share=0.5, title="Right, not explained", group="Answer", one_of=True),
    RubricItem(id="none", share=0.0, title="No answer", group="Answer", one_of=True),
    RubricItem(id="slip", share=-0.1, title="A slip of notation", group="Slips"),
)
RUBRIC = Rubric(part_id="3c", items=ITEMS, author="ann", reason="first", parent=1, number=2)


class Memory:
    """A store's decisions and rubrics for one test, of a class that all tests share."""

    def __init__(self) -> None:
        self.rows: list[Decision] = []
        self.made: list[Rubric] = [RUBRIC]
        self.events: list[RequestEvent] = []
        self.placed: list[Place] = []

    def decide(self, decision: Decision) -> Decided:
        known = [row for row in self.rows if row.key == decision.key and row.counts]
        newest = known[-1] if known else None
        if decision.parent == (newest.uuid if newest else ""):
            self.rows.append(replace(decision, noted_at=AT))
            return Decided(in_force=decision)
        self.rows.append(replace(decision, kind=DecisionKind.CONFLICT, noted_at=AT))
        return Decided(in_force=newest, conflict=self.rows[-1])

    def decisions(
        self, kerberos: str | None = None, part_id: str | None = None
    ) -> tuple[Decision, ...]:
        return tuple(
            row
            for row in self.rows
            if kerberos in (None, row.kerberos) and part_id in (None, row.part_id)
        )

    def rubrics(self, part_id: str | None = None) -> tuple[Rubric, ...]:
        return tuple(one for one in self.made if part_id in (None, one.part_id))

    def requests(self) -> tuple[RequestEvent, ...]:
        return tuple(self.events)

    def note_request(self, event: RequestEvent) -> None:
        if event.uuid not in {one.uuid for one in self.events}:
            self.events.append(replace(event, noted_at=AT))

    def places(self) -> tuple[Place, ...]:
        return tuple(self.placed)

    def note_places(self, places: Iterable[Place]) -> None:
        self.placed += [one for one in places if one.uuid not in {row.uuid for row in self.placed}]

    def rubric(self, part_id: str) -> Rubric | None:
        return next(reversed(self.rubrics(part_id)), None)

    def save_rubric(self, rubric: Rubric) -> RubricSaved:
        known = self.rubric(rubric.part_id)
        if rubric.parent != (known.number if known else 1):
            return RubricSaved(in_force=known, conflict=rubric)
        made = replace(rubric, number=rubric.parent + 1)
        self.made.append(made)
        return RubricSaved(in_force=made)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])


@dataclass(frozen=True)
class ClassOnDisk:
    results: Path
    store: Store
    names: tuple[str, ...]


@pytest.fixture(scope="session")
def class_on_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClassOnDisk]:
    """Six students as `make batch` leaves them; no test writes to it."""
    results = tmp_path_factory.mktemp("desk")
    with open_store(results) as store:
        (results / FOLDER / KEY_FILE).write_bytes(bytes(range(32)))  # the same order in every run
        yield ClassOnDisk(results, store, write_class(results, store, STUDENTS))


@dataclass
class Opened:
    """A desk over a class that is shared, with decisions of its own."""

    desk: Desk
    ledger: Any
    origin: str = ORIGIN

    def client(self, name: str = "ann", role: Role = Role.HEAD) -> TestClient:
        """A browser with a session of its own."""
        client = TestClient(application(self.desk), base_url=self.origin, follow_redirects=False)
        client.headers["sec-fetch-site"] = "same-origin"
        if role is not Role.NOBODY:
            token = self.desk.doors.link_for(Reviewer(name=name, role=role))
            assert client.post("/enter", data={"token": token}).json()["state"] == "entered"
        return client

    def answer(self, place: int = 0, part: str = "3c") -> str:
        return f"/part/{part}/answers/{self.desk.attendance.room.order(part)[place].code}"

    def form(self, place: int = 0, part: str = "3c", **fields: str) -> dict[str, str]:
        """Fields as the page of that answer has them now."""
        room = self.desk.attendance.room
        seat = room.order(part)[place]
        rows = self.ledger.decisions(seat.kerberos, part)
        mine = [row for row in rows if row.counts]
        said = [one for one in self.ledger.requests() if one.kerberos == seat.kerberos]
        rubric = self.ledger.rubric(part)
        made = {
            "uuid": uuid4().hex,
            "parent": mine[-1].uuid if mine else "",
            "zip": seat.zip_sha256,
            "rubric": str(rubric.number if rubric else 1),
            "thread": said[-1].uuid if said else "",
            "beside": " ".join(row.uuid for row in open_conflicts(rows)),
            "item": "half",
        }
        return made | fields


@pytest.fixture
def opened(class_on_disk: ClassOnDisk) -> Opened:
    return open_over(class_on_disk)


def open_over(
    shared: ClassOnDisk, *, blind: bool = False, port: int = PORT, ledger: Ledger | None = None
) -> Opened:
    """A desk with decisions in memory, or in the ledger that is named."""
    kept = ledger or Memory()
    request = DeskRequest(
        results=shared.results,
        assignment=ASSIGNMENT,
        offering=ASSIGNMENT.name,
        reviewers=(),
        blind=blind,
    )
    desk = make_desk(request, shared.store, kept, loopback(port))
    return Opened(desk, kept, f"http://127.0.0.1:{port}")


def open_on_store(shared: ClassOnDisk, *, blind: bool = False, port: int = PORT) -> Opened:
    """A desk whose decisions are in the class's own store, as `make review` opens it."""
    return open_over(shared, blind=blind, port=port, ledger=Remembered(shared.store))

"""A class whose answers to 3(c) stand in every way that an answer can."""

from __future__ import annotations

import json
from dataclasses import replace
from uuid import uuid4

from grader.batch.records import State
from grader.model.records.decisions import Decision
from grader.review.desk.access import Reviewer, Role
from tests.grader.review.desk.conftest import Opened

DOUBLE, SECOND, FLAGGED, OFFERED, OPEN, NOT_RUN, SCAN = range(7)
"""Answers to 3(c), by how they stand."""
SCANNED = "kerb006"


def place(opened: Opened, which: int) -> int:
    """Return the place in the order of 3(c) of the answer that stands so."""
    names = [seat.kerberos for seat in opened.desk.attendance.room.order("3c")]
    others = [name for name in names if name != SCANNED]
    return names.index((*others, SCANNED)[which])


def code(opened: Opened, which: int) -> str:
    return opened.answer(place(opened, which)).rpartition("/")[2]


def prepare(opened: Opened) -> None:
    """Let answers stand in every way."""
    object.__setattr__(opened.desk, "people", (Reviewer(name="ben", role=Role.GRADER),))
    room = opened.desk.attendance.room
    waits = room.order("3c")[place(opened, NOT_RUN)]
    changed = replace(waits, state=State.WAITING, parts={})
    opened.desk.attendance._room = replace(
        room, seats=tuple(changed if one is waits else one for one in room.seats)
    )
    mark = json.dumps({"page": 1, "box": [0.1, 0.1, 0.5, 0.2], "text": "Which **end**?"})
    full = {"comment": "Say $x_1$", "note": "As on page 3", "mark": mark}
    late = form(opened, DOUBLE, item="right")
    decide(opened, "ann", DOUBLE, **full)
    decided(opened, "ben", DOUBLE, late)
    decide(opened, "ann", SECOND, **full)
    decide(opened, "ben", SECOND, item="right", second="100")
    asks = {"uuid": uuid4().hex, "kind": "opened", "text": "Why **half**?"}
    opened.client().post(f"/part/3c/answers/{code(opened, SECOND)}/request", data=asks)
    decide(opened, "ann", FLAGGED, flag="Is this enough?")
    opened.ledger.decide(
        Decision(
            uuid=uuid4().hex,
            kerberos=room.order("3c")[place(opened, OFFERED)].kerberos,
            part_id="3c",
            zip_sha256="0" * 64,
            share=0.5,
            author="ann",
            comment="Of the earlier zip",
        )
    )


def form(opened: Opened, which: int, **fields: str) -> dict[str, str]:
    return opened.form(place(opened, which), **fields)


def decide(opened: Opened, name: str, which: int, **fields: str) -> None:
    decided(opened, name, which, form(opened, which, **fields))


def decided(opened: Opened, name: str, which: int, sent: dict[str, str]) -> None:
    there = f"/part/3c/answers/{code(opened, which)}/decision"
    assert opened.client(name).post(there, data=sent).status_code in {200, 409}

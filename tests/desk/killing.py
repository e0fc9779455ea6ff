"""A desk that is killed while it answers: what was told as saved is there, and nothing is half."""

from __future__ import annotations

import random
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx2 as httpx

from grader.batch.store.store import open_store
from tests.desk.beside import Commands, applied, not_whole
from tests.desk.served import DeskProcess, Person, addresses, desk_process

APPLY_EVERY = 5
"""Before each kill of so many, decisions are applied and a command runs beside the desk."""


@dataclass
class Killed:
    """What came of kills."""

    kills: int = 0
    told: int = 0
    """Decisions of which the desk said that they were saved."""
    there: int = 0
    """Decisions that are in the table."""
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)


def kill_while_it_answers(
    results: Path,
    kills: int,
    chance: random.Random,
    *,
    store: str | None = None,
    part: str = "3c",
) -> Killed:
    """Kill the desk with a decision on its way, again and again; each time it is started anew."""
    done, told = Killed(), set[str]()
    sent: dict[str, str] = {}
    began = time.perf_counter()
    for number in range(kills):
        with (
            desk_process(results, "ann:head", store=store) as desk,
            closing(Person(desk, "ann")) as ann,
        ):
            if number % APPLY_EVERY == APPLY_EVERY - 1:
                done.wrong += _applied_first(desk, ann, results, store)
            address = addresses(ann, part)[number % 2]
            fields = ann.fields(address)
            if fields["parent"] and fields["parent"] not in sent:
                done.wrong.append(f"kill {number}: the page is not of what was sent")
            whole_s = _told_before(ann, address, fields, sent, told)
            delay_s = chance.uniform(0, 1.5 * whole_s)
            _killed_while_sending(desk, ann, address, delay_s, sent, told)
        done.kills += 1
    with open_store(results, store) as opened:
        rows = opened.decisions(part_id=part)
        done.wrong += opened.broken_chains()
    known = {row.uuid: row for row in rows}
    done.wrong += not_whole(results, store)
    done.wrong += [f"{uuid}: told as saved, and not there" for uuid in told - set(known)]
    done.wrong += [f"{uuid}: never sent" for uuid in set(known) - set(sent)]
    done.wrong += [
        f"{uuid}: half of it is there" for uuid, row in known.items() if row.comment != sent[uuid]
    ]
    done.told, done.there = len(told), len(known)
    done.seconds = time.perf_counter() - began
    return done


def _applied_first(desk: DeskProcess, ann: Person, results: Path, store: str | None) -> list[str]:
    """Apply decisions at the desk, then run a command beside it; return what went wrong."""
    commands, said = Commands(results, store), applied(ann)
    commands.once("decisions verify")
    wrong = [said] if said else []
    return [*wrong, *commands.wrong, *not_whole(results, store, desk)]


def _told_before(
    ann: Person, address: str, fields: dict[str, str], sent: dict[str, str], told: set[str]
) -> float:
    """Save one decision in peace; return how long it took."""
    began = time.perf_counter()
    comment = f"in peace {uuid4().hex} " + "x" * 500
    said = ann.decide(address, fields, comment)
    sent[said["uuid"]] = comment
    told.add(said["uuid"])
    return time.perf_counter() - began


def _killed_while_sending(
    desk: DeskProcess,
    ann: Person,
    address: str,
    delay_s: float,
    sent: dict[str, str],
    told: set[str],
) -> None:
    """Send a decision, and kill the desk after some moments, whatever it is at."""
    fields = ann.fields(address)
    comment = f"killed {uuid4().hex} " + "y" * 500
    form = fields | {"uuid": uuid4().hex, "nothing": "1", "comment": comment}
    sent[form["uuid"]] = comment
    timer = threading.Timer(delay_s, desk.kill)
    timer.start()
    try:
        said = ann.client.post(f"{address}/decision", data=form).json()
        if said["state"] == "saved":
            told.add(said["uuid"])
    except (httpx.HTTPError, ValueError):
        pass  # no reply: it may be there or not
    timer.join()

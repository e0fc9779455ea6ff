"""What goes on beside graders: commands in a terminal, a head who applies and publishes."""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

from grader.batch.store.store import DATABASE, FOLDER
from tests.desk.served import DeskProcess, Person, grader_process
from tests.opened_files import deleted_files_of

WORK_S = 120
"""Seconds within which applying or publishing must end on a busy machine."""
TAKES_TURNS = "another batch writes to this folder"
"""What a command, or the desk, says while the other scores."""
CONFIRMED = re.compile(r'name="confirmed" value="([^"]+)"')


class _Beside:
    """Something that goes on in a thread of its own until it is stopped."""

    def __post_init__(self) -> None:
        self.wrong: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._go_on, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, when what is under way has ended."""
        self._stop.set()
        self._thread.join()

    def _go_on(self) -> None:
        raise NotImplementedError


@dataclass
class Commands(_Beside):
    """`grader score`, `decisions verify` and `decisions export`, again and again; once at least."""

    results: Path
    store: str | None
    counted: Counter[str] = field(default_factory=Counter)
    """Runs that ended well, by command."""

    def once(self, *words: str) -> None:
        """Run one command; what it says belongs to it alone."""
        said = self.results.parent / f"said-{words[0]}-{time.monotonic_ns()}.txt"
        first, *more = words
        argv = [*first.split(), str(self.results), *more]
        process = grader_process(argv + (["--store", self.store] if self.store else []), said)
        process.join()
        text = said.read_text() if said.exists() else ""
        if process.exitcode and TAKES_TURNS not in text:
            self.wrong.append(f"grader {first}: exit status {process.exitcode}: {text[-300:]}")
        elif not process.exitcode:
            self.counted[first] += 1

    def _go_on(self) -> None:
        rows = str(self.results.parent / "rows.jsonl")
        every = (("score",), ("decisions verify",), ("decisions export", rows))
        while not self._stop.is_set() or any(not self.counted[words[0]] for words in every):
            for words in every:
                self.once(*words)


def applied(head: Person, kind: str = "update") -> str:
    """Apply all decisions, publish or withdraw at the desk, to the end; return what went wrong.

    Another who scores is waited for.
    """
    ends = time.monotonic() + WORK_S
    while time.monotonic() < ends:
        form = {"kind": kind}
        if kind != "update":
            page = head.client.get(f"/release/confirm?kind={kind}&anyway=1").text
            confirmed = CONFIRMED.search(page)
            if confirmed is None:
                return "" if "There is nothing to" in page else f"{kind}: {page[-600:]}"
            form |= {"confirmed": confirmed[1], "anyway": "1"}
        said = head.client.post("/release", data=form).json()
        if said["state"] != "saved":
            return f"{kind}: {said}"
        while 'hx-get="/release/work"' in (page := head.client.get("/release/work").text):
            time.sleep(0.1)
        if TAKES_TURNS not in page and "points changed after" not in page:
            return f"{kind}: {page[-600:]}" if "stopped" in page else ""
    return f"{kind}: not done within {WORK_S} s"


@dataclass
class Applying(_Beside):
    """A head who applies, publishes and withdraws, again and again."""

    head: Person
    done: int = 0
    """How often it was done to its end."""

    def once(self, kind: str) -> None:
        """Do one of the three."""
        said = applied(self.head, kind)
        self.wrong += [said] if said else []
        self.done += not said

    def _go_on(self) -> None:
        for kind in cycle(("update", "publish", "withdraw")):
            if self._stop.is_set():
                return
            self.once(kind)


def not_whole(results: Path, store: str | None, desk: DeskProcess | None = None) -> list[str]:
    """Return what is wrong with the database's file, or with what a desk has open of it."""
    if store is not None:
        return []
    wrong = []
    if desk is not None:
        wrong = [f"open, and deleted: {one}" for one in deleted_files_of(desk.process.pid or 0)]
    with closing(sqlite3.connect(results / FOLDER / DATABASE)) as database:
        said = [row[0] for row in database.execute("PRAGMA integrity_check")]
    return wrong + [one for one in said if one != "ok"]

"""The class as the desk sees it: seats with codes in place of names, in an order of its own.

An address never holds a name: it holds a code, made with a key that stays in the results folder.
The order in which answers come is drawn with the same key, another one for each part, so that it
has nothing to do with names, and stays the same from day to day.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from grader.batch.records import State
from grader.batch.store.rows import Standing
from grader.batch.store.store import FOLDER, Store
from grader.model.assignment import Assignment
from grader.model.records import GradeSheet, Outcome, PartGrade
from grader.model.records.codec import RecordError, load
from grader.model.records.places import Placed
from grader.model.results_folder import ResultFolder
from grader.model.text import one_line
from grader.review.answers import Answer
from grader.review.desk.hidden import any_of, hide, lines_that_name
from grader.review.piles import Pile
from reference.errors import ConfigError

KEY_FILE = "review.key"
"""In the store's folder; whoever has it can tell codes from names."""
REFRESH_S = 10.0
"""Seconds after which the class is looked at anew, for a batch may run beside the desk."""
_CODE_CHARS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """One student, with the hand-in that counts."""

    kerberos: str
    """Whose."""
    code: str
    """What stands for the name in addresses, and on pages that hide names."""
    name: str
    """Full name; may be empty."""
    course: str
    """Under which the student takes it."""
    zip_sha256: str
    """Digest of the zip that counts; empty where nothing was handed in."""
    state: State
    """What became of it."""
    sentence: str
    """Why it was rejected or failed; empty otherwise."""
    late_coefficient: float
    """What all points are multiplied by."""
    parts: Mapping[str, PartGrade] = field(hash=False)
    """What checks found, by part; empty where nothing was graded."""

    @property
    def not_run(self) -> bool:
        """Whether a zip counts that has not been run: the results folder is of an earlier one."""
        return self.state is State.WAITING and bool(self.zip_sha256)

    def page_address(self, number: int) -> str:
        """Return where the picture of a page of the report is served; another one for a new zip."""
        return f"/students/{self.code}/pages/{number}?v={self.zip_sha256[:12]}"

    def waits_in(self, part_id: str) -> bool:
        """Whether checks left points of the part to a person."""
        part = self.parts.get(part_id)
        return part is not None and part.pending_points > 0

    def answered(self, part_id: str) -> bool:
        """Whether something was handed in for the part that can be read."""
        part = self.parts.get(part_id)
        if part is None or self.state is not State.GRADED:
            return False
        return any(one.outcome is not Outcome.NOT_ATTEMPTED for one in part.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class SortedPart:
    """The answers to a part in piles."""

    told: Placed
    """What people had said about the part's pages."""
    piles: tuple[Pile, ...]
    """Sorted."""
    answers: Mapping[str, Answer]
    """The answers in them, by kerberos."""


@dataclass(frozen=True, kw_only=True)
class Classroom:
    """All seats."""

    seats: tuple[Seat, ...]
    """By kerberos."""
    key: bytes
    """Draws codes and orders."""
    assignment: Assignment
    """What they answered."""
    gone: tuple[str, ...] = ()
    """Kerberos names of those who are not in the class any more, of whom results lie there."""

    @cached_property
    def by_code(self) -> Mapping[str, Seat]:
        """Seats by their codes."""
        return {seat.code: seat for seat in self.seats}

    @cached_property
    def by_kerberos(self) -> Mapping[str, Seat]:
        """Seats by kerberos."""
        return {seat.kerberos: seat for seat in self.seats}

    @cached_property
    def piles(self) -> dict[str, SortedPart]:
        """Parts that were sorted so far."""
        return {}

    @cached_property
    def answers(self) -> dict[str, tuple[Placed, Mapping[str, Answer]]]:
        """By part that was read so far: what people had said about its pages, and the answers."""
        return {}

    @cached_property
    def unplaced(self) -> dict[str, tuple[str, ...]]:
        """Parts that the machine did not find in a report, by kerberos, as far as it was asked."""
        return {}

    @cached_property
    def _orders(self) -> dict[str, tuple[Seat, ...]]:
        return {}

    def order(self, part_id: str) -> tuple[Seat, ...]:
        """Return the seats whose course has points for a part, in the order they are read in."""
        if part_id not in self._orders:
            drawn = sorted(self.seats, key=lambda seat: _drawn(self.key, part_id, seat.kerberos))
            self._orders[part_id] = tuple(
                seat for seat in drawn if self.assignment.max_points(part_id, seat.course) > 0
            )
        return self._orders[part_id]

    def sample(self, part_id: str, percent: int) -> frozenset[str]:
        """Return a drawn share of those who answered a part; a larger one holds a smaller."""
        there = [seat for seat in self.order(part_id) if seat.answered(part_id)]
        drawn = sorted(there, key=lambda seat: _drawn(self.key, "second", part_id, seat.kerberos))
        many = -(-len(drawn) * percent // 100)
        return frozenset(seat.kerberos for seat in drawn[:many])

    @cached_property
    def human_parts(self) -> tuple[str, ...]:
        """Parts of which a person decides somewhere in the class, in the handout's order."""
        return tuple(
            part.id
            for part in self.assignment.parts
            if part.kind == "human" or any(seat.waits_in(part.id) for seat in self.seats)
        )

    @cached_property
    def _names(self) -> re.Pattern[str]:
        known = (*(seat.kerberos for seat in self.seats), *self.gone)
        words = {name for name in known if len(name) > 2}
        words |= {one_line(seat.name) for seat in self.seats if len(seat.name) > 4}
        return any_of(words, together=True)

    def anonymous(self, text: str) -> str:
        """Return text without the names of the class."""
        return hide(text, self._names)

    @cached_property
    def _words(self) -> re.Pattern[str]:
        """Each word of a name by itself, as it is written in it: as names, they are capitalised."""
        words = {word for seat in self.seats for word in seat.name.split() if len(word) > 2}
        return any_of(words, fold=False)

    def names_somebody(self, text: str) -> bool:
        """Whether a text names one of the class, by a part of the name, too."""
        return bool(self._names.search(text) or self._words.search(text))

    def hiding(self, seat: Seat, *, blind: bool, staff: bool = False) -> Callable[[str], str]:
        """Return what each text about a seat goes through on its way to a page.

        Args:
            seat: Whom it is about.
            blind: Whether names are hidden; else a text stays as it is.
            staff: Whether staff wrote it: they know the class, and call anybody by one name.
        """
        if not blind:
            return str
        if not staff:
            return lambda text: self.concealed(text, seat)
        return lambda text: hide(text, self._names, _own(seat), self._words)

    def concealed(self, text: str, seat: Seat) -> str:
        """Return text without the names of the class, and without each word of the seat's own."""
        return hide(text, self._names, _own(seat))

    def lines_naming(self, lines: Sequence[str], seat: Seat) -> frozenset[int]:
        """Return which lines of a page of the seat's are not shown where names are hidden."""
        return lines_that_name(lines, self._names, _own(seat))


def _own(seat: Seat) -> re.Pattern[str]:
    return any_of({seat.kerberos, *(word for word in seat.name.split() if len(word) > 2)})


def _drawn(key: bytes, *words: str) -> bytes:
    return hmac.new(key, "\0".join(words).encode(), hashlib.sha256).digest()


def code_of(key: bytes, kerberos: str) -> str:
    """Return what stands for a name: letters and digits that tell nothing without the key."""
    return base64.b32encode(_drawn(key, "code", kerberos))[:_CODE_CHARS].decode("ascii")


def key_of(results: Path) -> bytes:
    """Return the key of a results folder; drawn when it is first asked for.

    Raises:
        ConfigError: it cannot be written.
    """
    path = results / FOLDER / KEY_FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        made = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(32))
        try:
            os.link(made, path)  # whoever comes first draws it
        except FileExistsError:
            pass
        finally:
            made.unlink()
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: expected a file to write a key to, found: {error}") from error


def read_classroom(store: Store, assignment: Assignment, results: Path, key: bytes) -> Classroom:
    """Return the class as it stands: the newest batch, or else what was graded one by one.

    Who is not in the newest batch is not in the class any more, whatever lies in the folder.
    """
    batch = store.newest_batch()
    folders = [one for one in sorted(results.iterdir()) if not one.name.startswith(".")]
    if batch is not None:
        counted = (one for one in store.standings(batch[0]) if one.hand_in.role != "superseded")
        seats = [_seat_of(one, key) for one in counted]
    else:
        alone = (_seat_alone(ResultFolder(root=folder), key) for folder in folders)
        seats = [one for one in alone if one is not None]
    names = {seat.kerberos for seat in seats}
    return Classroom(
        seats=tuple(sorted(seats, key=lambda seat: seat.kerberos)),
        key=key,
        assignment=assignment,
        gone=tuple(one.name for one in folders if one.name not in names and one.is_dir()),
    )


def _seat_of(standing: Standing, key: bytes) -> Seat:
    hand_in, run, grade = standing.hand_in.hand_in, standing.run, standing.grade
    state = State.MISSING if standing.hand_in.role == "missing" else State.WAITING
    return Seat(
        kerberos=hand_in.kerberos,
        code=code_of(key, hand_in.kerberos),
        name=one_line(hand_in.name),
        course=hand_in.course,
        zip_sha256=standing.hand_in.zip_sha256,
        state=State(run.state) if run else state,
        sentence=run.sentence if run else "",
        late_coefficient=grade.sheet.late_coefficient if grade else 1.0,
        parts={part.id: part for part in grade.sheet.parts} if grade else {},
    )


def _seat_alone(folder: ResultFolder, key: bytes) -> Seat | None:
    try:
        sheet = load(GradeSheet, folder.results)
    except RecordError:
        return None
    return Seat(
        kerberos=sheet.kerberos,
        code=code_of(key, sheet.kerberos),
        name="",
        course=sheet.course,
        zip_sha256=sheet.facts.zip_sha256,
        state=State.GRADED,
        sentence="",
        late_coefficient=sheet.late_coefficient,
        parts={part.id: part for part in sheet.parts},
    )


class Attendance:
    """The class, read anew where something was graded since; never while somebody waits twice."""

    def __init__(self, read: Callable[[], Classroom], stamp: Callable[[], object]) -> None:
        """Take what reads the class, and what differs whenever it would read another one."""
        self._read, self._stamp_of = read, stamp
        self._stamp = stamp()
        self._room = read()
        self._looked = time.monotonic()
        self._lock = threading.Lock()

    @property
    def room(self) -> Classroom:
        """The class as it stands, at most `REFRESH_S` old."""
        if time.monotonic() - self._looked > REFRESH_S and self._lock.acquire(blocking=False):
            try:
                stamp = self._stamp_of()
                if stamp != self._stamp:
                    self._room, self._stamp = self._read(), stamp
                self._looked = time.monotonic()
            finally:
                self._lock.release()
        return self._room

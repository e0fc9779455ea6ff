"""What a page is asked with, and what it needs to answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from grader.batch.store.store import DATABASE, FOLDER, Store
from grader.model.assignment import Assignment
from grader.model.offering_files import offering_place
from grader.model.records.decisions import Decision
from grader.model.records.places import Placed, placed
from grader.model.records.rubrics import Rubric
from grader.model.results_folder import ResultFolder
from grader.outputs.pages.render import environment
from grader.review.desk.access import Doors, Reviewer, Role
from grader.review.desk.classroom import Attendance, Classroom, Seat
from grader.review.desk.forms import Ground, NotTaken
from grader.review.desk.guard import Address
from grader.review.desk.holding import Holding, begun_by_people, holdings
from grader.review.desk.ledger import Ledger, rubric_of
from grader.review.desk.line_file import LineFile
from grader.review.desk.presence import Presence
from grader.review.desk.reveals import Reveals
from grader.review.desk.seen import answer_digest
from grader.review.desk.static import addresses
from grader.review.desk.work import Work
from grader.review.page_pictures import pages_of
from grader.review.publishing import ClassPlace, Memory
from grader.review.standings import KeptStandings


class NotFound(Exception):
    """There is no such part, student or page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """All that stays the same while the desk is open."""

    results: Path
    """Of the class."""
    assignment: Assignment
    """What was to be answered."""
    offering: str
    """Name or folder of it, where its solved notebook is found."""
    ledger: Ledger
    """Decisions and rubrics."""
    attendance: Attendance
    """The class."""
    doors: Doors
    """Who may come in."""
    address: Address
    """Where it is reached."""
    reveals: Reveals
    """Who looked behind a code."""
    moves: LineFile
    """Which answers people put into other piles."""
    links: LineFile
    """Who made whom a new link."""
    people: tuple[Reviewer, ...] = ()
    """For whom the desk was opened."""
    store: Store
    """Runs and grades of the class, and who was told them."""
    work: Work
    """What goes on beside the pages."""
    presence: Presence = field(default_factory=Presence)
    """Who is where."""
    blind: bool = False
    """Whether names are hidden."""
    standings: KeptStandings = field(default_factory=KeptStandings)
    """How students stood when they were asked for last."""
    scored_by: str = ""
    """Offering by which the class was scored when the desk was opened; empty where not noted."""
    identity: object = None
    """Of the store when the desk was opened, see `identity_of`."""
    store_url: str | None = None
    """Of another database than that of the results folder."""

    @property
    def place(self) -> ClassPlace:
        """Where the class is, for what scores and publishes it."""
        return ClassPlace(results=self.results, assignment=self.offering, store=self.store_url)

    @property
    def scores_otherwise(self) -> str:
        """Return a sentence where this desk scores by another offering than the class was last."""
        last = self._another_offering
        if not last:
            return ""
        return (
            f"The class was last scored by the offering {last}; publishing or applying decisions "
            f"from this desk gives everybody points by {self.offering}."
        )

    @property
    def scored_meanwhile(self) -> str:
        """Return a sentence where another offering scored the class since the desk was opened."""
        last = self._another_offering
        if not last or last == self.scored_by:
            return ""
        return (
            f"Somebody scored the class by the offering {last} while this desk was open, and the "
            f"desk goes by {self.offering}: its parts and points are those of before. What is "
            "saved is kept, as a share of the part's points. Close the desk and open it again."
        )

    @property
    def _another_offering(self) -> str:
        last = self.store.scored_by()
        return "" if last in {"", self.offering, offering_place(self.offering)} else last

    @property
    def memory(self) -> Memory:
        """What was read of the class already."""
        return Memory(rows=self.ledger, standings=self.standings)

    @property
    def cookie(self) -> str:
        """Name of the session's cookie; browsers send cookies of one port to all of a host."""
        port = self.address.origin.rpartition(":")[2].strip("/")
        return f"desk_{port}" if port.isdecimal() else "desk"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, by somebody who may make it."""

    desk: Desk
    """That is asked."""
    request: Request
    """As it came."""
    reviewer: Reviewer
    """By whom."""
    form: FormData = field(default_factory=FormData)
    """Fields of a form; empty where it reads."""

    @property
    def room(self) -> Classroom:
        """The class as it stands."""
        return self.desk.attendance.room

    @property
    def part_id(self) -> str:
        """Return the part that the address names.

        Raises:
            NotFound: the offering has none of that id.
        """
        part_id: str = self.request.path_params["part"]
        if part_id not in {part.id for part in self.desk.assignment.parts}:
            raise NotFound(f"There is no part {part_id!r}.")
        return part_id

    @property
    def seat(self) -> Seat:
        """Return the student whom the address names by a code.

        Raises:
            NotFound: nobody has that code.
        """
        seat = self.room.by_code.get(self.request.path_params["code"])
        if seat is None:
            raise NotFound("There is no student with this code in this class.")
        return seat

    @property
    def wants_piece(self) -> bool:
        """Whether only the piece of the page that changes is wanted."""
        headers = self.request.headers
        return "x-panel" in headers or headers.get("hx-request") == "true"

    @property
    def placed(self) -> Placed:
        """Where people say that reports of the class answer parts."""
        zips = {seat.kerberos: seat.zip_sha256 for seat in self.room.seats}
        return placed(self.desk.ledger.places(), zips)

    def answer_digest(self, seat: Seat, part_id: str) -> str:
        """Return a digest of an answer as it is read now; empty where it is not known."""
        folder = ResultFolder(root=self.desk.results / seat.kerberos)
        return answer_digest(folder, self.desk.assignment, part_id, self.placed)

    def ground(self, seat: Seat, rubric: Rubric, held: Decision | None = None) -> Ground:
        """Return what a form about an answer is read on.

        Args:
            seat: Whose answer.
            rubric: Of its part.
            held: Decision that the form showed; None where it was empty.
        """
        offering = self.room.assignment
        folder = ResultFolder(root=self.desk.results / seat.kerberos)
        return Ground(
            rubric=rubric,
            max_points=offering.max_points(rubric.part_id, seat.course),
            maxima=frozenset(
                offering.max_points(rubric.part_id, course) for course in offering.courses
            ),
            held=held,
            report_pages=pages_of(folder).pages if self.form.getlist("mark") else None,
            shown=self.room.hiding(seat, blind=self.desk.blind, staff=True),
        )

    def refuse_names(self, *texts: str) -> None:
        """Refuse texts of a rubric that name one of the class, where names are hidden.

        Raises:
            NotTaken: one of them does.
        """
        room = self.room
        if self.desk.blind and any(room.anonymous(one) != one for one in texts):
            raise NotTaken(
                "This names a student of the class, and names are hidden at this desk: a rubric is "
                "shown with everybody's answer. Leave the name out."
            )

    def held(self, part_id: str) -> Mapping[str, Holding]:
        """Return what is decided about the answers to a part, by kerberos."""
        ledger = self.desk.ledger
        rows = ledger.decisions(part_id=part_id)
        rubric = rubric_of(ledger, self.desk.assignment, part_id)
        return holdings(rows, self.room, rubric, begun_by_people(self.room, ledger.decisions()))

    def page(self, template: str, **context: Any) -> Response:
        """Return a page, or its piece."""
        html = (
            environment()
            .get_template(f"review/{template}")
            .render(
                static=addresses(),
                me=self.reviewer,
                role=Role,
                blind=self.desk.blind,
                course="/".join(self.desk.assignment.courses),
                piece=self.wants_piece,
                scored_meanwhile=self.desk.scored_meanwhile,
                **context,
            )
        )
        return HTMLResponse(html)


def identity_of(results: Path, url: str | None = None) -> object:
    """Return what differs where another store lies at a results folder; None for none.

    While a store is open its log (`-wal`) stays the same file: where it is another, or gone, what
    is written goes into one that is deleted.

    Args:
        results: Of the class.
        url: Of another database than that of the results folder.
    """
    folder = results / FOLDER
    database = folder / DATABASE
    log = database.with_name(f"{DATABASE}-wal")
    if url is not None or not database.is_file():
        return _file_of(folder)
    return _file_of(database), _file_of(log)


def _file_of(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def told(state: str, sentence: str, status: int = 200, **more: object) -> Response:
    """Return what became of a form, for the page that sent it."""
    return JSONResponse({"state": state, "sentence": sentence, **more}, status_code=status)

"""Opens the desk: one process, on this machine's own address unless told otherwise."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn

from grader.batch.store.store import FOLDER, Store, open_store
from grader.model.assignment import Assignment
from grader.review.desk.access import Doors, Reviewer
from grader.review.desk.asked import Desk, identity_of
from grader.review.desk.classroom import Attendance, Classroom, key_of, read_classroom
from grader.review.desk.evidence_view import reference_answer
from grader.review.desk.guard import Address, loopback
from grader.review.desk.ledger import Ledger
from grader.review.desk.line_file import LineFile
from grader.review.desk.place_view import unplaced
from grader.review.desk.remembered import Remembered
from grader.review.desk.reveals import Reveals
from grader.review.desk.routes import application
from grader.review.desk.work import Work
from grader.review.page_pictures import draw_class
from grader.review.piles import prepare
from grader.review.publishing import class_today
from reference.errors import ConfigError, PsetError

PORT = 8690
"""Where the desk is looked for first."""
TRIES = 20
"""Ports that are tried from there on."""
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskRequest:
    """What a desk is opened with."""

    results: Path
    """Of the class."""
    assignment: Assignment
    """What was to be answered."""
    offering: str
    """Its name or folder."""
    reviewers: tuple[Reviewer, ...]
    """Who gets a link."""
    blind: bool = False
    """Whether names are hidden."""
    host: str = "127.0.0.1"
    """To listen at."""
    port: int = 0
    """To listen at; 0 for the first free one from `PORT`."""
    origin: str = ""
    """How others reach it, such as `https://grading.example.edu`; needed for another host."""
    store: str | None = None
    """URL of another database than that of the results folder."""


def open_desk(
    request: DeskRequest,
    say: Callable[[Sequence[tuple[Reviewer, str]]], None],
    tell: Callable[[str], None],
) -> None:
    """Serve the desk until somebody stops it.

    Args:
        request: What it is opened with.
        say: Told each reviewer's link, once.
        tell: Told what whoever closes the desk should know.

    Raises:
        ConfigError: it cannot be opened there, or there is no class.
    """
    listening = listen(request.host, request.port)
    with closing(listening), open_store(request.results, request.store) as store:
        address = address_of(request, listening.getsockname()[1])
        desk = make_desk(request, store, Remembered(store), address)
        links = [
            (one, f"{address.origin}/enter#{desk.doors.link_for(one)}") for one in request.reviewers
        ]
        say(links)
        if desk.scores_otherwise:
            tell(desk.scores_otherwise)
        stop = threading.Event()
        ahead = threading.Thread(target=_draw_ahead, args=(desk, stop), daemon=True)
        ahead.start()
        config = uvicorn.Config(
            application(desk),
            log_level="warning",
            access_log=False,  # addresses are of no use to anybody later
            server_header=False,
            proxy_headers=False,
            lifespan="off",
            timeout_graceful_shutdown=5,
        )
        try:
            uvicorn.Server(config).run(sockets=[listening])
        finally:
            stop.set()
            ahead.join()
            if desk.work.under_way:
                tell(
                    "Grades or pages are still being written; the desk closes when they are. "
                    "Ctrl-C stops it now: begun again, it goes on where it was."
                )
            desk.work.wait()


def _draw_ahead(desk: Desk, stop: threading.Event) -> None:
    """Draw report pages before somebody asks for them, in the order in which they are read."""
    room = desk.attendance.room
    for part_id in room.human_parts:
        reference_answer(room.assignment, desk.offering, part_id)
    for seat in room.seats:  # who opens the Pages screen does not wait for it
        unplaced(desk.results, room, seat, {})
    prepare()
    with suppress(PsetError):  # whoever asks is told what is wrong
        class_today(desk.store, desk.place, memory=desk.memory)
    first = (*room.human_parts, desk.assignment.parts[0].id)[0]
    names = [seat.kerberos for seat in room.order(first)]
    try:
        for _ in draw_class(desk.results, names, stop.is_set):
            pass
    except PsetError:
        return  # no room on the disk: pages are drawn when they are asked for, and that says so


def make_desk(request: DeskRequest, store: Store, ledger: Ledger, address: Address) -> Desk:
    """Return the desk of a class, without anything that listens.

    Raises:
        ConfigError: there is nobody in the class.
    """
    key = key_of(request.results)

    def read() -> Classroom:
        return read_classroom(store, request.assignment, request.results, key)

    attendance = Attendance(read, partial(_stamp, store, request.results))
    if not attendance.room.seats:
        raise ConfigError(
            f"{request.results}: expected the results of a class, found none; grade it first with "
            "`make batch IN=folder` (or `grader batch folder`)"
        )
    return Desk(
        results=request.results,
        assignment=request.assignment,
        offering=request.offering,
        ledger=ledger,
        attendance=attendance,
        doors=Doors(),
        address=address,
        reveals=Reveals(LineFile(request.results / FOLDER / "reveals.jsonl")),
        moves=LineFile(request.results / FOLDER / "piles.jsonl"),
        links=LineFile(request.results / FOLDER / "links.jsonl"),
        people=request.reviewers,
        store=store,
        work=Work(),
        scored_by=store.scored_by(),
        identity=identity_of(request.results, request.store),
        store_url=request.store,
        blind=request.blind,
    )


def _stamp(store: Store, results: Path) -> object:
    """Return what differs whenever the class would be read otherwise."""
    return store.revision(), results.stat().st_mtime_ns


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens, at the port or the first free one.

    Raises:
        ConfigError: none is free, or the host is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    wanted = (port,) if port else range(PORT, PORT + TRIES)
    reason: OSError | None = None
    for one in wanted:
        made = socket.socket(family, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((host, one))
            made.listen(128)
        except OSError as error:
            made.close()
            reason = error
        else:
            return made
    raise ConfigError(
        f"{host}, port {port or f'{PORT} to {PORT + TRIES - 1}'}: expected a free port of this "
        f"machine, found: {reason}; name another with --port"
    )


def address_of(request: DeskRequest, port: int) -> Address:
    """Return where a desk is reached.

    Raises:
        ConfigError: other machines would reach it without https.
    """
    if not request.origin:
        if request.host not in _LOOPBACK:
            raise ConfigError(
                f"--host {request.host}: other machines can reach this desk, so it needs https: "
                "put a proxy with a certificate before it, and name its address with --origin "
                "https://host"
            )
        return loopback(port)
    parts = urlsplit(request.origin)
    bare = f"{parts.scheme}://{parts.netloc}"
    if parts.scheme != "https" or not parts.netloc or request.origin.rstrip("/") != bare:
        raise ConfigError(
            f"--origin: expected an address such as https://grading.example.edu, found "
            f"{request.origin!r}"
        )
    return Address(origin=bare, hosts=frozenset({parts.netloc.lower()}))

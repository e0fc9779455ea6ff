"""`grader review`: who gets a link, and where the desk is."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from grader.batch.class_folder import class_offering
from grader.batch.store.store import FOLDER, open_store
from grader.model.assignment import load_assignment
from grader.model.offering_files import recorded_offering
from grader.model.records import GradeSheet
from grader.model.records.codec import RecordError, load
from grader.model.results_folder import ResultFolder
from grader.review.desk.access import Reviewer, Role, parse_reviewer
from grader.review.desk.server import DeskRequest, open_desk
from reference.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewOptions:
    """What the command was told."""

    graders: Sequence[str] = ()
    """Names with roles; the person who starts it, as head, where there are none."""
    assignment: str | None = None
    """Offering, where it is not the one that the results name."""
    blind: bool = False
    """Whether names are hidden."""
    host: str = "127.0.0.1"
    """To listen at."""
    port: int = 0
    """To listen at; 0 for the first free one."""
    origin: str = ""
    """How others reach it."""
    store: str | None = None
    """URL of another database."""


def open_review(console: Console, results: Path, options: ReviewOptions) -> None:
    """Serve the desk of a class until Ctrl-C; links are printed on the console, and nowhere else.

    Raises:
        ConfigError: there is no class, or the desk cannot be opened there.
    """
    if not results.is_dir():
        raise ConfigError(
            f"{results}: expected the results folder of a class, found none; make it with "
            "`make batch IN=folder`"
        )
    offering = options.assignment or _recorded(results, options.store)
    reviewers = tuple(map(parse_reviewer, options.graders)) or (_myself(),)
    names = [one.name for one in reviewers]
    if len(set(names)) != len(names):
        raise ConfigError(f"--grader: expected each name once, found {', '.join(names)}")
    request = DeskRequest(
        results=results.resolve(),
        assignment=load_assignment(offering),
        offering=offering,
        reviewers=reviewers,
        blind=options.blind,
        host=options.host,
        port=options.port,
        origin=options.origin,
        store=options.store,
    )

    def say(links: Sequence[tuple[Reviewer, str]]) -> None:
        for reviewer, link in links:
            console.print(
                f"{reviewer.name} ({reviewer.role.name.lower()}): {link}",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )
        console.print(
            "Each link works once, in one browser. Ctrl-C closes the desk; what was saved is kept.",
            highlight=False,
            soft_wrap=True,
        )

    try:
        open_desk(request, say, lambda text: console.print(text, highlight=False))
    except KeyboardInterrupt:
        console.print("The desk is closed.", highlight=False)


def _myself() -> Reviewer:
    try:
        name = getpass.getuser()
    except (OSError, KeyError):
        name = "staff"
    return Reviewer(name=parse_reviewer(name).name, role=Role.HEAD)


def _recorded(results: Path, url: str | None) -> str:
    """Return the offering that a results folder records."""
    if url or (results / FOLDER).is_dir():
        with open_store(results, url) as store:
            if store.newest_batch() is not None:
                return class_offering(store, results, None)
    for folder in sorted(results.iterdir()):
        try:
            sheet = load(GradeSheet, ResultFolder(root=folder).results)
        except (RecordError, OSError):
            continue
        return recorded_offering(sheet.facts.assignment, results)
    raise ConfigError(
        f"{results}: expected the results of a class, found none; grade it first with `make batch "
        "IN=folder`"
    )

"""`grader release` and `grader decisions`: what people decided, published and exchanged."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from grader.app.batch_terminal import show_class, watch
from grader.app.options import Store
from grader.app.terminal import show_sentences
from grader.batch.class_folder import newest_class
from grader.batch.class_run import score_class
from grader.batch.store.store import Store as OpenStore
from grader.batch.store.store import open_store
from grader.model.records import ReleaseKind, threads
from grader.model.text import format_students
from grader.review.exchange import ClassHere, export_rows, import_rows
from grader.review.part_export import render_parts
from grader.review.publishing import ClassPlace, ClassToday, class_today, release_class
from grader.review.releasing import Missing, ReleaseRequest, feedback_zip
from grader.review.requests import parse_requests
from reference.errors import ConfigError

decisions_app = typer.Typer(
    no_args_is_help=True, help="Exchange and verify the decisions of a results folder."
)

Results = Annotated[Path, typer.Argument(help="Results folder.", metavar="RESULTS")]
Assignment = Annotated[
    str | None, typer.Option(help="Offering: a name, its folder, or a .toml file.")
]


def release_command(
    results: Results,
    publish: Annotated[bool, typer.Option("--publish", help="Publish grades.")] = False,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Withdraw grades.")] = False,
    only: Annotated[
        list[str] | None, typer.Option(help="Only this kerberos; may be repeated.")
    ] = None,
    author: Annotated[str, typer.Option(help="Who does it.")] = "",
    note: Annotated[str, typer.Option(help="Why, for staff.")] = "",
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Publish also where something is missing.")
    ] = False,
    feedback: Annotated[
        Path | None, typer.Option(help="Write everybody's feedback.pdf into this zip.")
    ] = None,
    parts: Annotated[
        Path | None, typer.Option(help="Write a row per student and part into this CSV.")
    ] = None,
    assignment: Assignment = None,
    store: Store = None,
) -> None:
    """List what is missing before grades are published; publish or withdraw them.

    To list writes nothing; to publish, to withdraw, or to ask for feedback applies all decisions.
    Feedback says "provisional" until it is published. The zip has Canvas' and Gradescope's names.
    """
    if publish and withdraw:
        raise ConfigError("release: expected --publish or --withdraw, found both")
    if (publish or withdraw) and not author:
        raise ConfigError("release: expected --author, who does it, found none")
    console = Console()
    place = ClassPlace(results=results, assignment=assignment, store=store)
    request = ReleaseRequest(
        kind=ReleaseKind.WITHDRAW if withdraw else ReleaseKind.PUBLISH,
        kerberos=frozenset(only or ()),
        author=author,
        note=note,
        anyway=anyway,
    )
    releases = publish or withdraw
    if releases:
        today = _release(console, place, request)
    else:
        today = _look(console, place, request, pages=feedback is not None)
    zips = {one.row.kerberos: one.standing.hand_in.zip_sha256 for one in today.standings}
    if parts is not None:
        _write(parts, render_parts(today.rows, zips, today.human).encode())
        show_sentences(console, [f"Points per part: {parts}"])
    if feedback is not None:
        hand_ins = [one.standing.hand_in.hand_in for one in today.standings]
        _write(feedback, feedback_zip(hand_ins, results))
        show_sentences(console, [f"Feedback: {feedback}"])


def _look(
    console: Console, place: ClassPlace, request: ReleaseRequest, *, pages: bool
) -> ClassToday:
    """Show what is missing; nothing is written, but the pages where they are asked for."""
    if pages:
        with watch(console) as watcher:
            score_class(place.results, place.assignment, place.store, watcher)
    with open_store(place.results, place.store) as opened:
        today = class_today(opened, place, request)
    _show_missing(console, today.missing)
    if today.plan.changed:
        names = ", ".join(today.plan.changed)
        show_sentences(console, [f"Published, and changed since (provisional again): {names}"])
    if today.not_shown:
        many = format_students(today.not_shown)
        show_sentences(
            console,
            [f"The feedback of {many} does not show the newest points; `grader score` writes it."],
        )
    return today


def _release(console: Console, place: ClassPlace, request: ReleaseRequest) -> ClassToday:
    with watch(console) as watcher:
        released = release_class(place, request, watcher)
    _show_missing(console, released.today.missing)
    word = "published" if request.kind is ReleaseKind.PUBLISH else "withdrawn"
    many = f"{len(released.changed)} of {len(released.today.standings)} grades {word}."
    show_sentences(console, [many])
    show_class(console, released.outcome)
    return released.today


def _show_missing(console: Console, missing: tuple[Missing, ...]) -> None:
    if not missing:
        show_sentences(console, ["Nothing is missing."])
        return
    students = Counter(one.kerberos for one in missing)
    show_sentences(console, [f"Something is missing for {format_students(len(students))}:"])
    show_sentences(
        console,
        [
            f"{one.kerberos}: part {one.part_id}: {one.why}"
            if one.part_id
            else f"{one.kerberos}: {one.why}"
            for one in missing
        ],
    )


def requests_command(
    results: Results,
    file: Annotated[
        Path | None, typer.Argument(help="CSV with the columns kerberos, part and text.")
    ] = None,
    author: Annotated[str, typer.Option(help="Who enters them.")] = "",
    assignment: Assignment = None,
    store: Store = None,
) -> None:
    """List the regrade requests that wait for an answer; with a file, add those in it."""
    console = Console()
    with open_store(results, store) as opened:
        batch_id, offering = newest_class(opened, results, assignment)
        if file is not None:
            if not author:
                raise ConfigError("requests: expected --author, who enters them, found none")
            known = {one.uuid for one in opened.requests()}
            names = {one.kerberos for one in opened.hand_ins(batch_id)}
            found = parse_requests(_read(file), offering, names, author=author, where=str(file))
            for event in found:
                opened.note_request(event)
            added = len({one.uuid for one in found} - known)
            show_sentences(console, [f"{file}: {added} added, {len(found) - added} known already"])
        waiting = [one for one in threads(opened.requests()) if one.waits]
    lines = [f"{one.kerberos}: part {one.part_id}: {one.events[-1].text}" for one in waiting]
    show_sentences(console, lines or ["No regrade request waits."])


@decisions_app.command("export")
def export_command(
    results: Results,
    to: Annotated[Path, typer.Argument(help="File to write, a row per line.")],
    store: Store = None,
) -> None:
    """Write all decisions, changed rubrics, releases and regrade requests into a file."""
    with open_store(results, store) as opened:
        text = export_rows(opened)
    _write(to, text.encode())
    show_sentences(Console(), [f"{_counted(len(text.splitlines()))}: {to}"])


@decisions_app.command("import")
def import_command(
    results: Results,
    files: Annotated[list[Path], typer.Argument(help="What `export` wrote elsewhere.")],
    assignment: Assignment = None,
    store: Store = None,
) -> None:
    """Add the rows of other machines; what met another decision is kept as a conflict.

    Rows that count for nobody in this class, such as those about another zip, are kept and told.
    """
    console = Console()
    with open_store(results, store) as opened:
        here = _class_here(opened, results, assignment)
        for path in files:
            merged = import_rows(opened, _read(path), where=str(path), here=here)
            show_sentences(
                console, [f"{path}: {_counted(merged.added)} added, {merged.known} known already"]
            )
            show_sentences(console, (*merged.of_nobody, *merged.conflicts))


def _class_here(opened: OpenStore, results: Path, assignment: str | None) -> ClassHere | None:
    """Return whose rows count; None where nothing was graded yet."""
    if opened.newest_batch() is None:
        return None
    batch_id, offering = newest_class(opened, results, assignment)
    return ClassHere(
        offering=offering.name,
        parts=frozenset(part.id for part in offering.parts),
        zips={
            row.kerberos: row.zip_sha256
            for row in opened.hand_ins(batch_id)
            if row.role != "superseded"
        },
    )


@decisions_app.command("verify")
def verify_command(results: Results, store: Store = None) -> None:
    """Verify that each row is as it was added; exit 1 if one is not."""
    with open_store(results, store) as opened:
        broken = opened.broken_chains()
        count = len(opened.decisions())
    show_sentences(Console(), broken or [f"{count} decisions; all rows are as they were added."])
    if broken:
        raise typer.Exit(1)


def _counted(rows: int) -> str:
    return "1 row" if rows == 1 else f"{rows} rows"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: expected a file of text, found: {error}") from error


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error

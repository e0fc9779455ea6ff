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
from grader.batch.class_run import newest_class, score_class
from grader.batch.run.decided import grades_in
from grader.batch.run.rescoring import roster_of
from grader.batch.store.store import open_store
from grader.model.records import ReleaseKind
from grader.review.exchange import export_rows, import_rows
from grader.review.releasing import (
    Missing,
    ReleaseRequest,
    feedback_zip,
    missing_before_release,
    release_grades,
)
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
    assignment: Assignment = None,
    store: Store = None,
) -> None:
    """List what is missing before grades are published; publish or withdraw them.

    Feedback says "provisional" until it is published. The zip has Canvas' and Gradescope's names.
    """
    if publish and withdraw:
        raise ConfigError("release: expected --publish or --withdraw, found both")
    if (publish or withdraw) and not author:
        raise ConfigError("release: expected --author, who does it, found none")
    console = Console()
    with watch(console) as watcher:
        outcome = score_class(results, assignment, store, watcher)
    rows = {row.kerberos: row for row in outcome.rows}
    unknown = sorted(set(only or ()) - set(rows))
    if unknown:
        raise ConfigError(f"release: expected kerberos names of the class, found {unknown[0]!r}")
    with open_store(results, store) as opened:
        batch_id, offering = newest_class(opened, results, assignment)
        zips = {
            one.kerberos: one.zip_sha256
            for one in opened.hand_ins(batch_id)
            if one.role != "superseded"
        }
        human = grades_in(opened, offering)
        missing = missing_before_release(
            rows.values(), zips, human, opened.decisions(), opened.requests()
        )
        _show_missing(console, missing)
        if publish or withdraw:
            request = ReleaseRequest(
                kind=ReleaseKind.PUBLISH if publish else ReleaseKind.WITHDRAW,
                kerberos=frozenset(only or ()),
                author=author,
                note=note,
                anyway=anyway,
            )
            changed = release_grades(opened, opened.standings(batch_id), rows, missing, request)
            word = "published" if publish else "withdrawn"
            show_sentences(console, [f"{len(changed)} of {len(rows)} grades {word}."])
    if publish or withdraw:
        with watch(console) as watcher:
            show_class(console, score_class(results, assignment, store, watcher))
    if feedback is not None:
        with open_store(results, store) as opened:
            roster = roster_of(opened, newest_class(opened, results, assignment)[0])
        _write(feedback, feedback_zip(roster.counted, results))
        show_sentences(console, [f"Feedback: {feedback}"])


def _show_missing(console: Console, missing: tuple[Missing, ...]) -> None:
    if not missing:
        show_sentences(console, ["Nothing is missing."])
        return
    students = Counter(one.kerberos for one in missing)
    show_sentences(console, [f"Something is missing for {len(students)} students:"])
    show_sentences(
        console,
        [
            f"{one.kerberos}: part {one.part_id}: {one.why}"
            if one.part_id
            else f"{one.kerberos}: {one.why}"
            for one in missing
        ],
    )


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
    store: Store = None,
) -> None:
    """Add the rows of other machines; what met another decision is kept as a conflict."""
    console = Console()
    with open_store(results, store) as opened:
        for path in files:
            try:
                text = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError(f"{path}: expected a file of rows, found: {error}") from error
            merged = import_rows(opened, text, where=str(path))
            show_sentences(
                console, [f"{path}: {_counted(merged.added)} added, {merged.known} known already"]
            )
            show_sentences(console, merged.conflicts)


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


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error

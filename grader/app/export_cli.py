"""`grader export`: grades of a class in the form of another system."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from grader.app.batch_terminal import watch
from grader.app.options import Store
from grader.app.terminal import show_sentences
from grader.batch.class_folder import newest_class
from grader.batch.class_records import Pages
from grader.batch.class_run import score_class
from grader.batch.exports.canvas_merge import merge_into_canvas
from grader.batch.exports.nbgrader_feedback import write_feedback
from grader.batch.exports.nbgrader_points import refuse_other_folder, write_points
from grader.batch.exports.writing import write_whole
from grader.batch.run.rescoring import roster_of
from grader.batch.store.store import open_store
from grader.model.text import format_students
from reference.errors import ConfigError

export_app = typer.Typer(
    no_args_is_help=True, help="Write the grades of a class for another system."
)


@export_app.command("canvas")
def canvas_command(
    results: Annotated[Path, typer.Argument(help="Results folder.", metavar="RESULTS")],
    into: Annotated[Path, typer.Option(help="Gradebook that Canvas exported (CSV).")],
    column: Annotated[
        str, typer.Option(help="Assignment's column: its title or number; the offering's title.")
    ] = "",
    out: Annotated[
        Path | None, typer.Option(help="File to write; RESULTS/canvas_import.csv by default.")
    ] = None,
    assignment: Annotated[
        str | None, typer.Option(help="Offering: a name, its folder, or a .toml file.")
    ] = None,
    store: Store = None,
) -> None:
    """Put complete grades into Canvas' own gradebook file; every other byte stays as it is."""
    console = Console()
    try:
        text = into.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{into}: expected Canvas' gradebook in UTF-8, found: {error}") from error
    with watch(console) as watcher:
        outcome = score_class(results, assignment, store, watcher)
    with open_store(results, store) as opened:
        _, offering = newest_class(opened, results, assignment)
    merged = merge_into_canvas(text, outcome.rows, offering, column, where=str(into))
    target = out or results / "canvas_import.csv"
    write_whole(target, merged.text)
    grades = "1 grade" if merged.filled == 1 else f"{merged.filled} grades"
    show_sentences(console, [*merged.told, f"{grades} in column {merged.column}: {target}"])


@export_app.command("nbgrader")
def nbgrader_command(
    results: Annotated[Path, typer.Argument(help="Results folder.", metavar="RESULTS")],
    course: Annotated[
        Path, typer.Argument(help="Folder of the nbgrader course.", metavar="COURSE")
    ],
    assignment: Annotated[
        str | None, typer.Option(help="Offering: a name, its folder, or a .toml file.")
    ] = None,
    store: Store = None,
) -> None:
    """Write feedback and points into the folder of an nbgrader course."""
    refuse_other_folder(course)
    console = Console()
    with watch(console) as watcher:
        outcome = score_class(results, assignment, store, watcher, Pages(pdf=False))
    with open_store(results, store) as opened:
        batch_id, offering = newest_class(opened, results, assignment)
        roster = roster_of(opened, batch_id)
    pages = write_feedback(roster.counted, results, course / "feedback")
    points = write_points(outcome.rows, offering, results, course)
    told = [f"no points: {one}" for one in points.without]
    told.append(f"feedback of {format_students(len(pages))}: {course / 'feedback'}")
    told.append(f"points of {format_students(points.students)}: {points.path}")
    show_sentences(console, told)
    typer.echo(f"\nThen, in {course}, with nbgrader's Python: python {points.script.name}")

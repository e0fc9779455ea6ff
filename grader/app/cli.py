"""The `grader` command. Verbs are stages; no logic here.

See `grader.app.main` for how a command ends.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from grader.app.batch_terminal import show_class, watch
from grader.app.decisions_cli import decisions_app, release_command, requests_command
from grader.app.explain_cli import explain_command
from grader.app.export_cli import export_app
from grader.app.hand_in_cli import app as hand_in_app
from grader.app.offering_cli import offering_app
from grader.app.options import (
    DEFAULT_LIMITS,
    AssignmentName,
    BundleName,
    CellTimeout,
    Course,
    Device,
    Exact,
    Folders,
    Isolation,
    NoPdf,
    Scheduler,
    Store,
)
from grader.app.rejudge_terminal import show_moved
from grader.app.terminal import (
    display,
    show_diagnoses,
    show_grades,
    show_sentences,
)
from grader.batch.class_folder import is_class, refuse_faults
from grader.batch.class_records import ClassRequest, Pages, RejudgeClassRequest
from grader.batch.class_run import grade_class, rejudge_class, score_class
from grader.batch.run.decided import decided_in
from grader.batch.run.rejudging import NotJudged, moved
from grader.execution.settings import RunSettings
from grader.model.assignment import Assignment, load_assignment, parse_course
from grader.model.offering_files import DEFAULT_ASSIGNMENT, offering_place, recorded_offering
from grader.model.records import GradeSheet, Limits
from grader.model.records.codec import load
from grader.model.results_folder import ResultFolder
from grader.sandbox.doctor import examine
from grader.sandbox.tiers import Wish, choose_tier, host_support

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Grade submissions of MIT's Problem Set 4 and render their feedback.",
)

app.add_typer(hand_in_app)
app.add_typer(decisions_app, name="decisions")
app.add_typer(export_app, name="export")
app.add_typer(offering_app, name="offering")
app.command("release")(release_command)
app.command("explain")(explain_command)
app.command("requests")(requests_command)


@app.command("batch")
def batch_command(
    folder: Annotated[
        Path, typer.Argument(help="Folder of submissions, as downloaded.", metavar="FOLDER")
    ],
    manifest: Annotated[
        Path | None,
        typer.Option(
            help="CSV with kerberos, course, submitted, extension, name, …; FOLDER/manifest.csv "
            "by default, if it exists."
        ),
    ] = None,
    course: Course = None,
    bundle: BundleName = "studio",
    device: Device = "auto",
    out: Annotated[Path, typer.Option(help="Results folder of the class.")] = Path("results"),
    assignment: AssignmentName = DEFAULT_ASSIGNMENT,
    workers: Annotated[
        int | None,
        typer.Option(help="Worker processes; by default what cores and memory allow.", min=1),
    ] = None,
    threads: Annotated[int, typer.Option(help="CPU threads per worker.", min=1)] = 1,
    scheduler: Scheduler = None,
    store: Store = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Run only this kerberos; may be repeated.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Run again also what is done (see --only).")
    ] = False,
    no_pdf: NoPdf = False,
    cold: Annotated[bool, typer.Option("--cold", help="Start each kernel from scratch.")] = False,
    cell_timeout_s: CellTimeout = DEFAULT_LIMITS.cell_timeout_s,
    isolation: Isolation = Wish.REQUIRE,
    exact: Exact = False,
) -> None:
    """Grade a class; run it again to continue where it stopped."""
    offering = load_assignment(assignment)
    request = ClassRequest(
        folder=folder,
        manifest=manifest,
        results=out,
        assignment=offering,
        course=_course(course, offering),
        settings=RunSettings(
            bundle=bundle,
            device=device,
            limits=Limits(cell_timeout_s=cell_timeout_s),
            threads=threads,
            isolation=isolation,
            exact=exact,
            warm=not cold,
        ),
        workers=workers,
        scheduler=scheduler,
        store=store,
        offering=offering_place(assignment),
        only=frozenset(only or ()),
        force=force,
        pdf=not no_pdf,
    )
    console = Console()
    with watch(console) as watcher:
        outcome = grade_class(request, watcher)
    show_class(console, outcome)
    refuse_faults(outcome.faults)


@app.command("score")
def score_command(
    folders: Folders,
    assignment: Annotated[
        str | None, typer.Option(help="Offering: a name, its folder, or a .toml file.")
    ] = None,
    store: Store = None,
    no_pdf: NoPdf = False,
) -> None:
    """Apply changed points and grades.toml to the results; nothing is run again."""
    console = Console()
    faults: list[str] = []
    for path in folders:
        if is_class(path):
            with watch(console) as watcher:
                outcome = score_class(path, assignment, store, watcher, Pages(pdf=not no_pdf))
            show_class(console, outcome)
            faults += outcome.faults
            continue
        from grader.pipeline import rescore_folder

        folder = ResultFolder(root=path)
        offering = _offering_of(folder, assignment)
        told: list[str] = []
        overrides = decided_in(folder, offering, told.append)
        with display(console) as show:
            sheet = rescore_folder(folder, offering, overrides, show.stage)
        show_grades(console, sheet, folder)
        show_sentences(console, told)
    refuse_faults(faults)


@app.command("rejudge")
def rejudge_command(
    folders: Folders,
    assignment: Annotated[
        str | None,
        typer.Option(help="Offering: a name, its folder, or a .toml file; unchanged by default."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show whose points would change.")
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(
            help="Worker processes for a class; by default what cores and memory allow.", min=1
        ),
    ] = None,
    scheduler: Scheduler = None,
    store: Store = None,
    no_pdf: NoPdf = False,
) -> None:
    """Judge the recorded evidence with the current checks and offering; runs no notebook.

    Points given by staff are kept. Run it again to continue where it stopped. Exit 1 if a
    submission could not be judged, such as one that must be graded again.
    """
    console = Console()
    left = False
    faults: list[str] = []
    for path in folders:
        if is_class(path):
            request = RejudgeClassRequest(
                results=path,
                assignment=assignment,
                keep=not dry_run,
                workers=workers,
                scheduler=scheduler,
                store=store,
                pdf=not no_pdf,
            )
            with watch(console) as watcher:
                outcome = rejudge_class(request, watcher)
            if outcome.finished is not None:
                show_class(console, outcome.finished)
                faults += outcome.finished.faults
            show_moved(console, outcome.judged, outcome.not_judged, kept=not dry_run)
            left |= bool(outcome.not_judged)
        else:
            left |= not _rejudge_one(path, assignment, console, keep=not dry_run)
    refuse_faults(faults)
    if left:
        raise typer.Exit(1)


def _rejudge_one(path: Path, assignment: str | None, console: Console, *, keep: bool) -> bool:
    """Judge one submission again and print what came of it; return whether it could be judged."""
    from grader.pipeline import MustGradeAgain, RejudgeRequest, rejudge

    folder = ResultFolder(root=path)
    offering = _offering_of(folder, assignment)
    told: list[str] = []
    request = RejudgeRequest(
        folder=folder,
        assignment=offering,
        keep=keep,
        overrides=decided_in(folder, offering, told.append, keep=keep),
    )
    try:
        with display(console) as show:
            judged = rejudge(request, show.stage)
    except MustGradeAgain as error:
        kerberos = path.resolve().name
        lost = NotJudged(kerberos=kerberos, sentence=str(error), must_run=True)
        show_moved(console, (), [lost], kept=keep)
        return False
    if keep:
        show_grades(console, judged.after, folder)
    show_moved(console, [moved(judged.before, judged.after)], (), kept=keep)
    show_sentences(console, told)
    return True


def _offering_of(folder: ResultFolder, named: str | None) -> Assignment:
    """Return the offering that is named, or else that of the results."""
    recorded = named or load(GradeSheet, folder.results).facts.assignment
    return load_assignment(named or recorded_offering(recorded, folder.root))


@app.command("review")
def review_command(
    results: Annotated[Path, typer.Argument(help="Results folder of a class.", metavar="RESULTS")],
    grader: Annotated[
        list[str] | None,
        typer.Option(
            help="Who gets a link, such as alice, bob:reader or carol:head; may be repeated. You, "
            "as head, by default."
        ),
    ] = None,
    blind: Annotated[
        bool, typer.Option("--blind", help="Hide names; each look behind a code is kept.")
    ] = False,
    assignment: Annotated[
        str | None,
        typer.Option(help="Offering: a name, its folder, or a .toml file; unchanged by default."),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen at; another one needs --origin.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="Port to listen at; 8690 or the next free one by default.", min=0)
    ] = 0,
    origin: Annotated[
        str, typer.Option(help="How others reach it through a proxy, such as https://host.")
    ] = "",
    store: Store = None,
) -> None:
    """Open the desk: people grade in the browser what checks leave to them."""
    from grader.app.review_terminal import ReviewOptions, open_review

    options = ReviewOptions(
        graders=grader or (),
        assignment=assignment,
        blind=blind,
        host=host,
        port=port,
        origin=origin,
        store=store,
    )
    open_review(Console(), results, options)


@app.command("doctor")
def doctor_command(isolation: Isolation = Wish.AUTO) -> None:
    """Test every isolation guarantee on this host; exit 1 if one does not hold."""
    console = Console()
    support = host_support()
    tier = choose_tier(isolation, support)
    held = show_diagnoses(console, support, tier, examine(tier))
    if tier.boxed:
        console.print("\nThe same for warm kernels:", highlight=False)
        try:
            held &= show_diagnoses(console, support, tier, examine(tier, warm=True))
        except OSError as error:  # a batch then starts each kernel cold
            console.print(f"{error}", markup=False, highlight=False, soft_wrap=True)
    if not held:
        raise typer.Exit(1)


def _course(named: str | None, offering: Assignment) -> str:
    return parse_course(named, offering) if named else offering.courses[-1]

"""Commands about one hand-in: `grade`, `check`, `report`, `pack`. They start at once.

What takes seconds to import (PyTorch) is imported when it is known to be needed. The student
package has `check`, `report` and `pack` of these (`grader.app.student_main`).
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from grader.app.check_reports import Annotations, CheckReports
from grader.app.early_start import refuse_unusable, starting
from grader.app.hand_in_files import as_zip, course_file_names, hand_in_of, is_students
from grader.app.options import (
    DEFAULT_LIMITS,
    AssignmentName,
    BundleName,
    CellTimeout,
    Course,
    Device,
    Exact,
    Isolation,
    Kerberos,
    Out,
    Seed,
    Submitted,
    Threads,
    Zip,
)
from grader.app.terminal import display, show_gaps, show_grades, show_sentences
from grader.intake.hand_in import HandIn
from grader.intake.packing import check_kerberos, choose_files, write_zip
from grader.model.assignment import Assignment, load_assignment
from grader.model.offering_files import DEFAULT_ASSIGNMENT
from grader.model.records import Limits
from grader.model.results_folder import ResultFolder
from grader.model.text import terminal_line
from grader.outputs.gaps import gaps_in, messages
from grader.outputs.policy import evaluate, parse_policy
from grader.sandbox.tiers import Wish
from reference.bundles import bundle_root
from reference.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from grader.execution.settings import RunSettings
    from grader.model.records import Submission
    from grader.outputs.policy import PolicyResult
    from grader.pipeline import GradeRecord
    from grader.scoring.overrides import Override

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

QUICK_BUNDLE = "studio-narrow"
"""Small networks, unless another bundle is asked for."""
DEFAULT_BUNDLE = "studio"


@app.command("grade")
def grade_command(
    submission: Zip,
    course: Course = None,
    submitted: Submitted = None,
    bundle: BundleName = DEFAULT_BUNDLE,
    device: Device = "auto",
    out: Out = Path("results"),
    assignment: AssignmentName = DEFAULT_ASSIGNMENT,
    seed: Seed = None,
    threads: Threads = None,
    cell_timeout_s: CellTimeout = DEFAULT_LIMITS.cell_timeout_s,
    isolation: Isolation = Wish.AUTO,
    exact: Exact = False,
) -> None:
    """Run and grade one submission; write feedback, staff page, and results.json."""
    console = Console()
    offering = load_assignment(assignment)
    settings = _settings(bundle, device, cell_timeout_s, threads, isolation, seed)
    settings = replace(settings, exact=exact)
    hand_in = hand_in_of(submission, offering, course, submitted)
    record = _grade(hand_in, out, offering, settings, console)
    show_grades(console, record.sheet, record.folder)


@app.command("check")
def check_command(
    submission: Zip,
    require: Annotated[
        str | None, typer.Option(help="parts (default), structure, run, or points=N.")
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(help="Check some parts only, such as 1,3b; a notebook will do."),
    ] = None,
    quick: Annotated[
        bool,
        typer.Option("--quick", help="A few steps per attack, and no verdict on attacks."),
    ] = False,
    course: Course = None,
    submitted: Submitted = None,
    bundle: BundleName = DEFAULT_BUNDLE,
    device: Device = "auto",
    out: Out = Path("results"),
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML here.")] = None,
    summary: Annotated[Path | None, typer.Option(help="Write a Markdown summary here.")] = None,
    code_quality: Annotated[
        Path | None, typer.Option(help="Write GitLab's code quality report here.")
    ] = None,
    annotations: Annotated[
        Annotations,
        typer.Option(help="auto: for GitHub's runner where there is one; github; none."),
    ] = Annotations.AUTO,
    prefix: Annotated[
        str, typer.Option(help="Folder of the submission in the repository, for annotations.")
    ] = "",
    assignment: AssignmentName = DEFAULT_ASSIGNMENT,
    seed: Seed = None,
    threads: Threads = None,
    cell_timeout_s: CellTimeout = DEFAULT_LIMITS.cell_timeout_s,
    isolation: Isolation = Wish.REQUIRE,
    exact: Exact = False,
) -> None:
    """Grade in a CI pipeline: exit 0 if the policy is met, 1 if not.

    JUnit XML, a Markdown summary and a code quality report are written beside the results by
    default, and for every exit status. With --only or --quick only a table is printed: exit 1 if
    something that was checked is not right.
    """
    console = Console()
    if only is not None or quick:
        small = QUICK_BUNDLE if quick and bundle == DEFAULT_BUNDLE else bundle
        settings = _settings(small, device, cell_timeout_s, threads, isolation, seed)
        _try_out(submission, load_assignment(assignment), settings, only, console, quick=quick)
        return
    reports = CheckReports(
        submission=submission,
        out=out,
        junit=junit,
        summary=summary,
        code_quality=code_quality,
        annotations=annotations,
        folder=prefix.strip("/"),
    )
    with reports.whatever_happens() as found:
        policy = parse_policy(require)
        offering = load_assignment(assignment)
        settings = _settings(bundle, device, cell_timeout_s, threads, isolation, seed)
        settings = replace(settings, exact=exact)
        hand_in = hand_in_of(submission, offering, course, submitted)
        record = _grade(hand_in, out, offering, settings, console)
        gaps = gaps_in(record.folder, offering)
        verdict = evaluate(policy, offering, record.sheet, record.submission, record.evidence, gaps)
        found.extend(reports.write(record, offering, verdict, gaps))
        show_grades(console, record.sheet, record.folder)
        show_gaps(console, messages(gaps))
        _show_verdict(console, verdict)
    raise typer.Exit(verdict.exit_status)


@app.command("report")
def report_command(
    submission: Annotated[
        Path | None,
        typer.Argument(
            help="A zip; with --stored also a folder or a notebook; the reference run by default.",
            metavar="[ZIP]",
        ),
    ] = None,
    bundle: BundleName = DEFAULT_BUNDLE,
    device: Device = "auto",
    out: Annotated[
        Path | None,
        typer.Option(help="The file to write; with a ZIP that is run, the results folder."),
    ] = None,
    assignment: AssignmentName = DEFAULT_ASSIGNMENT,
    threads: Threads = None,
    isolation: Isolation = Wish.AUTO,
    stored: Annotated[
        bool,
        typer.Option("--stored", help="Use the outputs saved in the notebook; run nothing."),
    ] = False,
) -> None:
    """Render the required report.pdf from a student's own notebook, or from the reference run."""
    console = Console()
    if stored:
        if submission is None:
            raise ConfigError("--stored: expected a zip, a folder or a notebook, found none")
        _stored_report(submission, load_assignment(assignment), out or Path("report.pdf"), console)
        return
    if submission is None:
        if is_students():
            raise ConfigError(
                "report: expected your zip, or with --stored your notebook; found none"
            )
        from grader.app.required_report import render_reference_report

        path = out or Path("report.pdf")
        with display(console) as show:
            render_reference_report(bundle, assignment, path, show.stage)
        _say(console, f"Report: {path}")
        return
    offering = load_assignment(assignment)
    hand_in = hand_in_of(submission, offering, None, None)
    settings = _settings(bundle, device, DEFAULT_LIMITS.cell_timeout_s, threads, isolation, None)
    from grader.app.own_report import render_own_report
    from grader.pipeline import GradeRequest

    request = GradeRequest(
        hand_in=hand_in, out=out or Path("results"), assignment=offering, settings=settings
    )
    with display(console) as show:
        path = render_own_report(request, show.stage, show.run)
    _say(console, f"Report: {path}")
    show_gaps(console, messages(gaps_in(ResultFolder(root=path.parent), offering)))


@app.command("pack")
def pack_command(
    path: Annotated[
        Path, typer.Argument(help="Your folder, or the notebook in it.", metavar="FOLDER|NOTEBOOK")
    ],
    kerberos: Kerberos,
    out: Annotated[Path, typer.Option(help="Folder for kerberos.zip.")] = Path(),
    assignment: AssignmentName = DEFAULT_ASSIGNMENT,
) -> None:
    """Make kerberos.zip, ready to hand in; without a report.pdf, make one of the saved outputs."""
    from grader.app.stored_report import render_stored_report

    console = Console()
    offering = load_assignment(assignment)
    whose = check_kerberos(kerberos)
    chosen = choose_files(path, course_file_names(offering))
    with tempfile.TemporaryDirectory(prefix="pset4-pack-") as scratch:
        folder = Path(scratch)
        draft = write_zip(chosen, whose, folder)
        report = folder / "report.pdf"
        with display(console) as show:
            lacking = render_stored_report(
                draft.path, offering, None if chosen.report else report, show.stage
            )
        packed = write_zip(chosen, whose, out, report=None if chosen.report else report)
    made = " (made of the outputs saved in the notebook)" if chosen.report is None else ""
    _say(console, f"{packed.path}:")
    for name in packed.names:
        _say(console, f"- {name}" + (made if name == "report.pdf" else ""))
    if chosen.left_out:
        names = ", ".join(file.relative_to(chosen.folder).as_posix() for file in chosen.left_out)
        _say(console, f"Left out: {names}")
    show_gaps(console, lacking)


def _settings(
    bundle: str,
    device: str,
    cell_timeout_s: float,
    threads: int | None,
    isolation: Wish,
    seed: int | None,
) -> RunSettings:
    from grader.execution.settings import RunSettings

    bundle_root(bundle)
    return RunSettings(
        bundle=bundle,
        device=device,
        limits=Limits(cell_timeout_s=cell_timeout_s),
        threads=threads,
        isolation=isolation,
        seed=seed,
    )


def _grade(
    hand_in: HandIn, out: Path, offering: Assignment, settings: RunSettings, console: Console
) -> GradeRecord:
    told: list[str] = []
    decided = _decided(out, offering, hand_in, told.append)
    refuse_unusable(hand_in)
    with display(console) as show:
        show.stage("bundle")
        with starting(settings) as warm:
            from grader.pipeline import GradeRequest, grade

            request = GradeRequest(
                hand_in=hand_in,
                out=out,
                assignment=offering,
                settings=settings,
                decided=decided,
                warm=warm,
            )
            record = grade(request, show.stage, show.run)
    show_sentences(console, told)
    return record


def _decided(
    out: Path, offering: Assignment, hand_in: HandIn, tell: Callable[[str], None]
) -> Callable[[Submission], tuple[Override, ...]]:
    """Return what people decided about a hand-in; the student package has no store of decisions."""
    if is_students():
        return lambda _: ()
    from grader.batch.class_folder import refuse_class
    from grader.batch.run.decided import decided_about

    refuse_class(out)
    return decided_about(out, offering, hand_in.course, tell)


def _try_out(
    path: Path,
    offering: Assignment,
    settings: RunSettings,
    only: str | None,
    console: Console,
    *,
    quick: bool,
) -> None:
    """Try some of a notebook, show what came of it, and leave with its status."""
    from grader.execution.settings import Partial
    from grader.planning.selecting import parts_named

    parts = parts_named(only, offering) if only is not None else frozenset[str]()
    settings = replace(settings, partial=Partial(parts=parts, quick=quick))
    with tempfile.TemporaryDirectory(prefix="pset4-try-") as scratch:
        zipped = as_zip(path, offering, Path(scratch))
        hand_in = replace(hand_in_of(zipped, offering, None, None), zip_name=path.resolve().name)
        with display(console) as show:
            show.stage("bundle")
            with starting(settings) as warm:
                from grader.pipeline import GradeRequest, try_out

                request = GradeRequest(
                    hand_in=hand_in,
                    out=Path(scratch),
                    assignment=offering,
                    settings=settings,
                    warm=warm,
                )
                tried = try_out(request, show.stage, show.run)
        from grader.app.trying_terminal import show_tried

    if not show_tried(console, tried, quick=quick):
        raise typer.Exit(1)


def _stored_report(path: Path, offering: Assignment, out: Path, console: Console) -> None:
    from grader.app.stored_report import render_stored_report

    with tempfile.TemporaryDirectory(prefix="pset4-report-") as scratch, display(console) as show:
        zipped = as_zip(path, offering, Path(scratch))
        lacking = render_stored_report(zipped, offering, out, show.stage)
    _say(console, f"Report: {out}")
    show_gaps(console, lacking)


def _show_verdict(console: Console, verdict: PolicyResult) -> None:
    console.print("Policy met." if verdict.met else "Policy not met:", highlight=False)
    show_sentences(console, verdict.reasons)


def _say(console: Console, text: str) -> None:
    console.print(terminal_line(text), markup=False, highlight=False, soft_wrap=True)

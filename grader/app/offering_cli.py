"""`grader offering`: next year's offering, from a copy to a notebook that is graded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from grader.app.options import Device, Threads
from grader.app.terminal import display, show_sentences
from grader.execution.settings import RunSettings
from grader.model.assignment_record import Assignment
from grader.model.offering_files import DEFAULT_ASSIGNMENT, TOML

offering_app = typer.Typer(
    no_args_is_help=True, help="Make an offering of the assignment, and check that all of it fits."
)


NamedOffering = Annotated[
    str, typer.Argument(help="Name of an offering, or its folder.", metavar="NAME|FOLDER")
]
AssignmentName = Annotated[
    str,
    typer.Option(
        help="Of the assignment there; by default the offering's name before its first `_`."
    ),
]
PointsOf = Annotated[
    str, typer.Option(help="Whose points the parts have; the offering's last course by default.")
]
Replace = Annotated[
    bool, typer.Option("--replace", help="Write over another notebook that is there.")
]


@offering_app.command("new")
def new_command(
    name: Annotated[str, typer.Argument(help="Name of the new offering, such as pset4_fall30.")],
    source: Annotated[
        str, typer.Option("--from", help="Offering that is copied: a name, or its folder.")
    ] = DEFAULT_ASSIGNMENT,
    into: Annotated[
        Path | None, typer.Option(help="Folder to make; ./NAME by default.", metavar="FOLDER")
    ] = None,
    courses: Annotated[
        str,
        typer.Option(
            help="Courses, with a comma between, in the order of those that they replace."
        ),
    ] = "",
    deadline: Annotated[
        str, typer.Option(help="Such as 2030-03-31T23:59, local time.", metavar="TIME")
    ] = "",
) -> None:
    """Make next year's folder, with a comment TODO behind each fact that is still to be set."""
    from grader.offering.new import NewOffering, make_offering, parse_deadline

    folder = into or Path(name)
    wanted = NewOffering(
        name=name,
        source=source,
        folder=folder,
        courses=tuple(one.strip() for one in courses.split(",") if one.strip()),
        deadline=parse_deadline(deadline) if deadline else None,
    )
    made = make_offering(wanted)
    show_sentences(Console(), [str(path) for path in made.files])
    typer.echo("\nTo set, and then to take the comment out:")
    show_sentences(Console(), [f"{folder / TOML}:{line}: {what}" for line, what in made.left])
    typer.echo(
        f"\nThen: grader offering notebooks {folder}, and grader offering check {folder} --run"
    )


@offering_app.command("check")
def check_command(
    offering: Annotated[
        str, typer.Argument(help="Name of an offering, or its folder.", metavar="NAME|FOLDER")
    ],
    run: Annotated[
        bool,
        typer.Option(
            "--run",
            help="Also run experiments that the reference lacks, and grade the solved notebook.",
        ),
    ] = False,
    bundle: Annotated[
        str, typer.Option(help="Bundle of that run: studio-narrow, studio, or imagenet.")
    ] = "studio-narrow",
    device: Device = "auto",
    threads: Threads = None,
) -> None:
    """List everything of an offering that does not go together; exit 2 if there is anything."""
    from grader.offering.check import check_offering  # imports PyTorch, as all that judges

    console = Console()
    found = check_offering(offering, bundle)
    faults = [*found.faults]
    if not run:
        faults += found.lacking
    if faults or found.assignment is None:
        _refuse(console, offering, faults)
    if run:
        if found.lacking:
            _run_lacking(console, offering, bundle, device)
        settings = RunSettings(bundle=bundle, device=device, threads=threads)
        from grader.offering.solved_run import run_solved  # imports what runs notebooks

        with display(console) as show:
            short = run_solved(offering, settings, show.stage, show.run)
        if short:
            _refuse(console, offering, short)
    _show_points(console, found.assignment)
    show_sentences(console, found.remarks)
    told = "all fits, and the solved notebook gets all points." if run else (
        f"all fits. Run its solved notebook: grader offering check {offering} --run"
    )  # fmt: skip
    console.print(f"{found.assignment.name}: {told}", markup=False, highlight=False, soft_wrap=True)


@offering_app.command("notebooks")
def notebooks_command(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(help="Folders of offerings; by default the grader's own."),
    ] = None,
) -> None:
    """Write the release and the solved notebook of each offering, from its master."""
    from grader.offering.notebooks import folders_with_master, write_notebooks

    for folder in folders or folders_with_master():
        show_sentences(Console(), [str(path) for path in write_notebooks(folder)])


@offering_app.command("nbgrader")
def nbgrader_command(
    into: Annotated[Path, typer.Option(help="Folder of the nbgrader course.", metavar="FOLDER")],
    offering: NamedOffering = DEFAULT_ASSIGNMENT,
    name: AssignmentName = "",
    course: PointsOf = "",
    replace: Replace = False,
) -> None:
    """Write the master for `nbgrader generate_assignment`, and the settings that it needs."""
    from grader.offering.nbgrader_form import nbgrader_master, write_course
    from grader.offering.platform_files import made_for

    made = made_for(nbgrader_master, offering, course, name)
    written = write_course(made.notebook, into, made.name, replace=replace)
    told = [str(written.source), str(written.config)]
    if written.missing:
        told.append(f"{written.config}: add these lines: {'; '.join(written.missing)}")
    show_sentences(Console(), told)
    typer.echo(
        f"\nPoints of parts are those of {made.course}. Then, in {into}: "
        f"nbgrader generate_assignment {made.name}"
    )


@offering_app.command("otter")
def otter_command(
    into: Annotated[Path, typer.Option(help="Folder for the master.", metavar="FOLDER")],
    offering: NamedOffering = DEFAULT_ASSIGNMENT,
    name: AssignmentName = "",
    course: PointsOf = "",
    replace: Replace = False,
) -> None:
    """Write the master for `otter assign`."""
    from grader.offering.otter_form import otter_master
    from grader.offering.platform_files import made_for, written

    made = made_for(otter_master, offering, course, name)
    path = written(made.notebook, into / f"{made.name}.ipynb", replace=replace)
    show_sentences(Console(), [str(path)])
    typer.echo(f"\nThen: otter assign {path} {into / 'dist'}")


def _refuse(console: Console, offering: str, faults: Sequence[str]) -> NoReturn:
    """Print all faults and leave.

    Raises:
        Exit: always, with status 2.
    """
    show_sentences(console, faults)
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    console.print(f"{offering}: {count}.", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(2)


def _run_lacking(console: Console, offering: str, bundle: str, device: str) -> None:
    """Run the reference's experiments that an offering lacks, into the cache."""
    from grader.model.offering_files import find_offering
    from reference.bundles import get_bundle
    from reference.device import choose_device
    from reference.laboratory import RunSettings as ReferenceSettings
    from reference.offerings import add_offering

    place = find_offering(offering)
    console.print("Running the reference's experiments that it lacks …", highlight=False)
    with console.status("") as status:
        ran = add_offering(
            get_bundle(bundle),
            place.folder or place.toml,
            ReferenceSettings(device=choose_device(device)),
            lambda name, done, total: status.update(f"{name}: {done} of {total or '…'}"),
        )
    show_sentences(console, ran)


def _show_points(console: Console, assignment: Assignment) -> None:
    """Print what each part is worth in each course."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Part")
    table.add_column("Title", overflow="fold")
    for course in assignment.courses:
        table.add_column(course, justify="right")
    for part in assignment.parts:
        points = (assignment.max_points(part.id, course) for course in assignment.courses)
        bonus = " (bonus)" if part.bonus else ""
        table.add_row(part.id, part.title + bonus, *(f"{one:.3g}" for one in points))
    totals = (f"{assignment.max_total(course):.4g}" for course in assignment.courses)
    table.add_row("", "Total without bonus", *totals)
    console.print(table)

"""What a person sees in the terminal: a live line per stage, then a table. Plain in a pipe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from grader.model.records import GradeSheet, Outcome, Severity
from grader.model.results_folder import ResultFolder
from grader.model.text import terminal_line
from grader.outputs.pages.words import CHIPS, part_label
from grader.sandbox.tiers import GUARANTEES, Support, Tier

if TYPE_CHECKING:  # it imports torch, which takes seconds
    from grader.execution import Progress as RunProgress
    from grader.sandbox.doctor import Diagnosis

STAGES = {
    "bundle": "Opening the bundle",
    "intake": "Reading the submission",
    "run": "Running the notebook",
    "report": "Reading the report",
    "checks": "Checking the results",
    "scoring": "Scoring",
    "reports": "Writing the pages",
}

STYLES = {
    Outcome.PASS: "green",
    Outcome.PARTIAL: "yellow",
    Outcome.NEEDS_HUMAN: "blue",
    Outcome.NOT_ATTEMPTED: "dim",
    Outcome.GRADER_FAULT: "bold magenta",
}
"""Colours of the outcomes; any other is a loss of points and red. The word is always there too."""


class Display(Protocol):
    """Shows where the work is."""

    def stage(self, name: str) -> None:
        """A stage begins."""

    def run(self, progress: RunProgress) -> None:
        """The run has come further."""


class _Lines:
    """One plain line per stage, one per tenth of the run, and one for what takes long."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._tenth = -1
        self._stage = ""

    def stage(self, name: str) -> None:
        if name == self._stage:
            return
        self._stage = name
        self._console.print(f"{STAGES[name]} …", highlight=False)

    def run(self, progress: RunProgress) -> None:
        tenth = 10 * progress.done // max(1, progress.total)
        if tenth > self._tenth or progress.waiting:
            self._tenth = tenth
            line = f"  {progress.done} of {progress.total} steps, {progress.seconds:.0f} s"
            label = terminal_line(progress.label)
            self._console.print(f"{line}, {label}", highlight=False, markup=False)


class _Live:
    """One live line per stage."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None, detail="")
        self._running = False

    def stage(self, name: str) -> None:
        self._running = name == "run"
        self._progress.reset(self._task, total=None, description=STAGES[name], detail="")

    def run(self, progress: RunProgress) -> None:
        detail = terminal_line(progress.label)
        if progress.attack_step is not None:
            total = f" of {progress.attack_total}" if progress.attack_total else ""
            detail += f", step {progress.attack_step}{total}"
        self._progress.update(
            self._task, completed=progress.done, total=progress.total, detail=escape(detail)
        )


@contextmanager
def display(console: Console) -> Iterator[Display]:
    """Show progress on `console` while the block runs."""
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[detail]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield _Live(progress)


def show_grades(console: Console, sheet: GradeSheet, folder: ResultFolder) -> None:
    """Print parts, outcomes and points, the total, what is amiss, and where the feedback is."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Part")
    table.add_column("Title", overflow="fold")
    table.add_column("Outcome")
    table.add_column("Points", justify="right")
    for part in sheet.parts:
        style = STYLES.get(part.outcome, "red")
        most = f"{part.max_points:.2f}" if part.max_points else "optional"
        given = f"{part.points:.2f}" if part.max_points else "–"
        waits = f" (+{part.pending_points:.2f}?)" if part.pending_points else ""
        table.add_row(
            part_label(part.id) + ("*" if part.bonus else ""),
            escape(part.title),
            f"[{style}]{CHIPS[part.outcome].word}[/]",
            f"{given}{waits} / {most}",
        )
    console.print(table)
    console.print()
    late = "" if sheet.late_coefficient == 1 else f" (late: × {sheet.late_coefficient:.3f})"
    whose = escape(terminal_line(sheet.kerberos))
    console.print(
        f"[bold]{whose}[/]: [bold]{sheet.total:.2f}[/] of {sheet.max_total:.2f} "
        f"points{late}" + (f", {sheet.pending:.2f} not graded yet" if sheet.pending else ""),
        highlight=False,
    )
    for note in sheet.notes:
        if note.severity is Severity.ERROR:
            line = f"! {terminal_line(note.message)}"
            console.print(line, markup=False, highlight=False, style="red", soft_wrap=True)
    for label, path in (("Feedback", folder.feedback_pdf), ("Staff page", folder.staff_html)):
        if path.is_file():
            console.print(f"{label}: {path}", markup=False, highlight=False, soft_wrap=True)


def show_gaps(console: Console, lacking: Sequence[str]) -> None:
    """Print what a hand-in lacks, a line each; nothing where nothing is missing."""
    if lacking:
        console.print("Not answered or not shown:", style="bold", highlight=False)
        show_sentences(console, lacking)


def show_sentences(console: Console, told: Iterable[str]) -> None:
    """Print what staff should read, a line each."""
    for sentence in told:
        line = terminal_line(f"- {sentence}")
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def show_diagnoses(
    console: Console, support: Support, tier: Tier, diagnoses: Iterable[Diagnosis]
) -> bool:
    """Print each guarantee of the tier as it is tried; return whether all of them hold."""
    console.print(
        f"Isolation: [bold]{tier.value}[/] ({GUARANTEES[tier]})", highlight=False, soft_wrap=True
    )
    if support.why_not and tier is support.tier:
        console.print(
            f"Why not a stronger tier: {support.why_not}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    failed = tried = 0
    for one in diagnoses:
        tried += one.promised
        failed += one.failed
        word, style = ("held", "green") if one.held else ("FAILED", "bold red")
        if not one.promised:
            word, style = "–", "dim"
        console.print(
            f"[{style}]{word:<7}[/]{one.trial.guarantee:<50} {escape(one.found)} "
            f"[dim]{one.seconds:.2f} s[/]",
            highlight=False,
            soft_wrap=True,
        )
    console.print(
        f"{tried - failed} of {tried} guarantees of this tier hold."
        + (" Do not grade submissions by strangers here." if failed else ""),
        highlight=False,
        soft_wrap=True,
    )
    return failed == 0

"""`grader explain`: how one part of one student came to its points."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from grader.app.terminal import display
from grader.model.assignment import load_assignment
from grader.model.offering_files import recorded_offering
from grader.model.records import GradeSheet
from grader.model.records.codec import load
from grader.model.results_folder import ResultFolder
from grader.model.text import cell_label, terminal_line
from grader.outputs.pages.words import amount, part_label
from grader.review.answers import CodePiece, answer_of
from reference.errors import ConfigError

if TYPE_CHECKING:  # they import torch, which takes seconds
    from grader.bounded.explaining import Explained
    from grader.outputs.explanation import CheckExplained, Series


def explain_command(
    kerberos: Annotated[str, typer.Argument(help="Whose submission.", metavar="KERBEROS")],
    part: Annotated[str, typer.Argument(help="Which part, such as 4b.", metavar="PART")],
    out: Annotated[
        Path, typer.Option(help="Results folder, of a class or of `grader grade`.")
    ] = Path("results"),
    assignment: Annotated[
        str | None,
        typer.Option(help="Offering: a name, its folder, or a .toml file; unchanged by default."),
    ] = None,
) -> None:
    """Explain the points of a part: replay its checks on the stored evidence, print each number.

    No notebook is run and nothing is changed. The hidden inputs are those of the stored seed.
    """
    from grader.bounded.explaining import explained

    console = Console()
    folder = _folder_of(out, kerberos)
    recorded = load(GradeSheet, folder.results).facts.assignment
    offering = load_assignment(assignment or recorded_offering(recorded, folder.root))
    part_id = part.strip().replace("(", "").replace(")", "").lower()
    with display(console) as show:
        found = explained(folder, offering, part_id, show.stage)
    _show(console, found, answer_of(folder, offering, part_id).code)


def _folder_of(out: Path, kerberos: str) -> ResultFolder:
    """Return the results folder of a student.

    Raises:
        ConfigError: there is none; the sentence says what lies there instead.
    """
    for root in (out / kerberos, out):
        folder = ResultFolder(root=root)
        if folder.results.is_file() and load(GradeSheet, folder.results).kerberos == kerberos:
            return folder
    if not out.is_dir():
        raise ConfigError(f"{out}: expected a results folder, found none; name it with --out")
    known = sorted(path.parent.name for path in out.glob("*/results.json"))
    near = [name for name in known if name.startswith(kerberos[:2])] or known
    if not known:
        raise ConfigError(f"{out}: expected results of {kerberos}, found no results at all")
    raise ConfigError(
        f"{out}: expected results of {kerberos}, found none (who was rejected or is missing has "
        f"no checks); there are results of {', '.join(near[:6])}"
    )


def _show(console: Console, found: Explained, code: Iterable[CodePiece]) -> None:
    sheet, part = found.sheet, found.part
    _say(
        console, f"{part_label(part.part_id)} {part.title}: {sheet.kerberos}, {sheet.course}",
        style="bold",
    )  # fmt: skip
    _say(console, f"Now: {part.points}")
    _say(
        console,
        f"Replayed on the stored evidence, seed of the hidden inputs {found.seed}. Nothing was "
        "run, nothing was changed.",
    )
    for check in part.checks:
        _show_check(console, check)
    for piece in code:
        console.print()
        _say(
            console, f"Code, {cell_label(piece.cell_index)}, line {piece.first_line}", style="bold"
        )
        for line in piece.source.splitlines():
            _say(console, f"    {line.expandtabs(4)}")


def _show_check(console: Console, check: CheckExplained) -> None:
    console.print()
    _say(
        console,
        f"Check {check.check_id}, worth {amount(check.worth)}: {check.outcome}, {check.points}",
        style="bold",
    )
    _say(console, check.share)
    if not check.agrees:
        _say(
            console,
            "The stored results say otherwise: checks, tolerances or the offering changed since. "
            "`grader rejudge` brings them up to date.",
            style="yellow",
        )
    if check.message:
        _say_text(console, f"Told to the student: {check.message}")
    if check.staff:
        _say_text(console, f"For staff: {check.staff}")
    for line in check.rests:
        _say(console, f"Rests on what was {line}")
    if check.evidence:
        _say(console, f"Evidence: {', '.join(check.evidence)}")
    for row in check.measurements:
        allowed = f", tolerance {row.tolerance}" if row.tolerance else ""
        ok = "within" if row.ok else "NOT within"
        _say(
            console,
            f"  {row.quantity}: measured {row.measured}; expected {row.expected}{allowed}: {ok}",
        )
    for series in check.series:
        _show_series(console, series)


def _show_series(console: Console, series: Series) -> None:
    more = f" ({series.left_out} rows are not shown)" if series.left_out else ""
    _say(console, f"{series.title}{more}")
    table = _table(series.head)
    for row in series.rows:
        table.add_row(*map(_cell, row))
    console.print(table)


def _table(head: Iterable[str]) -> Table:
    table = Table(box=None, pad_edge=True, header_style="bold")
    for place, name in enumerate(head):
        table.add_column(_cell(name), overflow="fold", justify="right" if place else "left")
    return table


def _cell(text: str) -> str:
    return escape(terminal_line(text))


def _say_text(console: Console, text: str) -> None:
    """Print a text that may quote an answer: its lines stay lines, indented below the first."""
    first, *others = (line.rstrip() for line in text.splitlines())
    _say(console, first)
    for line in others:
        _say(console, f"    {line.expandtabs(4)}" if line else "")


def _say(console: Console, text: str, style: str | None = None) -> None:
    indent = text[: len(text) - len(text.lstrip(" "))]
    line = indent + terminal_line(text)
    console.print(line, markup=False, highlight=False, soft_wrap=True, style=style)

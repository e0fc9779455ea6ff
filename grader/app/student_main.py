"""The `pset4-check` command: what students run before they hand in."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer

from grader.app.files_cli import files_command
from grader.app.hand_in_cli import check_command, pack_command, report_command
from grader.app.main import leave_with, run_app

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Check, report on and pack your Problem Set 4 before you hand it in.",
)
app.command("check")(check_command)
app.command("report")(report_command)
app.command("pack")(pack_command)
app.command("files")(files_command)


def main(argv: list[str] | None = None) -> int:
    """Run the command; see `run_app`."""
    return run_app(lambda: app, sys.argv[1:] if argv is None else argv, "pset4-check")


def run() -> NoReturn:
    """The console script."""
    leave_with(main)

"""The edge of the `grader` command: however it ends, a status and at most one sentence.

`grader.app.exit_status` says what each status means.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

import typer
from rich.console import Console

from grader.app.exit_status import ExitStatus
from grader.model.disk import disk_full, is_full
from grader.model.fault_log import case_of, keep_fault
from grader.model.quiet import quiet_libraries
from grader.model.text import terminal_line
from grader.sandbox.openmp import spin_briefly
from reference.errors import GraderFault, PsetError
from reference.terminal import spell_out

ERRORS = Console(stderr=True, highlight=False, soft_wrap=True)


AT_ONCE = frozenset({"grade", "check", "report", "pack"})
"""Commands about one hand-in: they do not wait for what classes need."""


def main(argv: list[str] | None = None) -> int:
    """Run the `grader` command; see `run_app`."""
    given = sys.argv[1:] if argv is None else argv
    if given[:1] == ["review"] and "--help" not in given:
        # Said before anything is imported or read: both take seconds, and nothing else tells.
        Console(highlight=False).print("Opening the desk …")
    return run_app(_at_once if given and given[0] in AT_ONCE else _every, given)


def _at_once() -> typer.Typer:
    from grader.app.hand_in_cli import app

    return app


def _every() -> typer.Typer:
    from grader.app.cli import app

    return app


def run_app(load: Callable[[], typer.Typer], argv: list[str], program: str = "grader") -> int:
    """Run a command; a foreseen error is one sentence, never a traceback.

    Args:
        load: Returns what understands the command.
        argv: The command without the program's name.
        program: That name, for advice.
    """
    spell_out()
    try:
        status = load()(args=argv, standalone_mode=False)
    except (typer.Abort, KeyboardInterrupt):
        status = ExitStatus.INTERRUPTED
    except GraderFault as error:
        keep_fault(error)
        ERRORS.print(terminal_line(f"Grader error: {case_of(error)}{error}"), markup=False)
        return ExitStatus.FAULT
    except PsetError as error:
        ERRORS.print(terminal_line(str(error)), markup=False)
        return ExitStatus.UNUSABLE
    except Exception as error:  # noqa: BLE001 -- the edge: whatever is left is our fault
        if isinstance(error, OSError) and is_full(error):
            ERRORS.print(terminal_line(str(disk_full(error, "A file"))), markup=False)
            return ExitStatus.UNUSABLE
        return _unforeseen(error, program)
    if status == ExitStatus.INTERRUPTED:  # Typer itself makes it of Ctrl-C
        ERRORS.print("Interrupted. Results written so far are kept; the same command continues.")
    return status if isinstance(status, int) else 0  # Typer returns the code of `typer.Exit`


def run() -> NoReturn:
    """The console script."""
    leave_with(main)


def leave_with(command: Callable[[], int]) -> NoReturn:
    """Run a command and leave at once: taking torch down takes more than a second."""
    # The current folder may be a student's repository: what we start imports nothing from it.
    os.environ["PYTHONSAFEPATH"] = "1"
    spin_briefly()
    quiet_libraries()
    status = command()
    atexit._run_exitfuncs()
    with suppress(OSError):  # where nobody listens any more
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)


def _unforeseen(error: Exception, program: str) -> int:
    """Usage errors are the caller's; anything else is ours, with its traceback in a file."""
    message = getattr(error, "format_message", None)
    if callable(message):
        ERRORS.print(f"{message()}\nTry `{program} --help`.", markup=False)
        return ExitStatus.UNUSABLE
    log = keep_fault(error)
    ERRORS.print(
        f"Grader error: {case_of(error)}{type(error).__name__}: {error}. Please send {log} to the "
        "maintainers of the grader.",
        markup=False,
    )
    return ExitStatus.FAULT

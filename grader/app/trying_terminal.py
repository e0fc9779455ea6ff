"""What `check --only` and `check --quick` print: parts, what became of them, cells that failed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from grader.app.terminal import STYLES
from grader.intake.other_offering import other_offering_notes
from grader.model.records import CellRun, Finding, Outcome
from grader.model.text import cell_label, one_line, terminal_line
from grader.outputs.pages.words import CHIPS, part_label
from grader.pipeline import Tried
from grader.scoring.score import part_outcome

_GOOD = frozenset({Outcome.PASS, Outcome.NEEDS_HUMAN})


def show_tried(console: Console, tried: Tried, *, quick: bool) -> bool:
    """Print what came of a try; return whether nothing that was checked is wrong."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("Part", "Outcome", "What was found"):
        table.add_column(name, overflow="fold")
    good = True
    for part_id, findings in tried.findings.items():
        good &= all(finding.outcome in _GOOD for finding in findings)
        outcome = part_outcome(findings)
        shown = f"[{STYLES.get(outcome, 'red')}]{CHIPS[outcome].word}[/]"
        table.add_row(part_label(part_id), shown, escape("\n".join(_said(findings))))
    console.print(table)
    for note in other_offering_notes(tried.submission, tried.assignment):
        if note.for_student:
            line = terminal_line(note.message)
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    failed = tuple(_failed(tried))
    told = "\n".join(_said([one for found in tried.findings.values() for one in found]))
    for label, why in failed:
        if re.search(rf"\b{label} of the notebook\b", told):
            continue  # with the part that it is of
        line = f"{label}{why}"
        console.print(terminal_line(line), markup=False, highlight=False, soft_wrap=True)
    if quick:
        console.print(
            "Quick check: attacks made a few steps only, so nothing is said of them; the full "
            "check is without --quick.",
            soft_wrap=True,
            highlight=False,
        )
    console.print("Nothing was kept, and no points were given.", highlight=False)
    return good and not failed


def _said(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield what the checks of a part say, each sentence once; of those that pass, if all do."""
    wrong = [one for one in findings if one.outcome is not Outcome.PASS]
    yield from dict.fromkeys(terminal_line(one.message) for one in wrong or findings)


def _failed(tried: Tried) -> Iterator[tuple[str, str]]:
    """Yield each cell that failed, and why, but for stubs that are still to be written."""
    for run in tried.evidence.cells:
        if run.outcome in _GOOD or run.error_name == "NotImplementedError":
            continue
        yield cell_label(run.cell_index).capitalize(), _why(run)


def _why(run: CellRun) -> str:
    error = one_line(f"{run.error_name}: {run.error_message}").rstrip(": .")
    return f" {CHIPS[run.outcome].word.lower()}" + (f": {error}." if error else ".")

"""What a person sees of a batch: a live table; in a pipe, a plain line per submission."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from grader.batch.class_records import ClassOutcome
from grader.batch.records import State
from grader.batch.run.watching import Watcher
from grader.batch.store.rows import RunRow
from grader.model.text import format_points, format_students, terminal_line
from grader.scoring.changes import SAME_POINTS

STAGES = {
    "grading": "Grading",
    "judging": "Judging the evidence again; no notebook is run",
    "scoring": "Scoring",
    "exports": "Writing the gradebook and the class page",
    "pages": "Updating the pages of students whose points changed",
    "pdfs": "Writing feedback.pdf; grades, gradebook and pages are there",
}
_PLAIN: dict[str, Any] = {"markup": False, "highlight": False, "soft_wrap": True}
_LAST = 8
"""Submissions that the live table shows of those that are done."""
_TOLD = 10
"""Lines about PDFs, of however many."""
_STYLES = {State.GRADED: "green", State.REJECTED: "red", State.FAULT: "bold magenta"}


@dataclass(slots=True)
class _Tally:
    """How far the batch is."""

    total: int = 0
    known: int = 0
    started: float = field(default_factory=time.monotonic)
    states: Counter[State] = field(default_factory=Counter)
    waiting_for_person: int = 0
    under_way: tuple[str, ...] = ()
    last: deque[str] = field(default_factory=lambda: deque(maxlen=_LAST))

    @property
    def done(self) -> int:
        """Submissions that were run now."""
        return sum(self.states.values())

    @property
    def left(self) -> int:
        """Submissions to be run."""
        return self.total - self.known - self.done

    def rate_per_minute(self) -> float:
        """Return submissions per minute since the start."""
        return 60 * self.done / max(1e-3, time.monotonic() - self.started)

    def time_left(self) -> str:
        """Return hours, minutes and seconds to the end at this rate."""
        if not self.done:
            return "–"
        seconds = 60 * self.left / self.rate_per_minute()
        return str(timedelta(seconds=round(seconds)))

    def note_judged(self, kerberos: str, before: float, after: float) -> str:
        """Count one that was judged again, and return its line."""
        self.states[State.GRADED] += 1
        points = f"{format_points(after)} points"
        if abs(before - after) > SAME_POINTS:
            points = f"{format_points(before)} → {format_points(after)} points"
        line = terminal_line(f"{kerberos}: {points}")
        self.last.append(escape(line))
        return line

    def note_written(self, kerberos: str) -> str:
        """Count one whose PDF is written, and return its line."""
        self.states[State.GRADED] += 1
        line = terminal_line(f"{kerberos}: feedback.pdf")
        self.last.append(escape(line))
        return line

    def note_not_judged(self, kerberos: str, sentence: str) -> str:
        """Count one that could not be judged again, and return its line."""
        self.states[State.FAULT] += 1
        line = terminal_line(f"{kerberos}: not judged again: {sentence}")
        self.last.append(f"[{_STYLES[State.FAULT]}]{escape(line)}[/]")
        return line

    def note(self, kerberos: str, run: RunRow, total: float | None, pending: float) -> str:
        """Count one that is done, and return its line."""
        state = State(run.state)
        self.states[state] += 1
        self.waiting_for_person += state is State.REJECTED or pending > 0
        what = run.sentence if total is None else f"{format_points(total)} points"
        waits = f", {format_points(pending)} not graded yet" if pending else ""
        line = terminal_line(f"{kerberos}: {state.value}, {what}{waits}")
        line = f"{line} ({run.seconds:.1f} s)"
        self.last.append(f"[{_STYLES[state]}]{escape(line)}[/]")
        return line


class _Lines:
    """One plain line per stage and per submission."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._tally = _Tally()
        self._stage = ""

    def _print(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def stage(self, name: str) -> None:
        self._stage = name
        self._print(f"{STAGES[name]} …")

    def begin(self, total: int, known: int) -> None:
        self._tally = _Tally(total=total, known=known)
        if self._stage == "pdfs":
            return
        done = "up to date" if self._stage == "judging" else "already graded"
        self._print(f"  {total} {'submission' if total == 1 else 'submissions'}, {known} {done}")

    def under_way(self, names: tuple[str, ...]) -> None:
        pass

    def done(self, kerberos: str, run: RunRow, total: float | None, pending: float) -> None:
        self._one(self._tally.note(kerberos, run, total, pending))

    def judged(self, kerberos: str, before: float, after: float) -> None:
        self._one(self._tally.note_judged(kerberos, before, after))

    def not_judged(self, kerberos: str, sentence: str) -> None:
        self._one(self._tally.note_not_judged(kerberos, sentence))

    def written(self, kerberos: str) -> None:
        line = self._tally.note_written(kerberos)
        if self._tally.done * _TOLD % self._tally.total < _TOLD:
            self._one(line)

    def _one(self, line: str) -> None:
        position = self._tally.known + self._tally.done
        self._print(f"  {position} of {self._tally.total}  {line}")


class _Table:
    """A live table of counts, what is under way, and the last lines."""

    def __init__(self) -> None:
        self._stage = ""
        self._tally = _Tally()

    def __rich__(self) -> RenderableType:
        tally = self._tally
        counts = Table(box=None, pad_edge=False, header_style="dim")
        cells = {
            "done": str(tally.known + tally.done),
            "running": str(len(tally.under_way)),
            "waiting": str(max(0, tally.left - len(tally.under_way))),
            "needs grading": str(tally.waiting_for_person),
            "grader errors": str(tally.states[State.FAULT]),
            "rate": f"{tally.rate_per_minute():.1f} / min",
            "time left": tally.time_left(),
        }
        for name in cells:
            counts.add_column(name, justify="right")
        counts.add_row(*cells.values())
        bar = ProgressBar(total=max(1, tally.total), completed=tally.known + tally.done, width=60)
        running = Text(terminal_line("Running: " + ", ".join(tally.under_way)), style="dim")
        running.truncate(100, overflow="ellipsis")
        lines = [Text.from_markup(line, overflow="ellipsis") for line in tally.last]
        for line in lines:
            line.no_wrap = True
        return Group(Text(self._stage, style="bold"), bar, counts, running, *lines)

    def stage(self, name: str) -> None:
        self._stage = f"{STAGES[name]} …"
        if name not in {"grading", "judging"}:
            self._tally.under_way = ()

    def begin(self, total: int, known: int) -> None:
        self._tally = _Tally(total=total, known=known)

    def under_way(self, names: tuple[str, ...]) -> None:
        self._tally.under_way = names

    def done(self, kerberos: str, run: RunRow, total: float | None, pending: float) -> None:
        self._tally.note(kerberos, run, total, pending)

    def judged(self, kerberos: str, before: float, after: float) -> None:
        self._tally.note_judged(kerberos, before, after)

    def written(self, kerberos: str) -> None:
        self._tally.note_written(kerberos)

    def not_judged(self, kerberos: str, sentence: str) -> None:
        self._tally.note_not_judged(kerberos, sentence)


@contextmanager
def watch(console: Console) -> Iterator[Watcher]:
    """Show how a batch comes along while the block runs."""
    if not console.is_terminal:
        yield _Lines(console)
        return
    table = _Table()
    with Live(table, console=console, refresh_per_second=4, transient=True):
        yield table


def show_class(console: Console, outcome: ClassOutcome) -> None:
    """Print how the class stands, what staff must see to, and where its files are."""
    counts = Counter(row.state for row in outcome.rows)
    waits = sum(row.pending > 0 or row.state is State.REJECTED for row in outcome.rows)
    words = ", ".join(f"{counts[state]} {state.value}" for state in State if counts[state])
    students = format_students(len(outcome.rows))
    need = "needs" if waits == 1 else "need"
    console.print(
        f"[bold]{students}:[/] {words or 'none'}; {waits} {need} grading",
        highlight=False,
        soft_wrap=True,
    )
    if outcome.batch.rejudged:
        console.print(f"{len(outcome.batch.rejudged)} judged again without a run", highlight=False)
    if outcome.batch.rescored:
        count = outcome.batch.rescored
        what = "1 grade" if count == 1 else f"{count} grades"
        console.print(f"{what} changed without a new run", highlight=False)
    for row in outcome.rows:
        if row.state in {State.FAULT, State.REJECTED}:
            line = terminal_line(f"! {row.kerberos}: {row.state.value}: {row.sentence}")
            console.print(
                line, markup=False, highlight=False, soft_wrap=True, style=_STYLES[row.state]
            )
    for problem in (*outcome.notes, *outcome.problems):
        console.print(terminal_line(f"- {problem}"), **_PLAIN)
    for label, path in outcome.files:
        console.print(f"{label}: {path}", **_PLAIN)
